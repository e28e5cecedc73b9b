//! Every limit just below it, at it, and just above it.
use crate::support::{Caller, Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};
use ureq::http::Method;

/// The status for each length.
fn statuses(lengths: [usize; 3], ask: impl Fn(usize) -> u16) -> [u16; 3] {
    lengths.map(ask)
}

#[rstest]
fn a_url_may_be_as_long_as_the_limit(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::with(engine, |limits| limits.max_uri_bytes = 200);
    let ask = |length: usize| {
        let path =
            format!("/v1/clients?external_id={}", "x".repeat(length - "/v1/clients?external_id=".len()));
        service.tenant("acme").get(&path).status
    };
    assert_eq!(statuses([199, 200, 201], ask), [200, 200, 414]);
}

#[rstest]
fn headers_may_be_as_long_as_the_limit(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    // What the client sends by itself is counted too: find it out with a request that is let through.
    let length = |caller: &Caller<'_>, padding: usize| {
        let value = "x".repeat(padding);
        caller.send(&Method::GET, "/v1/guidelines", &[("x-padding", &value)], None).status
    };
    let service = Service::with(engine, |limits| limits.max_header_bytes = 1000);
    let caller = service.anonymous();
    let most = (1..1000).rev().find(|padding| length(&caller, *padding) == 200).unwrap();
    assert_eq!(statuses([most - 1, most, most + 1], |n| length(&caller, n)), [200, 200, 431]);
    // The limit is of bytes, so a byte more of limit is a byte more of header.
    let wider = Service::with(engine, |limits| limits.max_header_bytes = 1001);
    let caller = wider.anonymous();
    assert_eq!(statuses([most, most + 1, most + 2], |n| length(&caller, n)), [200, 200, 431]);
}

#[rstest]
fn a_body_may_be_nested_as_deep_as_the_limit(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::with(engine, |limits| limits.max_json_depth = 6);
    let acme = service.tenant("acme");
    let nested = |depth: usize| {
        let mut value: Value = json!(1);
        for _ in 1..depth {
            value = json!([value]);
        }
        json!({ "name": value })
    };
    let ask = |depth: usize| acme.post("/v1/clients", &nested(depth)).status;
    // Read, and refused for its type; then not read at all.
    assert_eq!(statuses([5, 6, 7], ask), [422, 422, 400]);
    assert_eq!(acme.post("/v1/clients", &nested(7)).text("/code"), "malformed-body");
}

/// With a feature of the JSON library that nobody is to turn on, text within text is read, as deep as it likes.
#[rstest]
fn a_name_that_the_json_library_keeps_for_itself_is_one_that_nobody_knows(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    for name in ["$serde_json::private::RawValue", "$serde_json::private::Number"] {
        let told = |body: &Value| {
            let refused = acme.post("/v1/clients", body).expect(422);
            let errors = refused.json["errors"].as_array().unwrap().clone();
            errors
                .iter()
                .any(|e| e["code"] == "unknown-field" && e["pointer"].as_str().unwrap().ends_with(name))
        };
        assert!(
            told(&json!({name: r#"{"name": "A"}"#})) && told(&json!({"name": "A", name: "1"})),
            "{name}"
        );
    }
}

#[rstest]
fn a_tenant_may_ask_as_often_as_its_burst(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::with(engine, |limits| {
        limits.tenant_rate = 1;
        limits.tenant_burst = 5;
    });
    let acme = service.tenant("acme");
    let answers: Vec<_> = (0..8).map(|_| acme.get("/v1/clients")).collect();
    assert_eq!(answers[0].header("ratelimit-policy"), "\"tenant\";q=5;w=5");
    assert_eq!(answers[0].header("ratelimit"), "\"tenant\";r=4;t=1");
    assert!(answers[..5].iter().all(|answer| answer.status == 200));
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!(refused.text("/code"), "rate-limited");
    assert_eq!(refused.header("ratelimit-policy"), "\"tenant\";q=5;w=5");
    assert!(refused.header("ratelimit").starts_with("\"tenant\";r=0;t="));
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    // Another tenant has its own.
    service.tenant("rival").get("/v1/clients").expect(200);
}

#[rstest]
fn a_token_that_is_good_no_more_takes_nothing_from_its_tenant(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::with(engine, |limits| {
        limits.tenant_rate = 1;
        limits.tenant_burst = 8;
    });
    let acme = service.tenant("acme");
    let body = json!({"name": "portal", "scopes": ["clients:read"]});
    let account = acme.post("/v1/service-accounts", &body).expect(201);
    let path = account.header("location").to_owned();
    let secret = acme.post(&format!("{path}/secrets"), &json!({})).expect(201);
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", account.text("/oauth_client_id")),
        ("client_secret", secret.text("/secret")),
    ];
    let token = service.anonymous().form("/oauth2/token", &fields).expect(200);
    let portal = service.bearer(token.text("/access_token"));
    portal.get("/v1/clients").expect(200);
    acme.delete(&path, "*").expect(204);
    for _ in 0..20 {
        // Nor does it hear how much the tenant may still ask.
        let refused = portal.get("/v1/clients").expect(401);
        assert!(refused.header("ratelimit").starts_with("\"address\""), "{:?}", refused.headers);
    }
    acme.get("/v1/clients").expect(200);
}

#[rstest]
fn an_address_may_ask_as_often_as_its_burst_but_for_the_probes(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::with(engine, |limits| {
        limits.address_rate = 1;
        limits.address_burst = 5;
        limits.trusted_proxies = 1;
    });
    let from = |address: &str| {
        let headers = [("x-forwarded-for", address)];
        service.anonymous().send(&Method::GET, "/v1/guidelines", &headers, None).status
    };
    let answers: Vec<u16> = (0..8).map(|_| from("203.0.113.7")).collect();
    assert!(answers[..5].iter().all(|status| *status == 200) && answers.contains(&429), "{answers:?}");
    // The address that the trusted proxy saw counts, not what its client says of itself.
    assert_eq!(from("198.51.100.1, 203.0.113.7"), 429);
    assert_eq!(from("203.0.113.7, 198.51.100.1"), 200);
    for _ in 0..10 {
        service.anonymous().get("/livez").expect(200);
    }
}

#[rstest]
fn nobody_can_hide_behind_a_header_that_is_not_trusted(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::with(engine, |limits| {
        limits.address_rate = 1;
        limits.address_burst = 5;
    });
    let statuses: Vec<u16> = (0..12)
        .map(|n| {
            let headers = [("x-forwarded-for", &*format!("203.0.113.{n}"))];
            service.anonymous().send(&Method::GET, "/v1/guidelines", &headers, None).status
        })
        .collect();
    assert!(statuses.contains(&429), "{statuses:?}");
}
