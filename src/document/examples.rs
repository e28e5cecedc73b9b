//! Examples: named, one file for each tag. Requests are written by hand; answers are what the service
//! says to them, written down by `make examples`.
use super::operations_mut;
use serde_json::{Map, Value};

macro_rules! files {
    ($folder:literal: $($tag:literal)*) => {
        &[$(include_str!(concat!("../../openapi/examples/", $folder, "/", $tag, ".json"))),*]
    };
}

const REQUESTS: &[&str] =
    files!("requests": "assessments" "clients" "contacts" "guidelines" "identity" "incidents" "routing");

const ANSWERS: &[&str] = files!("answers":
    "assessments" "audit" "clients" "contacts" "guidelines" "identity" "incidents" "questionnaires"
    "routing" "service");

/// Puts the examples to the bodies of the operations that they belong to, by `operationId`.
pub fn add(document: &mut Value) -> Result<(), serde_json::Error> {
    let (requests, answers) = (read(REQUESTS)?, read(ANSWERS)?);
    for operation in operations_mut(document) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let body = operation.get_mut("requestBody");
        put(body, requests.get(&id));
        let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
        let good = responses.into_iter().flatten().find(|(status, _)| status.starts_with('2'));
        put(good.map(|(_, response)| response), answers.get(&id));
    }
    Ok(())
}

fn read(files: &[&str]) -> Result<Map<String, Value>, serde_json::Error> {
    let mut all = Map::new();
    for file in files {
        all.extend(serde_json::from_str::<Map<String, Value>>(file)?);
    }
    Ok(all)
}

fn put(body: Option<&mut Value>, examples: Option<&Value>) {
    let content = body.and_then(|body| body.get_mut("content")).and_then(Value::as_object_mut);
    if let (Some(content), Some(examples)) = (content, examples) {
        content.values_mut().for_each(|kind| kind["examples"] = examples.clone());
    }
}
