//! Tokens that are not ours, or not good any more, are refused alike.
use crate::support::{Engine, Service};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use rstest::rstest;
use serde_json::{Value, json};
use tasuke::auth::{self, Grant, Issuer};
use tasuke::caller::Scope;
use tasuke::tenants::Rotation;

fn grant() -> Grant {
    Grant {
        tenant: "acme".into(),
        subject: "tester".into(),
        scopes: vec![Scope::ClientsRead],
        client: None,
        lifetime: TimeDelta::minutes(5),
    }
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// `token` with another header; the signature stays that of the old one.
fn with_header(token: &str, header: &Value) -> String {
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", encode(header))
}

fn with_claim(token: &str, name: &str, value: Value) -> String {
    let parts: Vec<_> = token.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    claims[name] = value;
    format!("{}.{}.{}", parts[0], encode(&claims), parts[2])
}

#[rstest]
fn a_token_that_is_not_quite_ours_is_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let issuer = Issuer::open(&service.db, "tasuke", "tasuke", Utc::now()).unwrap();
    let good = issuer.issue(&grant(), Utc::now()).unwrap();
    service.with_authorization(&format!("Bearer {good}")).get("/v1/clients").expect(200);
    service.with_authorization(&format!("bearer {good}")).get("/v1/clients").expect(200);

    let head: Value = {
        let encoded = good.split('.').next().unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap()
    };
    let head_with = |name: &str, value: Value| {
        let mut head = head.clone();
        head[name] = value;
        with_header(&good, &head)
    };
    let from = |name: &str, audience: &str| Issuer::open(&service.db, name, audience, Utc::now()).unwrap();
    let elsewhere = Service::start(engine);
    let foreign_key = Issuer::open(&elsewhere.db, "tasuke", "tasuke", Utc::now()).unwrap();
    let long_ago = Utc::now() - TimeDelta::hours(1);
    let unsigned = {
        let (rest, _) = good.rsplit_once('.').unwrap();
        let (_, claims) = rest.split_once('.').unwrap();
        format!("{}.{claims}.", encode(&json!({"alg": "none", "typ": "at+jwt", "kid": head["kid"]})))
    };
    for (what, token) in [
        ("empty", String::new()),
        ("nonsense", "a.b.c".into()),
        ("too long", format!("{good}{}", "x".repeat(5000))),
        ("unsigned", unsigned),
        ("expired", issuer.issue(&grant(), long_ago).unwrap()),
        ("another key", foreign_key.issue(&grant(), Utc::now()).unwrap()),
        ("another issuer", from("other", "tasuke").issue(&grant(), Utc::now()).unwrap()),
        ("another audience", from("tasuke", "other").issue(&grant(), Utc::now()).unwrap()),
        ("another tenant", with_claim(&good, "tenant", json!("rival"))),
        ("more scopes", with_claim(&good, "scope", json!("admin"))),
        ("HS256", head_with("alg", json!("HS256"))),
        ("ID token", head_with("typ", json!("JWT"))),
        ("unknown key id", head_with("kid", json!("x"))),
        ("crit", head_with("crit", json!(["exp"]))),
        ("jku", head_with("jku", json!("http://127.0.0.1:1/jwks"))),
        ("jwk", head_with("jwk", json!({"kty": "OKP"}))),
    ] {
        let refused = service.with_authorization(&format!("Bearer {token}")).get("/v1/clients").expect(401);
        assert_eq!(refused.text("/code"), "unauthenticated", "{what}");
        assert_eq!(refused.json["detail"], Value::Null, "{what}");
        assert_eq!(refused.header("www-authenticate"), "Bearer", "{what}");
    }
    for authorization in [format!("Basic {good}"), good.clone(), "Bearer".into()] {
        service.with_authorization(&authorization).get("/v1/clients").expect(401);
    }
}

#[rstest]
fn a_missing_scope_is_named(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    service.caller("acme", &[], None).get("/v1/clients").expect(403);
    let refused = service.caller("acme", &[Scope::ClientsWrite], None).get("/v1/clients").expect(403);
    assert!(refused.header("www-authenticate").contains("scope=\"clients:read\""));
    assert!(refused.text("/detail").contains("clients:read"));
}

#[rstest]
fn the_key_of_the_issuer_outlives_a_restart(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let again = Issuer::open(&service.db, "tasuke", "tasuke", Utc::now()).unwrap();
    let token = again.issue(&grant(), Utc::now()).unwrap();
    service.with_authorization(&format!("Bearer {token}")).get("/v1/clients").expect(200);
}

/// A token whose signature was found good is remembered, but not for longer than it is good.
#[rstest]
fn a_token_that_was_used_ends_with_its_time_and_with_its_key(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let now = Utc::now();
    let open = || Issuer::open(&service.db, "tasuke", "tasuke", now).unwrap();
    let system = actix_web::rt::System::new();
    let good = |issuer: &Issuer, token: &str, at: DateTime<Utc>| {
        system.block_on(issuer.check(&service.db, token, at)).is_some()
    };
    let issuer = open();
    let token = issuer.issue(&grant(), now).unwrap();
    // Clocks may differ by five seconds.
    let (last, over) = (now + TimeDelta::seconds(300 + 4), now + TimeDelta::seconds(300 + 6));
    for at in [now, now, last] {
        assert!(good(&issuer, &token, at), "{at}");
    }
    assert!(!good(&issuer, &token, over));

    // A key that another follows goes on checking for a while, and then no more.
    let long = issuer.issue(&Grant { lifetime: TimeDelta::days(30), ..grant() }, now).unwrap();
    let next = auth::rotate(&service.db, Rotation::Planned, now).unwrap().unwrap();
    let issuer = open();
    let later = next.signs_from + TimeDelta::days(2);
    let published = |at| system.block_on(issuer.published(&service.db, at)).len();
    assert_eq!((published(now), published(later)), (2, 1));
    assert!(good(&issuer, &long, now) && good(&issuer, &long, next.signs_from));
    assert!(!good(&issuer, &long, later));
}
