//! Two tenants whose things have the same ids and names, so that a query that forgets whose they are takes hold of
//! the other's: each sees and changes its own only.
use super::answers::told;
use super::calls::{Said, call};
use super::operations::{Access, Operation, operations};
use super::rows;
use super::words::{Kind, Place, Word};
use super::world::World;
use crate::support::{Answer, Caller, Engine, Service};
use chrono::Utc;
use rstest::rstest;
use serde_json::Value;
use tasuke::caller::Scope;
use tasuke::db::Db;
use tasuke::tenants::{self, Tenancy};

/// A tenant that has everything that `acme` has, by the same ids and names; where acme says `Acme`, it says `Twin`.
fn twin(service: &Service) {
    let tenancy = Tenancy::new("twin", "twin", Utc::now()).unwrap();
    service.db.write_now(|conn: &mut _| tenants::add(conn, &tenancy)).unwrap();
    rows::copy(&service.db, ("acme", "twin"), ("Acme", "Twin"));
    // It has called before, long ago: what was kept of that is its own to throw away.
    let old = "INSERT INTO idempotency_keys (tenant, route, key, fingerprint, location, body, created_at) \
         VALUES ('twin', 'POST /v1/clients', 'old', '', '', '', '2020-01-01 00:00:00')";
    rows::run(&service.db, old).unwrap();
    // And of late: what was answered goes away with what it tells of.
    for table in ["clients", "assessments", "incidents"] {
        let told = format!(
            "INSERT INTO idempotency_keys (tenant, route, key, fingerprint, location, body, created_at) \
             SELECT tenant, 'POST /v1/{table}', id, '', '/v1/{table}/' || id, '', created_at FROM {table} \
             WHERE tenant = 'twin'"
        );
        rows::run(&service.db, &told).unwrap();
    }
}

/// The same call by the one and by the other.
struct Pair<'a> {
    acme: Caller<'a>,
    twin: Caller<'a>,
}

impl Pair<'_> {
    fn call(&self, operation: &Operation, world: &World<'_>, said: &Said) -> (Answer, Answer) {
        let one = call(&self.acme, operation, world, said);
        let other = call(&self.twin, operation, world, said);
        for (whose, answer) in [("acme", &one), ("twin", &other)] {
            assert_eq!(answer.status, operation.good, "{} of {whose}: {:#}", operation.id, answer.json);
        }
        (one, other)
    }
}

/// Reads to which the moment matters are asked for this one.
const MOMENT: &str = "2026-11-03T00:00:00Z";

/// What a call asks for.
fn plain(operation: &Operation) -> Said {
    let has = |name: &str| operation.parameters.iter().any(|p| p.place == "query" && p.name == name);
    let mut plain = Said::default();
    if has("as_of") {
        plain.query.push(("as_of", MOMENT.to_owned()));
    }
    if has("limit") {
        plain.query.push(("limit", "100".to_owned()));
    }
    plain
}

/// The same in every way: as it is, and with each of its filters set.
fn asked(operation: &Operation, world: &World<'_>) -> Vec<Said> {
    let plain = plain(operation);
    let filters =
        operation.positions.iter().enumerate().filter_map(|(index, position)| match position.word {
            Word::Is(kind) if position.place == Place::Query && operation.access != Access::Open => {
                // What ships is named there as well, and the edition before.
                if ["since", "parent"].contains(&position.at.as_str()) {
                    return None;
                }
                Some(Said { swaps: vec![(index, world.get(kind))], ..plain.clone() })
            }
            _ => None,
        });
    [plain.clone()].into_iter().chain(filters).collect()
}

/// The texts of the one, as the other has them. A workbook is packed: there it must only be another one.
fn as_twin(answer: &Answer) -> Option<String> {
    (!answer.header("content-type").contains("spreadsheet"))
        .then(|| told(answer, &[]).replace("Acme", "Twin"))
}

/// What shows something of a tenant's, and is the same for twins: all but the log of what each has done.
fn reads(operations: &[Operation]) -> impl Iterator<Item = &Operation> {
    // Nor who one is.
    operations.iter().filter(|o| !o.writes() && !o.needs().is_empty() && o.tag != "audit")
}

/// Every read, by one who is alone.
fn alone<'a>(operations: &'a [Operation], world: &World<'_>) -> Vec<(&'a Operation, Said, Answer)> {
    let ways =
        |operation: &'a Operation| asked(operation, world).into_iter().map(move |said| (operation, said));
    // What a call asks for is made by asking: only then nothing is added any more.
    let calls: Vec<(&Operation, Said)> = reads(operations).flat_map(ways).collect();
    for (operation, said) in &calls {
        call(&world.caller(), operation, world, said);
    }
    let answered = |(operation, said): (&'a Operation, Said)| {
        let answer = call(&world.caller(), operation, world, &said);
        (operation, said, answer)
    };
    calls.into_iter().map(answered).collect()
}

/// The same by both.
fn together(pair: &Pair<'_>, world: &World<'_>, alone: &[(&Operation, Said, Answer)]) -> usize {
    for (operation, said, before) in alone {
        let (one, other) = pair.call(operation, world, said);
        assert_eq!(before.json, one.json, "{} {said:?}: a twin makes a difference", operation.id);
        match as_twin(&one) {
            Some(text) => assert_eq!(text, told(&other, &[]), "{} {said:?}", operation.id),
            None => assert_ne!(one.bytes, other.bytes, "{}", operation.id),
        }
    }
    alone.len() * 3
}

/// A cursor goes on in the list it is from: by the same tenant, and as wide.
fn cursors(db: &Db, pair: &Pair<'_>, operations: &[Operation], world: &World<'_>) -> usize {
    let lists = operations.iter().filter(|operation| {
        operation.access != Access::Open && operation.positions.iter().any(|p| p.word == Word::Cursor)
    });
    let narrowed = world.narrowed(Scope::ALL);
    let mut calls = 0;
    for operation in lists {
        let page = |after: Option<&str>| {
            let mut said = Said { query: vec![("limit", "1".to_owned())], ..Said::default() };
            said.query.extend(after.map(|after| ("after", after.to_owned())));
            said
        };
        let from = |caller: &Caller<'_>| {
            let first = call(caller, operation, world, &page(None)).expect(200);
            let cursor = first.json["next_cursor"].as_str();
            cursor
                .unwrap_or_else(|| panic!("{}: world.rs makes one only; two are needed", operation.id))
                .to_owned()
        };
        if operation.id == "listAuditHeads" {
            // There is one a day: this one is from yesterday.
            call(&pair.acme, operation, world, &page(None)).expect(200);
            let before = "INSERT INTO audit_heads SELECT tenant, sequence - 1, hash, base, base_hash, at, key_id, \
                 signature FROM audit_heads WHERE tenant = 'acme'";
            rows::run(db, before).unwrap();
        }
        let cursor = from(&pair.acme);
        let good = call(&pair.acme, operation, world, &page(Some(&cursor))).expect(200);
        assert_ne!(good.json["items"], call(&pair.acme, operation, world, &page(None)).json["items"]);
        let others = [("the twin", &pair.twin), ("a narrowed token", &narrowed)];
        for (whose, caller) in others.into_iter().take(if operation.for_the_whole_tenant { 1 } else { 2 }) {
            let theirs = call(caller, operation, world, &page(Some(&cursor)));
            let nobodys = call(caller, operation, world, &page(Some("bm9ib2R5Om5vdGhpbmc")));
            assert_eq!(told(&theirs, &[]), told(&nobodys, &[]), "{} by {whose}", operation.id);
            assert_eq!(theirs.text("/code"), "invalid-cursor", "{} by {whose}", operation.id);
        }
        calls += 7;
    }
    assert!(calls > 7 * 5, "the lists were not found");
    calls
}

/// The tag of the other's is no tag of one's own, although the id is the same.
fn tags(pair: &Pair<'_>, operations: &[Operation], writes: &[(&Operation, World<'_>)]) -> usize {
    let mut calls = 0;
    for (operation, world) in writes.iter().filter(|(operation, _)| operation.takes("If-Match")) {
        // The tag is that of the thing itself, or of what it is a part of.
        let reads = operations.iter().filter(|o| o.method == "GET" && operation.path.starts_with(&o.path));
        let shows = reads.max_by_key(|o| o.path.len());
        let shows = shows.unwrap_or_else(|| panic!("{} changes what nobody can read", operation.id));
        let tag = call(&pair.acme, shows, world, &Said::default()).expect(200).header("etag").to_owned();
        let with = |tag: &str| {
            let said = Said { tag: Some(tag.to_owned()), ..Said::default() };
            call(&pair.twin, operation, world, &said)
        };
        assert_eq!(told(&with(&tag), &[]), told(&with("\"nonsense\""), &[]), "{}", operation.id);
        with(&tag).expect(412);
        calls += 4;
    }
    calls
}

#[rstest]
fn twins_see_and_change_their_own(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let operations = operations(service.document());
    let seen = World::new(&service, "acme", "Acme");
    let writes: Vec<(&Operation, World<'_>)> = operations
        .iter()
        .filter(|operation| operation.writes() && operation.access != Access::Open)
        .map(|operation| (operation, World::to(&operation.id, &service, "acme", "Acme")))
        .collect();
    // Everything that the calls will need is made while acme is alone.
    for (operation, world) in &writes {
        prepare(operation, world);
    }
    let (account, link) = (seen.account_token(), seen.link_token());
    let before = alone(&operations, &seen);
    twin(&service);
    let pair = Pair { acme: service.tenant("acme"), twin: service.tenant("twin") };
    let mut calls = together(&pair, &seen, &before);
    calls += cursors(&service.db, &pair, &operations, &seen);
    calls += tags(&pair, &operations, &writes);

    // Each write by the one leaves the other's rows alone, and so does the other's.
    for (number, (operation, world)) in writes.iter().enumerate() {
        let key = format!("key-{number}");
        let said =
            Said { key: operation.takes("Idempotency-Key").then_some(key), ..fixed(operation, world) };
        let (first, second) = both(&service.db, &pair, operation, world, &said);
        // What was written is the same as well: no more of it, and nothing of the other's.
        assert_eq!(as_twin(&first[0]).unwrap(), told(&second[0], &[]), "{}", operation.id);
        assert_eq!(as_twin(&first[1]).unwrap(), told(&second[1], &[]), "{}", operation.id);
        // An assessment of what is the provider's own takes that into use.
        let own = operation.positions.iter().position(|p| p.word == Word::Is(Kind::Questionnaire));
        if let Some(own) = own {
            let mut said = fixed(operation, world);
            said.swaps.push((own, world.get(Kind::Questionnaire)));
            both(&service.db, &pair, operation, world, &said);
        }
        calls += 4;
    }
    // What both have by now is still the same, traces and all.
    let shows: Vec<&Operation> = reads(&operations).filter(|o| o.path.contains('{')).collect();
    for (_, world) in writes.iter().filter(|(operation, _)| operation.method != "DELETE") {
        for operation in &shows {
            let has = world.all();
            let fits = operation.positions.iter().all(|p| match (p.place, p.word) {
                (Place::Path, Word::Is(kind)) => has.iter().any(|(known, _)| *known == kind),
                (Place::Query, Word::Is(kind)) => {
                    kind.is_shared() || has.iter().any(|(known, _)| *known == kind)
                }
                _ => true,
            });
            if fits {
                let (one, other) = pair.call(operation, world, &plain(operation));
                // What is for people to read tells the time in its own way.
                if !one.json.is_string() && !one.json.is_null() {
                    assert_eq!(as_twin(&one).unwrap(), told(&other, &[]), "{}", operation.id);
                }
                calls += 2;
            }
        }
    }
    for operation in reads(&operations).filter(|o| !o.path.contains('{')) {
        let (one, other) = pair.call(operation, &seen, &plain(operation));
        assert_eq!(as_twin(&one).unwrap(), told(&other, &[]), "{}", operation.id);
        calls += 2;
    }
    // What was taken away is gone, although the twin still has it by the same id.
    for (token, at) in [account, link] {
        let holder = service.bearer(&token);
        let known = holder.get("/v1/whoami").expect(200);
        assert!(!known.json.to_string().contains("Twin"), "{:#}", known.json);
        pair.acme.delete(&at, "*").expect(204);
        holder.get("/v1/whoami").expect(401);
        pair.twin.get(&at).expect(200);
        calls += 4;
    }
    println!("tenancy twins on {engine:?}: {} operations, {calls} calls", operations.len());
}

/// The same write by both, twice: each leaves the rows of the other alone, and is answered with what is its own.
fn both(
    db: &Db,
    pair: &Pair<'_>,
    operation: &Operation,
    world: &World<'_>,
    said: &Said,
) -> ([Answer; 2], [Answer; 2]) {
    let twins = world.in_words_of("Twin");
    let by = |caller: &Caller<'_>, world: &World<'_>, other: &str| {
        let kept = rows::of(db, other);
        let answer = call(caller, operation, world, said);
        assert_eq!(answer.status, operation.good, "{}: {:#}", operation.id, answer.json);
        assert_eq!(answer.header("idempotent-replayed"), "", "{}: another's answer", operation.id);
        // What is there already is the caller's own.
        let again = call(caller, operation, world, &Said { key: None, ..said.clone() });
        let (is_new, id) = found(&again);
        assert!(is_new || id == found(&answer).1, "{}: another's", operation.id);
        rows::same(&kept, &rows::of(db, other));
        [answer, again]
    };
    (by(&pair.acme, world, "twin"), by(&pair.twin, &twins, "acme"))
}

/// Whether the call has made something, and what the answer is about; of many, the first.
fn found(answer: &Answer) -> (bool, Value) {
    let lines = answer.json.as_str().and_then(|lines| serde_json::from_str(lines.lines().next()?).ok());
    let one = lines.unwrap_or_else(|| match &answer.json["items"][0] {
        Value::Null => answer.json.clone(),
        first => first.clone(),
    });
    let is_old = answer.header("idempotent-replayed") == "true"
        || ["replayed", "unchanged"].iter().any(|outcome| one["outcome"] == *outcome);
    (!is_old, one["id"].clone())
}

/// Makes what the call will need.
fn prepare(operation: &Operation, world: &World<'_>) {
    for position in &operation.positions {
        if let Word::Is(kind) = position.word {
            world.get(kind);
        }
    }
}

/// New things are called the same by both.
fn fixed(operation: &Operation, world: &World<'_>) -> Said {
    let gives =
        operation.positions.iter().enumerate().filter_map(|(index, position)| match position.word {
            Word::Gives(kind) if operation.method == "POST" => Some((index, world.fresh(kind))),
            _ => None,
        });
    Said::with(gives.collect())
}
