//! A client that goes while something of it comes: what is told to be stored is stored.
use crate::support::{Answer, Caller, Engine, Service};
use diesel::RunQueryDsl as _;
use diesel::sql_types::{BigInt, Text};
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::Barrier;
use tasuke::db::{AnyConnection, StoreError};
use ureq::http::Method;

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Takes the client away in a transaction that ends only when the call waits for it.
fn while_it_goes(service: &Service, client: &str, call: impl FnOnce() -> Answer) -> Answer {
    let begun = Barrier::new(2);
    std::thread::scope(|scope| {
        let going = scope.spawn(|| {
            service.db.write_now(|conn| {
                let delete =
                    || diesel::sql_query("DELETE FROM clients WHERE id = $1").bind::<Text, _>(client);
                match conn {
                    AnyConnection::Sqlite(c) => delete().execute(c)?,
                    AnyConnection::Postgres(c) => delete().execute(c)?,
                };
                begun.wait();
                while !is_waited_for(service, conn)? {
                    std::thread::yield_now();
                }
                Ok::<_, StoreError>(())
            })
        });
        begun.wait();
        let answer = call();
        going.join().unwrap().unwrap();
        answer
    })
}

fn is_waited_for(service: &Service, conn: &mut AnyConnection) -> Result<bool, StoreError> {
    match conn {
        AnyConnection::Sqlite(_) => Ok(service.db.load().queued > 0),
        AnyConnection::Postgres(c) => {
            let waiting = "SELECT count(*) AS count FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))";
            let waiting: Count = diesel::sql_query(waiting).get_result(c)?;
            Ok(waiting.count > 0)
        }
    }
}

/// One that stays and one that goes.
fn two(acme: &Caller<'_>) -> (String, String) {
    let made =
        |name: &str| acme.post("/v1/clients", &json!({"name": name})).expect(201).text("/id").to_owned();
    (made("stays"), made("goes"))
}

fn draft(client: &str, name: &str) -> Value {
    json!({"client_id": client, "questionnaire": "ipa-basic-rules-3.1", "external_id": name})
}

/// Outcome and first fault of each.
fn told(verdicts: &[Value]) -> Vec<(&str, &str)> {
    verdicts
        .iter()
        .map(|v| {
            let code = v["problem"]["errors"][0]["code"].as_str().unwrap_or_default();
            (v["outcome"].as_str().unwrap(), code)
        })
        .collect()
}

const EXPECTED: [(&str, &str); 3] = [("created", ""), ("rejected", "unknown-client"), ("created", "")];

fn stored(acme: &Caller<'_>) -> usize {
    acme.get("/v1/assessments").expect(200).json["items"].as_array().unwrap().len()
}

#[rstest]
fn an_import_tells_of_each_line_what_became_of_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let (stays, goes) = two(&acme);
    let lines = [draft(&stays, "1"), draft(&goes, "2"), draft(&stays, "3")].map(|line| line.to_string());
    let kind = [("content-type", "application/x-ndjson")];
    let answer = while_it_goes(&service, &goes, || {
        acme.send(&Method::POST, "/v1/assessment-imports", &kind, Some(lines.join("\n").as_bytes()))
    });
    let text = String::from_utf8(answer.bytes).unwrap();
    let verdicts: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told(&verdicts), EXPECTED, "{text}");
    assert_eq!(stored(&acme), 2);
}

#[rstest]
fn a_batch_tells_of_each_item_what_became_of_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let (stays, goes) = two(&acme);
    let items = json!({"items": [draft(&stays, "1"), draft(&goes, "2"), draft(&stays, "3")]});
    let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
    let answer = while_it_goes(&service, &goes, || {
        acme.send(&Method::POST, "/v1/assessment-batches", &headers, Some(items.to_string().as_bytes()))
    });
    assert_eq!(told(answer.expect(200).json["items"].as_array().unwrap()), EXPECTED);
    assert_eq!(stored(&acme), 2);
}

#[rstest]
fn one_assessment_has_a_client_or_is_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let (_, goes) = two(&acme);
    let answer = while_it_goes(&service, &goes, || acme.post("/v1/assessments", &draft(&goes, "1")));
    assert_eq!(answer.expect(422).faults(), ["/client_id unknown-client"]);
}
