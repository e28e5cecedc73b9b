//! What cannot be accepted is refused with everything that is wrong, and nothing is stored.
use crate::support::{Engine, MAX_BODY, Service};
use rstest::rstest;
use serde_json::{Value, json};
use ureq::http::Method;

#[rstest]
fn every_fault_of_a_client_is_told_at_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let body = json!({
        "name": "", "industry": "Z", "prefecture": "48", "employees": -1, "nickname": "x",
        "profile": {"telework_methods": ["pigeon"], "byod": "yes"},
        "contracts": {"otasuketai": {"subscribed": 1}, "bank": {"iban": "x"}},
    });
    let refused = acme.post("/v1/clients", &body).expect(422);
    assert_eq!(refused.text("/code"), "invalid");
    assert_eq!(
        refused.faults(),
        [
            "/contracts/bank/iban unknown-field",
            "/contracts/otasuketai/subscribed type",
            "/employees too-small",
            "/industry pattern",
            "/name too-short",
            "/nickname unknown-field",
            "/prefecture pattern",
            "/profile/byod type",
            "/profile/telework_methods/0 pattern",
        ]
    );
    assert_eq!(acme.get("/v1/clients").expect(200).json["items"], json!([]));
}

#[rstest]
fn every_fault_of_an_assessment_is_told_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let answer = |control: &str| json!({"control": control, "status": "implemented"});
    let with = |answers: Value| {
        json!({
            "client_id": client.json["id"], "questionnaire": "ipa-self-check-3.1", "answers": answers,
        })
    };
    let meant = json!([
        answer("self-check-01"),
        answer("self-check-99"),
        answer("basic-rule-1"),
        answer("self-check-01"),
    ]);
    let unread = json!([
        {"control": "self-check-01", "status": "perhaps"},
        {"status": "partial", "mood": "good"},
        {"control": "self-check-02", "status": "partial", "evidence_url": "javascript:alert(1)"},
        {"control": "self-check-03", "status": "partial", "observed_at": "yesterday"},
    ]);
    let id = &client.json["id"];
    for (body, faults) in [
        (
            with(meant),
            &[
                "/answers/1/control unknown-control",
                "/answers/2/control other-questionnaire",
                "/answers/3/control duplicate-answer",
            ][..],
        ),
        (
            with(unread),
            &[
                "/answers/0/status unknown-value",
                "/answers/1/control required",
                "/answers/1/mood unknown-field",
                "/answers/2/evidence_url pattern",
                "/answers/3/observed_at format",
            ],
        ),
        (
            json!({"client_id": "0198c0de-0000-7000-8000-000000000000", "questionnaire": "ipa-basic-rules-3.1"}),
            &["/client_id unknown-client"],
        ),
        (
            json!({"client_external_id": "nobody", "questionnaire": "ipa-basic-rules-3.1"}),
            &["/client_external_id unknown-client"],
        ),
        (
            json!({"questionnaire": "ipa-self-check-9"}),
            &["/client_id one-of", "/questionnaire unknown-value"],
        ),
        (
            json!({"client_id": id, "client_external_id": "x", "questionnaire": "ipa-basic-rules-3.1"}),
            &["/client_id one-of"],
        ),
        (json!({"client_id": "1"}), &["/client_id format", "/questionnaire required"]),
        (json!([]), &[" type"]),
        (
            with(
                json!([{"control": "self-check-01", "status": "partial", "observed_at": "9999-12-31T23:59:59-23:59"}]),
            ),
            &["/answers/0/observed_at out-of-range"],
        ),
    ] {
        let refused = acme.post("/v1/assessments", &body).expect(422);
        assert_eq!(refused.faults(), faults, "{body}");
    }
    assert_eq!(acme.get("/v1/assessments").expect(200).json["items"], json!([]));
}

#[rstest]
fn every_fault_of_the_facts_is_told_at_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let whole: Value = serde_json::from_str(include_str!("../../examples/ransomware.json")).unwrap();
    let set = |pointer: &str, value: Value| {
        let mut body = whole.clone();
        if let Some(place) = body.pointer_mut(pointer) {
            *place = value;
        } else {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[name] = value;
        }
        body
    };
    let without = |object: &str, field: &str| {
        let mut body = whole.clone();
        body.pointer_mut(object).unwrap().as_object_mut().unwrap().remove(field);
        body
    };
    for (body, faults) in [
        (json!({}), &["/as_of required", "/incident required"][..]),
        (without("", "as_of"), &["/as_of required"]),
        (without("/incident", "aware_at"), &["/incident/aware_at required"]),
        (
            json!({"as_of": "today", "incident": {}}),
            &["/as_of format", "/incident/aware_at required", "/incident/stage required"],
        ),
        (set("/incident/types", json!(["alien"])), &["/incident/types/0 unknown-value"]),
        (set("/incident/stage", json!("panic")), &["/incident/stage unknown-value"]),
        (set("/incident/aware_at", json!("2026-11-24")), &["/incident/aware_at format"]),
        (set("/incident/aware_at", json!("2026-13-24T00:00:00Z")), &["/incident/aware_at format"]),
        (set("/organization/prefecture", json!("99")), &["/organization/prefecture pattern"]),
        (set("/personal_data/involved", json!("maybe")), &["/personal_data/involved unknown-value"]),
        (set("/personal_data/involved", json!(true)), &["/personal_data/involved type"]),
        (set("/personal_data/principal_count", json!(-1)), &["/personal_data/principal_count too-small"]),
        (set("/personal_data/principal_count", json!(1.5)), &["/personal_data/principal_count type"]),
        (set("/systems/0", json!({"colour": "red"})), &["/systems/0/colour unknown-field"]),
        (set("/systems", json!("pc")), &["/systems type"]),
        (set("/as_of", json!("9999-12-31T00:00:00Z")), &["/as_of out-of-range"]),
        (
            set("/incident/aware_at", json!("1255-07-06T06:35:55+09:00")),
            &["/incident/aware_at out-of-range"],
        ),
        (
            set("/organization/special_cii_designated_at", json!("0037-01-01")),
            &["/organization/special_cii_designated_at out-of-range"],
        ),
        (
            set("/contracts/cyber_insurance", json!({"notice_days": 366})),
            &["/contracts/cyber_insurance/notice_days too-large"],
        ),
        (
            set(
                "/contracts/customer_notice",
                json!([{"counterparty": "X", "notice_hours": 1_000_000_000}]),
            ),
            &["/contracts/customer_notice/0/notice_hours too-large"],
        ),
        (
            set("/history", json!({"done": [{"contact": "insurer_typo", "action": "hug"}]})),
            &["/history/done/0/contact unknown-value", "/history/done/0/action unknown-value"],
        ),
        (set("/contracts/lawyer/retained", json!("yes")), &["/contracts/lawyer/retained type"]),
    ] {
        let refused = acme.post("/v1/routings", &body).expect(422);
        assert_eq!(refused.faults(), faults, "{body}");
    }
}

#[rstest]
fn what_means_the_same_is_taken_as_the_same(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let body = json!({"name": "A", "employees": 45.0, "prefecture": null, "contracts": {"maintenance_vendors": null}});
    let made = acme.post("/v1/clients", &body).expect(201);
    assert_eq!((&made.json["employees"], &made.json["prefecture"]), (&json!(45), &json!(null)));
    let refused = acme.post("/v1/clients", &json!({"name": null, "employees": 45.5})).expect(422);
    assert_eq!(refused.faults(), ["/employees type", "/name required"]);
    // A UUID means the same in upper case.
    let id = made.text("/id").to_uppercase();
    acme.get(&format!("/v1/clients/{id}")).expect(200);
    let body = json!({"client_id": id, "questionnaire": "ipa-basic-rules-3.1"});
    let assessment = acme.post("/v1/assessments", &body).expect(201);
    assert_eq!(assessment.text("/client_id"), made.text("/id"));
    // No fact of an incident need be said, and null is not saying it.
    let facts = json!({
        "as_of": "2026-11-24T09:00:00+09:00", "systems": null, "personal_data": {"involved": null},
        "incident": {"stage": "initial", "aware_at": "2026-11-24T08:00:00+09:00", "types": null},
    });
    acme.post("/v1/routings", &facts).expect(200);
}

#[rstest]
fn a_body_that_cannot_be_read_says_where(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let deep = "[".repeat(200);
    for (body, status, code) in [
        (&b"{\"name\": "[..], 400, "malformed-body"),
        (b"", 400, "malformed-body"),
        (b"{\"name\": \"\xff\"}", 400, "malformed-body"),
        (deep.as_bytes(), 400, "malformed-body"),
        (b"{\"name\": \"a\\u0000b\"}", 422, "invalid"),
        (b"null", 422, "invalid"),
    ] {
        let json = [("content-type", "application/json; charset=utf-8")];
        let refused = acme.send(&Method::POST, "/v1/clients", &json, Some(body)).expect(status);
        assert_eq!(refused.text("/code"), code, "{:?}", String::from_utf8_lossy(body));
    }
    let nul = acme.post("/v1/clients", &json!({"name": "a\0b", "profile": {}})).expect(422);
    assert_eq!(nul.faults(), ["/name nul-character"]);
    // What no XML and no spreadsheet can show; what ends a line or is empty space can be shown.
    for (text, status) in [
        ("a\u{1}b", 422),
        ("a\u{b}b", 422),
        ("a\u{1f}b", 422),
        ("a\u{fffe}b", 422),
        ("a\u{ffff}b", 422),
        ("a\u{fdd0}b", 422),
        ("a\u{1fffe}b", 422),
        ("a\t\r\nb", 201),
        ("髙橋😀", 201),
    ] {
        let answer = acme.post("/v1/clients", &json!({"name": text})).expect(status);
        if status == 422 {
            assert_eq!(answer.faults(), ["/name control-character"], "{text:?}");
        }
    }
}

#[rstest]
fn evidence_is_an_address_that_can_be_opened(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    for (url, status) in [
        ("https://example.com/a?b=c#d", 201),
        ("HTTPS://example.com", 201),
        ("http://[2001:db8::1]:8080/x", 201),
        ("https://例え.jp/証跡", 201),
        ("http://", 422),
        ("http:///x", 422),
        ("http://a b", 422),
        ("http://a/\"<>", 422),
        ("https://x/\n=cmd", 422),
        ("https://x/a\u{3000}b", 422),
        ("javascript:alert(1)", 422),
        (" https://x", 422),
    ] {
        let body = json!({"client_id": client.json["id"], "questionnaire": "ipa-basic-rules-4.0",
            "answers": [{"control": "basic-rule-1", "status": "implemented", "evidence_url": url}]});
        let answer = acme.post("/v1/assessments", &body).expect(status);
        if status == 422 {
            assert_eq!(answer.faults(), ["/answers/0/evidence_url pattern"], "{url:?}");
        }
    }
}

#[rstest]
fn a_body_may_be_as_long_as_the_limit_and_no_longer(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let of = |length: usize| {
        let empty = json!({"name": "A"}).to_string();
        let padding = " ".repeat(length - empty.len());
        (empty + &padding).into_bytes()
    };
    let json = [("content-type", "application/json")];
    for (length, status) in
        [(MAX_BODY - 1, 201), (MAX_BODY, 201), (MAX_BODY + 1, 413), (2 * 1024 * 1024, 413)]
    {
        let answer = acme.send(&Method::POST, "/v1/clients", &json, Some(&of(length)));
        assert_eq!(answer.status, status, "{length}");
    }
    // Also when the length is not announced.
    let chunked = [("content-type", "application/json"), ("transfer-encoding", "chunked")];
    for (length, status) in [(MAX_BODY, 201), (MAX_BODY + 1, 413)] {
        let answer = acme.send(&Method::POST, "/v1/clients", &chunked, Some(&of(length)));
        assert_eq!(answer.status, status, "chunked {length}");
    }
}

#[rstest]
fn a_refusal_speaks_the_language_of_the_caller(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let send = |language: &str| {
        let headers = [("content-type", "application/json"), ("accept-language", language)];
        acme.send(&Method::POST, "/v1/clients", &headers, Some(b"{}")).expect(422)
    };
    let (ja, en) = (send("ja-JP, en;q=0.5"), send("en"));
    assert_eq!(ja.text("/title"), "リクエストが規則に反しています");
    assert_eq!(ja.text("/errors/0/message"), "必須です");
    assert_eq!(ja.header("content-language"), "ja");
    assert_eq!(en.text("/title"), "The request breaks a rule");
    assert_eq!(en.text("/errors/0/message"), "is required");
    assert_eq!(ja.text("/errors/0/code"), en.text("/errors/0/code"));
    // A cache must not show the one to whoever asks for the other.
    assert_eq!(ja.header("vary"), "Accept-Language");
}
