//! With the same `Idempotency-Key` the first answer comes again.
use crate::support::{Answer, Caller, Engine, Service, gathered};
use diesel::RunQueryDsl as _;
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::Barrier;
use tasuke::caller::Scope;
use tasuke::db::{AnyConnection, StoreError};
use ureq::http::Method;

fn post(caller: &Caller<'_>, path: &str, key: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    caller.send(&Method::POST, path, &headers, Some(&serde_json::to_vec(body).unwrap()))
}

fn count(caller: &Caller<'_>, path: &str) -> usize {
    caller.get(path).expect(200).json["items"].as_array().unwrap().len()
}

#[rstest]
fn a_call_with_a_key_is_done_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let body = json!({"name": "A"});
    let first = post(&acme, "/v1/clients", "k-1", &body).expect(201);
    assert_eq!(first.header("idempotent-replayed"), "");
    // Quoted it is the same key, also with another token, and a null says nothing.
    let token = service.caller("acme", &[Scope::ClientsWrite], None);
    for (caller, key, body) in
        [(&acme, "\"k-1\"", &body), (&token, "k-1", &json!({"name": "A", "industry": null}))]
    {
        let again = post(caller, "/v1/clients", key, body).expect(201);
        assert_eq!((&again.json, again.header("idempotent-replayed")), (&first.json, "true"));
        for header in ["location", "etag"] {
            assert_eq!(again.header(header), first.header(header));
        }
    }
    assert_eq!(count(&acme, "/v1/clients"), 1);

    let other = post(&acme, "/v1/clients", "k-1", &json!({"name": "B"})).expect(422);
    assert_eq!(other.text("/code"), "idempotency-key-reused");
    post(&acme, "/v1/clients", "k-2", &body).expect(201);
    post(&service.tenant("rival"), "/v1/clients", "k-1", &body).expect(201);
    // Another route, another key.
    let assessment = json!({"client_id": first.json["id"], "questionnaire": "ipa-basic-rules-3.1"});
    let made = post(&acme, "/v1/assessments", "k-1", &assessment).expect(201);
    assert_eq!(post(&acme, "/v1/assessments", "k-1", &assessment).expect(201).json, made.json);
    assert_eq!((count(&acme, "/v1/clients"), count(&acme, "/v1/assessments")), (2, 1));
}

#[rstest]
fn what_is_refused_may_be_corrected_under_its_key(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    post(&acme, "/v1/clients", "k-1", &json!({"name": ""})).expect(422);
    acme.post("/v1/clients", &json!({"name": "A", "external_id": "taken"})).expect(201);
    post(&acme, "/v1/clients", "k-1", &json!({"name": "A", "external_id": "taken"})).expect(409);
    post(&acme, "/v1/clients", "k-1", &json!({"name": "A", "external_id": "free"})).expect(201);
}

#[rstest]
fn a_narrowed_token_is_not_told_what_a_wider_one_was(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client =
        |name: &str| acme.post("/v1/clients", &json!({"name": name})).expect(201).text("/id").to_owned();
    let (mine, other) = (client("mine"), client("other"));
    let body = json!({"client_id": other, "questionnaire": "ipa-basic-rules-3.1"});
    post(&acme, "/v1/assessments", "k-1", &body).expect(201);
    let narrowed = service.caller("acme", Scope::ALL, Some(&mine));
    let refused = post(&narrowed, "/v1/assessments", "k-1", &body).expect(422);
    assert_eq!(refused.faults(), ["/client_id unknown-client"]);
}

#[rstest]
fn sixty_four_parallel_calls_with_one_key_leave_one_row(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let body = json!({"name": "A"});
    let together = Barrier::new(64);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let call = || {
            let caller = service.tenant("acme");
            together.wait();
            post(&caller, "/v1/clients", "k-1", &body)
        };
        let threads: Vec<_> = (0..64).map(|_| scope.spawn(call)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let good: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(!good.is_empty());
    assert!(good.iter().all(|answer| answer.json == good[0].json));
    // Who came while the first was under way is told so, or to wait.
    let others = answers.iter().filter(|answer| answer.status != 201);
    for other in others {
        assert!(
            ["idempotency-key-in-use", "unavailable"].contains(&other.text("/code")),
            "{:#}",
            other.json
        );
    }
    assert_eq!(count(&acme, "/v1/clients"), 1);
    assert_eq!(post(&acme, "/v1/clients", "k-1", &body).expect(201).json, good[0].json);
}

/// On SQLite one writes at a time, so the first call is over by then.
#[test]
fn who_comes_while_the_first_call_is_at_work_is_told_when_to_come_again() {
    let service = Service::start(Engine::Postgres);
    let acme = service.tenant("acme");
    let body = json!({"name": "A"});
    let refused = service.db.write_now(|conn| {
        let AnyConnection::Postgres(conn) = conn else { panic!("another database") };
        let taken = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || E'acme\\nPOST /v1/clients\\nk-1', 0))";
        diesel::sql_query(taken).execute(conn)?;
        Ok::<_, StoreError>(post(&acme, "/v1/clients", "k-1", &body))
    });
    let refused = refused.unwrap().expect(409);
    assert_eq!((refused.text("/code"), refused.header("retry-after")), ("idempotency-key-in-use", "1"));
    post(&acme, "/v1/clients", "k-1", &body).expect(201);
}

#[rstest]
fn calls_with_one_key_that_share_a_transaction_are_one_call(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let body = json!({"name": "A"});
    let call = |_| post(&service.tenant("acme"), "/v1/clients", "k-1", &body);
    let answers = gathered(&service, engine, 8, call);
    let replayed = |answer: &&Answer| answer.header("idempotent-replayed") == "true";
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.json == answers[0].json));
    assert_eq!(answers.iter().filter(replayed).count(), 7);
    assert_eq!(count(&service.tenant("acme"), "/v1/clients"), 1);
}

#[rstest]
fn a_key_that_is_none_is_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let long = "x".repeat(256);
    for key in ["", "\"\"", long.as_str()] {
        let refused = post(&acme, "/v1/clients", key, &json!({"name": "A"})).expect(422);
        assert_eq!(refused.faults(), ["/header/idempotency-key pattern"], "{key}");
    }
    assert_eq!(count(&acme, "/v1/clients"), 0);
}

#[rstest]
fn a_key_for_one_assessment_is_none_for_another(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let body = json!({"client_id": client.json["id"], "questionnaire": "ipa-basic-rules-3.1"});
    let draft = || acme.post("/v1/assessments", &body).expect(201).header("location").to_owned();
    let (one, other) = (draft(), draft());
    let answer =
        |made: &str| post(&acme, &format!("{made}/responses"), "k-1", &json!({"respondent": "支店"}));
    let first = answer(&one).expect(201);
    assert_ne!(answer(&other).expect(201).json["id"], first.json["id"]);
    assert_eq!(
        answer(&one.to_uppercase().replace("/V1/ASSESSMENTS", "/v1/assessments")).expect(201).json,
        first.json
    );
}

#[rstest]
fn a_retry_finds_what_began_with_a_draft_that_has_gone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let mut body = json!({"client_id": client.json["id"], "questionnaire": "ipa-basic-rules-3.1"});
    let source = acme.post("/v1/assessments", &body).expect(201);
    body["carry_forward_from"] = source.json["id"].clone();
    body["external_id"] = json!("2026-11");
    let made = acme.post("/v1/assessments", &body).expect(201);
    acme.delete(source.header("location"), source.header("etag")).expect(204);
    let again = acme.post("/v1/assessments", &body).expect(201);
    assert_eq!((&again.json, again.header("idempotent-replayed")), (&made.json, "true"));
    body["answers"] = json!([{"control": "basic-rule-1", "status": "partial"}]);
    assert_eq!(acme.post("/v1/assessments", &body).expect(409).text("/code"), "duplicate");
    body["external_id"] = json!("2026-12");
    let unknown = acme.post("/v1/assessments", &body).expect(422);
    assert_eq!(unknown.faults(), ["/carry_forward_from unknown-assessment"]);
}
