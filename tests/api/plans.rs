//! How the databases go about what is asked of them: nothing goes through all rows of a tenant, of however many there
//! are; also in a database that is a minute old and knows nothing yet of how its rows lie.
#[path = "plans/life.rs"]
mod life;
#[path = "plans/own.rs"]
mod own;
#[path = "plans/seen.rs"]
mod seen;
#[path = "plans/steps.rs"]
mod steps;

use crate::support::{Engine, Service};
use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection as _;
use own::{Own, Told};
use rstest::rstest;
use seen::{seen, watch};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use steps::{Step, sorts};
use tasuke::db::{AnyConnection, Bounds, Db, StoreError};

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
    // Before there is anything: what PostgreSQL learned of a few rows it would believe of many, for a minute.
    let mut own = Own::connect(&service);
    life::live(&service, engine);
    let mut large = own.fill("acme");
    // A queue that is emptied every second, and what a tenant may have so many of and no more.
    for small in ["audit_inbox", "service_accounts", "own_contacts"] {
        large.remove(small);
    }
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
