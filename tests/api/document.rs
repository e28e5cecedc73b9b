//! The OpenAPI document: checked in, whole, and in the form that generators bear.
mod compatibility;
mod rules;

use rules::RULES;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn document() -> Value {
    tasuke::app::openapi().unwrap()
}

#[test]
fn the_checked_in_files_are_those_that_the_code_makes() {
    for (file, made) in tasuke::app::generated().unwrap() {
        let kept = std::fs::read_to_string(file).unwrap_or_default();
        assert!(kept == made, "{file}: run `make openapi` and look at what changed");
    }
}

#[test]
fn the_document_keeps_every_rule() {
    let document = document();
    let broken: Vec<String> = RULES
        .iter()
        .flat_map(|(rule, check)| check(&document).into_iter().map(move |at| format!("{rule}: {at}")))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// A rule that cannot be broken proves nothing: each finds what is planted for it, and nothing else does.
#[test]
#[allow(clippy::too_many_lines)] // A table.
fn every_rule_finds_its_fault_and_no_other_does() {
    let document = document();
    let op = "/paths/~1v1~1clients/post";
    let answer = "/components/schemas/ClientCompany";
    let request = "/components/schemas/NewClient";
    // Says which one it is, but need not.
    let part = format!("#{request}/properties/name/x-part");
    let planted: Vec<(&str, String, Value)> = vec![
        ("3.1 without webhooks", "/webhooks".into(), json!({})),
        ("operationId: lowerCamelCase, unique", format!("{op}/operationId"), json!("create_client")),
        ("operationId: lowerCamelCase, unique", format!("{op}/operationId"), json!("listClients")),
        ("one declared ASCII tag", format!("{op}/tags"), json!(["clients", "service"])),
        ("one declared ASCII tag", format!("{op}/tags"), json!(["顧客"])),
        (
            "what a query says is not empty",
            "/paths/~1v1~1clients/get/parameters/0/schema".into(),
            json!({"type": "string", "maxLength": 200}),
        ),
        (
            "summary of at most 60 characters, and a description",
            format!("{op}/summary"),
            json!("x".repeat(61)),
        ),
        ("summary of at most 60 characters, and a description", format!("{op}/description"), json!("")),
        ("one good answer of one kind", format!("{op}/responses/202"), json!({"description": "Later"})),
        (
            "one good answer of one kind",
            format!("{op}/responses/201/content/text~1csv"),
            json!({"schema": {"type": "string"}}),
        ),
        (
            "failures are shared, and one problem",
            format!("{op}/responses/418"),
            json!({"description": "Teapot"}),
        ),
        (
            "failures are shared, and one problem",
            "/components/responses/Conflict/content".into(),
            json!({"application/json": {}}),
        ),
        ("security is said", format!("{op}/security"), json!([{"cookie": []}])),
        ("security is said", format!("{op}/security"), json!([{"bearer": []}])),
        ("security is said", format!("{op}/security"), json!([{"bearer": ["clients:write"]}])),
        ("security is said", format!("{op}/security/1/oauth2"), json!([])),
        ("security is said", format!("{op}/security/0/bearer"), json!(["admin"])),
        (
            "security is said",
            "/paths/~1v1~1assessments~1{assessment}~1responses/post/security/0/bearer".into(),
            json!(["assessments:write"]),
        ),
        ("answers promise every field", format!("{answer}/required"), json!(["id"])),
        ("answers bear new fields", format!("{answer}/additionalProperties"), json!(false)),
        ("requests refuse unknown fields", format!("{request}/additionalProperties"), json!(true)),
        (
            "words are plain, and closed in answers only where they cannot grow",
            "/components/schemas/Problem/properties/code".into(),
            json!({"type": "string", "enum": ["a"]}),
        ),
        (
            "words are plain, and closed in answers only where they cannot grow",
            "/components/schemas/WeekDay/enum".into(),
            json!(["Mon"]),
        ),
        (
            "unions are objects with a type, or something or null",
            format!("{answer}/properties/name"),
            json!({"oneOf": [{"type": "string"}, {"type": "integer", "format": "int32"}]}),
        ),
        (
            "unions are objects with a type, or something or null",
            format!("{request}/properties/name"),
            json!({
                "oneOf": [{"$ref": part}, {"$ref": part}],
                "x-part": {"type": "object", "properties": {"type": {"type": "string", "enum": ["a"]}}},
            }),
        ),
        ("no keyword that trips generators", format!("{answer}/properties/name/uniqueItems"), json!(true)),
        ("no keyword that trips generators", format!("{request}/properties/name/default"), json!("A")),
        (
            "one type, or one and null",
            format!("{answer}/properties/name/type"),
            json!(["string", "boolean"]),
        ),
        (
            "one type, or one and null",
            format!("{answer}/properties/profile"),
            json!({"description": "anything"}),
        ),
        ("property names", format!("{answer}/properties/externalId"), json!({"type": "string"})),
        ("parameter names and words", format!("{op}/parameters/0/schema/type"), json!(["string", "null"])),
        ("parameter names and words", format!("{op}/parameters/0/name"), json!("headers")),
        ("descriptions do not end comments", format!("{answer}/description"), json!("a */ b")),
        ("descriptions do not end comments", format!("{op}/summary"), json!("a\u{7}b")),
        (
            "numbers have a width and fit a double",
            format!("{answer}/properties/employees/format"),
            json!("uint64"),
        ),
        (
            "numbers have a width and fit a double",
            format!("{answer}/properties/employees/maximum"),
            json!(i64::MAX),
        ),
        (
            "numbers have a width and fit a double",
            format!("{answer}/properties/employees"),
            json!({"type": "number"}),
        ),
        (
            "downloads are binary, and nothing is multipart",
            format!("{op}/requestBody/content"),
            json!({"multipart/form-data": {"schema": {"$ref": "#/components/schemas/NewClient"}}}),
        ),
        ("what a caller sends is bounded", format!("{request}/properties/name"), json!({"type": "string"})),
        ("what a caller sends is bounded", format!("{request}/properties/employees/maximum"), Value::Null),
        ("what a caller sends is bounded", format!("{request}/properties/employees/minimum"), Value::Null),
        (
            "what a caller sends is bounded",
            "/paths/~1v1~1contacts~1{contact}/get/parameters/0/schema/maxLength".into(),
            Value::Null,
        ),
        (
            "references lead somewhere, and everything is used",
            "/components/schemas/Unused".into(),
            json!({"type": "string"}),
        ),
        (
            "references lead somewhere, and everything is used",
            format!("{answer}/properties/profile"),
            json!({"$ref": "#/components/schemas/Gone"}),
        ),
        ("schema names", "/components/schemas/Error".into(), json!({"type": "string"})),
        (
            "what is inline takes no name",
            "/components/schemas/NewGuidelineCatalog".into(),
            json!({"type": "string"}),
        ),
    ];
    for (rule, pointer, fault) in &planted {
        let mut spoiled = document.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = spoiled.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
        if fault.is_null() {
            parent.as_object_mut().unwrap().remove(key);
        } else {
            parent[key.replace("~1", "/")] = fault.clone();
        }
        if *rule == "property names" {
            spoiled
                .pointer_mut(&format!("{answer}/required"))
                .unwrap()
                .as_array_mut()
                .unwrap()
                .push(json!("externalId"));
        }
        if *rule == "schema names" {
            spoiled["components"]["schemas"]["ClientCompany"]["properties"]["name"] =
                json!({"$ref": "#/components/schemas/Error"});
        }
        let found: BTreeSet<&str> =
            RULES.iter().filter(|(_, check)| !check(&spoiled).is_empty()).map(|(rule, _)| *rule).collect();
        // What a spoiled reference no longer leads to is unused as well.
        let aside = "references lead somewhere, and everything is used";
        let rest: Vec<_> = found.iter().filter(|name| **name != aside || *rule == aside).collect();
        assert_eq!(rest, [rule], "{pointer}");
    }
    let rules: BTreeSet<&str> = RULES.iter().map(|(rule, _)| *rule).collect();
    let tried: BTreeSet<&str> = planted.iter().map(|(rule, ..)| *rule).collect();
    assert_eq!(rules, tried, "a rule that nothing breaks");
}

#[test]
fn the_older_document_says_the_same_in_its_own_words() {
    let [_, (_, older), _] = tasuke::app::generated().unwrap();
    let (new, old): (Value, Value) = (document(), serde_json::from_str(&older).unwrap());
    assert_eq!(old["openapi"], "3.0.3");
    let ids = |document: &Value| -> BTreeSet<String> {
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.values().flat_map(|item| item.as_object().unwrap().values());
        operations.map(|o| o["operationId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&old), ids(&new));
    let names = |document: &Value| -> Vec<String> {
        document["components"]["schemas"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(names(&old), names(&new));
    // Nothing is left that only the newer one knows.
    for word in ["\"null\"", "\"const\"", "\"prefixItems\"", "\"identifier\"", "\"webhooks\""] {
        assert!(!older.contains(word), "{word}");
    }
}

#[test]
fn examples_of_schemas_obey_them() {
    let document = document();
    let mut seen = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let one = schema.get("example").into_iter();
        let many = schema.get("examples").and_then(Value::as_array).into_iter().flatten();
        for example in one.chain(many) {
            let whole = json!({
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
