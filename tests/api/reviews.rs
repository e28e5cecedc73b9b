//! The states of an assessment, and what each of them allows.
use crate::support::{Answer, Caller, Engine, Service, gathered};
use rstest::rstest;
use serde_json::{Value, json};
use tasuke::caller::Scope;
use ureq::http::Method;

fn rules(status: &str) -> Vec<Value> {
    (1..=5).map(|n| json!({"control": format!("basic-rule-{n}"), "status": status})).collect()
}

/// An assessment in this state.
fn in_state(acme: &Caller<'_>, state: &str) -> String {
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let body = json!({"client_id": client.json["id"], "questionnaire": "ipa-basic-rules-3.1", "answers": rules("partial")});
    let made = acme.post("/v1/assessments", &body).expect(201).header("location").to_owned();
    let review = |decision: &str| json!({"decision": decision, "comment": "なぜなら"});
    match state {
        "draft" => {}
        "submitted" => drop(acme.post(&format!("{made}/submit"), &json!({})).expect(200)),
        "accepted" | "changes_requested" => {
            acme.post(&format!("{made}/submit"), &json!({})).expect(200);
            acme.post(&format!("{made}/review"), &review(state)).expect(200);
        }
        other => panic!("{other}"),
    }
    assert_eq!(acme.get(&made).expect(200).json["state"], state);
    made
}

fn act(acme: &Caller<'_>, made: &str, verb: &str) -> Answer {
    let etag = acme.get(made).expect(200).header("etag").to_owned();
    let answers = json!({"answers": [{"control": "basic-rule-1", "status": "implemented"}]});
    match verb {
        "answer" => acme.patch(made, &etag, &answers),
        "merge" => acme.post(&format!("{made}/merge"), &answers),
        "respond" => acme.post(&format!("{made}/responses"), &json!({"respondent": "支店"})),
        "submit" => acme.post(&format!("{made}/submit"), &json!({})),
        "accept" => acme.post(&format!("{made}/review"), &json!({"decision": "accepted"})),
        "request" => acme
            .post(&format!("{made}/review"), &json!({"decision": "changes_requested", "comment": "証跡"})),
        "reopen" => acme.post(&format!("{made}/reopen"), &json!({})),
        "delete" => acme.delete(made, &etag),
        other => panic!("{other}"),
    }
}

/// Every state with every verb: the state that follows, or that it is the wrong one.
#[rstest]
fn every_state_and_every_verb(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let verbs = ["answer", "merge", "respond", "submit", "accept", "request", "reopen", "delete"];
    let table = [
        ("draft", ["draft", "draft", "draft", "submitted", "-", "-", "-", "gone"]),
        ("submitted", ["-", "-", "-", "-", "accepted", "changes_requested", "draft", "-"]),
        (
            "changes_requested",
            [
                "changes_requested",
                "changes_requested",
                "changes_requested",
                "submitted",
                "-",
                "-",
                "draft",
                "-",
            ],
        ),
        ("accepted", ["-"; 8]),
    ];
    for (state, outcomes) in table {
        for (verb, outcome) in verbs.iter().zip(outcomes) {
            let made = in_state(&acme, state);
            let before = acme.get(&made).expect(200).json;
            let answer = act(&acme, &made, verb);
            let after = || acme.get(&made).expect(200).json;
            match outcome {
                "-" => {
                    assert_eq!(
                        (answer.status, answer.text("/code")),
                        (409, "wrong-state"),
                        "{state} {verb}"
                    );
                    assert_eq!(after(), before, "{state} {verb}");
                }
                "gone" => {
                    assert_eq!(answer.status, 204, "{state} {verb}");
                    acme.get(&made).expect(404);
                }
                next => {
                    assert!(answer.status < 300, "{state} {verb}: {:#}", answer.json);
                    assert_eq!(after()["state"], next, "{state} {verb}");
                }
            }
        }
    }
}

#[rstest]
fn a_review_says_who_when_and_why(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let made = in_state(&acme, "submitted");
    let path = format!("{made}/review");
    let bare = acme.post(&path, &json!({"decision": "changes_requested"})).expect(422);
    assert_eq!(bare.faults(), ["/comment required"]);
    let blank =
        acme.post(&path, &json!({"decision": "changes_requested", "comment": " \u{3000}"})).expect(422);
    assert_eq!(blank.faults(), ["/comment pattern"]);
    assert_eq!(
        acme.post(&path, &json!({"decision": "perhaps"})).expect(422).faults(),
        ["/decision unknown-value"]
    );
    let writer = service.caller("acme", &[Scope::AssessmentsWrite, Scope::AssessmentsRead], None);
    writer.post(&path, &json!({"decision": "accepted"})).expect(403);
    let back =
        acme.post(&path, &json!({"decision": "changes_requested", "comment": "証跡がない"})).expect(200);
    assert_eq!((back.text("/review/comment"), back.text("/review/by")), ("証跡がない", "tester"));
    // The word of the reviewer stays until there is a newer one.
    let again = acme.post(&format!("{made}/submit"), &json!({})).expect(200);
    assert_eq!(again.text("/review/comment"), "証跡がない");
    let done = acme.post(&path, &json!({"decision": "accepted"})).expect(200);
    assert_eq!((done.text("/state"), &done.json["review"]["comment"]), ("accepted", &Value::Null));
    let events = acme.get(&format!("{made}/events")).expect(200).json;
    let kinds: Vec<_> =
        events["items"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["created", "submitted", "changes_requested", "submitted", "accepted"]);
    assert_eq!(events["items"][2]["comment"], "証跡がない");
}

#[rstest]
fn who_answered_what_and_when_is_kept(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let made = in_state(&acme, "draft");
    let etag = acme.get(&made).expect(200).header("etag").to_owned();
    let bare =
        acme.send(&ureq::http::Method::PATCH, &made, &[("content-type", "application/json")], Some(b"{}"));
    assert_eq!(bare.status, 428);
    let body = json!({
        "answers": [{"control": "basic-rule-2", "status": "implemented", "note": "全台"}, {"control": "basic-rule-5", "status": "partial"}],
        "remove": ["basic-rule-1"],
    });
    let changed = acme.patch(&made, &etag, &body).expect(200);
    assert_eq!(changed.json["answers"].as_array().unwrap().len(), 4);
    assert_eq!(acme.patch(&made, &etag, &body).expect(412).text("/code"), "stale");
    let wrong = json!({"answers": [{"control": "self-check-01", "status": "partial"}, {"control": "x", "status": "partial"}]});
    let refused = acme.patch(&made, changed.header("etag"), &wrong).expect(422);
    assert_eq!(
        refused.faults(),
        ["/answers/0/control other-questionnaire", "/answers/1/control unknown-control"]
    );
    let events = acme.get(&format!("{made}/events?limit=1")).expect(200).json;
    let next = format!("{made}/events?limit=1&after={}", events["next_cursor"].as_str().unwrap());
    let second = acme.get(&next).expect(200).json;
    assert_eq!(second["next_cursor"], Value::Null);
    let changes = second["items"][0]["changes"].as_array().unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|c| {
            (c["control"].as_str().unwrap(), c["before"]["status"].as_str(), c["after"]["status"].as_str())
        })
        .collect();
    // What stayed as it was is no change.
    assert_eq!(
        told,
        [("basic-rule-1", Some("partial"), None), ("basic-rule-2", Some("partial"), Some("implemented"))]
    );
}

#[rstest]
fn answers_are_carried_forward_but_not_to_what_asks_for_something_else(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let answers: Vec<_> = (1..=25)
        .map(|n| json!({"control": format!("self-check-{n:02}"), "status": "implemented"}))
        .collect();
    let body = json!({"client_id": client.json["id"], "questionnaire": "ipa-self-check-3.1", "answers": answers, "state": "submitted"});
    let earlier = acme.post("/v1/assessments", &body).expect(201);
    let next = |questionnaire: &str, from: &Value| {
        json!({"client_id": client.json["id"], "questionnaire": questionnaire, "carry_forward_from": from,
            "answers": [{"control": "self-check-02", "status": "partial"}]})
    };
    let made = acme.post("/v1/assessments", &next("ipa-self-check-4.0", &earlier.json["id"])).expect(201);
    assert_eq!(made.json["carried_from"], earlier.json["id"]);
    let statuses = |answer: &Answer| -> Vec<(String, String)> {
        let answers = answer.json["answers"].as_array().unwrap();
        answers
            .iter()
            .map(|a| (a["control"].as_str().unwrap().into(), a["status"].as_str().unwrap().into()))
            .collect()
    };
    let carried = statuses(&made);
    // Edition 4.0 words item 11 differently: it is asked again.
    assert_eq!(carried.len(), 24);
    assert!(carried.iter().all(|(control, _)| control != "self-check-11"));
    assert!(carried.contains(&("self-check-02".into(), "partial".into())));
    let same = acme.post("/v1/assessments", &next("ipa-self-check-3.1", &earlier.json["id"])).expect(201);
    assert_eq!(statuses(&same).len(), 25);
    // Nothing of another client, and nothing unseen into a submission.
    let other = acme.post("/v1/clients", &json!({"name": "B"})).expect(201);
    let mut foreign = next("ipa-self-check-3.1", &earlier.json["id"]);
    foreign["client_id"] = other.json["id"].clone();
    assert_eq!(
        acme.post("/v1/assessments", &foreign).expect(422).faults(),
        ["/carry_forward_from unknown-assessment"]
    );
    let mut submitted = next("ipa-self-check-3.1", &earlier.json["id"]);
    submitted["state"] = json!("submitted");
    let refused = acme.post("/v1/assessments", &submitted).expect(422).faults();
    assert!(refused.contains(&"/carry_forward_from only-draft".to_owned()));
}

#[rstest]
fn what_was_ever_submitted_stays(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    for state in ["submitted", "changes_requested"] {
        let made = in_state(&acme, state);
        let reopened = acme.post(&format!("{made}/reopen"), &json!({})).expect(200);
        let kept = acme.delete(&made, reopened.header("etag")).expect(409);
        assert_eq!(kept.text("/code"), "wrong-state");
        assert_eq!(acme.get(&made).expect(200).json, reopened.json);
    }
}

#[rstest]
fn a_step_is_taken_from_what_was_looked_at(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    for (state, verb, body) in [
        ("draft", "submit", json!({})),
        ("submitted", "review", json!({"decision": "accepted"})),
        ("submitted", "reopen", json!({})),
        ("draft", "merge", json!({"answers": [{"control": "basic-rule-1", "status": "implemented"}]})),
    ] {
        let made = in_state(&acme, state);
        let seen = acme.get(&made).expect(200);
        let step = |tag: &str| {
            let headers = [("content-type", "application/json"), ("if-match", tag)];
            let body = serde_json::to_vec(&body).unwrap();
            acme.send(&ureq::http::Method::POST, &format!("{made}/{verb}"), &headers, Some(&body))
        };
        assert_eq!(step("\"old\"").expect(412).text("/code"), "stale", "{verb}");
        assert_eq!(acme.get(&made).expect(200).json, seen.json);
        step(seen.header("etag")).expect(200);
    }
}

#[rstest]
fn a_patch_drops_nothing_without_a_word(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let made = in_state(&acme, "draft");
    let seen = acme.get(&made).expect(200);
    let torn = json!({"answers": [{"control": "basic-rule-1", "status": "unknown"}], "remove": ["basic-rule-2", "basic-rule-1", "x", "self-check-01"]});
    assert_eq!(
        acme.patch(&made, seen.header("etag"), &torn).expect(422).faults(),
        ["/remove/1 contradiction", "/remove/2 unknown-control", "/remove/3 other-questionnaire"]
    );
    // What says nothing new is no change.
    for same in [json!({}), json!({"answers": rules("partial")})] {
        let answer = acme.patch(&made, seen.header("etag"), &same).expect(200);
        assert_eq!((answer.header("etag"), &answer.json), (seen.header("etag"), &seen.json));
    }
    acme.post(&format!("{made}/merge"), &json!({"answers": rules("partial")})).expect(200);
    let events = acme.get(&format!("{made}/events")).expect(200).json;
    assert_eq!(events["items"].as_array().unwrap().len(), 1);
}

#[rstest]
fn the_first_answers_are_told_however_they_changed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let body = json!({"client_id": client.json["id"], "questionnaire": "ipa-basic-rules-3.1", "answers": rules("partial"), "state": "submitted"});
    let made = acme.post("/v1/assessments", &body).expect(201).header("location").to_owned();
    let reopened = acme.post(&format!("{made}/reopen"), &json!({})).expect(200);
    let change = json!({"answers": [{"control": "basic-rule-1", "status": "implemented"}], "remove": ["basic-rule-2"]});
    acme.patch(&made, reopened.header("etag"), &change).expect(200);
    let next = json!({"client_id": client.json["id"], "questionnaire": "ipa-basic-rules-3.1", "carry_forward_from": reopened.json["id"]});
    let carried = acme.post("/v1/assessments", &next).expect(201).header("location").to_owned();
    let told = |path: &str| -> Vec<(String, usize)> {
        let events = acme.get(&format!("{path}/events")).expect(200).json;
        let events = events["items"].as_array().unwrap().clone();
        let changes = |event: &Value| event["changes"].as_array().unwrap().len();
        events.iter().map(|event| (event["kind"].as_str().unwrap().to_owned(), changes(event))).collect()
    };
    let kinds = [("created", 5), ("submitted", 0), ("reopened", 0), ("answered", 2)];
    assert_eq!(told(&made), kinds.map(|(kind, changes)| (kind.to_owned(), changes)));
    assert_eq!(told(&carried), [("created".to_owned(), 4)]);
    let first = acme.get(&format!("{made}/events?limit=1")).expect(200).json["items"][0].clone();
    let statuses: Vec<_> =
        first["changes"].as_array().unwrap().iter().map(|c| c["after"]["status"].clone()).collect();
    assert_eq!(statuses, ["partial"; 5]);
}

/// However it was sent, and whatever came with it: what is submitted when it is made has been submitted.
#[rstest]
fn what_is_made_submitted_tells_so_however_it_came(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201).json["id"].clone();
    let body = |name: &str, state: &str| {
        json!({"client_id": client, "questionnaire": "ipa-basic-rules-3.1", "external_id": name,
            "answers": rules("partial"), "state": state})
    };
    let line = |name: &str| body(name, "submitted").to_string() + "\n";
    acme.post("/v1/assessments", &body("alone", "submitted")).expect(201);
    for answer in gathered(&service, engine, 4, |n| {
        let state = if n == 3 { "draft" } else { "submitted" };
        acme.post("/v1/assessments", &body(&format!("gathered-{n}"), state))
    }) {
        answer.expect(201);
    }
    let batch = json!({"items": [body("batch-1", "submitted"), body("batch-2", "submitted")]});
    let headers = [("content-type", "application/json"), ("idempotency-key", "b")];
    let batch = serde_json::to_vec(&batch).unwrap();
    acme.send(&Method::POST, "/v1/assessment-batches", &headers, Some(&batch)).expect(200);
    let lines = line("line-1") + &line("line-2");
    let headers = [("content-type", "application/x-ndjson")];
    acme.send(&Method::POST, "/v1/assessment-imports", &headers, Some(lines.as_bytes())).expect(200);
    let all = acme.get("/v1/assessments?limit=100").expect(200).json["items"].as_array().unwrap().clone();
    assert_eq!(all.len(), 9);
    for made in all {
        let events = acme.get(&format!("/v1/assessments/{}/events", made["id"].as_str().unwrap()));
        let events = events.expect(200).json["items"].as_array().unwrap().clone();
        let kinds: Vec<_> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
        let expected: &[&str] =
            if made["state"] == "draft" { &["created"] } else { &["created", "submitted"] };
        assert_eq!(kinds, expected, "{}", made["external_id"]);
    }
}
