//! Closed words. In a request a list of words is what we accept, and says so. In an answer it would be a
//! promise that no word is ever added: clients that were generated from it throw on a word that they do
//! not know. So an answer has an `enum` only where the list is closed by what it speaks of.
use super::{SCHEMAS, answered, asked};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Lists that can never grow. Think twice before you add one: a word more breaks every Java, Go, Python
/// and Rust client that was generated before.
const CLOSED: &[&str] = &[
    "AnswerStatus",
    "Applies",
    "Confidence",
    "Effort",
    "FactState",
    "IncidentStage",
    "Obligation",
    "SourceKind",
    "Verification",
    "WeekDay",
];

/// Makes strings of the other lists, wherever an answer leads to them.
pub fn open(document: &mut Value) {
    let (asked, answered) = (asked(document), answered(document));
    let schemas = &document["components"]["schemas"];
    let growing: BTreeMap<String, String> = answered
        .iter()
        .filter(|name| schemas[name.as_str()].get("enum").is_some() && !CLOSED.contains(&name.as_str()))
        .map(|name| (format!("{SCHEMAS}{name}"), told(&schemas[name])))
        .collect();
    for name in answered.difference(&asked) {
        replace(&mut document["components"]["schemas"][name], &growing);
    }
    if let Some(paths) = document["paths"].as_object_mut() {
        let operations = paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut);
        operations
            .filter_map(|operation| operation.get_mut("responses"))
            .for_each(|responses| replace(responses, &growing));
    }
    if let Some(all) = document["components"]["schemas"].as_object_mut() {
        all.retain(|name, _| asked.contains(name) || !growing.contains_key(&format!("{SCHEMAS}{name}")));
    }
}

/// The list in words.
fn told(schema: &Value) -> String {
    let words = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let words: Vec<_> = words.map(|word| format!("`{word}`")).collect();
    let meaning = schema["description"].as_str().map(|text| format!("{text} ")).unwrap_or_default();
    format!("{meaning}One of {}; more may come.", words.join(", "))
}

fn replace(value: &mut Value, growing: &BTreeMap<String, String>) {
    let list = |value: &Value| value["$ref"].as_str().and_then(|reference| growing.get(reference)).cloned();
    let described = |value: &Value, words: String| match value["description"].as_str() {
        Some(own) => format!("{own} {words}"),
        None => words,
    };
    if let Some(words) = list(value) {
        *value = json!({ "type": "string", "description": described(value, words) });
        return;
    }
    let nullable = value["oneOf"].as_array().and_then(|parts| parts.iter().find_map(list));
    if let Some(words) = nullable {
        *value = json!({ "type": ["string", "null"], "description": described(value, words) });
        return;
    }
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|value| replace(value, growing)),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, growing)),
        _ => {}
    }
}
