//! What was taken away is nowhere any more; that it was taken away is known.
use crate::support::{Caller, Engine, Service};
use diesel::prelude::*;
use diesel::sql_types::Text;
use rstest::rstest;
use serde_json::{Value, json};
use tasuke::config::Retention;
use tasuke::db::{AnyConnection, StoreError};
use tasuke::retention::{self, Pruned};
use tasuke::sealer::Sealer;
use ureq::http::Method;

/// Stands in everything that is said of the client.
const TYPED: &str = "ないしょ";

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

fn names(conn: &mut AnyConnection, statement: &str) -> Vec<String> {
    let rows: Vec<Name> = diesel::sql_query(statement).load(conn).unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

/// `table.column` of every column that holds the text somewhere.
fn where_it_stands(service: &Service, engine: Engine, text: &str) -> Vec<String> {
    let columns = match engine {
        Engine::Sqlite => {
            "SELECT m.name || '.' || p.name AS name FROM sqlite_master m, pragma_table_info(m.name) p \
             WHERE m.type = 'table'"
        }
        Engine::Postgres => {
            "SELECT table_name || '.' || column_name AS name FROM information_schema.columns \
             WHERE table_schema = current_schema()"
        }
    };
    let look = |conn: &mut AnyConnection| {
        let columns = names(conn, columns);
        assert!(columns.len() > 100, "the columns were not found");
        let holds = |column: &String| {
            let (table, column) = column.split_once('.').unwrap();
            let found = format!(
                "SELECT CAST({column} AS TEXT) AS name FROM {table} WHERE CAST({column} AS TEXT) LIKE '%{text}%'"
            );
            !names(conn, &found).is_empty()
        };
        Ok::<_, StoreError>(columns.into_iter().filter(holds).collect::<Vec<_>>())
    };
    service.db.read_now(look).unwrap()
}

fn keyed(acme: &Caller<'_>, path: &str, body: &Value) -> String {
    let key = body.to_string().len().to_string();
    let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
    let made = acme.send(&Method::POST, path, &headers, Some(body.to_string().as_bytes()));
    made.expect(201).header("location").to_owned()
}

/// A client of whom everything is said that can be said.
fn known(acme: &Caller<'_>) -> String {
    let client = keyed(acme, "/v1/clients", &json!({"name": TYPED, "external_id": TYPED}));
    let id = client.rsplit('/').next().unwrap();
    let answers = json!([{"control": "basic-rule-1", "status": "partial", "note": TYPED}]);
    let body = json!({"client_id": id, "questionnaire": "ipa-basic-rules-3.1", "answers": answers});
    let assessment = keyed(acme, "/v1/assessments", &body);
    keyed(acme, &format!("{assessment}/responses"), &json!({"respondent": TYPED, "answers": answers}));
    let facts = json!({"incident": {"types": ["ransomware"], "stage": "initial", "aware_at": "2026-11-02T08:10:00+09:00"}});
    let incident = keyed(acme, "/v1/incidents", &json!({"client_id": id, "title": TYPED, "facts": facts}));
    let plan = acme.get(&format!("{incident}/plan")).expect(200);
    let first = &plan.json["actions"][0];
    let done = json!({"contact": first["contact"], "action": first["action"], "party": first["party"], "note": TYPED});
    keyed(acme, &format!("{incident}/completions"), &done);
    keyed(acme, &format!("{incident}/referrals"), &json!({"contact": "insurer", "note": TYPED}));
    client
}

#[rstest]
fn a_client_that_is_taken_away_is_nowhere_in_the_database(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = known(&acme);
    let other = "べつのだれか";
    keyed(&acme, "/v1/clients", &json!({"name": other}));
    let stood = where_it_stands(&service, engine, TYPED);
    for column in ["clients.name", "assessments.answers", "incidents.title", "idempotency_keys.body"] {
        assert!(stood.iter().any(|stood| stood == column), "{column} is not in {stood:?}");
    }
    let etag = acme.get(&client).expect(200).header("etag").to_owned();
    acme.delete(&client, &etag).expect(200);
    assert_eq!(where_it_stands(&service, engine, TYPED), [] as [&str; 0]);
    // What was said of somebody else stays.
    let stays = where_it_stands(&service, engine, other);
    assert!(stays.contains(&"idempotency_keys.body".to_owned()), "{stays:?}");
    // That it was done is known: when, by whom, and how much went.
    let events = acme.get("/v1/audit-events?action=deleteClient").expect(200).json;
    let event = &events["items"][0];
    assert_eq!((&event["subject"], &event["effect"]), (&json!("tester"), &json!("removed")));
    assert_eq!(event["before"], json!({"revision": 1, "assessments": 1, "links": 0, "incidents": 1}));
    assert_eq!(event["resource_id"].as_str(), client.rsplit('/').next());
}

#[rstest]
fn answers_that_are_too_old_go_also_when_nobody_calls(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    keyed(&acme, "/v1/clients", &json!({"name": TYPED}));
    let sealer = Sealer::open(&service.db).unwrap();
    let after = |hours| {
        let now = chrono::Utc::now() + chrono::TimeDelta::hours(hours);
        retention::prune(&service.db, &sealer, &Retention::default(), now).unwrap()
    };
    assert_eq!(after(23), Pruned::default());
    assert_eq!(after(25), Pruned { answers: 1, events: 0 });
    assert_eq!(where_it_stands(&service, engine, TYPED), ["clients.name"]);
}

/// A replica of an earlier version keeps answers without the place that they tell of.
#[rstest]
fn answers_that_an_earlier_version_kept_go_with_their_client_too(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    service.tenant("rival").get("/v1/clients").expect(200);
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let at = client.header("location").to_owned();
    for (tenant, key, location) in [
        ("acme", "k-1", at.clone()),
        ("acme", "k-2", format!("{at}/x")),
        ("acme", "k-3", "/v1/clients/other".to_owned()),
        ("rival", "k-1", at.clone()),
    ] {
        let keep = format!(
            "INSERT INTO idempotency_keys (tenant, route, key, fingerprint, location, body, created_at) \
             VALUES ('{tenant}', 'r', '{key}', 'f', '{location}', '{{}}', '2100-01-01 00:00:00')"
        );
        service
            .db
            .write_now(|conn| diesel::sql_query(&keep).execute(conn).map_err(StoreError::from))
            .unwrap();
    }
    acme.delete(&at, client.header("etag")).expect(200);
    let left = "SELECT tenant || ' ' || key AS name FROM idempotency_keys ORDER BY 1";
    let left = service.db.read_now(|conn| Ok::<_, StoreError>(names(conn, left))).unwrap();
    assert_eq!(left, ["acme k-3", "rival k-1"]);
}
