//! What cannot be read in the log of one tenant hides nothing else of it, and holds up nobody else.
use crate::audit_accepting::tasuke;
use crate::support::{Caller, Engine, Service};
use diesel::RunQueryDsl as _;
use rstest::rstest;
use serde_json::{Value, json};
use std::fs;
use tasuke::db::{AnyConnection, StoreError};
use tasuke::sealer::Sealer;

/// A time that the database takes, and no program can read.
fn no_time(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "garbage",
        Engine::Postgres => "infinity",
    }
}

fn run(service: &Service, statement: &str) {
    let ran = service.db.write_now(|conn: &mut AnyConnection| {
        diesel::sql_query(statement).execute(conn).map_err(StoreError::from)
    });
    assert!(ran.unwrap() > 0, "{statement} changes nothing");
}

fn unreadable(service: &Service, engine: Engine, table: &str, which: &str) {
    run(service, &format!("UPDATE {table} SET at = '{}' WHERE {which}", no_time(engine)));
}

/// Notes something whose time cannot be read.
fn note_unreadable(service: &Service, engine: Engine, tenant: &str) {
    run(
        service,
        &format!(
            "INSERT INTO audit_inbox (tenant, id, at, subject, action, effect, resource, resource_id, address, \
             request_id, detail) VALUES ('{tenant}', 'bad-one', '{}', 's', 'a', 'created', 'client', 'x', '', '', '{{}}')",
            no_time(engine)
        ),
    );
}

fn add(caller: &Caller<'_>, times: usize) {
    for n in 0..times {
        caller.post("/v1/clients", &json!({"name": format!("{n}")})).expect(201);
    }
}

/// The numbers of the events, read a few at a time.
fn numbers(caller: &Caller<'_>, limit: u8) -> Vec<i64> {
    let (mut all, mut after) = (vec![], String::new());
    loop {
        let page = caller.get(&format!("/v1/audit-events?limit={limit}{after}")).expect(200).json;
        let items = page["items"].as_array().unwrap();
        all.extend(items.iter().map(|event| event["sequence"].as_i64().unwrap()));
        match page["next_cursor"].as_str() {
            Some(cursor) => after = format!("&after={cursor}"),
            None => return all,
        }
    }
}

fn lines<'a>(told: &'a str, of: &str) -> Vec<&'a str> {
    told.lines().filter(|line| line.starts_with(of)).collect()
}

/// The others are sealed, read, verified, and their heads are printed, while something of acme's waits.
fn the_others_go_on(service: &Service, rival: &Caller<'_>) {
    add(rival, 1);
    let sealer = Sealer::open(&service.db).unwrap();
    // Another test may be at its log on the same server: then nobody was looked at.
    let told = loop {
        match sealer.seal_now() {
            Ok(()) => std::thread::yield_now(),
            Err(error) => break error.to_string(),
        }
    };
    assert!(told.contains("the log of acme is not as it was left"), "{told}");
    assert_eq!(numbers(rival, 100), [1]);
    let (_, printed) = tasuke(service, &["audit", "heads"]);
    let heads: Vec<Value> = printed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(heads.iter().any(|head| head["tenant"] == "rival"), "{printed}");
    // On standard output, nothing but heads.
    assert!(printed.lines().skip(heads.len()).all(|line| line.starts_with("tasuke: ")), "{printed}");
    let (good, told) = tasuke(service, &["audit", "verify"]);
    assert!(!good && lines(&told, "rival: ")[0].starts_with("rival: whole; "), "{told}");
}

#[rstest]
fn a_head_that_cannot_be_read_holds_up_its_log_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let (acme, rival) = (service.tenant("acme"), service.tenant("rival"));
    add(&acme, 3);
    assert_eq!(numbers(&acme, 100), [1, 2, 3]);
    unreadable(&service, engine, "audit_heads", "tenant = 'acme'");
    add(&acme, 2);
    the_others_go_on(&service, &rival);
    let (good, printed) = tasuke(&service, &["audit", "heads"]);
    assert!(!good && printed.contains("the newest head of acme cannot be read: "), "{printed}");
    acme.get("/v1/audit-events").expect(500);
    let (_, told) = tasuke(&service, &["audit", "verify"]);
    let of_acme = lines(&told, "acme: ");
    assert!(of_acme[0].starts_with("acme: the head at event 3 cannot be read: "), "{told}");
    assert_eq!(of_acme[1..], ["acme: there are events up to 3 and no signed head"], "{told}");

    // It is accepted as another broken head is, and goes then.
    let (good, told) = tasuke(&service, &["audit", "accept", "--tenant", "acme", "--reference", "INC-1"]);
    assert!(good && told.contains("goes on after event 4"), "{told}");
    assert_eq!(numbers(&acme, 100), [1, 2, 3, 4, 5, 6]);
    let accepted = acme.get("/v1/audit-events?action=audit%20accept").expect(200).json;
    assert_eq!(accepted["items"][0]["after"]["found"], json!(["unreadable head 3", "no head 3"]));
    acme.get("/v1/audit-heads").expect(200);
    let (_, told) = tasuke(&service, &["audit", "verify"]);
    assert!(told.contains("acme: event 4 let it go on at ") && !told.contains("cannot be read"), "{told}");
}

/// Sealing goes on from the newest head; pruning would wait for an older one that cannot be read, or was forged.
#[rstest]
fn an_older_head_that_cannot_be_read_is_told_and_may_go(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    add(&acme, 3);
    assert_eq!(numbers(&acme, 100), [1, 2, 3]);
    run(
        &service,
        &format!(
            "INSERT INTO audit_heads SELECT tenant, 2, hash, base, base_hash, '{}', key_id, signature FROM audit_heads",
            no_time(engine)
        ),
    );
    add(&acme, 1);
    assert_eq!(numbers(&acme, 100), [1, 2, 3, 4]);
    let heads = acme.get("/v1/audit-heads").expect(200).json;
    assert_eq!(heads["items"].as_array().unwrap().len(), 1);
    let (good, told) = tasuke(&service, &["audit", "verify", "--tenant", "acme"]);
    assert!(
        !good && lines(&told, "acme: ")[0].starts_with("acme: the head at event 2 cannot be read"),
        "{told}"
    );
    assert_eq!(lines(&told, "acme: ").len(), 1, "{told}");
    let (good, told) = tasuke(&service, &["audit", "accept", "--tenant", "acme", "--reference", "INC-1"]);
    assert!(good, "{told}");
    let (_, told) = tasuke(&service, &["audit", "verify", "--tenant", "acme"]);
    assert!(!told.contains("cannot be read") && told.contains("found then: unreadable head 2"), "{told}");
}

#[rstest]
fn an_entry_that_cannot_be_read_holds_up_its_log_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let (acme, rival) = (service.tenant("acme"), service.tenant("rival"));
    add(&acme, 1);
    assert_eq!(numbers(&acme, 100), [1]);
    add(&acme, 1);
    note_unreadable(&service, engine, "acme");
    the_others_go_on(&service, &rival);
    let (_, told) = tasuke(&service, &["audit", "verify"]);
    let entry = "acme: the entry \"bad-one\" that waits to be sealed cannot be read: ";
    assert!(lines(&told, "acme: ")[0].starts_with(entry), "{told}");
    let (good, told) = tasuke(&service, &["audit", "accept", "--tenant", "acme", "--reference", "INC-1"]);
    assert!(!good && told.contains("mend it or take it away by hand"), "{told}");
    run(&service, "DELETE FROM audit_inbox WHERE id = 'bad-one'");
    assert_eq!(numbers(&acme, 100), [1, 2]);
}

#[rstest]
fn an_event_that_cannot_be_read_hides_no_other(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let (acme, rival) = (service.tenant("acme"), service.tenant("rival"));
    for (caller, times) in [(&acme, 9), (&rival, 4)] {
        add(caller, times);
        assert_eq!(numbers(caller, 100).len(), times);
    }
    // Other ones of each, so that a wall that is missing shows.
    for which in ["tenant = 'acme' AND sequence IN (2, 3, 9)", "tenant = 'rival' AND sequence = 1"] {
        unreadable(&service, engine, "audit_events", which);
    }
    // This one is an event, but nobody can tell what changed.
    run(&service, "UPDATE audit_events SET detail = 'x' WHERE tenant = 'acme' AND sequence = 6");
    for limit in [1, 2, 3, 100] {
        assert_eq!(numbers(&acme, limit), [1, 4, 5, 7, 8], "{limit}");
        assert_eq!(numbers(&rival, limit), [2, 3, 4], "{limit}");
    }
    let export = acme.get("/v1/audit-events/export").expect(200);
    let sequences: Vec<Value> = export
        .text("")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["sequence"].clone())
        .collect();
    // The head at the end.
    assert_eq!(sequences, [1, 4, 5, 7, 8, 9]);

    let (good, told) = tasuke(&service, &["audit", "verify"]);
    let unreadable: Vec<&str> = told
        .lines()
        .filter_map(|line| line.split_once(" cannot be read: "))
        .map(|(which, _)| which)
        .collect();
    assert!(!good, "{told}");
    assert_eq!(unreadable, ["acme: event 2", "acme: event 3", "acme: event 9", "rival: event 1"], "{told}");
    assert_eq!(lines(&told, "acme: event 6 is not what was sealed").len(), 1, "{told}");
    assert_eq!(
        told.lines().filter(|line| line.contains("rival: ") || line.contains("acme: ")).count(),
        5,
        "{told}"
    );

    // What an operator has accepted is told behind it as well.
    run(&service, "DELETE FROM audit_heads WHERE tenant = 'acme'");
    let (good, told) = tasuke(&service, &["audit", "accept", "--tenant", "acme", "--reference", "INC-1"]);
    assert!(good, "{told}");
    add(&acme, 1);
    assert_eq!(numbers(&acme, 2), [1, 4, 5, 7, 8, 10, 11]);
    let (_, told) = tasuke(&service, &["audit", "verify", "--tenant", "acme"]);
    assert!(
        told.contains("acme: event 9 cannot be read") && told.contains("acme: event 10 let it go on"),
        "{told}"
    );
}

/// Where the database itself fails on one log, such as on a torn page.
#[rstest]
fn a_log_that_the_database_cannot_read_is_told_and_the_others_are_verified(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    for tenant in ["acme", "rival"] {
        let caller = service.tenant(tenant);
        add(&caller, 1);
        assert_eq!(numbers(&caller, 100), [1]);
    }
    run_all(
        &service,
        &[
            "ALTER TABLE audit_events RENAME TO kept_events",
            // No number is as large as this sum.
            "CREATE VIEW audit_events AS SELECT tenant, sequence, id, at, subject, account, action, effect, resource, \
         resource_id, client_id, address, request_id, CASE WHEN tenant = 'acme' \
         THEN CAST(abs(-9223372036854775807 - sequence) AS TEXT) ELSE detail END AS detail, hash FROM kept_events",
        ],
    );
    let (good, told) = tasuke(&service, &["audit", "verify"]);
    assert!(!good && told.contains("acme: the database cannot read the log: "), "{told}");
    assert!(told.contains("rival: whole; 1 events"), "{told}");
}

fn run_all(service: &Service, statements: &[&str]) {
    let ran = service.db.write_now(|conn: &mut AnyConnection| {
        for statement in statements {
            diesel::sql_query(*statement).execute(conn)?;
        }
        Ok::<_, StoreError>(())
    });
    ran.unwrap();
}

/// A log that is gone altogether is told, until something is written; and against a kept head for ever.
#[rstest]
fn a_log_that_is_gone_is_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let (acme, rival) = (service.tenant("acme"), service.tenant("rival"));
    add(&acme, 2);
    add(&rival, 1);
    let head = acme.get("/v1/audit-heads").expect(200).json["items"][0].to_string();
    rival.get("/v1/audit-heads").expect(200);
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("head.json");
    fs::write(&kept, head).unwrap();
    let against_it = ["audit", "verify", "--head", kept.to_str().unwrap()];
    assert!(tasuke(&service, &against_it).0);
    run(&service, "DELETE FROM audit_events WHERE tenant = 'acme'");
    run(&service, "DELETE FROM audit_heads WHERE tenant = 'acme'");
    let (good, told) = tasuke(&service, &["audit", "verify"]);
    assert!(!good, "{told}");
    assert_eq!(
        lines(&told, "acme: "),
        ["acme: the log is gone: there is one from the making of a provider on"]
    );
    assert!(told.contains("rival: whole; 1 events"), "{told}");
    add(&acme, 2);
    assert_eq!(numbers(&acme, 100), [1, 2]);
    assert!(tasuke(&service, &["audit", "verify"]).0);
    let (good, told) = tasuke(&service, &against_it);
    assert!(!good && told.contains("acme: the log up to event 2 is not the one that was signed"), "{told}");
}

/// SQLite takes a text for a number: a row with one is no event, whichever way it is looked for.
#[test]
fn what_has_no_number_is_no_event() {
    let service = Service::start(Engine::Sqlite);
    let acme = service.tenant("acme");
    let id = acme.post("/v1/clients", &json!({"name": "A"})).expect(201).text("/id").to_owned();
    assert_eq!(numbers(&acme, 100), [1]);
    run(&service, "UPDATE audit_events SET sequence = 'x' WHERE tenant = 'acme'");
    for filter in [String::new(), format!("resource_id={id}"), format!("client_id={id}")] {
        let list = acme.get(&format!("/v1/audit-events?{filter}"));
        let items = list.json["items"].as_array().cloned().unwrap_or_default();
        assert!(items.is_empty(), "{filter}: {:#}", list.json);
    }
}
