//! Clients that sign instead of telling a secret.
use crate::support::{Answer, Engine, Service};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rstest::rstest;
use serde_json::{Value, json};
use ureq::http::Method;

const TOKEN: &str = "/oauth2/token";
const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const KIND: (&str, &str) =
    ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");

/// A key of a client, and the public part as it is registered.
fn key(kid: &str) -> (EncodingKey, Value) {
    let pair = Ed25519KeyPair::generate().unwrap();
    let public = json!({"kid": kid, "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA",
        "x": URL_SAFE_NO_PAD.encode(pair.public_key().as_ref())});
    (EncodingKey::from_ed_der(pair.to_pkcs8().unwrap().as_ref()), public)
}

/// An account of acme's with this key: its `client_id`.
fn account(service: &Service, public: &Value) -> String {
    let body = json!({"name": "portal", "scopes": ["clients:read"], "public_keys": [public]});
    service
        .tenant("acme")
        .post("/v1/service-accounts", &body)
        .expect(201)
        .text("/oauth_client_id")
        .to_owned()
}

/// What a client says that wants a token.
fn claims(id: &str) -> Value {
    let now = Utc::now().timestamp();
    json!({"iss": id, "sub": id, "aud": "tasuke", "iat": now, "exp": now + 60,
        "jti": uuid::Uuid::now_v7().to_string()})
}

fn head() -> Header {
    Header { kid: Some("k-1".into()), ..Header::new(Algorithm::EdDSA) }
}

fn signed(head: &Header, claims: &Value, key: &EncodingKey) -> String {
    jsonwebtoken::encode(head, claims, key).unwrap()
}

fn show(service: &Service, assertion: &str) -> Answer {
    service.anonymous().form(TOKEN, &[GRANT, KIND, ("client_assertion", assertion)])
}

#[rstest]
fn a_signed_assertion_is_good_once_and_for_us_alone(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let (private, public) = key("k-1");
    let id = account(&service, &public);
    let good = signed(&head(), &claims(&id), &private);
    let token = show(&service, &good).expect(200).text("/access_token").to_owned();
    service.bearer(&token).get("/v1/clients").expect(200);
    assert_eq!(show(&service, &good).expect(401).json["error"], "invalid_client", "a second time");
    let with = |name: &str, value: Value| {
        let mut claims = claims(&id);
        claims[name] = value;
        signed(&head(), &claims, &private)
    };
    show(&service, &with("aud", json!(["tasuke"]))).expect(200);
    let unnamed = Header { kid: None, ..head() };
    show(&service, &signed(&unnamed, &claims(&id), &private)).expect(200);

    let (foreign, _) = key("k-1");
    let without = |name: &str| {
        let mut claims = claims(&id);
        claims.as_object_mut().unwrap().remove(name);
        signed(&head(), &claims, &private)
    };
    let headed = |head: Header| signed(&head, &claims(&id), &private);
    let now = Utc::now().timestamp();
    // Without a name that says where we are, it is for no address, not even the one that it is sent to.
    let here = format!("http://{}/oauth2/token", service.address);
    let somebody = |name: &str| signed(&head(), &claims(name), &private);
    for (what, assertion) in [
        ("nonsense", "a.b.c".to_owned()),
        ("another key", signed(&head(), &claims(&id), &foreign)),
        ("another key's name", headed(Header { kid: Some("k-2".into()), ..head() })),
        ("another kind of token", headed(Header { typ: Some("at+jwt".into()), ..head() })),
        ("leading away", headed(Header { jku: Some("https://example.org/".into()), ..head() })),
        ("for somebody else", with("aud", json!("https://example.org"))),
        ("for others as well", with("aud", json!(["tasuke", "https://example.org"]))),
        ("for where it is sent to", with("aud", json!(here))),
        ("of somebody else", with("iss", json!("acme.x"))),
        ("of a tenant with U+0000", somebody("a\0.b")),
        ("of an account with U+0000", somebody(&format!("{id}\0"))),
        ("over", with("exp", json!(now - 60))),
        ("good for too long", with("exp", json!(now + 600))),
        ("not yet", with("nbf", json!(now + 60))),
        ("from the future", with("iat", json!(now + 60))),
        ("without a name", with("jti", json!(""))),
        ("without jti", without("jti")),
        ("without exp", without("exp")),
        ("without aud", without("aud")),
        ("without sub", without("sub")),
    ] {
        assert_eq!(show(&service, &assertion).expect(401).json["error"], "invalid_client", "{what}");
    }
}

#[rstest]
fn a_token_ends_with_the_key_that_it_was_got_with(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let (first, public) = key("k-1");
    let id = account(&service, &public);
    let acme = service.tenant("acme");
    let path = format!("/v1/service-accounts/{}", id.split_once('.').unwrap().1);
    let keys = |all: &[&Value]| {
        let tag = acme.get(&path).header("etag").to_owned();
        acme.patch(&path, &tag, &json!({"public_keys": all})).expect(200);
    };
    let token = |key: &EncodingKey| {
        let got = show(&service, &signed(&head(), &claims(&id), key)).expect(200);
        got.text("/access_token").to_owned()
    };
    let old = token(&first);
    // Another key that comes to have its name is not it.
    let (second, other) = key("k-1");
    keys(&[&other]);
    service.bearer(&old).get("/v1/clients").expect(401);
    show(&service, &signed(&head(), &claims(&id), &first)).expect(401);
    let new = token(&second);
    service.bearer(&new).get("/v1/clients").expect(200);
    // Another name for it, and another key beside it, change nothing.
    let renamed = json!({"kid": "k-0", "kty": "OKP", "crv": "Ed25519", "x": other["x"]});
    keys(&[&key("k-2").1, &renamed]);
    service.bearer(&new).get("/v1/clients").expect(200);
    keys(&[]);
    service.bearer(&new).get("/v1/clients").expect(401);
    show(&service, &signed(&head(), &claims(&id), &second)).expect(401);
    // Nor is one that has the name after a while without.
    keys(&[&key("k-1").1]);
    service.bearer(&new).get("/v1/clients").expect(401);
}

#[rstest]
fn whom_an_assertion_is_for_does_not_follow_its_sender(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let elsewhere = "http://staging.other.example/oauth2/token";
    for (issuer, audience, status) in [
        ("tasuke", "tasuke", 200),
        ("tasuke", elsewhere, 401),
        ("https://tasuke.example.org/", "https://tasuke.example.org/", 200),
        ("https://tasuke.example.org/", "https://tasuke.example.org/oauth2/token", 200),
        ("https://tasuke.example.org/", elsewhere, 401),
        ("https://tasuke.example.org/", "tasuke", 401),
    ] {
        let service = Service::named(engine, issuer);
        let (private, public) = key("k-1");
        let mut claims = claims(&account(&service, &public));
        claims["aud"] = json!(audience);
        let assertion = signed(&head(), &claims, &private);
        let body = serde_html_form::to_string([GRANT, KIND, ("client_assertion", &*assertion)]).unwrap();
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("host", "staging.other.example")];
        let answer = service.anonymous().send(&Method::POST, TOKEN, &headers, Some(body.as_bytes()));
        assert_eq!(answer.status, status, "{audience} at {issuer}: {:#}", answer.json);
    }
}
