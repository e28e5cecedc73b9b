//! Holds an answer against what the document promises for the operation.
use super::Answer;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
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
    }
    are_in_the_catalogue(&answer.json, &what);
    for line in answer.bytes.split(|byte| *byte == b'\n') {
        if let Ok(line) = serde_json::from_slice(line) {
            are_in_the_catalogue(&line, &what);
        }
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
    has_the_headers(promised, answer, &what);
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

/// What programs look at: it is told of where it comes.
const TOLD: &[&str] = &[
    "etag",
    "idempotent-replayed",
    "location",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "www-authenticate",
];

/// What is promised with these statuses and comes only sometimes. Too long a URL or head is refused before anything
/// is counted.
const SOMETIMES: &[(u16, &str)] = &[
    (403, "www-authenticate"),
    (409, "retry-after"),
    (414, "ratelimit"),
    (414, "ratelimit-policy"),
    (431, "ratelimit"),
    (431, "ratelimit-policy"),
];

/// Nothing is answered that is not told of, and what is told of is there.
fn has_the_headers(promised: &Value, answer: &Answer, what: &str) {
    let told = promised["headers"].as_object().into_iter().flatten().map(|(name, _)| name.to_lowercase());
    let told: BTreeSet<String> = told.collect();
    for name in TOLD.iter().filter(|name| answer.headers.contains_key(**name)) {
        assert!(told.contains(*name), "{what}: the header {name} is not documented");
    }
    for name in &told {
        let sometimes = name == "idempotent-replayed"
            || SOMETIMES.iter().any(|(status, header)| *status == answer.status && header == name);
        assert!(sometimes || answer.headers.contains_key(name), "{what}: the header {name} is missing");
    }
}

/// What a program looks at stands in docs/errors.md: of the problem itself, and of those in verdicts.
fn are_in_the_catalogue(told: &Value, what: &str) {
    match told {
        Value::Object(fields) => {
            let is_problem = fields.get("type").and_then(Value::as_str);
            if is_problem.is_some_and(|kind| kind.starts_with("/problems/")) {
                is_in_the_catalogue(told, what);
            }
            fields.values().for_each(|inner| are_in_the_catalogue(inner, what));
        }
        Value::Array(items) => items.iter().for_each(|inner| are_in_the_catalogue(inner, what)),
        _ => {}
    }
}

fn is_in_the_catalogue(problem: &Value, what: &str) {
    let code = problem["code"].as_str().unwrap();
    assert!(KINDS.iter().any(|kind| kind.code == code), "{what}: {code} is not in the catalogue");
    for fault in problem["errors"].as_array().unwrap() {
        let code = fault["code"].as_str().unwrap();
        assert!(RULES.iter().any(|rule| rule.code == code), "{what}: {code} is not in the catalogue");
    }
}

#[rstest::rstest]
#[case(json!({"items": [{"outcome": "rejected", "problem": {"type": "/problems/x", "code": "x", "errors": []}}]}))]
#[case(json!({"problem": {"type": "/problems/invalid", "code": "invalid", "errors": [{"code": "x"}]}}))]
#[should_panic(expected = "x is not in the catalogue")]
fn a_code_in_a_verdict_is_looked_up(#[case] told: Value) {
    are_in_the_catalogue(&told, "a verdict");
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
