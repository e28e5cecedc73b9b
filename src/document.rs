//! The OpenAPI document: the one the routes make, brought into the form that client generators and
//! our own request checks want.
mod answers;
mod examples;
mod lower;
mod operations;
mod requests;
mod scopes;
mod words;

pub use lower::lowered;
pub use operations::{Operations, fits, show_document};
pub use requests::patch_of;

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const FORM: &str = "application/x-www-form-urlencoded";
const SCHEMAS: &str = "#/components/schemas/";

/// Brings the document into its final form.
///
/// What goes both ways is two schemas, because a request may leave out what an answer always has:
/// `Profile` in answers, `ProfileInput` in requests.
pub fn shape(mut document: Value) -> Result<Value, serde_json::Error> {
    answers::open_means_no_security(&mut document);
    scopes::require(&mut document);
    // Linters want to know for whom a server is.
    document["servers"][0]["x-internal"] = json!(false);
    answers::describe(&mut document);
    answers::head(&mut document);
    requests::parameters(&mut document);
    tidy(&mut document["components"]["schemas"]);
    flatten(&mut document);
    requests::patches(&mut document);
    let asked = asked(&document);
    let answered = answered(&document);
    requests::split(&mut document, &asked, &answered);
    for name in self::asked(&document) {
        requests::close(&mut document["components"]["schemas"][name]);
    }
    for name in &answered {
        answers::promise_everything(&mut document["components"]["schemas"][name]);
    }
    words::open(&mut document);
    examples::add(&mut document)?;
    Ok(document)
}

/// What is one object in JSON is one in the document: generators read `allOf` each in their own way.
fn flatten(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let mut merged = BTreeSet::new();
    let all = document["components"]["schemas"].as_object_mut();
    for schema in all.into_iter().flat_map(Map::values_mut) {
        let Some(parts) = schema.get("allOf").and_then(Value::as_array).cloned() else {
            continue;
        };
        let mut properties = Map::new();
        for part in &parts {
            let name = part["$ref"].as_str().and_then(|reference| reference.strip_prefix(SCHEMAS));
            merged.extend(name.map(str::to_owned));
            let part = name.map_or(part, |name| &schemas[name]);
            properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        }
        let description = schema["description"].take();
        *schema = json!({ "type": "object", "description": description, "properties": properties });
    }
    // What was only a part of others is nothing by itself.
    let told = document.to_string();
    if let Some(all) = document["components"]["schemas"].as_object_mut() {
        all.retain(|name, _| !merged.contains(name) || told.contains(&format!("\"{SCHEMAS}{name}\"")));
    }
}

/// Takes out what trips generators up: defaults in bodies, and that names of properties are strings.
/// Puts in what they need: how wide a number is, and a description where they look for it.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let is_schema = ["type", "oneOf", "$ref"].iter().any(|k| fields.contains_key(*k));
            if is_schema {
                fields.remove("default");
                measure(fields);
                lift_description(fields);
            }
            fields.remove("propertyNames");
            fields.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// A whole number without a width is an `int` to one generator and a `float` to the next.
fn measure(fields: &mut Map<String, Value>) {
    let whole = match &fields.get("type") {
        Some(Value::String(kind)) => kind == "integer",
        Some(Value::Array(kinds)) => kinds.contains(&json!("integer")),
        _ => false,
    };
    if whole && !fields.contains_key("format") {
        let small =
            fields.get("maximum").and_then(Value::as_i64).is_some_and(|most| most <= i32::MAX.into());
        fields.insert("format".to_owned(), json!(if small { "int32" } else { "int64" }));
    }
}

/// "That, or null": the words about it stand at the whole, not at one of its two halves.
fn lift_description(fields: &mut Map<String, Value>) {
    let parts = fields.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten();
    let described = parts.filter_map(Value::as_object_mut).find_map(|part| part.remove("description"));
    if let Some(description) = described {
        fields.insert("description".to_owned(), description);
    }
}

/// The methods that a path item may have beside other fields.
const METHODS: &[&str] = &["get", "put", "post", "delete", "patch"];

fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    document["paths"]
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
        .flatten()
        .filter(|(method, _)| METHODS.contains(&method.as_str()))
        .map(|(_, operation)| operation)
}

/// Names of the schemas that requests lead to: bodies and parameters.
fn asked(document: &Value) -> BTreeSet<String> {
    reachable(document, &["requestBody", "parameters"])
}

/// Names of the schemas that answers lead to.
fn answered(document: &Value) -> BTreeSet<String> {
    reachable(document, &["responses"])
}

/// Names of the schemas that some parts of the operations lead to.
fn reachable(document: &Value, parts: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&Value> = document["paths"]
        .as_object()
        .into_iter()
        .flat_map(Map::values)
        .filter_map(Value::as_object)
        .flat_map(Map::values)
        .flat_map(|operation| parts.iter().filter_map(|part| operation.get(*part)))
        // OAuth has it that what is not known in a form is ignored.
        .filter(|part| part["content"].get(FORM).is_none())
        .collect();
    while let Some(value) = next.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.trim_start_matches('#');
                    let first_time =
                        reference.strip_prefix(SCHEMAS).is_none_or(|name| found.insert(name.to_owned()));
                    if first_time {
                        next.extend(document.pointer(pointer));
                    }
                }
                // Examples are data, not schemas.
                let schemas = fields.iter().filter(|(key, _)| !key.starts_with("example"));
                next.extend(schemas.map(|(_, value)| value));
            }
            Value::Array(items) => next.extend(items),
            _ => {}
        }
    }
    found
}
