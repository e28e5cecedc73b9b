//! Calls that come together share a transaction and its statements: only those of who sees the same.
use super::words::Kind;
use super::world::World;
use crate::support::{Answer, Caller, Engine, Service, gathered};
use rstest::rstest;
use serde_json::{Value, json};
use tasuke::caller::Scope;
use ureq::http::Method;

#[rstest]
fn calls_that_come_together_are_kept_apart(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    const EACH: usize = 3;
    let service = Service::start(engine);
    let [alpha, beta, gamma] = [("acme", "Alpha"), ("acme", "Beta"), ("rival", "Gamma")]
        .map(|(tenant, label)| World::new(&service, tenant, label));
    let [a, b, c] = [&alpha, &beta, &gamma].map(|world| world.get(Kind::Client));
    // Who calls, for a client of theirs, and for one that is not there for them.
    let (narrow, other, wide, rival) =
        (alpha.narrowed(Scope::ALL), beta.narrowed(Scope::ALL), alpha.caller(), gamma.caller());
    let calls = [
        (&narrow, &a, 201),
        (&narrow, &b, 422),
        (&other, &b, 201),
        (&other, &a, 422),
        (&wide, &a, 201),
        (&wide, &c, 422),
        (&rival, &c, 201),
        (&rival, &a, 422),
    ];
    let answers = gathered(&service, engine, calls.len() * EACH, |n| {
        let (caller, client, _) = calls[n % calls.len()];
        caller
            .post("/v1/assessments", &json!({"client_id": client, "questionnaire": "ipa-basic-rules-3.1"}))
    });
    for (n, answer) in answers.into_iter().enumerate() {
        let (_, client, status) = calls[n % calls.len()];
        let answer = answer.expect(status);
        assert!(status != 201 || answer.text("/client_id") == client);
    }
    let count = |world: &World<'_>, client: &str| {
        let listed =
            world.caller().get(&format!("/v1/assessments?limit=100&client_id={client}")).expect(200);
        listed.json["items"].as_array().unwrap().len()
    };
    // The client of the first is also that of the one who sees both.
    assert_eq!([count(&alpha, &a), count(&beta, &b), count(&gamma, &c)], [2 * EACH, EACH, EACH]);
}

/// The keys of several calls are looked for in one statement: what a neighbour was answered under one of them is
/// not there, although both have said the same.
#[rstest]
fn a_key_among_others_is_not_known_to_the_neighbour(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let (acme, rival) = (service.tenant("acme"), service.tenant("rival"));
    let client = json!({"name": "KK", "external_id": "one"});
    let [ours, theirs] = [&acme, &rival].map(|caller| {
        let made = caller.post("/v1/clients", &client).expect(201);
        made.text("/id").to_owned()
    });
    let body = json!({"client_external_id": "one", "questionnaire": "ipa-basic-rules-3.1"});
    let told = keyed(&rival, 0, &body).expect(201);
    assert_eq!(told.text("/client_id"), theirs);
    let answers = gathered(&service, engine, 6, |n| keyed(&acme, n, &body));
    for answer in answers {
        let answer = answer.expect(201);
        assert_eq!((answer.text("/client_id"), answer.header("idempotent-replayed")), (&*ours, ""));
    }
    // It is one's own by now.
    let again = keyed(&acme, 0, &body).expect(201);
    assert_eq!((again.text("/client_id"), again.header("idempotent-replayed")), (&*ours, "true"));
}

fn keyed(caller: &Caller<'_>, key: usize, body: &Value) -> Answer {
    let key = format!("key-{key}");
    let headers = [("content-type", "application/json"), ("idempotency-key", &*key)];
    caller.send(&Method::POST, "/v1/assessments", &headers, Some(&serde_json::to_vec(body).unwrap()))
}
