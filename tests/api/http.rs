//! What a framework does behind one's back, put right.
use crate::support::{Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};
use ureq::http::Method;

#[rstest]
fn what_no_handler_answers_is_a_problem_too(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    for (method, path, status, code) in [
        (Method::GET, "/nowhere", 404, "not-found"),
        (Method::GET, "/v1", 404, "not-found"),
        (Method::GET, "/v1/clients/", 404, "not-found"),
        (Method::GET, "/v1/guidelines/none/editions/3.1", 404, "not-found"),
        (Method::GET, "/problems/none", 404, "not-found"),
        (Method::GET, "/v1/clients/%ff", 400, "malformed-path"),
        (Method::GET, "/v1/clients/%E9%AB", 400, "malformed-path"),
        (Method::GET, "/v1/clients/%zz", 400, "malformed-path"),
        (Method::GET, "/nowhere/%4", 400, "malformed-path"),
        (Method::GET, "/v1/clients/%E9%AB%98", 404, "not-found"),
        (Method::GET, "/v1/clients/%00", 400, "malformed-path"),
        (Method::GET, "/v1/clients/%61", 400, "malformed-path"),
        (Method::GET, "/nowhere/%2e", 400, "malformed-path"),
        (Method::GET, "/v1/clients?external_id=%00", 400, "malformed-query"),
        (Method::GET, "/v1/clients?external_id=%ff", 400, "malformed-query"),
        (Method::GET, "/v1/clients?external_id=%zz", 400, "malformed-query"),
        (Method::GET, "/v1/clients?external_id=100%", 400, "malformed-query"),
        (Method::POST, "/openapi.json", 405, "method-not-allowed"),
        (Method::PUT, "/docs/", 405, "method-not-allowed"),
        (Method::DELETE, "/docs", 405, "method-not-allowed"),
        (Method::POST, "/problems/invalid", 405, "method-not-allowed"),
    ] {
        let answer = acme.send(&method, path, &[], None).expect(status);
        assert_eq!(answer.text("/code"), code, "{method} {path}");
        assert_eq!(answer.text("/type"), format!("/problems/{code}"));
        assert_eq!(answer.text("/instance"), path.split('?').next().unwrap());
        assert_eq!(answer.text("/request_id"), answer.header("x-request-id"));
    }
}

/// The router reads `%63` as `c`. What is called so must not be done under no name, nor remembered by another one.
#[rstest]
fn a_path_is_spelt_in_one_way_only(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let (acme, anonymous) = (service.tenant("acme"), service.anonymous());
    let mut refused = 0;
    for Call { method, path, kind, body } in calls(service.document()) {
        let parts: Vec<&str> = path.split('/').collect();
        let headers = [("content-type", kind), ("if-match", "*"), ("idempotency-key", path.as_str())];
        for at in 1..parts.len() {
            let (letter, rest) = parts[at].split_at(1);
            let escaped = format!("%{:02x}{rest}", letter.as_bytes()[0]);
            let mut parts = parts.clone();
            parts[at] = &escaped;
            for caller in [&acme, &anonymous] {
                let body = body.as_ref().map(String::as_bytes);
                let answer = caller.send(&method, &parts.join("/"), &headers, body);
                assert_eq!(answer.status, 400, "{method} {}: {:#}", parts.join("/"), answer.json);
                assert_eq!(answer.text("/code"), "malformed-path");
                refused += 1;
            }
        }
    }
    assert!(refused > 600, "{refused}");
    assert_eq!(acme.get("/v1/audit-events").expect(200).json["items"], json!([]));
}

/// A call of an operation, with the body of its example, to nothing that is there.
struct Call<'a> {
    method: Method,
    path: String,
    kind: &'a str,
    body: Option<String>,
}

/// One for every operation of the document.
fn calls(document: &Value) -> impl Iterator<Item = Call<'_>> {
    document["paths"].as_object().unwrap().iter().flat_map(|(template, item)| {
        let id =
            |part| if str::starts_with(part, '{') { "0198c0de-0000-7000-8000-000000000000" } else { part };
        let path = template.split('/').map(id).collect::<Vec<_>>().join("/");
        item.as_object().unwrap().iter().map(move |(method, operation)| {
            let sent = operation["requestBody"]["content"].as_object().and_then(|all| all.iter().next());
            let (kind, body) = sent.map_or(("", None), |(kind, told)| {
                let value = &told["examples"].as_object().unwrap().values().next().unwrap()["value"];
                (kind.as_str(), Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            });
            Call { method: method.to_uppercase().parse().unwrap(), path: path.clone(), kind, body }
        })
    })
}

/// The harness holds each answer against the document: its status and what it carries must stand there.
#[rstest]
fn a_query_or_a_coding_that_nobody_reads_is_answered_as_the_document_says(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    for Call { method, path, kind, body } in calls(service.document()) {
        let sent = body.as_ref().map(String::as_bytes);
        let headers = [("content-type", kind), ("if-match", "*"), ("idempotency-key", path.as_str())];
        for query in ["x=%00", "x=%ff", "x=%zz"] {
            let answer = acme.send(&method, &format!("{path}?{query}"), &headers, sent);
            let ignored = || acme.send(&method, &path, &headers, sent).status;
            let status = if path.starts_with("/v1/") { 400 } else { ignored() };
            assert_eq!(answer.status, status, "{method} {path}?{query}: {:#}", answer.json);
        }
        if body.is_some() {
            let packed = [&headers[..], &[("content-encoding", "gzip")]].concat();
            let answer = acme.send(&method, &path, &packed, sent);
            let status = if path == "/oauth2/token" { 400 } else { 415 };
            assert_eq!(answer.status, status, "{method} {path}: {:#}", answer.json);
        }
    }
}

#[rstest]
fn every_fault_of_a_query_is_told_at_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    for (path, faults) in [
        ("/v1/clients?limit=many", &["/query/limit type"][..]),
        ("/v1/clients?limit=0", &["/query/limit too-small"]),
        ("/v1/clients?limit=101", &["/query/limit too-large"]),
        ("/v1/clients?limit=99999999999999999999", &["/query/limit type"]),
        ("/v1/clients?limit=1&limit=2", &["/query/limit repeated"]),
        ("/v1/clients?external_id=", &["/query/external_id too-short"]),
        ("/v1/clients?after=&colour=red", &["/query/after too-short", "/query/colour unknown-field"]),
        (
            "/v1/assessments?submitted_from=soon&client_id=x",
            &["/query/client_id format", "/query/submitted_from format"],
        ),
        (
            "/v1/assessments?submitted_from=0001-01-01T00:00:00Z&state=lost",
            &["/query/state unknown-value", "/query/submitted_from out-of-range"],
        ),
        ("/v1/contacts?prefecture=48", &["/query/prefecture pattern"]),
    ] {
        let mut told = acme.get(path).expect(422).faults();
        told.sort();
        assert_eq!(told, faults, "{path}");
    }
}

#[rstest]
fn a_wrong_method_names_the_right_ones(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    for (method, path, allowed) in [
        (Method::PUT, "/v1/clients", "GET, POST, HEAD"),
        (Method::DELETE, "/v1/mappings", "GET, HEAD"),
        (Method::GET, "/v1/routings", "POST"),
        (Method::PATCH, "/v1/assessments/x/submit", "POST"),
    ] {
        let answer = acme.send(&method, path, &[], None).expect(405);
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
}

#[rstest]
fn another_content_type_is_refused(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    for headers in [&[("content-type", "text/plain")][..], &[("content-type", "application/xml")], &[]] {
        let answer = acme.send(&Method::POST, "/v1/clients", headers, Some(b"{}")).expect(415);
        assert_eq!(answer.text("/code"), "unsupported-media-type");
    }
}

#[rstest]
fn head_answers_as_get_without_a_body(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    for path in ["/v1/guidelines", "/v1/clients", "/livez", "/v1/clients/x"] {
        let get = acme.get(path);
        let head = acme.send(&Method::HEAD, path, &[], None);
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.bytes.is_empty(), "{path}");
        // A problem names its request, so its length is its own.
        if get.status == 200 {
            assert_eq!(head.header("content-length"), get.header("content-length"), "{path}");
            assert_eq!(head.header("etag"), get.header("etag"), "{path}");
        }
    }
}

#[rstest]
fn a_sane_request_id_comes_back(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let long = "x".repeat(129);
    for (sent, kept) in
        [("portal-7.a_B", true), ("no spaces please", false), ("<script>", false), (long.as_str(), false)]
    {
        let headers = [("x-request-id", sent)];
        let answer = service.anonymous().send(&Method::GET, "/livez", &headers, None);
        assert_eq!(answer.header("x-request-id") == sent, kept, "{sent}");
    }
}

#[rstest]
fn the_service_tells_that_it_lives_and_can_serve(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    for path in ["/livez", "/readyz"] {
        assert_eq!(service.anonymous().get(path).expect(200).json["status"], "ok");
    }
}

#[rstest]
fn every_kind_of_problem_has_a_page(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let anonymous = service.anonymous();
    let refused = anonymous.get("/v1/clients").expect(401);
    let page = anonymous.get(refused.text("/type")).expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    let html = String::from_utf8(page.bytes).unwrap();
    assert!(html.contains("A valid access token is needed"));
    assert!(html.contains("有効なアクセストークンが必要です"));
}

#[rstest]
fn the_documentation_needs_nothing_from_elsewhere(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let anonymous = service.anonymous();
    let moved = anonymous.get("/docs");
    assert_eq!((moved.status, moved.header("location")), (307, "/docs/"));
    let page = anonymous.get("/docs/").expect(200);
    let html = String::from_utf8(page.bytes).unwrap();
    assert!(html.contains("swagger-ui"), "{html}");
    assert!(!html.contains("https://"), "{html}");
    // The bundled page asks a validator on the internet unless it is told not to.
    let script = anonymous.get("/docs/swagger-initializer.js").expect(200);
    let script = String::from_utf8(script.bytes).unwrap();
    assert!(script.contains("\"validatorUrl\": \"none\""), "{script}");
    assert_eq!(&anonymous.get("/openapi.json").expect(200).json, service.document());
}
