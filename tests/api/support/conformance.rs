//! Holds an answer against what the document promises for the operation.
use super::Answer;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tasuke::problem::{RULES, kinds::KINDS};
use ureq::http::Method;

/// Fails the test when the answer is not one that the document promises.
pub fn check(document: &Value, method: &Method, path: &str, answer: &Answer) {
    assert!(!answer.header("x-request-id").is_empty(), "{method} {path} has no id");
    let what = format!("{method} {path} {}", answer.status);
    // The token endpoint refuses in the words of OAuth.
    let of_oauth = path.starts_with("/oauth2/") && matches!(answer.status, 400 | 401);
    if answer.status >= 400 && !of_oauth && *method != Method::HEAD {
        assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
        conforms(document, &json!({"$ref": "#/components/schemas/Problem"}), &answer.json, &what);
        is_in_the_catalogue(&answer.json, &what);
    }
    let Some(item) = path_item(document, path) else {
        return;
    };
    let documented = match *method {
        Method::HEAD => "get".to_owned(),
        _ => method.as_str().to_lowercase(),
    };
    let Some(operation) = item.get(documented) else {
        assert_eq!(answer.status, 405, "{what}: not documented");
        return;
    };
    let promised = &operation["responses"][answer.status.to_string()];
    let promised = match promised["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => promised,
    };
    assert!(!promised.is_null(), "{what}: this status is not documented");
    let Some(content) = promised.get("content").filter(|_| *method != Method::HEAD) else {
        assert!(answer.bytes.is_empty(), "{what}: a body that is not documented");
        return;
    };
    let kind = answer.header("content-type");
    let essence = kind.split(';').next().unwrap();
    let schema = &content.get(kind).unwrap_or(&content[essence])["schema"];
    assert!(!schema.is_null(), "{what}: {kind} is not documented");
    conforms(document, schema, &answer.json, &what);
}

/// What a program looks at stands in docs/errors.md.
fn is_in_the_catalogue(problem: &Value, what: &str) {
    let code = problem["code"].as_str().unwrap();
    assert!(KINDS.iter().any(|kind| kind.code == code), "{what}: {code} is not in the catalogue");
    for fault in problem["errors"].as_array().unwrap() {
        let code = fault["code"].as_str().unwrap();
        assert!(RULES.iter().any(|rule| rule.code == code), "{what}: {code} is not in the catalogue");
    }
}

fn path_item<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    let plain: Vec<_> = path.split('?').next().unwrap().split('/').collect();
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .find(|(template, _)| {
            let template: Vec<_> = template.split('/').collect();
            template.len() == plain.len()
                && template.iter().zip(&plain).all(|(t, p)| t == p || (t.starts_with('{') && !p.is_empty()))
        })
        .map(|(_, item)| item)
}

/// Every schema that was asked for, compiled: the document is the same for all services.
static COMPILED: Mutex<BTreeMap<String, Arc<Validator>>> = Mutex::new(BTreeMap::new());

fn compiled(document: &Value, schema: &Value) -> Arc<Validator> {
    let name = schema.to_string();
    let known = COMPILED.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
    known.unwrap_or_else(|| {
        let whole = json!({ "allOf": [schema], "components": document["components"] });
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true)
            .build(&whole)
            .unwrap();
        let validator = Arc::new(validator);
        COMPILED.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::clone(&validator));
        validator
    })
}

fn conforms(document: &Value, schema: &Value, answer: &Value, what: &str) {
    let validator = compiled(document, schema);
    let faults: Vec<String> = validator
        .iter_errors(answer)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{what}: {faults:?}\n{answer:#}");
}
