//! Answers, submissions, results.
use crate::support::{Answer, Caller, Engine, Service};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::Barrier;

const SELF_CHECK: &str = "ipa-self-check-3.1";

fn client(caller: &Caller<'_>) -> String {
    let made = caller.post("/v1/clients", &json!({"name": "A", "external_id": "crm-1"}));
    made.expect(201).text("/id").to_owned()
}

/// Answers to the items `from` to `to` of the self-check.
fn answers(from: u8, to: u8, status: &str) -> Vec<Value> {
    (from..=to).map(|n| json!({"control": format!("self-check-{n:02}"), "status": status})).collect()
}

fn draft(client: &str, answers: &[Value]) -> Value {
    json!({"client_id": client, "questionnaire": SELF_CHECK, "answers": answers})
}

fn submitted(client: &str, answers: &[Value]) -> Value {
    let mut body = draft(client, answers);
    body["state"] = json!("submitted");
    body
}

fn result(caller: &Caller<'_>, made: &Answer) -> Value {
    let path = format!("{}/result", made.header("location"));
    caller.get(&path).expect(200).json
}

#[rstest]
fn the_self_check_of_the_examples_is_submitted_and_scored(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let mut body: Value = serde_json::from_str(include_str!("../../examples/self-check.json")).unwrap();
    body["client_id"] = json!(client(&acme));
    let made = acme.post("/v1/assessments", &body).expect(201);
    assert_eq!(made.text("/state"), "submitted");
    assert_eq!(made.text("/submitted_by"), "tester");
    let read = acme.get(made.header("location")).expect(200);
    assert_eq!(read.json, made.json);

    let result = result(&acme, &made);
    assert_eq!(result["score"], 59);
    assert_eq!(result["band"]["id"], "insufficient");
    assert_eq!(result["unknown"], json!(["self-check-13"]));
    assert_eq!(result["unanswered"], json!([]));
    let gaps = result["gaps"].as_array().unwrap();
    assert_eq!(gaps[0]["control"], "self-check-13");
    let parts: Vec<_> = result["sections"].as_array().unwrap().iter().map(|s| &s["score"]).collect();
    assert_eq!(parts, [12, 35, 12]);
}

#[rstest]
fn a_draft_waits_until_every_item_is_answered(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = client(&acme);
    let made = acme.post("/v1/assessments", &draft(&client, &answers(1, 23, "partial"))).expect(201);
    assert_eq!(made.text("/state"), "draft");
    let result = result(&acme, &made);
    assert_eq!((&result["score"], &result["band"]), (&json!(null), &json!(null)));
    assert_eq!(result["unanswered"], json!(["self-check-24", "self-check-25"]));

    let path = made.header("location");
    let refused = acme.post(&format!("{path}/submit"), &json!({})).expect(422);
    let missing = ["/answers/self-check-24 missing-answer", "/answers/self-check-25 missing-answer"];
    assert_eq!(refused.faults(), missing);
    assert_eq!(acme.get(path).expect(200).json, made.json);

    let refused = acme.post("/v1/assessments", &submitted(&client, &answers(1, 23, "partial")));
    assert_eq!(refused.expect(422).faults(), missing);
    let all = acme.get("/v1/assessments").expect(200);
    assert_eq!(all.json["items"].as_array().unwrap().len(), 1);
}

#[rstest]
fn a_whole_draft_is_submitted_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let body = draft(&client(&acme), &answers(1, 25, "implemented"));
    let made = acme.post("/v1/assessments", &body).expect(201);
    assert_eq!(result(&acme, &made)["score"], 100);
    let submit = format!("{}/submit", made.header("location"));
    let done = acme.send(&ureq::http::Method::POST, &submit, &[], None).expect(200);
    assert_eq!(done.text("/state"), "submitted");
    assert_ne!(done.header("etag"), made.header("etag"));
    let again = acme.post(&submit, &json!({})).expect(409);
    assert_eq!(again.text("/code"), "wrong-state");
    let read = acme.get(made.header("location")).expect(200);
    assert_eq!(read.json, done.json);
}

#[rstest]
fn an_external_id_makes_a_retry_harmless(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = client(&acme);
    let mut body = submitted(&client, &answers(1, 25, "partial"));
    body["external_id"] = json!("2026-11");
    let first = acme.post("/v1/assessments", &body).expect(201);
    assert_eq!(first.header("idempotent-replayed"), "");
    let again = acme.post("/v1/assessments", &body).expect(201);
    assert_eq!(again.json, first.json);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.header("location"), first.header("location"));
    // By the client's other name it is the same too.
    body["client_id"] = json!(null);
    body["client_external_id"] = json!("crm-1");
    assert_eq!(acme.post("/v1/assessments", &body).expect(201).json, first.json);

    // In whatever order the answers come.
    body["answers"].as_array_mut().unwrap().reverse();
    assert_eq!(acme.post("/v1/assessments", &body).expect(201).json, first.json);

    body["answers"][0]["status"] = json!("implemented");
    let other = acme.post("/v1/assessments", &body).expect(409);
    assert_eq!(other.text("/code"), "duplicate");
    let all = acme.get("/v1/assessments").expect(200);
    assert_eq!(all.json["items"].as_array().unwrap().len(), 1);
}

#[rstest]
fn a_retry_of_a_draft_finds_it_also_when_it_is_submitted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let mut body = draft(&client(&acme), &answers(1, 25, "partial"));
    body["external_id"] = json!("2026-11");
    let made = acme.post("/v1/assessments", &body).expect(201);
    let submit = format!("{}/submit", made.header("location"));
    let done = acme.post(&submit, &json!({})).expect(200);
    let again = acme.post("/v1/assessments", &body).expect(201);
    assert_eq!((again.json, again.headers["idempotent-replayed"].to_str().unwrap()), (done.json, "true"));
}

#[rstest]
fn of_parallel_submits_one_is_first(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let body = draft(&client(&acme), &answers(1, 25, "partial"));
    for _ in 0..5 {
        let made = acme.post("/v1/assessments", &body).expect(201);
        let submit = format!("{}/submit", made.header("location"));
        let together = Barrier::new(6);
        let mut statuses: Vec<u16> = std::thread::scope(|scope| {
            let post = || {
                together.wait();
                service.tenant("acme").post(&submit, &json!({})).status
            };
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(post)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409, 409, 409]);
    }
}

#[rstest]
fn parallel_retries_leave_one_assessment(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let mut body = submitted(&client(&acme), &answers(1, 25, "partial"));
    body["external_id"] = json!("2026-11");
    let together = Barrier::new(16);
    let ids: Vec<String> = std::thread::scope(|scope| {
        let post = || {
            together.wait();
            let made = service.tenant("acme").post("/v1/assessments", &body).expect(201);
            made.text("/id").to_owned()
        };
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(post)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let all = acme.get("/v1/assessments").expect(200);
    assert_eq!(all.json["items"].as_array().unwrap().len(), 1);
}

#[rstest]
fn answers_keep_their_particulars(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let answer = json!({
        "control": "self-check-01", "status": "partial", "note": "改行\n\"引用\" 🍣\t",
        "evidence_url": "https://example.jp/証跡", "observed_at": "2026-11-20T09:00:00+09:00",
        "source": "automated",
    });
    let body = draft(&client(&acme), std::slice::from_ref(&answer));
    let made = acme.post("/v1/assessments", &body).expect(201);
    let kept = acme.get(made.header("location")).expect(200).json["answers"][0].clone();
    for field in ["control", "status", "note", "evidence_url", "source"] {
        assert_eq!(kept[field], answer[field], "{field}");
    }
    assert_eq!(kept["observed_at"], "2026-11-20T00:00:00Z");
}

#[rstest]
fn lists_are_filtered(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = client(&acme);
    acme.post("/v1/assessments", &draft(&client, &[])).expect(201);
    let done = acme.post("/v1/assessments", &submitted(&client, &answers(1, 25, "partial"))).expect(201);
    let rules = json!({"client_id": client, "questionnaire": "ipa-basic-rules-3.1"});
    acme.post("/v1/assessments", &rules).expect(201);
    let at = done.text("/submitted_at");
    for (query, count) in [
        (String::new(), 3),
        (format!("?client_id={client}"), 3),
        ("?client_id=0198c0de-0000-7000-8000-000000000000".into(), 0),
        (format!("?questionnaire={SELF_CHECK}"), 2),
        ("?state=submitted".into(), 1),
        (format!("?state=draft&questionnaire={SELF_CHECK}"), 1),
        (format!("?submitted_from={at}"), 1),
        (format!("?submitted_to={at}"), 0),
        ("?submitted_from=2026-01-01T00:00:00Z&submitted_to=2100-01-01T00:00:00Z".into(), 1),
    ] {
        let page = acme.get(&format!("/v1/assessments{query}")).expect(200);
        assert_eq!(page.json["items"].as_array().unwrap().len(), count, "{query}");
    }
    let refused = acme.get("/v1/assessments?state=lost").expect(422);
    assert_eq!(refused.faults(), ["/query/state unknown-value"]);
}

/// What is submitted late comes late, also if it was begun first: whoever asks for what is new misses nothing.
#[rstest]
fn what_was_submitted_since_is_in_that_order(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("", "&state=submitted", "&client")] narrower: &str,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = client(&acme);
    let begun = acme.post("/v1/assessments", &draft(&client, &answers(1, 25, "partial"))).expect(201);
    let done = || acme.post("/v1/assessments", &submitted(&client, &answers(1, 25, "partial"))).expect(201);
    let (first, second) = (done(), done());
    let submit = format!("{}/submit", begun.header("location"));
    acme.send(&ureq::http::Method::POST, &submit, &[], None).expect(200);
    let narrower = narrower.replace("&client", &format!("&client_id={client}"));
    let list = format!("/v1/assessments?submitted_from={}{narrower}", first.text("/submitted_at"));
    let (mut seen, mut at) = (vec![], format!("{list}&limit=1"));
    loop {
        let page = acme.get(&at).expect(200).json;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        at = format!("{list}&limit=1&after={next}");
    }
    assert_eq!(seen, [&first, &second, &begun].map(|made| made.json["id"].clone()));
    // A cursor is one of its list, and its inside is read with care.
    let cursor = at.split("after=").nth(1).unwrap();
    let other = format!("/v1/assessments?limit=1&after={cursor}");
    assert_eq!(acme.get(&other).expect(400).text("/code"), "invalid-cursor");
    let inside = URL_SAFE_NO_PAD.decode(cursor).unwrap();
    let list_of = String::from_utf8(inside).unwrap().split(':').next().unwrap().to_owned();
    for key in ["x", "1.", "x.y", "9223372036854775807.a", "-1.a", "-8000000000000000000.a"] {
        let forged = URL_SAFE_NO_PAD.encode(format!("{list_of}:{key}"));
        acme.get(&format!("{list}&limit=1&after={forged}")).expect(400);
    }
    let drafts = acme.get("/v1/assessments?state=draft&submitted_from=2026-01-01T00:00:00Z").expect(200);
    assert_eq!(drafts.json, json!({"items": [], "next_cursor": null}));
}
