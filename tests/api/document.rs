//! The OpenAPI document: checked in, whole, and in the form that generators bear.
use serde_json::{Map, Value};
use std::collections::BTreeSet;

fn document() -> Value {
    tasuke::app::openapi().unwrap()
}

fn operations(document: &Value) -> Vec<(String, &Map<String, Value>)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().unwrap();
            item.iter().map(move |(method, o)| (format!("{method} {path}"), o.as_object().unwrap()))
        })
        .collect()
}

/// Calls `visit` with every object in the document and where it stands.
fn walk(value: &Value, pointer: &str, visit: &mut impl FnMut(&str, &Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            visit(pointer, fields);
            for (name, value) in fields {
                // Examples are data.
                if !name.starts_with("example") {
                    walk(value, &format!("{pointer}/{name}"), visit);
                }
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                walk(value, &format!("{pointer}/{index}"), visit);
            }
        }
        _ => {}
    }
}

#[test]
fn the_checked_in_document_is_the_one_the_code_makes() {
    let made = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    let kept = std::fs::read_to_string("openapi/openapi.json").unwrap_or_default();
    assert!(kept == made, "run `make openapi` and look at what changed");
}

#[test]
fn every_operation_is_named_told_and_answered() {
    let document = document();
    let tags: BTreeSet<_> =
        document["tags"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id.to_owned()), "{name}: {id} is taken");
        assert!(id.chars().all(|c| c.is_ascii_alphanumeric()), "{name}: {id}");
        let summary = operation["summary"].as_str().unwrap();
        assert!(summary.len() <= 60, "{name}: {summary}");
        assert!(operation["description"].as_str().is_some(), "{name}: no description");
        let tag = operation["tags"].as_array().unwrap();
        assert!(tag.len() == 1 && tags.contains(tag[0].as_str().unwrap()), "{name}: {tag:?}");
        let responses = operation["responses"].as_object().unwrap();
        let good = responses.iter().filter(|(status, _)| status.starts_with('2'));
        assert_eq!(good.count(), 1, "{name}");
        for (status, response) in responses {
            if status.as_str() >= "400" {
                assert!(response["$ref"].is_string(), "{name} {status}");
            }
        }
    }
    assert!(ids.len() >= 19);
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let document = document();
    let mut used = BTreeSet::new();
    walk(&document, "", &mut |at, fields| {
        if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
            let target = document.pointer(reference.trim_start_matches('#'));
            assert!(target.is_some(), "{at}: {reference} leads nowhere");
            used.insert(reference.rsplit('/').next().unwrap().to_owned());
        }
    });
    for part in ["schemas", "responses"] {
        for name in document["components"][part].as_object().unwrap().keys() {
            assert!(used.contains(name), "{part}: nothing uses {name}");
        }
    }
}

#[test]
fn every_answer_is_described() {
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let described = response["$ref"].is_string() || response["description"].is_string();
                assert!(described, "{method} {path} {status}");
            }
        }
    }
}

#[test]
fn schemas_have_the_form_that_generators_bear() {
    let document = document();
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    walk(&document["components"]["schemas"], "", &mut |at, fields| {
        for keyword in ["anyOf", "allOf", "$defs", "uniqueItems", "prefixItems", "default", "propertyNames"]
        {
            let is_property = at.ends_with("/properties");
            assert!(is_property || !fields.contains_key(keyword), "{at}: {keyword}");
        }
        if at.ends_with("/properties") {
            for name in fields.keys() {
                assert!(is_name(name), "{at}: {name}");
            }
        }
        if let Some(Value::Array(words)) = fields.get("enum") {
            for word in words {
                assert!(is_name(word.as_str().unwrap()), "{at}: {word}");
            }
        }
        let strict = fields.get("additionalProperties") == Some(&Value::Bool(false));
        let name = at.split('/').nth(1).unwrap_or_default();
        let asked = ["New", "Input", "Facts", "Patch"].iter().any(|part| name.contains(part));
        assert!(!strict || asked, "{at}: an answer must bear new fields");
        if let (Some(properties), false) = (fields.get("properties"), asked) {
            let required = fields["required"].as_array().unwrap().len();
            assert_eq!(required, properties.as_object().unwrap().len(), "{at}: not all is promised");
        }
    });
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
    }
}

#[test]
fn what_a_caller_sends_is_bounded() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let asked = schemas
        .iter()
        .filter(|(name, schema)| schema["additionalProperties"] == Value::Bool(false) && !name.is_empty());
    for (name, schema) in asked {
        walk(schema, name, &mut |at, fields| {
            let of = |kind: &str| match fields.get("type") {
                Some(Value::String(one)) => one == kind,
                Some(Value::Array(many)) => many.contains(&Value::from(kind)),
                _ => false,
            };
            let has = |names: &[&str]| names.iter().any(|name| fields.contains_key(*name));
            assert!(
                !of("string") || has(&["maxLength", "enum", "format", "pattern"]),
                "{at}: endless text"
            );
            assert!(!of("array") || has(&["maxItems"]), "{at}: endless list");
            assert!(!of("integer") || has(&["maximum"]), "{at}: endless number");
        });
    }
}

#[test]
fn examples_obey_their_schemas() {
    let document = document();
    let mut seen = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let one = schema.get("example").into_iter();
        let many = schema.get("examples").and_then(Value::as_array).into_iter().flatten();
        for example in one.chain(many) {
            let whole = serde_json::json!({
                "$ref": format!("#/components/schemas/{name}"), "components": document["components"],
            });
            let validator = jsonschema::options().should_validate_formats(true).build(&whole).unwrap();
            let faults: Vec<_> = validator.iter_errors(example).map(|e| e.to_string()).collect();
            assert!(faults.is_empty(), "{name}: {faults:?}");
            seen += 1;
        }
    }
    assert!(seen >= 4);
}
