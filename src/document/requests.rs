//! What a caller sends: patches, inputs, and that nothing is sent which nobody reads.
use super::{SCHEMAS, operations_mut};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Of an `Idempotency-Key`: bare or in quotes, which stand here as generators bear them in the code that they write.
const KEY: &str = r"^(\x22[ !#-~]{1,255}\x22|[!#-~]([ !#-~]{0,253}[!#-~])?)$";

const MERGE_PATCH: &str = "application/merge-patch+json";

/// A patch to a `NewThing` is a `ThingPatch`: the same fields, none of them required, and so on inwards,
/// because a merge patch changes what lies within. A list is replaced whole, and stays as it is.
pub fn patches(document: &mut Value) {
    let mut wanted = vec![];
    for operation in operations_mut(document) {
        let body = operation.pointer_mut("/requestBody/content");
        let schema = body.and_then(|content| content.get_mut(MERGE_PATCH));
        let Some(reference) = schema.and_then(|content| content.pointer_mut("/schema/$ref")) else {
            continue;
        };
        if let Some(name) = name(reference) {
            *reference = json!(format!("{SCHEMAS}{}", patch_of(&name)));
            wanted.push(name);
        }
    }
    let outermost = wanted.len();
    let mut done = 0;
    while let Some(name) = wanted.get(done).cloned() {
        let patch = loosened(&document["components"]["schemas"], &name, done < outermost, &mut wanted);
        document["components"]["schemas"][patch_of(&name)] = patch;
        done += 1;
    }
}

fn name(reference: &Value) -> Option<String> {
    reference.as_str().and_then(|text| text.strip_prefix(SCHEMAS)).map(str::to_owned)
}

/// How the patch to what has this name is called. What is written as a patch is its own.
pub fn patch_of(name: &str) -> String {
    if name.ends_with("Patch") {
        return name.to_owned();
    }
    format!("{}Patch", name.strip_prefix("New").unwrap_or(name))
}

/// The object that a property is, perhaps or null.
fn object_in(property: &Value) -> Option<String> {
    let parts = property["oneOf"].as_array().into_iter().flatten();
    parts.chain([property]).find_map(|part| name(&part["$ref"]))
}

/// Whether a patch to this object says something that the object itself does not allow.
fn is_tight(schemas: &Value, name: &str) -> bool {
    let schema = &schemas[name];
    let required = schema["required"].as_array().is_some_and(|required| !required.is_empty());
    let mut properties = schema["properties"].as_object().into_iter().flat_map(Map::values);
    schema["type"] == "object"
        && (required
            || properties.any(|property| {
                !may_be_null(property) || object_in(property).is_some_and(|inner| is_tight(schemas, &inner))
            }))
}

fn may_be_null(property: &Value) -> bool {
    let parts = property["oneOf"].as_array().into_iter().flatten();
    parts.chain([property]).any(|part| match &part["type"] {
        Value::String(kind) => kind == "null",
        Value::Array(kinds) => kinds.contains(&json!("null")),
        _ => false,
    })
}

/// The schema of a patch to `name`; what lies within and must be loosened as well goes to `wanted`.
fn loosened(schemas: &Value, name: &str, outermost: bool, wanted: &mut Vec<String>) -> Value {
    let mut schema = schemas[name].clone();
    let required: Vec<Value> = schema["required"].as_array().cloned().unwrap_or_default();
    for (field, property) in schema["properties"].as_object_mut().into_iter().flatten() {
        let inner = object_in(property);
        let tight = inner.as_ref().filter(|inner| is_tight(schemas, inner));
        if let Some(inner) = tight {
            let description = property.get("description").cloned();
            *property = json!({ "$ref": format!("{SCHEMAS}{}", patch_of(inner)) });
            if let (Some(description), Some(fields)) = (description, property.as_object_mut()) {
                fields.insert("description".to_owned(), description);
            }
            if !wanted.contains(inner) {
                wanted.push(inner.clone());
            }
        }
        // What need not be there may go away.
        if !required.contains(&json!(field)) {
            or_null(property);
        }
    }
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("required");
        fields.remove("example");
        if outermost {
            fields.insert(
                "description".to_owned(),
                json!("A JSON merge patch: what is left out stays, what is null goes away."),
            );
        }
    }
    schema
}

fn or_null(property: &mut Value) {
    if property.get("$ref").is_some() {
        let description = property.as_object_mut().and_then(|fields| fields.remove("description"));
        *property = json!({ "oneOf": [property.take(), { "type": "null" }] });
        if let Some(description) = description {
            property["description"] = description;
        }
    } else if let Some(kind) = property.get("type").and_then(Value::as_str).map(str::to_owned) {
        // A closed list of words would have to name null as well.
        if property.get("enum").is_none() {
            property["type"] = json!([kind, "null"]);
        }
    }
}

pub fn split(document: &mut Value, asked: &BTreeSet<String>, answered: &BTreeSet<String>) {
    let schemas = &document["components"]["schemas"];
    let twice: BTreeSet<String> = asked
        .intersection(answered)
        .filter(|name| schemas[name.as_str()]["type"] == "object")
        .cloned()
        .collect();
    for name in &twice {
        let mut input = document["components"]["schemas"][name].clone();
        point_to_inputs(&mut input, &twice);
        document["components"]["schemas"][format!("{name}Input")] = input;
    }
    for name in asked.difference(answered) {
        point_to_inputs(&mut document["components"]["schemas"][name], &twice);
    }
    for operation in operations_mut(document) {
        if let Some(body) = operation.get_mut("requestBody") {
            point_to_inputs(body, &twice);
        }
    }
}

fn point_to_inputs(value: &mut Value, twice: &BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                let name = value.as_str().and_then(|text| text.strip_prefix(SCHEMAS));
                match name {
                    Some(name) if key == "$ref" && twice.contains(name) => {
                        *value = json!(format!("{SCHEMAS}{name}Input"));
                    }
                    _ => point_to_inputs(value, twice),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|v| point_to_inputs(v, twice)),
        _ => {}
    }
}

/// A request says nothing that nobody reads.
pub fn close(schema: &mut Value) {
    if schema.get("properties").is_some() {
        schema["additionalProperties"] = json!(false);
    }
}

/// No key or word that is taken in a path or a list is longer.
const LONGEST_WORD: u64 = 200;

/// A parameter is there or it is not: null cannot be sent. An id in a path says which one is meant; more is told
/// only where there is more to tell.
pub fn parameters(document: &mut Value) {
    for operation in operations_mut(document) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            never_null(&mut parameter["schema"]);
            if parameter["in"] == "query" {
                never_empty(&mut parameter["schema"]);
            }
            if parameter["name"] == "Idempotency-Key" {
                parameter["schema"]["pattern"] = json!(KEY);
            }
            never_endless(&mut parameter["schema"]);
            if parameter["in"] == "path" && parameter["description"].as_str().is_none_or(str::is_empty) {
                let name = parameter["name"].as_str().unwrap_or_default();
                parameter["description"] = json!(format!("Which {name}, by its id or key."));
            }
        }
    }
}

/// An empty text is refused wherever a query has one.
fn never_empty(schema: &mut Value) {
    if schema["type"] == "array" {
        never_empty(&mut schema["items"]);
    } else if schema["type"] == "string" && schema.get("format").or(schema.get("pattern")).is_none() {
        schema["minLength"] = json!(1);
    }
}

fn never_endless(schema: &mut Value) {
    if schema["type"] == "array" {
        never_endless(&mut schema["items"]);
    } else if schema["type"] == "string"
        && ["maxLength", "enum", "format", "pattern"].iter().all(|bound| schema.get(*bound).is_none())
    {
        schema["maxLength"] = json!(LONGEST_WORD);
    }
}

fn never_null(schema: &mut Value) {
    if let Some(kinds) = schema["type"].as_array() {
        let kind = kinds.iter().find(|kind| **kind != "null").cloned();
        schema["type"] = kind.unwrap_or_default();
    }
    let parts = schema["oneOf"].as_array().into_iter().flatten();
    let rest: Vec<Value> = parts.filter(|part| part["type"] != "null").cloned().collect();
    if let [one] = rest.as_slice() {
        *schema = one.clone();
    }
}
