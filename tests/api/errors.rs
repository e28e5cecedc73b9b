//! The catalogue of errors: each code in it can happen, and what happens is in it (the harness looks at the
//! code of every problem that any test meets).
use crate::support::{Answer, Caller, Engine, MAX_BODY, Service};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use tasuke::caller::Scope;
use tasuke::problem::{RULES, kinds::KINDS};
use ureq::http::Method;

/// What no caller can bring about by itself on a good day, and where it is tried instead.
const ELSEWHERE: &[(&str, &str)] = &[
    ("body-too-slow", "tests/operations/limits.rs"),
    ("contended", "tests/operations/replicas.rs"),
    ("idempotency-key-in-use", "tests/api/idempotency.rs"),
    ("internal", "src/problem/render.rs"),
    ("unavailable", "tests/operations/outages.rs"),
];

/// What is no fault of anybody now, and why it is in the catalogue all the same.
const NEVER: &[(&str, &str)] = &[
    ("schema", "for a keyword that no schema has yet: whoever gets it is told which"),
    ("wrong-state", "is the kind of the problem, so that it is no fault beside others"),
];

#[test]
fn what_is_tried_elsewhere_is_tried_there() {
    for (code, file) in ELSEWHERE {
        let text = std::fs::read_to_string(file).unwrap().replace('\\', "");
        assert!(text.contains(&format!("\"{code}\"")), "{file}: {code}");
    }
}

/// A body whose pieces do not say how long they are.
fn cut(service: &Service) -> String {
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(25))).unwrap();
    let token = service.authorization_of("acme");
    write!(
        stream,
        "POST /v1/clients HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\nzz\r\n"
    )
    .unwrap();
    let (mut answer, mut some) = (vec![], [0; 4096]);
    while !answer.ends_with(b"}") {
        let read = stream.read(&mut some).unwrap();
        assert_ne!(read, 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend(&some[..read]);
    }
    String::from_utf8(answer).unwrap()
}

fn raw(caller: &Caller<'_>, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    caller.send(&Method::POST, path, headers, Some(body))
}

/// Everything about a request of a client that can be wrong by itself.
fn of_values(acme: &Caller<'_>) -> Vec<Answer> {
    let long = "x".repeat(201);
    vec![
        acme.post("/v1/clients", &json!({})),
        acme.post("/v1/clients", &json!({"name": 1, "nickname": "x", "prefecture": "48", "employees": -1})),
        acme.post("/v1/clients", &json!({"name": "", "external_id": long, "employees": 1_000_000_000})),
        acme.post("/v1/clients", &json!({"name": "\u{0}", "profile": {"workplaces": ["home", "home", "home", "home"]}})),
        acme.post("/v1/clients", &json!({"name": "a\u{7}b"})),
        acme.get("/v1/clients?limit=1&limit=2"),
        acme.get("/v1/contacts?category=x"),
        acme.get("/v1/assessments?client_id=x"),
        acme.post("/v1/contacts", &json!({"id": "own-a", "name": {"ja": "a", "en": "a"}, "channels": [{"type": "phone", "value": "1", "unverified": true, "opening": {}}]})),
        raw(acme, "/v1/client-imports", &[("content-type", "text/csv")], "会社名\n\"A\n".as_bytes()),
        raw(acme, "/v1/client-imports", &[("content-type", "text/csv")], b"\xff\xfe\xff"),
        raw(acme, "/v1/client-imports", &[("content-type", "text/csv")], "会社名\nA,B,C\n".as_bytes()),
        raw(acme, "/v1/assessment-batches", &[("content-type", "application/json"), ("idempotency-key", "e-1")], br#"{"items": []}"#),
    ]
}

fn of_assessments(acme: &Caller<'_>) -> Vec<Answer> {
    acme.post("/v1/clients", &json!({"name": "A", "external_id": "a"})).expect(201);
    let with = |fields: Value| {
        let mut body = json!({"client_external_id": "a", "questionnaire": "ipa-self-check-3.1"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        acme.post("/v1/assessments", &body)
    };
    let answer = |control: &str| json!({"control": control, "status": "implemented"});
    let draft = with(json!({})).expect(201);
    let other = with(json!({"questionnaire": "ipa-cloud-3.1"})).expect(201);
    let nobody = "0198c0de-0000-7000-8000-000000000000";
    let links = format!("{}/links", draft.header("location"));
    let compared = |with: &str| acme.get(&format!("{}/comparison?with={with}", draft.header("location")));
    vec![
        with(json!({"client_id": nobody})),
        with(json!({"client_external_id": "nobody"})),
        with(json!({"carry_forward_from": nobody, "state": "submitted"})),
        with(
            json!({"answers": [answer("self-check-99"), answer("basic-rule-1"), answer("self-check-01"), answer("self-check-01")]}),
        ),
        with(
            json!({"answers": [{"control": "self-check-01", "status": "partial", "observed_at": "1900-01-01T00:00:00Z"}]}),
        ),
        acme.post(&format!("{}/submit", draft.header("location")), &json!({})),
        acme.post(&links, &json!({"respondent": "x", "expires_at": "2099-01-01T00:00:00Z"})),
        compared(nobody),
        compared(other.text("/id")),
    ]
}

fn of_incidents(acme: &Caller<'_>) -> Vec<Answer> {
    let mut facts: Value = serde_json::from_str(include_str!("../../examples/ransomware.json")).unwrap();
    facts["incident"]["occurred_at"] = json!("2026-11-25T00:00:00+09:00");
    let incident = json!({"client_external_id": "a", "title": "A", "facts": {
        "incident": {"types": ["ransomware"], "stage": "initial", "aware_at": "2026-11-02T08:10:00+09:00"}}});
    let incident = acme.post("/v1/incidents", &incident).expect(201);
    let place = incident.header("location");
    let contact = json!({"id": "own-b", "name": {"ja": "b", "en": "b"}, "does": {"ja": "b", "en": "b"},
        "channels": [{"type": "phone", "value": "1", "unverified": true}]});
    let contact = acme.post("/v1/contacts", &contact).expect(201);
    vec![
        acme.post("/v1/routings", &facts),
        acme.post(
            &format!("{place}/completions"),
            &json!({"contact": "bank", "action": "stop_payment", "at": "2099-01-01T00:00:00Z"}),
        ),
        acme.patch("/v1/contacts/own-b", contact.header("etag"), &json!({"id": "own-c"})),
    ]
}

fn of_accounts(service: &Service) -> Vec<Answer> {
    let narrow = service.caller("acme", &[Scope::Admin, Scope::ClientsRead], None);
    let short = json!({"kty": "RSA", "kid": "a", "alg": "RS256", "n": "AQAB", "e": "AQAB"});
    vec![
        narrow.post("/v1/service-accounts", &json!({"name": "a", "scopes": ["clients:write"]})),
        narrow.post(
            "/v1/service-accounts",
            &json!({"name": "b", "scopes": ["clients:read"], "expires_at": "2000-01-01T00:00:00Z"}),
        ),
        narrow.post(
            "/v1/service-accounts",
            &json!({"name": "c", "scopes": ["clients:read"], "public_keys": [short]}),
        ),
    ]
}

fn of_catalogs(acme: &Caller<'_>) -> Vec<Answer> {
    let put = |version: &str, controls: Value| {
        acme.post("/v1/guidelines", &json!({"guideline": "own-e", "edition": "1", "catalog": {
            "uuid": "6f2b4a4e-9d4c-4b0e-8f0a-1c8d54a575e1",
            "metadata": {"title": "t", "last-modified": "2026-11-01T00:00:00+09:00", "version": "1", "oscal-version": version},
            "groups": [{"id": "g", "title": "g", "controls": controls}],
        }}))
    };
    let long = "c".repeat(65);
    vec![
        put("2.0.0", json!([{"id": "a", "title": "a"}, {"id": "a", "title": "a"}])),
        put("1.2.1", json!([{"id": "a", "title": "a", "links": [{"href": "#nowhere", "rel": "related"}]}])),
        put("1.2.1", json!([
            {"id": "a", "title": "a", "links": [{"href": "#b", "rel": "required"}]},
            {"id": "b", "title": "b", "links": [{"href": "#a", "rel": "required"}]},
        ])),
        put("1.2.1", json!([{"id": long, "title": "c"}])),
        acme.post("/v1/guidelines", &json!({"guideline": "own-e", "edition": "1", "catalog": {
            "uuid": "6f2b4a4e-9d4c-4b0e-8f0a-1c8d54a575e1",
            "metadata": {"title": "t", "last-modified": "2026-11-01T00:00:00+09:00", "version": "1", "oscal-version": "1.2.1"},
        }})),
    ]
}

fn of_kinds(service: &Service, acme: &Caller<'_>) -> Vec<Answer> {
    let json_body = ("content-type", "application/json");
    let client = acme.post("/v1/clients", &json!({"name": "K", "external_id": "k"})).expect(201);
    let place = client.header("location").to_owned();
    let key = [json_body, ("idempotency-key", "k-1")];
    raw(acme, "/v1/clients", &key, br#"{"name": "L"}"#).expect(201);
    let catalog: Value =
        serde_json::from_str(include_str!("../../openapi/examples/requests/guidelines.json")).unwrap();
    let edition = acme.post("/v1/guidelines", &catalog["createGuideline"]["baseline"]["value"]).expect(201);
    let own = acme.get("/v1/questionnaires").expect(200).json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|q| q["id"].as_str().unwrap().to_owned())
        .find(|id| id.contains("own-baseline"))
        .unwrap();
    acme.post("/v1/assessments", &json!({"client_external_id": "k", "questionnaire": own})).expect(201);
    let rules = json!({"client_external_id": "k", "questionnaire": "ipa-basic-rules-3.1", "state": "submitted", "answers":
        (1..=5).map(|n| json!({"control": format!("basic-rule-{n}"), "status": "partial"})).collect::<Vec<_>>()});
    let done = acme.post("/v1/assessments", &rules).expect(201);
    vec![
        raw(acme, "/v1/clients", &[json_body], b"{"),
        acme.get("/v1/clients?external_id=%00"),
        acme.get("/v1/clients/%00"),
        acme.get("/v1/clients?after=x"),
        service.anonymous().get("/v1/clients"),
        service.caller("acme", &[], None).get("/v1/clients"),
        acme.get("/v1/clients/0198c0de-0000-7000-8000-000000000000"),
        acme.send(&Method::PUT, "/v1/clients", &[], None),
        acme.post(&format!("{}/submit", done.header("location")), &json!({})),
        acme.post("/v1/clients", &json!({"name": "K", "external_id": "k"})),
        acme.delete(edition.header("location"), edition.header("etag")),
        acme.patch(&place, "\"old\"", &json!({"name": "M"})),
        acme.post("/v1/clients", &json!({"name": "x".repeat(MAX_BODY)})),
        acme.get(&format!("/v1/clients?external_id={}", "x".repeat(9_000))),
        raw(acme, "/v1/clients", &[("content-type", "text/plain")], b"{}"),
        raw(acme, "/v1/clients", &key, br#"{"name": "N"}"#),
        acme.send(&Method::DELETE, &place, &[], None),
        acme.send(&Method::GET, "/v1/clients", &[("x-much", &"x".repeat(17_000))], None),
    ]
}

#[rstest]
fn every_code_of_the_catalogue_can_happen(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let mut met = of_kinds(&service, &acme);
    met.extend(of_values(&acme));
    met.extend(of_assessments(&acme));
    met.extend(of_incidents(&acme));
    met.extend(of_catalogs(&acme));
    met.extend(of_accounts(&service));
    let slow = Service::with(engine, |limits| (limits.tenant_rate, limits.tenant_burst) = (1, 1));
    met.extend((0..3).map(|_| slow.tenant("acme").get("/v1/clients")));
    let cut: Value = serde_json::from_str(cut(&service).split("\r\n\r\n").last().unwrap()).unwrap();
    let met: Vec<Value> = met.into_iter().map(|answer| answer.json).chain([cut]).collect();
    let kinds: BTreeSet<&str> = met.iter().filter_map(|told| told["code"].as_str()).collect();
    // What is wrong with one of many stands in its verdict.
    let verdicts = met.iter().flat_map(|told| told["items"].as_array().into_iter().flatten());
    let faults: BTreeSet<&str> = met
        .iter()
        .chain(verdicts.map(|verdict| &verdict["problem"]))
        .flat_map(|problem| problem["errors"].as_array().into_iter().flatten())
        .map(|fault| fault["code"].as_str().unwrap())
        .collect();
    let excused = |code: &&str| !NEVER.iter().any(|(never, _)| never == code);
    let never: Vec<&str> = KINDS
        .iter()
        .map(|kind| kind.code)
        .filter(|code| !kinds.contains(code) && !ELSEWHERE.iter().any(|(tried, _)| tried == code))
        .chain(RULES.iter().map(|rule| rule.code).filter(|code| !faults.contains(code)).filter(excused))
        .collect();
    assert!(never.is_empty(), "nothing brings these about: {never:?}");
}

#[test]
fn every_kind_has_a_page_that_says_what_to_do() {
    let service = Service::start(Engine::Sqlite);
    for kind in KINDS {
        let page = service.anonymous().get(&format!("/problems/{}", kind.code)).expect(200);
        let text = String::from_utf8(page.bytes).unwrap();
        for told in [kind.meaning_ja, kind.remedy_en, kind.retry.words().1] {
            assert!(text.contains(&told.replace('"', "&quot;")), "{}: {told}", kind.code);
        }
    }
}
