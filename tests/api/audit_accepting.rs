//! A log that somebody has changed goes on when an operator says so, and is not called whole before that is pruned.
use crate::support::{Caller, Engine, Service};
use chrono::{TimeDelta, Utc};
use diesel::RunQueryDsl as _;
use rstest::rstest;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use tasuke::config::Retention;
use tasuke::db::{AnyConnection, StoreError};
use tasuke::retention;
use tasuke::sealer::Sealer;

/// What the program prints, and whether it ended well.
pub fn tasuke(service: &Service, arguments: &[&str]) -> (bool, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_tasuke"))
        .args(arguments)
        .env_clear()
        .env("TASUKE_DATABASE_URL", service.url())
        .env("TASUKE_LOG", "error")
        .output()
        .unwrap();
    let told = [ran.stdout, ran.stderr].concat();
    (ran.status.success(), String::from_utf8(told).unwrap())
}

const ACCEPT: [&str; 6] = ["audit", "accept", "--tenant", "acme", "--reference", "INC-4711"];

/// Lets the log go on; gives what was told.
fn accept(service: &Service) -> String {
    let (good, told) = tasuke(service, &ACCEPT);
    assert!(good, "{told}");
    told
}

/// What a log that is not whole says of itself.
fn verify(service: &Service, more: &[&str]) -> String {
    let (good, told) = tasuke(service, &[&["audit", "verify", "--tenant", "acme"], more].concat());
    assert!(!good && !told.contains("whole"), "{told}");
    told
}

fn run(service: &Service, statement: &str) {
    let ran = service.db.write_now(|conn: &mut AnyConnection| {
        diesel::sql_query(statement).execute(conn).map_err(StoreError::from)
    });
    assert!(ran.unwrap() > 0, "{statement} changes nothing");
}

fn add(caller: &Caller<'_>, times: usize) {
    for n in 0..times {
        caller.post("/v1/clients", &json!({"name": format!("{n}")})).expect(201);
    }
}

fn events(caller: &Caller<'_>) -> Vec<Value> {
    let page = caller.get("/v1/audit-events?limit=100").expect(200).json;
    page["items"].as_array().unwrap().clone()
}

const FORGED: &str = "UPDATE audit_heads SET hash = base_hash WHERE tenant = 'acme' AND sequence = 4";

/// What somebody has done to the log; what verifying tells of it then; what the acceptance names, at which place.
const DAMAGES: [(&[&str], &str, &[&str], i64); 5] = [
    (&[FORGED], "acme: the head at event 4 is not signed", &["forged head 4", "no head 4"], 5),
    (
        &["DELETE FROM audit_heads WHERE tenant = 'acme'"],
        "acme: there are events up to 4 and no signed head",
        &["no head 4"],
        5,
    ),
    (
        &["INSERT INTO audit_heads SELECT tenant, 9000000, hash, base, base_hash, at, key_id, signature \
           FROM audit_heads WHERE tenant = 'acme'"],
        "acme: the head at event 9000000 is not signed",
        &["forged head 9000000"],
        5,
    ),
    (
        &[
            "INSERT INTO audit_events SELECT tenant, 8, '0198c0de-0000-7000-8000-000000000008', at, subject, account, action, effect, resource, \
           resource_id, client_id, address, request_id, detail, hash FROM audit_events WHERE tenant = 'acme' \
           AND sequence = 4",
        ],
        "acme: events 5 to 8 are in no signed head",
        &["missing 5-7", "unsigned 5-8"],
        9,
    ),
    // With more that was done, which is found again each time.
    (
        &[FORGED, "UPDATE audit_events SET subject = 'somebody' WHERE tenant = 'acme' AND sequence = 2"],
        "acme: event 2 is not what was sealed",
        &["forged head 4", "altered 2", "no head 4"],
        5,
    ),
];

#[rstest]
fn a_log_goes_on_when_an_operator_says_so_and_is_not_whole_by_that(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(0, 1, 2, 3, 4)] which: usize,
) {
    let (statements, told, found, place) = DAMAGES[which];
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    add(&acme, 4);
    let head = acme.get("/v1/audit-heads").expect(200).json;
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("head.json");
    fs::write(&kept, head["items"][0].to_string()).unwrap();
    for statement in statements {
        run(&service, statement);
    }
    add(&acme, 2);
    acme.get("/v1/audit-events").expect(500);
    assert!(verify(&service, &[]).contains(told));

    let went = accept(&service);
    assert!(went.contains(&format!("acme: goes on after event {place}")), "{went}");
    assert!(went.contains("goes on failing until that is pruned (TASUKE_AUDIT_DAYS)"), "{went}");
    let all = events(&acme);
    let at = all.iter().position(|event| event["sequence"] == place).unwrap();
    let after = json!({"reference": "INC-4711", "found": found, "findings": found.len()});
    assert_eq!(
        [
            &all[at]["subject"],
            &all[at]["action"],
            &all[at]["effect"],
            &all[at]["resource"],
            &all[at]["after"]
        ],
        [
            &json!("command-line"),
            &json!("audit accept"),
            &json!("created"),
            &json!("audit_acceptance"),
            &after
        ]
    );
    // What has waited comes after it, and so does all that follows.
    add(&acme, 1);
    let names =
        |event: &Value| (event["sequence"].as_i64().unwrap(), event["action"].as_str().unwrap().to_owned());
    let later: Vec<_> = events(&acme)[at + 1..].iter().map(names).collect();
    assert_eq!(later, (1..=3).map(|n| (place + n, "createClient".to_owned())).collect::<Vec<_>>());

    // It is told for good, whatever else is found or not.
    let accepted = format!("acme: event {place} let it go on at ");
    for more in [&[][..], &["--head", kept.to_str().unwrap()]] {
        let now = verify(&service, more);
        assert!(now.contains(&accepted) && now.contains("(INC-4711)"), "{now}");
        assert!(now.contains(&format!("found then: {}", found.join(", "))), "{now}");
        assert_eq!(now.contains("event 2 is not"), which == 4, "{now}");
        assert!(!now.contains("is not signed") && !now.contains("no signed head"), "{now}");
    }
    // There is nothing left to accept; and what is damaged later is told beside it.
    let (good, refused) = tasuke(&service, &ACCEPT);
    assert!(!good && refused.contains("nothing holds up the log of acme"), "{refused}");
    let last = place + 2;
    run(
        &service,
        &format!("UPDATE audit_events SET subject = 'x' WHERE tenant = 'acme' AND sequence = {last}"),
    );
    assert!(verify(&service, &[]).contains(&format!("acme: event {last} is not what was sealed")));
    // Who takes the acceptance away leaves a gap.
    run(&service, &format!("DELETE FROM audit_events WHERE tenant = 'acme' AND sequence = {place}"));
    assert!(verify(&service, &[]).contains(&format!("{place} are missing")));
}

/// What was found and when goes with the days that it is of: so it is said, and no longer.
#[rstest]
fn what_was_accepted_is_told_until_it_is_pruned(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    add(&acme, 4);
    events(&acme);
    run(&service, FORGED);
    accept(&service);
    assert!(verify(&service, &[]).contains("let it go on at"));
    let later = Utc::now() + TimeDelta::days(10);
    let (sealer, keep) = (Sealer::open(&service.db).unwrap(), Retention { audit_days: Some(5) });
    // Another test may be at its log on the same server: then nothing goes yet.
    let mut pruned = 0;
    while pruned == 0 {
        pruned = retention::prune(&service.db, &sealer, &keep, later).unwrap().events;
    }
    assert_eq!(pruned, 5);
    let (good, told) = tasuke(&service, &["audit", "verify", "--tenant", "acme"]);
    assert!(good, "{told}");
    assert_eq!(told, "acme: whole; 0 events, head at 5, pruned up to 5, 0 kept heads agree\n");
}

#[rstest]
fn what_nothing_holds_up_is_not_accepted(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let (acme, rival) = (service.tenant("acme"), service.tenant("rival"));
    add(&acme, 2);
    add(&rival, 2);
    assert_eq!((events(&acme).len(), events(&rival).len()), (2, 2));
    let refused = |reference: &str, tenant: &str| {
        let (good, told) =
            tasuke(&service, &["audit", "accept", "--tenant", tenant, "--reference", reference]);
        assert!(!good, "{told}");
        told
    };
    assert!(refused("INC-1", "acme").contains("nothing holds up the log of acme: nothing is accepted"));
    assert!(refused("INC-1", "nobody").contains("there is no log of nobody"));
    assert!(refused("seen by Sato", "acme").contains("such as the name of a ticket"));
    // That which is damaged and goes on anyway has nothing to accept either, and a neighbour changes nothing.
    run(&service, "UPDATE audit_events SET subject = 'x' WHERE tenant = 'acme' AND sequence = 1");
    run(&service, "DELETE FROM audit_heads WHERE tenant = 'rival'");
    assert!(refused("INC-1", "acme").contains("nothing holds up"));
    assert_eq!(events(&acme).len(), 2);
    assert!(!verify(&service, &[]).contains("let it go on"));
    // An event that has the last number there is has to be taken away by hand.
    run(
        &service,
        "UPDATE audit_events SET sequence = 9223372036854775807 WHERE tenant = 'rival' AND sequence = 2",
    );
    let told = refused("INC-1", "rival");
    assert!(told.contains("no number is left for the next event"), "{told}");
    run(&service, "DELETE FROM audit_events WHERE tenant = 'rival' AND sequence > 2");
    let (good, told) = tasuke(&service, &["audit", "accept", "--tenant", "rival", "--reference", "INC-2"]);
    assert!(good && told.contains("rival: goes on after event 2"), "{told}");
    assert_eq!(events(&rival).len(), 2);
}
