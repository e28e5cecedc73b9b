//! The token endpoint, in the words of OAuth, and what others read to check our tokens.
use crate::support::{Answer, Engine, Service};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use rstest::rstest;
use serde_json::{Value, json};
use tasuke::auth::{self, Grant, Issuer};
use tasuke::caller::Scope;
use tasuke::problem::catalogue;
use tasuke::tenants::Rotation;
use ureq::http::Method;

const TOKEN: &str = "/oauth2/token";
const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// An account with a secret: its `client_id`, and the secret.
fn account(service: &Service, more: &Value) -> (String, String) {
    let acme = service.tenant("acme");
    let mut body = json!({"name": "portal", "scopes": ["clients:read", "assessments:read"]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = acme.post("/v1/service-accounts", &body).expect(201);
    let secrets = format!("{}/secrets", made.header("location"));
    let secret = acme.post(&secrets, &json!({})).expect(201);
    (made.text("/oauth_client_id").to_owned(), secret.text("/secret").to_owned())
}

#[rstest]
fn a_token_is_got_by_either_way_of_showing_the_secret(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let (id, secret) = account(&service, &json!({}));
    let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let by_header = service.with_authorization(&basic).form(TOKEN, &[GRANT]).expect(200);
    let fields =
        [GRANT, ("client_id", &*id), ("client_secret", &*secret), ("unknown", "ignored"), ("scope", "")];
    let by_body = service.anonymous().form(TOKEN, &fields).expect(200);
    for answer in [&by_header, &by_body] {
        assert_eq!(answer.json["token_type"], "Bearer");
        assert_eq!(answer.json["expires_in"], 900);
        assert_eq!(answer.json["scope"], "clients:read assessments:read");
        assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
        service.bearer(answer.text("/access_token")).get("/v1/clients").expect(200);
    }
    // Less when asked for, and for one client only.
    let client = service.tenant("acme").post("/v1/clients", &json!({"name": "A"})).expect(201);
    service.tenant("acme").post("/v1/clients", &json!({"name": "B"})).expect(201);
    let fields = [GRANT, ("scope", "clients:read"), ("only_client", client.text("/id"))];
    let narrow = service.with_authorization(&basic).form(TOKEN, &fields).expect(200);
    assert_eq!(narrow.json["scope"], "clients:read");
    let caller = service.bearer(narrow.text("/access_token"));
    assert_eq!(caller.get("/v1/clients").expect(200).json["items"].as_array().unwrap().len(), 1);
    assert_eq!(caller.get("/v1/whoami").expect(200).json["client_id"], client.json["id"]);
    caller.get("/v1/assessments").expect(403);
}

#[rstest]
fn what_is_refused_is_told_as_oauth_has_it(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let (id, secret) = account(&service, &json!({}));
    let wrong = format!("tsk_sa_{}", "0".repeat(72));
    let nul = format!("{id}\0");
    let (by_id, by_secret) = (("client_id", &*id), ("client_secret", &*secret));
    let refused = |answer: Answer| {
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.status == 401, !answer.header("www-authenticate").is_empty());
        let row = format!("| {} | `{}` |", answer.status, answer.text("/error"));
        assert!(catalogue().contains(&row), "docs/errors.md does not have {row}");
        (answer.status, answer.text("/error").to_owned())
    };
    let all = [GRANT, by_id, by_secret];
    for (what, fields, status, error) in [
        ("nothing", vec![], 400, "invalid_request"),
        ("no proof", vec![GRANT], 401, "invalid_client"),
        (
            "another grant",
            vec![("grant_type", "password"), by_id, by_secret],
            400,
            "unsupported_grant_type",
        ),
        ("no client", vec![GRANT, by_secret], 400, "invalid_request"),
        (
            "twice",
            [&all[..], &[("scope", "clients:read"), ("scope", "admin")]].concat(),
            400,
            "invalid_request",
        ),
        ("another secret", vec![GRANT, by_id, ("client_secret", &wrong)], 401, "invalid_client"),
        ("no secret of ours", vec![GRANT, by_id, ("client_secret", "hunter2")], 401, "invalid_client"),
        ("another client", vec![GRANT, ("client_id", "acme.x"), by_secret], 401, "invalid_client"),
        ("another tenant", vec![GRANT, ("client_id", "rival.x"), by_secret], 401, "invalid_client"),
        ("no name", vec![GRANT, ("client_id", "x"), by_secret], 401, "invalid_client"),
        // What PostgreSQL cannot take stands before the secret: nobody has to know one to send it.
        ("U+0000 in the tenant", vec![GRANT, ("client_id", "a\0.b"), by_secret], 401, "invalid_client"),
        ("U+0000 in the account", vec![GRANT, ("client_id", &nul), by_secret], 401, "invalid_client"),
        ("more scopes", [&all[..], &[("scope", "clients:read admin")]].concat(), 400, "invalid_scope"),
        ("unknown scopes", [&all[..], &[("scope", "everything")]].concat(), 400, "invalid_scope"),
        ("no uuid", [&all[..], &[("only_client", "x")]].concat(), 400, "invalid_request"),
        ("two ways", [&all[..], &[("client_assertion", "a.b.c")]].concat(), 400, "invalid_request"),
        ("no type", vec![GRANT, by_id, ("client_assertion", "a.b.c")], 400, "invalid_request"),
    ] {
        let told = refused(service.anonymous().form(TOKEN, &fields));
        assert_eq!(told, (status, error.to_owned()), "{what}");
    }
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    for header in [
        basic(&format!("{id}:{wrong}")),
        basic(&id),
        basic(&format!("a\0.b:{secret}")),
        basic(&format!("a%00.b:{secret}")),
        basic(&format!("{id}%00:{secret}")),
        basic(&format!("{id}:{secret}&v=x")),
        "Basic ???".to_owned(),
        format!("Bearer {secret}"),
    ] {
        let told = refused(service.with_authorization(&header).form(TOKEN, &[GRANT]));
        assert_eq!(told, (401, "invalid_client".to_owned()), "{header}");
    }
    let header = basic(&format!("{id}:{secret}"));
    let two = service.with_authorization(&header).form(TOKEN, &[GRANT, by_id, by_secret]);
    assert_eq!(refused(two), (400, "invalid_request".to_owned()));
    service.with_authorization(&header).form(TOKEN, &[GRANT, by_id]).expect(200);
    // A name of another tenant, in front of an id that is there.
    let stolen = id.replacen("acme", "rival", 1);
    let told = refused(service.anonymous().form(TOKEN, &[GRANT, ("client_id", &stolen), by_secret]));
    assert_eq!(told, (401, "invalid_client".to_owned()));
    // The body is a form, of a sane size.
    let json = [("content-type", "application/json")];
    let told = refused(service.anonymous().send(&Method::POST, TOKEN, &json, Some(b"{}")));
    assert_eq!(told, (400, "invalid_request".to_owned()));
    let packed = [("content-type", "application/x-www-form-urlencoded"), ("content-encoding", "gzip")];
    let told = refused(service.anonymous().send(&Method::POST, TOKEN, &packed, Some(b"grant_type=x")));
    assert_eq!(told, (400, "invalid_request".to_owned()));
    let long = "x".repeat(40_000);
    service.anonymous().form(TOKEN, &[GRANT, ("client_assertion", &long)]).expect(413);
}

#[rstest]
fn others_find_the_endpoint_and_check_our_tokens(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let metadata = service.anonymous().get("/.well-known/oauth-authorization-server").expect(200).json;
    assert_eq!(metadata["token_endpoint"], format!("http://{}/oauth2/token", service.address));
    assert_eq!(metadata["jwks_uri"], format!("http://{}/.well-known/jwks.json", service.address));
    let keys = service.anonymous().get("/.well-known/jwks.json").expect(200);
    assert_eq!(keys.header("cache-control"), "public, max-age=300");
    let key = &keys.json["keys"][0];
    assert!(key.get("d").is_none());
    let (id, secret) = account(&service, &json!({}));
    let fields = [GRANT, ("client_id", &*id), ("client_secret", &*secret)];
    let token = service.anonymous().form(TOKEN, &fields).expect(200).text("/access_token").to_owned();
    let head = jsonwebtoken::decode_header(&token).unwrap();
    assert_eq!((head.typ.as_deref(), head.kid.as_deref()), (Some("at+jwt"), key["kid"].as_str()));
    let public = DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["tasuke"]);
    let claims = jsonwebtoken::decode::<Value>(&token, &public, &validation).unwrap().claims;
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(id), &json!(id)));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
}

fn of_operator() -> Grant {
    Grant {
        tenant: "acme".into(),
        subject: "tester".into(),
        scopes: vec![Scope::ClientsRead],
        client: None,
        lifetime: chrono::TimeDelta::minutes(5),
    }
}

#[rstest]
fn a_key_follows_another_without_a_gap(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let open = || Issuer::open(&service.db, "tasuke", "tasuke", Utc::now()).unwrap();
    let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let now = Utc::now();
    let before = open().issue(&of_operator(), now).unwrap();
    let next = auth::rotate(&service.db, Rotation::Planned, now).unwrap().unwrap();
    // It is published and does not sign; then it does, and the old one goes on checking.
    let issuer = open();
    assert_eq!(kid(&issuer.issue(&of_operator(), now).unwrap()), kid(&before));
    let later = issuer.issue(&of_operator(), next.signs_from).unwrap();
    assert_eq!(kid(&later), next.kid);
    let published = |issuer: &Issuer| {
        let read = actix_web::rt::System::new().block_on(issuer.published(&service.db, now));
        serde_json::to_value(read).unwrap().as_array().unwrap().len()
    };
    assert_eq!(published(&issuer), 2);
    let checks = |issuer: &Issuer, token: &str| {
        actix_web::rt::System::new().block_on(issuer.check(&service.db, token, now)).is_some()
    };
    assert!(checks(&issuer, &before));
    assert!(auth::rotate(&service.db, Rotation::Planned, now).unwrap().is_err(), "one at a time");
    // At once, every other key is gone, and the tokens with them.
    auth::rotate(&service.db, Rotation::AtOnce, now).unwrap().unwrap();
    let issuer = open();
    assert_eq!(published(&issuer), 1);
    assert!(!checks(&issuer, &before) && !checks(&issuer, &later));
    assert!(checks(&issuer, &issuer.issue(&of_operator(), now).unwrap()));
}
