//! The examples of the document, told as one story: each request is sent to the service, and what it says
//! is what the document gives as an example (`make examples` writes it down).
mod recording;
mod story;

use crate::support::{Answer, Caller, Engine, Service};
use rstest::rstest;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use story::STORY;
use ureq::http::Method;

const REQUESTS: &str = "openapi/examples/requests";
const ANSWERS: &str = "openapi/examples/answers";

/// The examples of all files of a folder, by operation and name.
fn kept(folder: &str) -> BTreeMap<String, Map<String, Value>> {
    let files =
        fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    files
        .flat_map(|text| serde_json::from_str::<BTreeMap<String, Map<String, Value>>>(&text).unwrap())
        .collect()
}

struct Operation<'a> {
    method: Method,
    tag: &'a str,
    /// The kind of body that it takes, if it takes one.
    takes: Option<&'a str>,
    parameters: &'a Value,
    /// Whether it answers something that can be shown.
    shows: bool,
}

fn operations(document: &Value) -> BTreeMap<&str, Operation<'_>> {
    let items = document["paths"].as_object().unwrap().values();
    items
        .flat_map(|item| item.as_object().unwrap())
        .map(|(method, o)| {
            let mut responses = o["responses"].as_object().unwrap().iter();
            let good = responses.find(|(status, _)| status.starts_with('2')).unwrap().1;
            let answers = good["content"].as_object().and_then(|content| content.values().next());
            let operation = Operation {
                method: method.to_uppercase().parse().unwrap(),
                tag: o["tags"][0].as_str().unwrap(),
                takes: o["requestBody"]["content"]
                    .as_object()
                    .and_then(|c| c.keys().next())
                    .map(String::as_str),
                parameters: &o["parameters"],
                shows: answers.is_some_and(|content| content["schema"]["format"] != "binary"),
            };
            (o["operationId"].as_str().unwrap(), operation)
        })
        .collect()
}

/// Fills the ids in that came up before.
fn fill(path: &str, known: &BTreeMap<&str, String>) -> String {
    known.iter().fold(path.to_owned(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id))
}

fn tell(caller: &Caller<'_>, operation: &Operation<'_>, path: &str, body: Option<&Value>) -> Answer {
    let mut headers = vec![("accept-language", "ja")];
    let needs = |header: &str| {
        let parameters = operation.parameters.as_array().into_iter().flatten();
        parameters.into_iter().any(|p| p["name"] == header && p["required"] == true)
    };
    // The tag of a secret is that of its account.
    let tagged = path.split("/secrets/").next().unwrap();
    let tag = needs("If-Match").then(|| caller.get(tagged).expect(200).header("etag").to_owned());
    headers.extend(tag.as_deref().map(|tag| ("if-match", tag)));
    let key = format!("example-{path}-{}", body.map_or(0, |body| body.to_string().len()));
    if needs("Idempotency-Key") {
        headers.push(("idempotency-key", &key));
    }
    headers.extend(operation.takes.map(|kind| ("content-type", kind)));
    let bytes = body.map(|body| match body {
        Value::String(text) => text.clone().into_bytes(),
        form if operation.takes == Some("application/x-www-form-urlencoded") => {
            serde_html_form::to_string(form).unwrap().into_bytes()
        }
        other => serde_json::to_vec(other).unwrap(),
    });
    caller.send(&operation.method, path, &headers, bytes.as_deref())
}

#[rstest]
fn every_request_of_the_examples_is_taken_and_every_operation_has_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let caller = service.tenant("acme");
    let operations = operations(service.document());
    let (requests, answers) = (kept(REQUESTS), kept(ANSWERS));
    let mut known = BTreeMap::new();
    let mut proofs = BTreeMap::new();
    let mut told = BTreeMap::<&str, BTreeMap<&str, Map<String, Value>>>::new();
    let mut shown = BTreeSet::new();
    let mut sent = BTreeSet::new();
    for (id, name, path, keep) in STORY {
        let operation = operations.get(id).unwrap_or_else(|| panic!("{id} is no operation"));
        let path = fill(path, &known);
        let example = operation.takes.map(|_| {
            sent.insert((id.to_string(), name.to_string()));
            requests
                .get(*id)
                .and_then(|all| all.get(*name))
                .unwrap_or_else(|| panic!("{id}: no example {name}"))
        });
        // What proves a client is new in each run.
        let said = example.map(|example| example["value"].clone()).map(|mut said| {
            for (name, proof) in said.as_object_mut().into_iter().flatten() {
                if let (Some(known), "issueToken") = (proofs.get(name.as_str()), *id) {
                    *proof = json!(known);
                }
            }
            said
        });
        let answer = tell(&caller, operation, &path, said.as_ref());
        for (name, field) in [("client_id", "/oauth_client_id"), ("client_secret", "/secret")] {
            let proof = answer.json.pointer(field).and_then(Value::as_str);
            proofs.extend(proof.map(|proof| (name, proof.to_owned())));
        }
        assert!((200..300).contains(&answer.status), "{id} {name}: {} {:#}", answer.status, answer.json);
        if !keep.is_empty() {
            let made = answer.json.get("id").or_else(|| answer.json.pointer("/items/0/id")).unwrap();
            known.insert(keep, made.as_str().unwrap().to_owned());
        }
        if operation.shows {
            shown.insert((id.to_string(), name.to_string()));
            let summary = example.map_or(Value::Null, |example| example["summary"].clone());
            let mut shown = json!({ "value": answer.json });
            if summary.is_string() {
                shown["summary"] = summary;
            }
            let file = told.entry(operation.tag).or_default();
            file.entry(id).or_default().insert((*name).to_owned(), shown);
        } else {
            shown.insert((id.to_string(), String::new()));
        }
    }
    if std::env::var_os("RECORD_EXAMPLES").is_some() && matches!(engine, Engine::Sqlite) {
        recording::write(ANSWERS, &told);
        return;
    }
    let names = |all: &BTreeMap<String, Map<String, Value>>| -> BTreeSet<(String, String)> {
        all.iter().flat_map(|(id, all)| all.keys().map(|name| (id.clone(), name.clone()))).collect()
    };
    assert_eq!(names(&requests), sent, "a request that is not in the story, or the other way round");
    let missing: Vec<_> =
        operations.keys().filter(|id| !shown.iter().any(|(shown, _)| shown == *id)).collect();
    assert!(missing.is_empty(), "not in the story: {missing:?}");
    shown.retain(|(_, name)| !name.is_empty());
    assert_eq!(names(&answers), shown, "run `make examples` and look at what changed");
}

/// Every example of a body in the document, with the schema it belongs to: where it stands, and both.
fn examples(document: &Value) -> Vec<(String, Value, Value)> {
    let mut all = vec![];
    let mut bodies: Vec<(String, &Value)> = document["components"]["responses"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, response)| (name.clone(), response))
        .collect();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, o) in item.as_object().unwrap() {
            bodies.push((format!("{method} {path}"), &o["requestBody"]));
            let responses = o["responses"].as_object().unwrap();
            bodies.extend(responses.iter().map(|(status, r)| (format!("{method} {path} {status}"), r)));
        }
    }
    for (at, body) in bodies {
        for content in body["content"].as_object().into_iter().flat_map(Map::values) {
            for (name, example) in content["examples"].as_object().into_iter().flatten() {
                all.push((format!("{at} {name}"), content["schema"].clone(), example["value"].clone()));
            }
        }
    }
    all
}

#[test]
fn every_example_of_a_body_obeys_its_schema() {
    let document = tasuke::app::openapi().unwrap();
    let all = examples(&document);
    for (at, schema, example) in &all {
        let whole = json!({ "allOf": [schema], "components": document["components"] });
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true)
            .build(&whole)
            .unwrap();
        let faults: Vec<_> =
            validator.iter_errors(example).map(|e| format!("{e} at {}", e.instance_path())).collect();
        assert!(faults.is_empty(), "{at}: {faults:?}");
    }
    assert!(all.len() > 100, "{} examples", all.len());
}

#[test]
fn every_body_has_an_example_with_a_name() {
    let document = tasuke::app::openapi().unwrap();
    let named: BTreeSet<String> =
        examples(&document).iter().map(|(at, ..)| at.rsplit_once(' ').unwrap().0.to_owned()).collect();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, o) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            assert!(o.get("requestBody").is_none() || named.contains(&at), "{at}: the request");
            for (status, response) in o["responses"].as_object().unwrap() {
                let binary = response["content"].as_object().into_iter().flat_map(Map::values);
                let shows = binary.into_iter().any(|content| content["schema"]["format"] != "binary");
                assert!(!shows || named.contains(&format!("{at} {status}")), "{at} {status}");
            }
        }
    }
    for (name, response) in document["components"]["responses"].as_object().unwrap() {
        assert!(response.get("content").is_none() || named.contains(name), "{name}");
    }
}
