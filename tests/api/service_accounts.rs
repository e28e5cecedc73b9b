//! Machines that call for a provider: made, rotated, narrowed, revoked.
use crate::support::{Answer, Caller, Engine, Service};
use chrono::{TimeDelta, Utc};
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::Text;
use rstest::rstest;
use serde_json::{Value, json};
use tasuke::caller::Scope;
use ureq::http::Method;

const ACCOUNTS: &str = "/v1/service-accounts";

fn made(by: &Caller<'_>, body: &Value) -> Answer {
    by.post(ACCOUNTS, body).expect(201)
}

fn path(account: &Answer) -> String {
    format!("{ACCOUNTS}/{}", account.text("/id"))
}

/// A new secret, and the id under which it can be taken away.
fn secret(by: &Caller<'_>, account: &Answer, body: &Value) -> (String, String) {
    let made = by.post(&format!("{}/secrets", path(account)), body).expect(201);
    (made.text("/secret").to_owned(), made.text("/id").to_owned())
}

fn ask(service: &Service, account: &Answer, secret: &str) -> Answer {
    let client_id = account.text("/oauth_client_id");
    let fields =
        [("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", secret)];
    service.anonymous().form("/oauth2/token", &fields)
}

fn token(service: &Service, account: &Answer, secret: &str) -> String {
    ask(service, account, secret).expect(200).text("/access_token").to_owned()
}

#[rstest]
fn an_account_lives_and_is_revoked(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let account = made(&acme, &json!({"name": "portal", "scopes": ["clients:read", "clients:write"]}));
    assert_eq!(account.header("location"), path(&account));
    assert_eq!(
        acme.post(ACCOUNTS, &json!({"name": "portal", "scopes": ["admin"]})).expect(409).text("/code"),
        "duplicate"
    );
    let (first, first_id) = secret(&acme, &account, &json!({}));
    assert!(first.starts_with("tsk_sa_") && first.len() == 79, "{first}");
    let old = token(&service, &account, &first);
    let who = service.bearer(&old).get("/v1/whoami").expect(200);
    assert_eq!(who.json["scopes"], json!(["clients:read", "clients:write"]));
    assert_eq!(who.json["service_account_id"], account.json["id"]);
    assert_eq!(who.text("/subject"), account.text("/oauth_client_id"));

    // With an overlap both secrets are good; with none only the last one.
    let (second, _) = secret(&acme, &account, &json!({}));
    token(&service, &account, &first);
    token(&service, &account, &second);
    let (third, _) = secret(&acme, &account, &json!({"overlap_seconds": 0}));
    for gone in [&first, &second] {
        assert_eq!(ask(&service, &account, gone).expect(401).json["error"], "invalid_client");
    }
    // What was got with a secret that was taken away is good no more.
    service.bearer(&old).get("/v1/clients").expect(401);
    let now = token(&service, &account, &third);
    service.bearer(&now).get("/v1/clients").expect(200);
    let shown = acme.get(&path(&account)).expect(200);
    let third_id = shown.text("/secrets/0/id").to_owned();
    assert_ne!(third_id, first_id);
    acme.delete(&format!("{}/secrets/{third_id}", path(&account)), "\"stale\"").expect(412);
    acme.delete(&format!("{}/secrets/{third_id}", path(&account)), shown.header("etag")).expect(204);
    acme.delete(&format!("{}/secrets/{third_id}", path(&account)), "*").expect(404);
    service.bearer(&now).get("/v1/clients").expect(401);
    ask(&service, &account, &third).expect(401);

    // Disabled and back, less, and gone: each from the next call on.
    let (fourth, _) = secret(&acme, &account, &json!({}));
    let token = token(&service, &account, &fourth);
    let caller = service.bearer(&token);
    let change = |patch: &Value| {
        let tag = acme.get(&path(&account)).header("etag").to_owned();
        acme.patch(&path(&account), &tag, patch).expect(200)
    };
    change(&json!({"disabled": true}));
    caller.get("/v1/clients").expect(401);
    ask(&service, &account, &fourth).expect(401);
    change(&json!({"disabled": null}));
    caller.get("/v1/clients").expect(200);
    change(&json!({"scopes": ["clients:read"]}));
    assert_eq!(caller.get("/v1/whoami").expect(200).json["scopes"], json!(["clients:read"]));
    caller.post("/v1/clients", &json!({"name": "A"})).expect(403);
    let tag = acme.get(&path(&account)).header("etag").to_owned();
    acme.send(&Method::DELETE, &path(&account), &[], None).expect(428);
    acme.delete(&path(&account), &tag).expect(204);
    caller.get("/v1/clients").expect(401);
    // Whatever else is wrong with the call.
    caller.post("/v1/clients", &json!({"x": 1})).expect(401);
    ask(&service, &account, &fourth).expect(401);
    assert_eq!(acme.get(ACCOUNTS).expect(200).json["items"], json!([]));
}

#[rstest]
fn an_account_is_as_narrow_as_it_was_made(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::with(engine, |limits| limits.trusted_proxies = 1);
    let acme = service.tenant("acme");
    let client = |name: &str| acme.post("/v1/clients", &json!({"name": name})).expect(201);
    let (mine, other) = (client("A"), client("B"));
    let body = json!({"name": "site", "scopes": ["clients:read", "clients:write"], "client_id": mine.json["id"],
        "allowed_addresses": ["203.0.113.0/24", "2001:db8::/32"]});
    let account = made(&acme, &body);
    let (secret, _) = secret(&acme, &account, &json!({}));
    let client_id = account.text("/oauth_client_id").to_owned();
    let form = format!("grant_type=client_credentials&client_id={client_id}&client_secret={secret}");
    let ask = |address: &str, more: &str| {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-forwarded-for", address)];
        let body = format!("{form}{more}");
        service.anonymous().send(&Method::POST, "/oauth2/token", &headers, Some(body.as_bytes()))
    };
    ask("198.51.100.7", "").expect(401);
    let token = ask("203.0.113.7", "").expect(200).text("/access_token").to_owned();
    let caller = service.bearer(&token);
    let from =
        |address: &str, path: &str| caller.send(&Method::GET, path, &[("x-forwarded-for", address)], None);
    let one = format!("/v1/clients/{}", mine.text("/id"));
    from("203.0.113.7", &one).expect(200);
    from("2001:db8:9::1", &one).expect(200);
    from("198.51.100.7", &one).expect(401);
    // What the caller says of itself before its proxy does not count.
    from("203.0.113.7, 198.51.100.7", &one).expect(401);
    from("203.0.113.7", &format!("/v1/clients/{}", other.text("/id"))).expect(404);
    assert_eq!(from("203.0.113.7", "/v1/clients").expect(200).json["items"].as_array().unwrap().len(), 1);
    let asked = format!("&only_client={}", other.text("/id"));
    assert_eq!(ask("203.0.113.7", &asked).expect(400).json["error"], "invalid_scope");
    ask("203.0.113.7", &format!("&only_client={}", mine.text("/id").to_uppercase())).expect(200);
    // A wider account is narrowed for its tokens from the next call on, and goes with its client.
    let tag = acme.get(&one).header("etag").to_owned();
    acme.delete(&one, &tag).expect(200);
    from("203.0.113.7", &one).expect(401);
    acme.get(&path(&account)).expect(404);
}

#[rstest]
fn an_account_cannot_widen_itself(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let soon = (Utc::now() + TimeDelta::days(9)).to_rfc3339();
    let later = (Utc::now() + TimeDelta::days(10)).to_rfc3339();
    let own = json!({"name": "self", "scopes": ["admin", "clients:read"], "expires_at": soon,
        "allowed_addresses": ["127.0.0.0/8"]});
    let own = made(&acme, &own);
    let wide = made(&acme, &json!({"name": "wide", "scopes": ["clients:write"]}));
    let (own_secret, _) = secret(&acme, &own, &json!({}));
    let token = token(&service, &own, &own_secret);
    let robot = service.bearer(&token);
    // A token with fewer scopes than the account gives no more than the token has.
    let narrow = {
        let fields = [
            ("grant_type", "client_credentials"),
            ("scope", "admin"),
            ("client_id", own.text("/oauth_client_id")),
            ("client_secret", &own_secret),
        ];
        service.anonymous().form("/oauth2/token", &fields).expect(200).text("/access_token").to_owned()
    };
    let body = json!({"name": "x", "scopes": ["clients:read"], "expires_at": soon, "allowed_addresses": ["127.0.0.1"]});
    let refused = service.bearer(&narrow).post(ACCOUNTS, &body).expect(422);
    assert_eq!(refused.faults(), ["/scopes/0 beyond-caller"]);

    let all = json!({"name": "x", "scopes": ["admin", "clients:write"]});
    assert_eq!(
        robot.post(ACCOUNTS, &all).expect(422).faults(),
        ["/scopes/1 beyond-caller", "/expires_at beyond-caller", "/allowed_addresses beyond-caller"]
    );
    let tag = |account: &Answer| acme.get(&path(account)).header("etag").to_owned();
    for (patch, fault) in [
        (json!({"scopes": ["admin", "clients:read", "incidents:read"]}), "/scopes/2 beyond-caller"),
        (json!({"expires_at": null}), "/expires_at beyond-caller"),
        (json!({"expires_at": later}), "/expires_at beyond-caller"),
        (json!({"allowed_addresses": null}), "/allowed_addresses beyond-caller"),
        (json!({"allowed_addresses": ["127.0.0.0/8", "10.0.0.1"]}), "/allowed_addresses/1 beyond-caller"),
    ] {
        assert_eq!(robot.patch(&path(&own), &tag(&own), &patch).expect(422).faults(), [fault], "{patch}");
    }
    // Nor by way of an account that reaches further: not its secret, not its keys.
    robot.post(&format!("{}/secrets", path(&wide)), &json!({})).expect(403);
    let keys = json!({"public_keys": [{"kid": "k", "kty": "OKP", "crv": "Ed25519",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]});
    robot.patch(&path(&wide), &tag(&wide), &keys).expect(422);
    // Taking away is not widening; letting it call again is, for whoever has a secret of it.
    acme.patch(&path(&wide), &tag(&wide), &keys).expect(200);
    robot.patch(&path(&wide), &tag(&wide), &json!({"public_keys": []})).expect(200);
    robot.patch(&path(&wide), &tag(&wide), &json!({"disabled": true})).expect(200);
    for again in [json!({"disabled": false}), json!({"disabled": null})] {
        assert_eq!(
            robot.patch(&path(&wide), &tag(&wide), &again).expect(422).faults(),
            ["/scopes/0 beyond-caller", "/expires_at beyond-caller", "/allowed_addresses beyond-caller"]
        );
    }
    robot.patch(&path(&wide), &tag(&wide), &json!({"name": "still disabled"})).expect(200);
    let mate = json!({"name": "mate", "scopes": ["admin"], "expires_at": soon,
        "allowed_addresses": ["127.0.0.1"], "disabled": true});
    let mate = made(&robot, &mate);
    robot.patch(&path(&mate), &tag(&mate), &json!({"disabled": false})).expect(200);
    robot.delete(&path(&wide), &tag(&wide)).expect(204);
    robot.post(&format!("{}/secrets", path(&own)), &json!({})).expect(201);
    // A token of one client, and one without the scope, have nothing to do here.
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    service.caller("acme", Scope::ALL, Some(client.text("/id"))).get(ACCOUNTS).expect(403);
    service.caller("acme", &[Scope::ClientsWrite], None).get(ACCOUNTS).expect(403);
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    text: String,
}

#[rstest]
fn a_secret_is_told_once_and_kept_nowhere(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let account = made(&acme, &json!({"name": "portal", "scopes": ["clients:read"]}));
    let headers = [("content-type", "application/json"), ("idempotency-key", "one")];
    let secrets = format!("{}/secrets", path(&account));
    let post = || acme.send(&Method::POST, &secrets, &headers, Some(b"{}")).expect(201);
    let (first, again) = (post(), post());
    let secret = first.text("/secret").to_owned();
    assert_eq!(first.header("cache-control"), "no-store");
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!((&again.json["secret"], &again.json["id"]), (&Value::Null, &first.json["id"]));
    // The same key for another account is another call.
    let other = made(&acme, &json!({"name": "other", "scopes": ["clients:read"]}));
    let path = format!("{}/secrets", self::path(&other));
    let another = acme.send(&Method::POST, &path, &headers, Some(b"{}")).expect(201);
    assert_eq!(another.header("idempotent-replayed"), "");
    assert_ne!(another.json["id"], first.json["id"]);

    let stored: Vec<Stored> = service
        .db
        .write_now(|conn| {
            let all = "SELECT body AS text FROM idempotency_keys UNION ALL SELECT secrets AS text FROM service_accounts";
            Ok::<_, tasuke::db::StoreError>(diesel::sql_query(all).load(conn)?)
        })
        .unwrap();
    assert!(stored.len() >= 2);
    let digits = secret.rsplit('_').next().unwrap();
    assert!(stored.iter().all(|stored| !stored.text.contains(digits)));
    assert!(stored.iter().any(|stored| stored.text.contains(&tasuke::secret::digest(&secret))));
}

#[rstest]
fn what_is_wrong_with_an_account_is_told_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let body = json!({"name": "x", "scopes": ["clients:read", "everything"], "allowed_addresses": ["203.0.113.7/24"],
        "public_keys": [{"kid": "weak", "kty": "RSA", "n": "AQAB", "e": "AQAB"}]});
    assert_eq!(
        acme.post(ACCOUNTS, &body).expect(422).faults(),
        ["/scopes/1 unknown-value", "/allowed_addresses/0 pattern", "/public_keys/0 weak-key"]
    );
    let past = json!({"name": "x", "scopes": ["admin"], "expires_at": "2020-01-01T00:00:00Z"});
    assert_eq!(acme.post(ACCOUNTS, &past).expect(422).faults(), ["/expires_at past"]);
    // A private key is nothing that anybody should send.
    let private = json!({"name": "x", "scopes": ["admin"], "public_keys": [{"kid": "k", "kty": "OKP", "d": "secret"}]});
    assert_eq!(acme.post(ACCOUNTS, &private).expect(422).faults(), ["/public_keys/0/d unknown-field"]);
    let client = service.tenant("rival").post("/v1/clients", &json!({"name": "B"})).expect(201);
    for id in [client.text("/id"), "0198c0de-0000-7000-8000-000000000000"] {
        let body = json!({"name": "x", "scopes": ["admin"], "client_id": id});
        assert_eq!(acme.post(ACCOUNTS, &body).expect(422).faults(), ["/client_id unknown-client"]);
    }
    assert_eq!(acme.get(ACCOUNTS).expect(200).json["items"], json!([]));
}
