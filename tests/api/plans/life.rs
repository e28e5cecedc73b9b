//! A tenant's life: everything is made, asked for and taken away, so that every statement is seen.
use crate::support::{Answer, Caller, Engine, Service, gathered};
use serde_json::{Value, json};
use tasuke::caller::Scope;
use ureq::http::Method;

/// Posts with an idempotency key.
fn keyed(caller: &Caller<'_>, path: &str, key: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    let body = serde_json::to_vec(body).unwrap();
    caller.send(&Method::POST, path, &headers, Some(&body))
}

fn submission(client: &str, external_id: &str) -> Value {
    let answers: Vec<_> =
        (1..=5).map(|n| json!({"control": format!("basic-rule-{n}"), "status": "partial"})).collect();
    json!({
        "client_id": client, "questionnaire": "ipa-basic-rules-3.1", "external_id": external_id,
        "state": "submitted", "answers": answers,
    })
}

/// Makes something of everything that is kept, asks for it in every way, and takes some of it away.
pub fn live(service: &Service, engine: Engine) {
    let acme = &service.tenant("acme");
    let made = make(service, acme);
    ask(service, acme, &made);
    several(service, engine, acme, &made.client);
    let draft = acme.get(&made.draft).expect(200);
    acme.delete(&made.draft, draft.header("etag")).expect(204);
    let gone = keyed(acme, "/v1/clients", "k-2", &json!({"name": "B"})).expect(201);
    let other = keyed(acme, "/v1/assessments", "s-3", &submission(gone.text("/id"), "s-3")).expect(201);
    assert_eq!(other.json["state"], "submitted");
    acme.delete(gone.header("location"), gone.header("etag")).expect(200);
}

/// Where things are that were made.
struct Made {
    client: String,
    draft: String,
    incident: String,
}

fn make(service: &Service, acme: &Caller<'_>) -> Made {
    let made = keyed(acme, "/v1/clients", "k-1", &json!({"name": "A", "external_id": "a"})).expect(201);
    let client = made.text("/id").to_owned();
    for name in ["s-1", "s-2"] {
        keyed(acme, "/v1/assessments", name, &submission(&client, name)).expect(201);
    }
    let draft = json!({"client_id": client, "questionnaire": "ipa-basic-rules-3.1"});
    let draft = acme.post("/v1/assessments", &draft).expect(201);
    let at = draft.header("location").to_owned();
    let answers = json!({"answers": [{"control": "basic-rule-1", "status": "implemented"}]});
    acme.patch(&at, draft.header("etag"), &answers).expect(200);
    let site = json!({"respondent": "本社", "answers": answers["answers"]});
    acme.post(&format!("{at}/responses"), &site).expect(201);
    let incident = json!({"client_id": client, "title": "A", "external_id": "t-1", "facts": {
        "incident": {"types": ["ransomware"], "stage": "initial", "severity": "critical",
            "cause": "external_attack", "aware_at": "2026-11-02T08:10:00+09:00"},
        "organization": {"can_handle_technically": "ruled_out", "is_sole_proprietor": false},
    }});
    let incident = acme.post("/v1/incidents", &incident).expect(201).header("location").to_owned();
    acme.post(&format!("{at}/links"), &json!({"respondent": "大阪支店"})).expect(201);
    let referral = json!({"contact": "jpcert_consult", "action": "consult"});
    acme.post(&format!("{incident}/referrals"), &referral).expect(201);
    let text = json!({"ja": "保守", "en": "Maintenance"});
    let vendor = json!({"id": "own-m", "stands_for": "maintenance_vendor", "name": text, "does": text,
        "channels": [{"type": "phone", "value": "03-0000-0000"}]});
    acme.post("/v1/contacts", &vendor).expect(201);
    let account = json!({"name": "portal", "scopes": ["clients:read"]});
    let account = acme.post("/v1/service-accounts", &account).expect(201);
    let secrets = format!("/v1/service-accounts/{}/secrets", account.text("/id"));
    let secret = acme.post(&secrets, &json!({})).expect(201);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", account.text("/oauth_client_id")),
        ("client_secret", secret.text("/secret")),
    ];
    let token = service.anonymous().form("/oauth2/token", &form).expect(200);
    service.bearer(token.text("/access_token")).get("/v1/clients").expect(200);
    Made { client, draft: at, incident }
}

fn ask(service: &Service, acme: &Caller<'_>, Made { client: id, draft: at, incident }: &Made) {
    let first = acme.get(&format!("/v1/assessments?client_id={id}&limit=1")).expect(200).json;
    let submitted = first["items"][0]["id"].as_str().unwrap().to_owned();
    let second = acme.get(&format!("/v1/assessments?client_id={id}&limit=2")).expect(200).json;
    let later = second["items"][1]["id"].as_str().unwrap().to_owned();
    let next = first["next_cursor"].as_str().unwrap().to_owned();
    let since = acme.get("/v1/assessments?submitted_from=2026-01-01T00:00:00Z&limit=1").expect(200).json;
    let since = since["next_cursor"].as_str().unwrap().to_owned();
    let of_client = format!("/v1/assessments?client_id={id}&submitted_from=2026-01-01T00:00:00Z&limit=1");
    let of_client = acme.get(&of_client).expect(200).json["next_cursor"].as_str().unwrap().to_owned();
    let questionnaire = "questionnaire=ipa-basic-rules-3.1";
    for path in [
        "/v1/clients?limit=2".to_owned(),
        "/v1/clients?external_id=a".to_owned(),
        format!("/v1/clients/{id}"),
        format!("/v1/clients/{id}/history?{questionnaire}"),
        format!("/v1/clients/{id}/standing"),
        "/v1/assessments".to_owned(),
        format!("/v1/assessments?client_id={id}&limit=1&after={next}"),
        format!("/v1/assessments?{questionnaire}"),
        "/v1/assessments?state=draft".to_owned(),
        "/v1/assessments?state=accepted".to_owned(),
        format!("/v1/assessments?client_id={id}&state=submitted&submitted_from=2026-01-01T00:00:00Z"),
        "/v1/assessments?submitted_from=2026-01-01T00:00:00Z".to_owned(),
        format!("/v1/assessments?submitted_from=2026-01-01T00:00:00Z&limit=1&after={since}"),
        "/v1/assessments?submitted_to=2100-01-01T00:00:00Z".to_owned(),
        format!(
            "/v1/assessments?client_id={id}&submitted_from=2026-01-01T00:00:00Z&limit=1&after={of_client}"
        ),
        format!("/v1/assessments/{submitted}"),
        format!("/v1/assessments/{submitted}/result"),
        format!("/v1/assessments/{later}/comparison?with={submitted}"),
        format!("/v1/assessments/{submitted}/plan"),
        format!("/v1/assessments/{submitted}/report.csv"),
        format!("/v1/assessments/{submitted}/oscal-assessment-results"),
        format!("{at}/agreement"),
        format!("{at}/links"),
        format!("{at}/events"),
        format!("{at}/responses"),
        incident.to_owned(),
        format!("{incident}/plan"),
        format!("{incident}/timeline"),
        "/v1/incidents".to_owned(),
        format!("/v1/incidents?client_id={id}"),
        format!("/v1/clients/{id}/export"),
        format!("{incident}/deadlines.ics"),
        "/v1/audit-events?limit=2".to_owned(),
        format!("/v1/audit-events?client_id={id}"),
        format!("/v1/audit-events?resource_id={submitted}"),
        format!("/v1/audit-events?resource_id={submitted}&client_id={id}"),
        "/v1/service-accounts".to_owned(),
        "/v1/contacts".to_owned(),
        "/v1/guidelines".to_owned(),
    ] {
        let answer = acme.get(&path);
        assert!([200, 409].contains(&answer.status), "{path}: {:#}", answer.json);
    }
    let narrowed = service.caller("acme", Scope::ALL, Some(id));
    for path in [
        "/v1/clients".to_owned(),
        "/v1/assessments".to_owned(),
        "/v1/assessments?state=submitted".to_owned(),
        format!("/v1/assessments?{questionnaire}"),
        "/v1/assessments?submitted_from=2026-01-01T00:00:00Z".to_owned(),
        "/v1/incidents".to_owned(),
        "/v1/incidents?external_id=t-1".to_owned(),
    ] {
        narrowed.get(&path).expect(200);
    }
}

/// Submissions that come together, a batch, an import, and clients of a file.
fn several(service: &Service, engine: Engine, acme: &Caller<'_>, client: &str) {
    let answers = gathered(service, engine, 6, |n| {
        let name = format!("g-{n}");
        keyed(acme, "/v1/assessments", &name, &submission(client, &name))
    });
    for answer in answers {
        answer.expect(201);
    }
    let named = |name: &str| {
        let mut item = submission(client, name);
        item.as_object_mut().unwrap().remove("client_id");
        item["client_external_id"] = "a".into();
        item
    };
    let batch = json!({"items": [named("b-1"), submission(client, "b-2")]});
    keyed(acme, "/v1/assessment-batches", "b", &batch).expect(200);
    let lines = format!("{}\n{}\n", named("i-1"), named("b-1"));
    let kind = [("content-type", "application/x-ndjson")];
    acme.send(&Method::POST, "/v1/assessment-imports", &kind, Some(lines.as_bytes())).expect(200);
    let csv = [("content-type", "text/csv")];
    acme.send(&Method::POST, "/v1/client-imports", &csv, Some("管理番号,会社名\na,A\nz,Z\n".as_bytes()))
        .expect(200);
}
