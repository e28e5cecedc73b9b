//! How the databases go about what is asked of them: nothing goes through all rows of a tenant, of however many there
//! are; also in a database that is a minute old and knows nothing yet of how its rows lie.
#[path = "plans/own.rs"]
mod own;
#[path = "plans/seen.rs"]
mod seen;
#[path = "plans/steps.rs"]
mod steps;

use crate::support::{Answer, Caller, Engine, Service, gathered};
use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection as _;
use own::{Own, Told};
use rstest::rstest;
use seen::{seen, watch};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use steps::{Step, sorts};
use tasuke::db::{AnyConnection, Bounds, Db, StoreError};
use ureq::http::Method;

/// Posts with an idempotency key.
fn keyed(caller: &Caller<'_>, path: &str, key: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    let body = serde_json::to_vec(body).unwrap();
    caller.send(&Method::POST, path, &headers, Some(&body))
}

fn submission(client: &Value, external_id: &str) -> Value {
    let answers: Vec<_> =
        (1..=5).map(|n| json!({"control": format!("basic-rule-{n}"), "status": "partial"})).collect();
    json!({
        "client_id": client, "questionnaire": "ipa-basic-rules-3.1", "external_id": external_id,
        "state": "submitted", "answers": answers,
    })
}

/// Makes something of everything that is kept, and asks for it in every way.
fn live(service: &Service, engine: Engine) {
    let acme = &service.tenant("acme");
    let made = keyed(acme, "/v1/clients", "k-1", &json!({"name": "A", "external_id": "a"})).expect(201);
    let (client, id) = (made.json["id"].clone(), made.text("/id").to_owned());
    for name in ["s-1", "s-2"] {
        keyed(acme, "/v1/assessments", name, &submission(&client, name)).expect(201);
    }
    let draft = json!({"client_id": client, "questionnaire": "ipa-basic-rules-3.1"});
    let draft = acme.post("/v1/assessments", &draft).expect(201);
    let at = draft.header("location").to_owned();
    let answers = json!({"answers": [{"control": "basic-rule-1", "status": "implemented"}]});
    acme.patch(&at, draft.header("etag"), &answers).expect(200);
    let site = json!({"respondent": "本社", "answers": answers["answers"]});
    acme.post(&format!("{at}/responses"), &site).expect(201);
    let incident = json!({"client_id": client, "title": "A", "external_id": "t-1", "facts": {
        "incident": {"types": ["ransomware"], "stage": "initial", "severity": "critical",
            "cause": "external_attack", "aware_at": "2026-11-02T08:10:00+09:00"},
        "organization": {"can_handle_technically": "ruled_out", "is_sole_proprietor": false},
    }});
    let incident = acme.post("/v1/incidents", &incident).expect(201).header("location").to_owned();
    let first = acme.get(&format!("/v1/assessments?client_id={id}&limit=1")).expect(200).json;
    let submitted = first["items"][0]["id"].as_str().unwrap().to_owned();
    let second = acme.get(&format!("/v1/assessments?client_id={id}&limit=2")).expect(200).json;
    let later = second["items"][1]["id"].as_str().unwrap().to_owned();
    let next = first["next_cursor"].as_str().unwrap().to_owned();
    let since = acme.get("/v1/assessments?submitted_from=2026-01-01T00:00:00Z&limit=1").expect(200).json;
    let since = since["next_cursor"].as_str().unwrap().to_owned();
    let questionnaire = "questionnaire=ipa-basic-rules-3.1";
    for path in [
        "/v1/clients?limit=2".to_owned(),
        "/v1/clients?external_id=a".to_owned(),
        format!("/v1/clients/{id}"),
        format!("/v1/clients/{id}/history?{questionnaire}"),
        format!("/v1/clients/{id}/standing"),
        "/v1/assessments".to_owned(),
        format!("/v1/assessments?client_id={id}&limit=1&after={next}"),
        format!("/v1/assessments?{questionnaire}&state=submitted"),
        format!("/v1/assessments?{questionnaire}&state=draft"),
        "/v1/assessments?state=accepted".to_owned(),
        format!("/v1/assessments?client_id={id}&state=submitted&submitted_from=2026-01-01T00:00:00Z"),
        "/v1/assessments?submitted_from=2026-01-01T00:00:00Z".to_owned(),
        format!("/v1/assessments?submitted_from=2026-01-01T00:00:00Z&limit=1&after={since}"),
        "/v1/assessments?state=submitted&submitted_to=2100-01-01T00:00:00Z".to_owned(),
        format!("/v1/assessments/{submitted}"),
        format!("/v1/assessments/{submitted}/result"),
        format!("/v1/assessments/{later}/comparison?with={submitted}"),
        format!("/v1/assessments/{submitted}/plan"),
        format!("/v1/assessments/{submitted}/report.csv"),
        format!("/v1/assessments/{submitted}/oscal-assessment-results"),
        format!("{at}/agreement"),
        format!("{at}/links"),
        format!("{at}/events"),
        format!("{at}/responses"),
        incident.clone(),
        format!("{incident}/plan"),
        format!("{incident}/timeline"),
        "/v1/incidents".to_owned(),
        format!("/v1/incidents?client_id={id}"),
        format!("/v1/clients/{id}/export"),
        format!("{incident}/deadlines.ics"),
        "/v1/audit-events?limit=2".to_owned(),
        format!("/v1/audit-events?client_id={id}"),
        format!("/v1/audit-events?resource_id={submitted}"),
        "/v1/service-accounts".to_owned(),
        "/v1/contacts".to_owned(),
        "/v1/guidelines".to_owned(),
    ] {
        let answer = acme.get(&path);
        assert!([200, 409].contains(&answer.status), "{path}: {:#}", answer.json);
    }
    several(service, engine, acme, &client);
    let draft = acme.get(&at).expect(200);
    acme.delete(&at, draft.header("etag")).expect(204);
    let gone = keyed(acme, "/v1/clients", "k-2", &json!({"name": "B"})).expect(201);
    let other = keyed(acme, "/v1/assessments", "s-3", &submission(&gone.json["id"], "s-3")).expect(201);
    assert_eq!(other.json["state"], "submitted");
    acme.delete(gone.header("location"), gone.header("etag")).expect(200);
}

/// Submissions that come together, a batch, an import, and clients of a file.
fn several(service: &Service, engine: Engine, acme: &Caller<'_>, client: &Value) {
    let answers = gathered(service, engine, 6, |n| {
        let name = format!("g-{n}");
        keyed(acme, "/v1/assessments", &name, &submission(client, &name))
    });
    for answer in answers {
        answer.expect(201);
    }
    let named = |name: &str| {
        let mut item = submission(client, name);
        item.as_object_mut().unwrap().remove("client_id");
        item["client_external_id"] = "a".into();
        item
    };
    let batch = json!({"items": [named("b-1"), submission(client, "b-2")]});
    keyed(acme, "/v1/assessment-batches", "b", &batch).expect(200);
    let lines = format!("{}\n{}\n", named("i-1"), named("b-1"));
    let kind = [("content-type", "application/x-ndjson")];
    acme.send(&Method::POST, "/v1/assessment-imports", &kind, Some(lines.as_bytes())).expect(200);
    let csv = [("content-type", "text/csv")];
    acme.send(&Method::POST, "/v1/client-imports", &csv, Some("管理番号,会社名\na,A\nz,Z\n".as_bytes()))
        .expect(200);
}

/// Statements that go through more of these tables than they need, each with its plan.
fn slow(engine: Engine, own: &mut Own, asked: &[String], large: &BTreeSet<String>) -> Vec<String> {
    let mut slow = vec![];
    for statement in asked {
        let plan = own.plan(statement);
        let is_page = |step: &Step| step.is_page_of(statement) && !sorts(&plan);
        let is_far = |step: &Step| large.contains(&step.table) && !step.is_narrow() && !is_page(step);
        if Step::all(engine, &plan).iter().any(is_far) {
            slow.push(format!("{statement}\n{}", plan.join("\n")));
        }
    }
    slow
}

#[rstest]
fn nothing_goes_through_all_rows_of_a_tenant(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(false, true)] is_analysed: bool,
) {
    watch();
    let service = Service::start(engine);
    live(&service, engine);
    let mut own = Own::connect(&service);
    let mut large = own.fill("acme");
    // A queue of everybody's that is emptied every second: it is never large.
    large.remove("audit_inbox");
    assert!(large.contains("assessments") && large.contains("incident_events"), "{large:?}");
    if is_analysed {
        own.run("ANALYZE");
    }
    let mut asked = seen(&service);
    asked.extend(own.looks_of_its_own());
    asked.retain(|statement| large.iter().any(|table| statement.contains(table.as_str())));
    assert!(asked.len() > 40, "only {} statements were seen", asked.len());
    let slow = |own: &mut Own| slow(engine, own, &asked, &large);
    let found = slow(&mut own);
    assert!(found.is_empty(), "{} of {}:\n{}", found.len(), asked.len(), found.join("\n\n"));
    // And it is seen when an index is missing.
    for index in ["assessments_by_time", "assessments_by_client", "idempotency_keys_by_place"] {
        own.run(&format!("DROP INDEX {index}"));
        assert!(!slow(&mut own).is_empty(), "without {index}");
    }
}

/// How PostgreSQL goes about a statement is decided while there is little, and decided again when there is much.
#[test]
fn what_was_decided_while_a_table_was_small_does_not_last() {
    let service = Service::start(Engine::Postgres);
    let acme = service.tenant("acme");
    acme.post("/v1/clients", &json!({"name": "A", "external_id": "a"})).expect(201);
    let mut own = Own::connect(&service);
    let db = Db::open(service.url(), Bounds { connections: 1, ..Bounds::DEFAULT }).unwrap();
    let asks = |statement: &'static str| {
        db.read_now(|conn| Ok::<_, StoreError>(explained(conn, statement))).unwrap()
    };
    asks("SET plan_cache_mode = force_generic_plan");
    asks("PREPARE one AS SELECT name FROM clients WHERE tenant = $1 AND id = $2");
    let is_by_id = || asks("EXPLAIN EXECUTE one('acme', 'x')").contains("(id = $2))");
    assert!(!is_by_id());
    own.fill("acme");
    assert!(!is_by_id(), "it is not decided for each call");
    let patience = Instant::now() + Duration::from_secs(20);
    while !is_by_id() {
        assert!(Instant::now() < patience, "it is still decided as for a small table");
        std::thread::yield_now();
    }
}

/// What a statement says, line by line.
fn explained(conn: &mut AnyConnection, statement: &str) -> String {
    let AnyConnection::Postgres(conn) = conn else { panic!("PostgreSQL explains it") };
    if !statement.starts_with("EXPLAIN") {
        conn.batch_execute(statement).unwrap();
        return String::new();
    }
    diesel::sql_query(statement).load::<Told>(conn).unwrap().into_iter().map(|told| told.line).collect()
}
