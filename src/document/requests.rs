//! What a caller sends: patches, inputs, and that nothing is sent which nobody reads.
use super::{SCHEMAS, operations_mut};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const MERGE_PATCH: &str = "application/merge-patch+json";

/// A patch to a `NewThing` is a `ThingPatch`: the same fields, none of them required.
pub fn patches(document: &mut Value) {
    let mut made = vec![];
    for operation in operations_mut(document) {
        let body = operation.pointer_mut("/requestBody/content");
        let schema = body.and_then(|content| content.get_mut(MERGE_PATCH));
        let Some(reference) = schema.and_then(|content| content.pointer_mut("/schema/$ref")) else {
            continue;
        };
        if let Some(name) =
            reference.as_str().and_then(|text| text.strip_prefix(SCHEMAS)).map(str::to_owned)
        {
            let patch = format!("{}Patch", name.strip_prefix("New").unwrap_or(&name));
            *reference = json!(format!("{SCHEMAS}{patch}"));
            made.push((name, patch));
        }
    }
    for (name, patch) in made {
        let mut schema = document["components"]["schemas"][&name].clone();
        if let Some(fields) = schema.as_object_mut() {
            fields.remove("required");
            fields.remove("example");
            fields.insert(
                "description".to_owned(),
                json!("A JSON merge patch: what is left out stays, what is null goes away."),
            );
        }
        document["components"]["schemas"][patch] = schema;
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

/// An id in a path says which one is meant; more is told only where there is more to tell.
pub fn describe_paths(document: &mut Value) {
    for operation in operations_mut(document) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten().filter(|p| p["in"] == "path") {
            if parameter["description"].as_str().is_none_or(str::is_empty) {
                let name = parameter["name"].as_str().unwrap_or_default();
                parameter["description"] = json!(format!("Which {name}, by its id or key."));
            }
        }
    }
}
