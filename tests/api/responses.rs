//! Several sites answer, and a person in charge merges.
use crate::support::{Answer, Caller, Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::Barrier;
use ureq::http::Method;

fn says(statuses: &[(&str, &str)]) -> Value {
    statuses.iter().map(|(control, status)| json!({"control": control, "status": status})).collect()
}

#[rstest]
fn the_weakest_answer_is_proposed_and_nothing_is_imposed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let body = json!({"client_id": client.json["id"], "questionnaire": "ipa-basic-rules-3.1"});
    let made = acme.post("/v1/assessments", &body).expect(201).header("location").to_owned();
    let responses = format!("{made}/responses");
    let head = json!({"respondent": "本社", "answers": says(&[("basic-rule-1", "implemented"), ("basic-rule-2", "implemented"), ("basic-rule-3", "implemented")])});
    let branch = json!({"respondent": "大阪支店", "answers": says(&[("basic-rule-1", "implemented"), ("basic-rule-2", "not_implemented")])});
    acme.post(&responses, &head).expect(201);
    let second = acme.post(&responses, &branch).expect(201);
    assert_eq!(acme.post(&responses, &branch).expect(409).text("/code"), "duplicate");
    let agreement = acme.get(&format!("{made}/agreement")).expect(200).json;
    let told: Vec<_> = agreement["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["agreement"].as_str().unwrap(), item["proposed"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("agreed", Some("implemented")),
            ("differs", Some("not_implemented")),
            ("incomplete", Some("implemented")),
            ("unanswered", None),
            ("unanswered", None),
        ]
    );
    // Nothing has been taken yet, and taking what is agreed takes that and nothing else.
    assert_eq!(acme.get(&made).expect(200).json["answers"], json!([]));
    let merged = acme.post(&format!("{made}/merge"), &json!({"take_agreed": true})).expect(200);
    assert_eq!(merged.json["answers"].as_array().unwrap().len(), 1);
    let decided = json!({"take_agreed": true, "answers": says(&[("basic-rule-2", "partial")])});
    let merged = acme.post(&format!("{made}/merge"), &decided).expect(200);
    assert_eq!(merged.json["answers"][1]["status"], "partial");
    // A respondent may change its mind, and leave.
    let path = second.header("location").to_owned();
    let changed = acme
        .patch(&path, second.header("etag"), &json!({"answers": says(&[("basic-rule-2", "implemented")])}))
        .expect(200);
    acme.patch(&path, second.header("etag"), &json!({"answers": []})).expect(412);
    let agreement = acme.get(&format!("{made}/agreement")).expect(200).json;
    assert_eq!(agreement["items"][1]["agreement"], "agreed");
    acme.delete(&path, changed.header("etag")).expect(204);
    acme.get(&path).expect(404);
    assert_eq!(acme.get(&responses).expect(200).json["items"].as_array().unwrap().len(), 1);
    let unknown = json!({"respondent": "倉庫", "answers": says(&[("self-check-01", "partial")])});
    assert_eq!(
        acme.post(&responses, &unknown).expect(422).faults(),
        ["/answers/0/control other-questionnaire"]
    );
    let kinds: Vec<_> = acme.get(&format!("{made}/events")).expect(200).json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds,
        ["created", "responded", "responded", "merged", "merged", "response_changed", "response_removed"]
    );
}

#[rstest]
fn what_a_respondent_says_leaves_a_trace(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let made = draft(&acme);
    let responses = format!("{made}/responses");
    let branch = json!({"respondent": "大阪支店", "answers": says(&[("basic-rule-1", "partial")])});
    let response = acme.post(&responses, &branch).expect(201);
    let path = response.header("location");
    let change = json!({"answers": says(&[("basic-rule-1", "implemented"), ("basic-rule-2", "partial")])});
    let changed = acme.patch(path, response.header("etag"), &change).expect(200);
    // The same again is no change, and what contradicts itself is none at all.
    let same = acme.patch(path, changed.header("etag"), &change).expect(200);
    assert_eq!((same.header("etag"), &same.json), (changed.header("etag"), &changed.json));
    let torn = json!({"answers": says(&[("basic-rule-1", "unknown")]), "remove": ["basic-rule-1", "x", "self-check-01"]});
    assert_eq!(
        acme.patch(path, changed.header("etag"), &torn).expect(422).faults(),
        ["/remove/0 contradiction", "/remove/1 unknown-control", "/remove/2 other-questionnaire"]
    );
    acme.delete(path, changed.header("etag")).expect(204);
    let events = acme.get(&format!("{made}/events")).expect(200).json;
    let told: Vec<_> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            let changes = event["changes"].as_array().unwrap();
            let change = |c: &Value| {
                let status = |side: &str| c[side]["status"].as_str().unwrap_or("-").to_owned();
                format!("{}>{}", status("before"), status("after"))
            };
            let changes: Vec<_> = changes.iter().map(change).collect();
            let of = event["respondent"].as_str().unwrap_or_default();
            format!("{} {of} {}", event["kind"].as_str().unwrap(), changes.join(" "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "created  ",
            "responded 大阪支店 ->partial",
            "response_changed 大阪支店 partial>implemented ->partial",
            "response_removed 大阪支店 implemented>- partial>-",
        ]
    );
    let blank = json!({"respondent": "\u{3000} "});
    assert_eq!(acme.post(&responses, &blank).expect(422).faults(), ["/respondent pattern"]);
}

fn draft(acme: &Caller<'_>) -> String {
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let body = json!({"client_id": client.json["id"], "questionnaire": "ipa-basic-rules-3.1"});
    acme.post("/v1/assessments", &body).expect(201).header("location").to_owned()
}

/// The answers of `calls` at once.
fn together(calls: usize, call: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
    let (begin, call) = (&Barrier::new(calls), &call);
    std::thread::scope(|scope| {
        let calls = (0..calls).map(|n| {
            scope.spawn(move || {
                begin.wait();
                call(n)
            })
        });
        let calls: Vec<_> = calls.collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    })
}

#[rstest]
fn no_more_may_answer_than_there_may_be(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let responses = format!("{}/responses", draft(&service.tenant("acme")));
    let answer = |n: usize| service.tenant("acme").post(&responses, &json!({"respondent": format!("{n}")}));
    (0..198).for_each(|n| drop(answer(n).expect(201)));
    let answers = together(12, |n| answer(1000 + n));
    let taken = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(taken, 2);
    assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status)), "{answers:#?}");
}

#[rstest]
fn who_merges_at_once_is_in_nobodys_way(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let made = draft(&service.tenant("acme"));
    let statuses = ["implemented", "partial", "not_implemented"];
    let answers = together(24, |n| {
        let body = json!({"answers": says(&[("basic-rule-1", statuses[n % 3])])});
        service.tenant("acme").post(&format!("{made}/merge"), &body)
    });
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:#?}");
    let stale = [("content-type", "application/json"), ("if-match", "\"old\"")];
    let acme = service.tenant("acme");
    acme.send(&Method::POST, &format!("{made}/merge"), &stale, Some(b"{}")).expect(412);
}
