//! A log that somebody has changed is told from the one that was sealed.
use crate::support::{Caller, Engine, Service};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{NaiveDateTime, SecondsFormat};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};
use rstest::rstest;
use serde_json::{Value, json};
use std::fmt::Write as _;
use tasuke::audit::{self, Finding, Head, HeadOut, Signed, Signer};
use tasuke::clock;
use tasuke::config::Retention;
use tasuke::db::{AnyConnection, Retry, StoreError};
use tasuke::retention::{self, Pruned};
use tasuke::sealer::Sealer;

/// A row of the log, as somebody sees it who has the database.
#[derive(Debug, Clone, QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Timestamp)]
    at: NaiveDateTime,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = Nullable<Text>)]
    account: Option<String>,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Text)]
    effect: String,
    #[diesel(sql_type = Text)]
    resource: String,
    #[diesel(sql_type = Text)]
    resource_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    client_id: Option<String>,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Text)]
    request_id: String,
    #[diesel(sql_type = Text)]
    detail: String,
    #[diesel(sql_type = Text)]
    hash: String,
}

/// The hash as ARCHITECTURE.md tells it, written a second time: whoever has the data can take it too.
fn hash(previous: &str, list: &Value) -> String {
    let mut all = vec![json!("tasuke-audit-1"), json!(previous), json!("acme")];
    all.extend(list.as_array().unwrap().clone());
    let digest = digest(&SHA256, Value::from(all).to_string().as_bytes());
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

impl Row {
    fn list(&self) -> Value {
        json!([
            self.sequence,
            self.id,
            self.at.and_utc().to_rfc3339_opts(SecondsFormat::Micros, true),
            self.subject,
            self.account,
            self.action,
            self.effect,
            self.resource,
            self.resource_id,
            self.client_id,
            self.address,
            self.request_id,
            self.detail
        ])
    }
}

const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Some writes, sealed in several rounds; gives the heads that were signed on the way.
fn busy_day(acme: &Caller<'_>) -> Vec<Signed> {
    let mut signed = vec![];
    for n in 0..12 {
        let client = acme.post("/v1/clients", &json!({"name": format!("{n}")})).expect(201);
        let (path, etag) = (client.header("location"), client.header("etag"));
        acme.patch(path, etag, &json!({"name": "x"})).expect(200);
        if n % 4 == 0 {
            signed.extend(heads(acme));
        }
    }
    signed
}

fn heads(acme: &Caller<'_>) -> Vec<Signed> {
    let page = acme.get("/v1/audit-heads?limit=100").expect(200).json;
    let items = page["items"].as_array().unwrap().clone();
    items.into_iter().map(|item| serde_json::from_value::<HeadOut>(item).unwrap().into()).collect()
}

/// The end of a transaction whose changes are not to stay.
struct Undone(Vec<Finding>);

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        panic!("{error}")
    }
}

impl Retry for Undone {
    fn may_help(&self) -> bool {
        false
    }
}

fn run(conn: &mut AnyConnection, statement: &str) {
    let changed = diesel::sql_query(statement).execute(conn).unwrap();
    assert!(changed > 0, "{statement} changes nothing");
}

fn rows(conn: &mut AnyConnection) -> Vec<Row> {
    let all = "SELECT * FROM audit_events WHERE tenant = 'acme' ORDER BY sequence";
    diesel::sql_query(all).load(conn).unwrap()
}

/// Numbers that look like chance and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// `text` with one letter or digit another one.
fn nudged(text: &str, dice: &mut Dice) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let plain: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_alphanumeric()).collect();
    if plain.is_empty() {
        return format!("{text}x");
    }
    let at = plain[dice.below(plain.len())];
    bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
    String::from_utf8(bytes).unwrap()
}

fn one_column(conn: &mut AnyConnection, dice: &mut Dice, all: &[Row]) {
    let row = &all[dice.below(all.len())];
    let texts = [
        ("id", Some(&row.id)),
        ("subject", Some(&row.subject)),
        ("account", row.account.as_ref()),
        ("action", Some(&row.action)),
        ("effect", Some(&row.effect)),
        ("resource", Some(&row.resource)),
        ("resource_id", Some(&row.resource_id)),
        ("client_id", row.client_id.as_ref()),
        ("address", Some(&row.address)),
        ("request_id", Some(&row.request_id)),
        ("detail", Some(&row.detail)),
        ("hash", Some(&row.hash)),
    ];
    let (name, value) = match dice.below(texts.len() + 2) {
        12 => ("at", (row.at + chrono::TimeDelta::microseconds(1)).to_string()),
        13 => ("sequence", (row.sequence + 1000).to_string()),
        index => {
            let (name, value) = texts[index];
            (name, nudged(value.map_or("", String::as_str), dice))
        }
    };
    let place = row.sequence;
    run(
        conn,
        &format!("UPDATE audit_events SET {name} = '{value}' WHERE tenant = 'acme' AND sequence = {place}"),
    );
}

fn swapped(conn: &mut AnyConnection, dice: &mut Dice, all: &[Row]) {
    let one = dice.below(all.len());
    let other = (one + 1 + dice.below(all.len() - 1)) % all.len();
    for (from, to) in [(one + 1, 0), (other + 1, one + 1), (0, other + 1)] {
        run(
            conn,
            &format!("UPDATE audit_events SET sequence = {to} WHERE tenant = 'acme' AND sequence = {from}"),
        );
    }
}

/// Changes one event, and takes the hash of it and of all that follow anew. Gives the last one.
fn rehashed(conn: &mut AnyConnection, dice: &mut Dice, all: &[Row]) -> String {
    let start = dice.below(all.len());
    let mut previous = start.checked_sub(1).map_or(GENESIS.to_owned(), |before| all[before].hash.clone());
    for (index, row) in all.iter().enumerate().skip(start) {
        let mut row = row.clone();
        if index == start {
            row.subject = "somebody else".into();
        }
        previous = hash(&previous, &row.list());
        let (subject, place) = (&row.subject, row.sequence);
        run(
            conn,
            &format!(
                "UPDATE audit_events SET subject = '{subject}', hash = '{previous}' WHERE tenant = 'acme' AND sequence = {place}"
            ),
        );
    }
    previous
}

fn cut_after(conn: &mut AnyConnection, sequence: i64) {
    run(conn, &format!("DELETE FROM audit_events WHERE tenant = 'acme' AND sequence > {sequence}"));
}

const NO_HEADS: &str = "DELETE FROM audit_heads WHERE tenant = 'acme'";

/// Puts a head there that whoever has the key has signed, instead of the others.
fn resigned(conn: &mut AnyConnection, signer: &Signer, sequence: i64, hash: String) {
    run(conn, NO_HEADS);
    signed_in(conn, signer, 1970, sequence, hash);
}

/// Puts a head there that was signed in this year.
fn signed_in(conn: &mut AnyConnection, signer: &Signer, year: i32, sequence: i64, hash: String) {
    let at: chrono::DateTime<chrono::Utc> = format!("{year}-01-01T00:00:00Z").parse().unwrap();
    let base_hash = GENESIS.to_owned();
    let head = Head { tenant: "acme".into(), sequence, hash, base: 0, base_hash, at };
    put_back(conn, &signer.sign(head));
}

/// Puts a head there as it was signed.
fn put_back(conn: &mut AnyConnection, signed: &Signed) {
    let Signed { head: Head { sequence, hash, base, base_hash, at, .. }, key_id, signature } = signed;
    let at = at.naive_utc();
    run(
        conn,
        &format!(
            "INSERT INTO audit_heads VALUES ('acme', {sequence}, '{hash}', {base}, '{base_hash}', '{at}', '{key_id}', '{signature}')"
        ),
    );
}

/// Somebody who has the tables, what the service has signed before, and a key of their own.
struct Forger {
    signed: Vec<Signed>,
    key: Vec<u8>,
}

/// How many kinds of change there are.
const KINDS: usize = 12;

/// Plants change number `n`; whether it can be seen in the database alone, or only against a head that was
/// kept outside of it.
fn plant(conn: &mut AnyConnection, signer: &Signer, forger: &Forger, n: usize) -> bool {
    let mut dice = Dice(n as u64);
    let all = rows(conn);
    let count = all.len();
    let last = i64::try_from(count).unwrap();
    let cut = 1 + dice.below(count - 1);
    let cut_at = i64::try_from(cut).unwrap();
    match n % KINDS {
        0 | 1 => one_column(conn, &mut dice, &all),
        2 => run(conn, &format!("DELETE FROM audit_events WHERE tenant = 'acme' AND sequence = {cut}")),
        3 => swapped(conn, &mut dice, &all),
        4 => cut_after(conn, cut_at),
        5 => drop(rehashed(conn, &mut dice, &all)),
        6 => {
            cut_after(conn, cut_at);
            run(conn, NO_HEADS);
        }
        7 => {
            cut_after(conn, 0);
            run(conn, NO_HEADS);
        }
        // As it was once: the service has signed it.
        8 => {
            let once = &forger.signed[dice.below(forger.signed.len())];
            cut_after(conn, once.head.sequence);
            run(conn, NO_HEADS);
            put_back(conn, once);
            return false;
        }
        // With a key of one's own instead of the one in the database.
        9 => {
            let own = Signer::of(&forger.key).unwrap();
            let (id, key) = (own.key_id(), STANDARD.encode(&forger.key));
            run(conn, &format!("UPDATE audit_keys SET key_id = '{id}', pkcs8 = '{key}'"));
            let hash = rehashed(conn, &mut dice, &all);
            resigned(conn, &own, last, hash);
            return false;
        }
        // With the key in hand.
        10 => {
            let hash = rehashed(conn, &mut dice, &all);
            resigned(conn, signer, last, hash);
            return false;
        }
        _ => {
            cut_after(conn, cut_at);
            resigned(conn, signer, cut_at, all[cut - 1].hash.clone());
            return false;
        }
    }
    true
}

#[rstest]
fn a_thousand_planted_changes_are_found(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let forger = Forger { signed: busy_day(&acme), key: audit::fresh_key().unwrap() };
    assert!(forger.signed.len() > 2);
    let kept = heads(&acme);
    let sealer = Sealer::open(&service.db).unwrap();
    let signer = sealer.signer();
    let look = |plant: &dyn Fn(&mut AnyConnection), kept: &[Signed]| {
        let looked = service.db.write_now(|conn| {
            plant(conn);
            // As a command does that starts now: with the key that is in the database.
            let key = audit::signing_key(conn, || None, clock::now())?;
            Err::<(), _>(Undone(audit::verify(conn, &key, "acme", kept)?.findings))
        });
        looked.err().unwrap().0
    };
    assert_eq!(look(&|_| {}, &kept), []);
    for n in 0..1000 {
        let found = look(
            &|conn| {
                plant(conn, signer, &forger, n);
            },
            &kept,
        );
        assert!(!found.is_empty(), "change {n} is not found");
        let other_key = found.iter().any(|finding| matches!(finding, Finding::OtherKey { .. }));
        assert_eq!(other_key, n % KINDS == 9, "change {n}: {found:?}");
    }
    // Without a head from outside, all but what is signed.
    for n in 0..KINDS * 10 {
        let seen = std::cell::Cell::new(false);
        let found = look(&|conn| seen.set(plant(conn, signer, &forger, n)), &[]);
        assert_eq!(!found.is_empty(), seen.get(), "change {n}: {found:?}");
        assert_eq!(found == [Finding::Gone], n % KINDS == 7, "change {n}: {found:?}");
    }
    assert_eq!(look(&|_| {}, &kept), []);
}

/// Nothing but an export and the public key is needed.
#[rstest]
fn an_export_can_be_checked_by_other_means(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    busy_day(&acme);
    let export = acme.get("/v1/audit-events/export").expect(200);
    let mut lines: Vec<Value> =
        export.text("").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let head: HeadOut = serde_json::from_value(lines.pop().unwrap()).unwrap();
    let mut previous = GENESIS.to_owned();
    for event in &lines {
        let at: chrono::DateTime<chrono::Utc> = serde_json::from_value(event["at"].clone()).unwrap();
        let detail = format!(
            "{{\"fields\":{},\"before\":{},\"after\":{}}}",
            event["fields"], event["before"], event["after"]
        );
        let names = [
            "subject",
            "account",
            "action",
            "effect",
            "resource",
            "resource_id",
            "client_id",
            "address",
            "request_id",
        ];
        let mut list = vec![
            event["sequence"].clone(),
            event["id"].clone(),
            json!(at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        ];
        list.extend(names.map(|name| event[name].clone()));
        list.push(json!(detail));
        previous = hash(&previous, &Value::from(list));
        assert_eq!(event["hash"], previous);
    }
    assert_eq!((head.sequence, &head.hash), (24, &previous));
    let public_key = head.public_key.clone();
    assert!(Signed::from(head).is_by(&public_key));
}

/// What was cut off is not papered over by going on from where it ends now.
#[rstest]
fn sealing_goes_on_from_the_signed_head(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    busy_day(&acme);
    heads(&acme);
    let cut = |conn: &mut AnyConnection| {
        cut_after(conn, 20);
        Ok::<_, StoreError>(())
    };
    service.db.write_now(cut).unwrap();
    acme.post("/v1/clients", &json!({"name": "later"})).expect(201);
    assert_eq!(heads(&acme).last().unwrap().head.sequence, 25);
    let sealer = Sealer::open(&service.db).unwrap();
    let verify = |conn: &mut AnyConnection| audit::verify(conn, sealer.signer(), "acme", &[]);
    let found = service.db.write_now(verify).unwrap().findings;
    assert_eq!(found, [Finding::Gap { first: 21, last: 24 }]);
}

#[rstest]
fn what_is_pruned_leaves_a_signed_beginning(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    busy_day(&acme);
    heads(&acme);
    let sealer = Sealer::open(&service.db).unwrap();
    let signer = sealer.signer();
    // As if it had gone on for years.
    let aged = |conn: &mut AnyConnection| {
        let all = rows(conn);
        run(conn, NO_HEADS);
        for (year, sequence) in [(2001, 5), (2002, 10), (2024, 15), (2025, 24)] {
            signed_in(
                conn,
                signer,
                year,
                sequence,
                all[usize::try_from(sequence).unwrap() - 1].hash.clone(),
            );
        }
        Ok::<_, StoreError>(())
    };
    service.db.write_now(aged).unwrap();
    let kept = heads(&acme);
    let now = "2026-11-26T00:00:00Z".parse().unwrap();
    let prune =
        |days| retention::prune(&service.db, &sealer, &Retention { audit_days: days }, now).unwrap();
    let whole = || {
        let verify = |conn: &mut AnyConnection| audit::verify(conn, signer, "acme", &kept);
        let verified = service.db.read_now(verify).unwrap();
        assert_eq!(verified.findings, []);
        (verified.events, verified.head.unwrap().head.base)
    };
    assert_eq!(prune(None), Pruned::default());
    assert_eq!(whole(), (24, 0));
    assert_eq!(prune(Some(3650)), Pruned { answers: 0, events: 10 });
    assert_eq!(whole(), (14, 10));
    assert_eq!(prune(Some(3650)), Pruned::default());
    // It goes on, and is still one chain.
    acme.post("/v1/clients", &json!({"name": "later"})).expect(201);
    let newest = heads(&acme).last().unwrap().head.clone();
    assert_eq!((newest.sequence, newest.base), (25, 10));
    assert_eq!(whole(), (15, 10));
    // What was pruned is nothing else that is missing.
    let cut = |conn: &mut AnyConnection| {
        run(conn, "DELETE FROM audit_events WHERE tenant = 'acme' AND sequence < 13");
        Ok::<_, StoreError>(())
    };
    service.db.write_now(cut).unwrap();
    let found = service.db.read_now(|conn| audit::verify(conn, signer, "acme", &[])).unwrap().findings;
    assert_eq!(found, [Finding::Gap { first: 11, last: 12 }]);

    // Where all of it is old, the head alone stays, and the log goes on from there.
    let rival = service.tenant("rival");
    rival.post("/v1/clients", &json!({"name": "once"})).expect(201);
    let first = heads(&rival);
    let later = now + chrono::TimeDelta::days(36_500);
    let pruned = retention::prune(&service.db, &sealer, &Retention { audit_days: Some(1) }, later).unwrap();
    assert_eq!(pruned, Pruned { answers: 0, events: 13 + 1 });
    rival.post("/v1/clients", &json!({"name": "again"})).expect(201);
    let newest = heads(&rival).last().unwrap().head.clone();
    assert_eq!((newest.sequence, newest.base), (2, 1));
    let verify = |conn: &mut AnyConnection| audit::verify(conn, signer, "rival", &first);
    assert_eq!(service.db.read_now(verify).unwrap().findings, []);
}

/// One whose log is broken does not hold up the others, and nothing is written on top of what somebody else wrote.
#[rstest]
fn a_broken_log_is_left_as_it_is(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let (acme, rival) = (service.tenant("acme"), service.tenant("rival"));
    busy_day(&acme);
    heads(&acme);
    for damage in ["UPDATE audit_heads SET hash = base_hash WHERE tenant = 'acme'", NO_HEADS] {
        let plant = |conn: &mut AnyConnection| {
            run(conn, damage);
            Ok::<_, StoreError>(())
        };
        service.db.write_now(plant).unwrap();
        acme.post("/v1/clients", &json!({"name": "later"})).expect(201);
        rival.post("/v1/clients", &json!({"name": "later"})).expect(201);
        let sealer = Sealer::open(&service.db).unwrap();
        let told = sealer.seal_now().unwrap_err().to_string();
        assert!(told.contains("the log of acme is not as it was left"), "{told}");
        acme.get("/v1/audit-events").expect(500);
        let left = "SELECT * FROM audit_events WHERE tenant = 'acme' ORDER BY sequence";
        let left = |conn: &mut AnyConnection| {
            Ok::<_, StoreError>(diesel::sql_query(left).load::<Row>(conn)?.len())
        };
        assert_eq!(service.db.read_now(left).unwrap(), 24);
    }
    let found = rival.get("/v1/audit-events").expect(200).json;
    assert_eq!(found["items"].as_array().unwrap().len(), 2);
}
