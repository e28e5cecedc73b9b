//! Ways in which one caller could notice another that no single call shows.
use super::answers::told;
use super::calls::{Said, call};
use super::operations::operations;
use super::rows;
use super::words::{Kind, Word};
use super::world::World;
use crate::support::{Engine, Service};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rstest::rstest;
use serde_json::json;
use tasuke::caller::Scope;
use tasuke::tenants::{self, Tenancy};
use ureq::http::Method;

/// What ships is made once for everybody: nothing of the first who asked may stick to it.
#[rstest]
fn what_ships_is_paged_by_everybody_whoever_asked_first(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let first = "/v1/contacts?limit=50";
    let (acme, rival, nobody) = (service.tenant("acme"), service.tenant("rival"), service.anonymous());
    let cursors = [&acme, &nobody, &rival].map(|caller| {
        let page = caller.get(first).expect(200);
        let cursor = page.text("/next_cursor").to_owned();
        caller.get(&format!("{first}&after={cursor}")).expect(200);
        cursor
    });
    assert_ne!(cursors[0], cursors[1]);
    // Also where what the cursor leads to is kept already.
    for (caller, cursor) in [(&nobody, &cursors[0]), (&rival, &cursors[0]), (&rival, &cursors[1])] {
        caller.get(&format!("{first}&after={cursor}")).expect(400);
    }
    // A contact of one's own comes into the list between two pages.
    let text = json!({"ja": "x", "en": "x"});
    let own =
        json!({"id": "own-x", "name": text, "does": text, "channels": [{"type": "phone", "value": "1"}]});
    acme.post("/v1/contacts", &own).expect(201);
    acme.get(&format!("{first}&after={}", cursors[0])).expect(200);
}

/// Under one key, each token that sees less than another has an answer of its own.
#[rstest]
fn a_key_is_not_known_to_a_token_that_sees_less(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let mut asked = 0;
    for operation in operations(service.document()).iter().filter(|o| o.takes("Idempotency-Key")) {
        let world = World::to(&operation.id, &service, "acme", "Alpha");
        let names = |world: &World<'_>| {
            let gives = operation.positions.iter().enumerate().filter_map(|(index, p)| match p.word {
                Word::Gives(kind) => Some((index, world.fresh(kind))),
                _ => None,
            });
            Said { key: Some("key".into()), ..Said::with(gives.collect()) }
        };
        let said = names(&world);
        let wide = call(&world.caller(), operation, &world, &said);
        assert_eq!(wide.status, operation.good, "{}", operation.id);
        let again = call(&world.caller(), operation, &world, &said);
        assert_eq!(again.header("idempotent-replayed"), "true", "{}", operation.id);
        let narrowed = world.narrowed(Scope::ALL);
        let other = names(&world);
        let first = call(&narrowed, operation, &world, &other);
        assert_ne!(first.header("idempotent-replayed"), "true", "{}: {:#}", operation.id, first.json);
        assert_ne!(first.status, 422, "{} is known: {:#}", operation.id, first.json);
        // And what the narrowed token was answered, the wider one was not.
        let key = |key: &str, said: &Said| Said { key: Some(key.to_owned()), ..said.clone() };
        let (mine, theirs) = (names(&world), names(&world));
        let told_first = call(&narrowed, operation, &world, &key("other", &mine));
        let told_then = call(&world.caller(), operation, &world, &key("other", &theirs));
        assert_ne!(told_then.header("idempotent-replayed"), "true", "{}", operation.id);
        assert_ne!(told_then.status, 422, "{}: {}", operation.id, told(&told_first, &[]));
        asked += 1;
    }
    assert!(asked >= 9, "the operations were not found");
}

/// How many of something a tenant may have does not depend on how many another has.
#[rstest]
fn a_crowd_next_door_takes_no_room(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let world = World::new(&service, "acme", "Acme");
    for kind in [Kind::Response, Kind::Link, Kind::Guideline, Kind::Contact, Kind::Account] {
        world.get(kind);
    }
    let tenancy = Tenancy::new("crowd", "crowd", Utc::now()).unwrap();
    service.db.write_now(|conn: &mut _| tenants::add(conn, &tenancy)).unwrap();
    rows::copy(&service.db, ("acme", "crowd"), ("Acme", "Crowd"));
    // As many as the limits have it, of each.
    rows::multiply(&service.db, "crowd", "assessment_responses", &["id", "respondent"], 200);
    rows::multiply(&service.db, "crowd", "assessment_links", &["id", "secret"], 200);
    rows::multiply(&service.db, "crowd", "service_accounts", &["id", "name"], 500);
    rows::multiply(&service.db, "crowd", "own_guidelines", &["edition"], 200);
    rows::multiply(&service.db, "crowd", "own_contacts", &["id"], 500);
    let full = [
        "createAssessmentResponse",
        "createAssessmentLink",
        "createGuideline",
        "createContact",
        "createServiceAccount",
    ];
    for operation in full {
        let all = operations(service.document());
        let operation = all.iter().find(|o| o.id == operation).unwrap();
        let crowd = service.tenant("crowd");
        assert_eq!(
            call(&crowd, operation, &world, &Said::default()).status,
            409,
            "{}: no crowd",
            operation.id
        );
        let answer = call(&world.caller(), operation, &world, &Said::default());
        assert_eq!(answer.status, 201, "{}: {:#}", operation.id, answer.json);
    }
}

/// Nor is it known to the holder of another link, who answers the same assessment.
#[rstest]
fn a_key_is_not_known_to_the_holder_of_another_link(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let world = World::new(&service, "acme", "Alpha");
    let path = format!("/v1/assessments/{}", world.get(Kind::Assessment));
    let answer = |respondent: &str| {
        let link =
            world.caller().post(&format!("{path}/links"), &json!({"respondent": respondent})).expect(201);
        let body = serde_json::to_vec(&json!({"respondent": respondent})).unwrap();
        let headers = [("content-type", "application/json"), ("idempotency-key", "key")];
        let holder = service.bearer(link.text("/token"));
        let send =
            || holder.send(&Method::POST, &format!("{path}/responses"), &headers, Some(&body)).expect(201);
        assert_eq!(send().header("idempotent-replayed"), "");
        assert_eq!(send().header("idempotent-replayed"), "true");
    };
    answer("大阪");
    answer("東京");
}

/// What an account has signed is remembered as long as it would be good, whatever an account of another tenant signs.
#[rstest]
fn what_an_account_has_signed_is_its_own(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let pair = Ed25519KeyPair::generate().unwrap();
    let public = json!({"kid": "k", "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA",
        "x": URL_SAFE_NO_PAD.encode(pair.public_key().as_ref())});
    let body = json!({"name": "portal", "scopes": ["clients:read"], "public_keys": [public]});
    let account = service.tenant("acme").post("/v1/service-accounts", &body).expect(201);
    let tenancy = Tenancy::new("twin", "twin", Utc::now()).unwrap();
    service.db.write_now(|conn: &mut _| tenants::add(conn, &tenancy)).unwrap();
    rows::copy(&service.db, ("acme", "twin"), ("Acme", "Twin"));
    let used = "INSERT INTO used_assertions (tenant, account_id, jti, until) \
         SELECT 'twin', id, 'old', '2020-01-01 00:00:00' FROM service_accounts WHERE tenant = 'twin'";
    rows::run(&service.db, used).unwrap();
    let kept = rows::of(&service.db, "twin");
    let (id, now) = (account.text("/oauth_client_id"), Utc::now().timestamp());
    let claims =
        json!({"iss": id, "sub": id, "aud": "tasuke", "iat": now, "exp": now + 60, "jti": "assertion-1"});
    let header = Header { kid: Some("k".into()), ..Header::new(Algorithm::EdDSA) };
    let key = EncodingKey::from_ed_der(pair.to_pkcs8().unwrap().as_ref());
    let signed = jsonwebtoken::encode(&header, &claims, &key).unwrap();
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", kind),
        ("client_assertion", &*signed),
    ];
    service.anonymous().form("/oauth2/token", &fields).expect(200);
    rows::same(&kept, &rows::of(&service.db, "twin"));
}

/// A draft that was never submitted may go, whatever a draft of another tenant by the same id has been through.
#[rstest]
fn a_draft_goes_by_its_own_past(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let world = World::new(&service, "acme", "Acme");
    let path = format!("/v1/assessments/{}", world.get(Kind::Assessment));
    let tenancy = Tenancy::new("twin", "twin", Utc::now()).unwrap();
    service.db.write_now(|conn: &mut _| tenants::add(conn, &tenancy)).unwrap();
    rows::copy(&service.db, ("acme", "twin"), ("Acme", "Twin"));
    let twin = service.tenant("twin");
    twin.post(&format!("{path}/submit"), &json!({})).expect(200);
    twin.post(&format!("{path}/reopen"), &json!({"reason": "x"})).expect(200);
    twin.delete(&path, "*").expect(409);
    world.caller().delete(&path, "*").expect(204);
}
