//! What null says, wherever it may be sent: it takes away or is left out, and never hides a name that nobody knows.
use crate::support::{Caller, Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use ureq::http::Method;

const NOBODY: &str = "0198c0de-0000-7000-8000-000000000000";

fn referred(acme: &Caller<'_>) -> (String, String) {
    let incident = json!({"client_external_id": "a", "title": "A", "facts": {
        "incident": {"types": ["ransomware"], "stage": "initial", "aware_at": "2026-11-02T08:10:00+09:00"}}});
    let incident = acme.post("/v1/incidents", &incident).expect(201).header("location").to_owned();
    let referral = json!({"contact": "jpcert_consult", "note": "n"});
    let referral = acme.post(&format!("{incident}/referrals"), &referral).expect(201);
    (incident, referral.header("location").to_owned())
}

/// One of everything that a patch can change: the path in the document, and the thing.
fn changeable(acme: &Caller<'_>) -> Vec<(&'static str, String)> {
    let made = |path: &str, body: Value| acme.post(path, &body).expect(201).header("location").to_owned();
    let client = made("/v1/clients", json!({"name": "A", "external_id": "a"}));
    let (incident, referral) = referred(acme);
    let contact = json!({"id": "own-a", "name": {"ja": "a", "en": "a"}, "does": {"ja": "a", "en": "a"},
        "channels": [{"type": "phone", "value": "1", "unverified": true}]});
    let draft = json!({"client_external_id": "a", "questionnaire": "ipa-basic-rules-3.1"});
    let draft = made("/v1/assessments", draft);
    let answers = json!([{"control": "basic-rule-1", "status": "implemented"}]);
    let response = json!({"respondent": "x", "answers": answers});
    let account = json!({"name": "portal", "scopes": ["clients:read"]});
    vec![
        (
            "/v1/assessments/{assessment}/responses/{response}",
            made(&format!("{draft}/responses"), response),
        ),
        ("/v1/assessments/{assessment}", draft),
        ("/v1/clients/{client}", client),
        ("/v1/contacts/{contact}", made("/v1/contacts", contact)),
        ("/v1/incidents/{incident}", incident),
        ("/v1/incidents/{incident}/referrals/{referral}", referral),
        ("/v1/service-accounts/{account}", made("/v1/service-accounts", account)),
    ]
}

#[rstest]
fn a_field_that_nobody_knows_is_refused_in_every_patch_though_it_is_null(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let things = changeable(&acme);
    let paths = service.document()["paths"].as_object().unwrap();
    let patched: BTreeSet<&str> = paths
        .iter()
        .filter(|(_, item)| item.get("patch").is_some())
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(things.iter().map(|(path, _)| *path).collect::<BTreeSet<_>>(), patched);
    for (path, thing) in &things {
        let before = acme.get(thing).expect(200);
        let refused = acme.patch(thing, "*", &json!({"nope": null})).expect(422);
        assert_eq!(refused.faults(), ["/nope unknown-field"], "{path}");
        assert_eq!(acme.get(thing).expect(200).json, before.json, "{path}");
    }
    let vendors = json!({"contracts": {"maintenance_vendors": [{"vendor": "v", "systms": null}]}});
    let refused = acme.patch(&things[2].1, "*", &vendors).expect(422);
    assert_eq!(refused.faults(), ["/contracts/maintenance_vendors/0/systms unknown-field"]);
    // Where answers are merged there is nothing to take away: null is what is left out.
    for (_, thing) in &things[..2] {
        let before = acme.get(thing).expect(200);
        let same = acme.patch(thing, "*", &json!({"answers": null, "remove": null})).expect(200);
        assert_eq!(same.header("etag"), before.header("etag"));
        for field in ["external_id", "respondent"] {
            let refused = acme.patch(thing, "*", &json!({field: null})).expect(422);
            assert_eq!(refused.faults(), [format!("/{field} unknown-field")]);
        }
    }
}

#[rstest]
fn a_field_that_nobody_knows_is_refused_in_every_new_thing_though_it_is_null(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let mut refused = 0;
    for (path, item) in service.document()["paths"].as_object().unwrap() {
        if item.pointer("/post/requestBody/content/application~1json").is_none() {
            continue;
        }
        let part = |part| if str::starts_with(part, '{') { NOBODY } else { part };
        let called = path.split('/').map(part).collect::<Vec<_>>().join("/");
        let headers = [("content-type", "application/json"), ("idempotency-key", "k"), ("if-match", "*")];
        let answer = acme.send(&Method::POST, &called, &headers, Some(br#"{"nope": null}"#)).expect(422);
        assert!(answer.faults().contains(&"/nope unknown-field".to_owned()), "{path}: {:#}", answer.json);
        refused += 1;
    }
    assert!(refused > 10, "{refused}");
    let once = acme.post("/v1/clients", &json!({"name": "A", "contracts": {"nope": null, "none": 1}}));
    assert_eq!(
        once.expect(422).faults(),
        ["/contracts/none unknown-field", "/contracts/nope unknown-field"]
    );
    // One of many is held against its own schema.
    let client = acme.post("/v1/clients", &json!({"name": "A", "external_id": "a"})).expect(201);
    let item = json!({"client_id": client.json["id"], "external_id": "e", "questionnaire": "ipa-basic-rules-3.1", "nope": null});
    for (path, kind, body) in [
        ("/v1/assessment-batches", "application/json", json!({"items": [item]}).to_string()),
        ("/v1/assessment-imports", "application/x-ndjson", item.to_string()),
    ] {
        let headers = [("content-type", kind), ("idempotency-key", "b")];
        let told = acme.send(&Method::POST, path, &headers, Some(body.as_bytes())).expect(200);
        let told = told.json.as_str().map_or_else(|| told.json.to_string(), str::to_owned);
        assert!(told.contains("\"/nope\"") && told.contains("unknown-field"), "{path}: {told}");
    }
    assert_eq!(acme.get("/v1/assessments").expect(200).json["items"], json!([]));
}

#[rstest]
fn what_is_null_in_a_referral_goes_away(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    acme.post("/v1/clients", &json!({"name": "A", "external_id": "a"})).expect(201);
    let (incident, referral) = referred(&acme);
    let said = acme.patch(&referral, "*", &json!({"outcome": "o", "note": "m"})).expect(200);
    assert_eq!((&said.json["note"], &said.json["outcome"]), (&json!("m"), &json!("o")));
    let refused = acme.patch(&referral, "*", &json!({"state": null})).expect(422);
    assert_eq!(refused.faults(), ["/state required"]);
    let gone = acme.patch(&referral, "*", &json!({"note": null, "outcome": null})).expect(200);
    assert_eq!((&gone.json["note"], &gone.json["outcome"]), (&json!(null), &json!(null)));
    assert_eq!(acme.get(&referral).expect(200).json, gone.json);
    // It cannot be closed without the outcome that was taken back.
    let refused = acme.patch(&referral, "*", &json!({"state": "closed"})).expect(422);
    assert_eq!(refused.faults(), ["/outcome required"]);
    // What says what it says already is no change.
    let told = |answer: Value| answer["items"].as_array().unwrap().len();
    let before = told(acme.get(&format!("{incident}/timeline")).expect(200).json);
    let same = acme.patch(&referral, "*", &json!({"state": "sent", "note": null})).expect(200);
    assert_eq!(same.header("etag"), gone.header("etag"));
    assert_eq!(told(acme.get(&format!("{incident}/timeline")).expect(200).json), before);
}
