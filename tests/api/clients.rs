//! A provider's client companies.
use crate::support::{Engine, Service};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rstest::rstest;
use serde_json::{Value, json};
use tasuke::caller::Scope;
use ureq::http::Method;

#[rstest]
fn a_client_comes_back_as_it_was_sent(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let sent = json!({
        "name": "株式会社サンプル製作所 𠮷田", "external_id": "crm-0042", "industry": "E",
        "employees": 45, "prefecture": "23",
        "profile": {"telework_methods": ["vpn", "cloud"], "workplaces": [], "website": true},
        "contracts": {
            "otasuketai": {"subscribed": true, "provider": "お助け隊O社"},
            "cyber_insurance": {"enrolled": true, "insurer": "損保I社", "notice_days": 30},
            "maintenance_vendors": [{"vendor": "保守会社M", "systems": ["基幹サーバ"]}],
            "customer_notice": [{"counterparty": "顧客A社", "notice_hours": 24}],
        },
    });
    let made = acme.post("/v1/clients", &sent).expect(201);
    let path = made.header("location").to_owned();
    let read = acme.get(&path).expect(200);
    assert_eq!(read.json, made.json);
    assert_eq!(read.header("etag"), made.header("etag"));
    for field in ["name", "external_id", "industry", "employees", "prefecture"] {
        assert_eq!(read.json[field], sent[field], "{field}");
    }
    let profile = &read.json["profile"];
    assert_eq!(profile["telework_methods"], json!(["vpn", "cloud"]));
    assert_eq!((&profile["workplaces"], &profile["byod"]), (&json!([]), &json!(null)));
    let contracts = &read.json["contracts"];
    assert_eq!(contracts["cyber_insurance"]["notice_days"], 30);
    assert_eq!(contracts["lawyer"], json!(null));
    assert_eq!(contracts["customer_notice"][0]["notice_hours"], 24);
}

#[rstest]
fn an_external_id_is_taken_once_in_a_tenant(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let body = json!({"name": "A", "external_id": "crm-1"});
    let first = service.tenant("acme").post("/v1/clients", &body).expect(201);
    let again = service.tenant("acme").post("/v1/clients", &body).expect(409);
    assert_eq!(again.text("/code"), "duplicate");
    service.tenant("rival").post("/v1/clients", &body).expect(201);
    // Clients without one do not clash.
    for _ in 0..2 {
        service.tenant("acme").post("/v1/clients", &json!({"name": "B"})).expect(201);
    }
    let found = service.tenant("acme").get("/v1/clients?external_id=crm-1").expect(200);
    assert_eq!(found.json["items"], json!([first.json]));
}

#[rstest]
fn pages_follow_each_other_while_clients_are_added(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let add = |n: u8| {
        let made = acme.post("/v1/clients", &json!({"name": format!("client {n}")}));
        made.expect(201).text("/id").to_owned()
    };
    let ids: Vec<_> = (0..5).map(add).collect();
    let mut seen = vec![];
    let mut next = "/v1/clients?limit=2".to_owned();
    loop {
        let page = acme.get(&next).expect(200).json;
        let items = page["items"].as_array().unwrap().clone();
        seen.extend(items.iter().map(|c| c["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        if seen.len() == 2 {
            add(9);
        }
        next = format!("/v1/clients?limit=2&after={cursor}");
    }
    assert_eq!(seen[..5], ids);
    assert_eq!(seen.len(), 6);
}

#[rstest]
fn a_cursor_is_good_for_its_own_list_only(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    for tenant in ["acme", "rival"] {
        for _ in 0..2 {
            service.tenant(tenant).post("/v1/clients", &json!({"name": "A"})).expect(201);
        }
    }
    let page = service.tenant("acme").get("/v1/clients?limit=1").expect(200);
    let cursor = page.text("/next_cursor").to_owned();
    let same = format!("/v1/clients?after={cursor}");
    service.tenant("acme").get(&same).expect(200);
    let other_filter = format!("{same}&external_id=x");
    // What a cursor is made of can be read, but not used to send U+0000 to the database.
    let inside = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
    let list = String::from_utf8(inside).unwrap().split_once(':').unwrap().0.to_owned();
    let crafted = format!("/v1/clients?after={}", URL_SAFE_NO_PAD.encode(format!("{list}:\0")));
    let other_list = format!("/v1/assessments?after={cursor}");
    for (tenant, path) in [
        ("rival", same.as_str()),
        ("acme", &other_filter),
        ("acme", &other_list),
        ("acme", "/v1/clients?after=nonsense"),
        ("acme", &crafted),
    ] {
        let refused = service.tenant(tenant).get(path).expect(400);
        assert_eq!(refused.text("/code"), "invalid-cursor", "{tenant} {path}");
    }
}

#[rstest]
fn an_unchanged_client_is_not_sent_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let made = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let (path, etag) = (made.header("location"), made.header("etag"));
    let get = ureq::http::Method::GET;
    let same = acme.send(&get, path, &[("if-none-match", etag)], None).expect(304);
    assert_eq!(same.header("etag"), etag);
    acme.send(&get, path, &[("if-none-match", "\"r9\"")], None).expect(200);
}

#[rstest]
fn a_narrowed_token_sees_one_client_and_makes_none(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let make = |name: &str| {
        let made = acme.post("/v1/clients", &json!({"name": name, "external_id": name}));
        made.expect(201).text("/id").to_owned()
    };
    let (mine, other) = (make("mine"), make("other"));
    let narrowed = service.caller("acme", Scope::ALL, Some(&mine));
    narrowed.get(&format!("/v1/clients/{mine}")).expect(200);
    narrowed.get(&format!("/v1/clients/{other}")).expect(404);
    let page = narrowed.get("/v1/clients").expect(200);
    assert_eq!(page.json["items"].as_array().unwrap().len(), 1);
    narrowed.post("/v1/clients", &json!({"name": "x"})).expect(403);

    let assess = |client: &str| json!({"client_id": client, "questionnaire": "ipa-basic-rules-3.1"});
    let theirs = acme.post("/v1/assessments", &assess(&other)).expect(201);
    narrowed.post("/v1/assessments", &assess(&mine)).expect(201);
    let refused = narrowed.post("/v1/assessments", &assess(&other)).expect(422);
    assert_eq!(refused.faults(), ["/client_id unknown-client"]);
    let by_name = json!({"client_external_id": "other", "questionnaire": "ipa-basic-rules-3.1"});
    narrowed.post("/v1/assessments", &by_name).expect(422);
    let path = theirs.header("location");
    narrowed.get(path).expect(404);
    narrowed.get(&format!("{path}/result")).expect(404);
    narrowed.post(&format!("{path}/submit"), &json!({})).expect(404);
    let page = narrowed.get("/v1/assessments").expect(200);
    assert_eq!(page.json["items"].as_array().unwrap().len(), 1);
}

#[rstest]
fn a_client_is_changed_by_a_merge_patch(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let body = json!({"name": "A", "external_id": "x", "employees": 45, "profile": {"byod": true, "telework_methods": ["vpn"]},
        "contracts": {"lawyer": {"retained": true, "name": "弁護士"}}});
    let made = acme.post("/v1/clients", &body).expect(201);
    let path = made.header("location");
    let patch = json!({"employees": null, "industry": "E", "profile": {"byod": null, "website": true, "telework_methods": ["cloud"]}, "contracts": {"lawyer": {"name": null}}});
    let changed = acme.patch(path, made.header("etag"), &patch).expect(200);
    assert_eq!((&changed.json["employees"], &changed.json["industry"]), (&Value::Null, &json!("E")));
    let profile = &changed.json["profile"];
    assert_eq!(
        (&profile["byod"], &profile["website"], &profile["telework_methods"]),
        (&Value::Null, &json!(true), &json!(["cloud"]))
    );
    assert_eq!(changed.json["contracts"]["lawyer"], json!({"retained": true, "name": null}));
    assert_eq!(acme.get(path).expect(200).json, changed.json);
    assert_eq!(changed.json["created_at"], made.json["created_at"]);
    // Somebody who has not seen that changes nothing.
    acme.patch(path, made.header("etag"), &json!({"name": "B"})).expect(412);
    let json = [("content-type", "application/json")];
    acme.send(&Method::PATCH, path, &json, Some(b"{}")).expect(428);
    let tag = changed.header("etag");
    for (patch, faults) in [
        (json!({"name": null}), &["/name required"][..]),
        (json!({"name": " \u{3000}"}), &["/name pattern"]),
        (json!({"nickname": "x", "employees": -1}), &["/employees too-small", "/nickname unknown-field"]),
        (
            json!({"employes": null, "contracts": {"lawyr": null}}),
            &["/contracts/lawyr unknown-field", "/employes unknown-field"],
        ),
        (
            json!({"contracts": {"maintenance_vendors": [{"vendor": null, "systems": null}]}}),
            &["/contracts/maintenance_vendors/0/vendor required"],
        ),
        (json!({"profile": {"telework_methods": ["pigeon"]}}), &["/profile/telework_methods/0 pattern"]),
        (json!([]), &[" type"]),
    ] {
        assert_eq!(acme.patch(path, tag, &patch).expect(422).faults(), faults, "{patch}");
    }
    acme.post("/v1/clients", &json!({"name": "C", "external_id": "y"})).expect(201);
    assert_eq!(acme.patch(path, tag, &json!({"external_id": "y"})).expect(409).text("/code"), "duplicate");
    assert_eq!(acme.get(path).expect(200).header("etag"), tag);
}

#[rstest]
fn a_client_goes_with_everything_and_everything_is_given_out(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let made = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let path = made.header("location");
    let body = json!({"client_id": made.json["id"], "questionnaire": "ipa-basic-rules-3.1"});
    let draft = acme.post("/v1/assessments", &body).expect(201);
    let draft = draft.header("location");
    acme.post(
        &format!("{draft}/responses"),
        &json!({"respondent": "支店", "answers": [{"control": "basic-rule-1", "status": "partial"}]}),
    )
    .expect(201);
    acme.post(&format!("{draft}/merge"), &json!({"take_agreed": true})).expect(200);
    let facts = json!({"incident": {"types": ["ransomware"], "stage": "initial", "aware_at": "2026-11-20T09:00:00+09:00"}});
    let incident = json!({"client_id": made.json["id"], "title": "暗号化", "facts": facts});
    let incident = acme.post("/v1/incidents", &incident).expect(201);
    let incident = incident.header("location");
    let export = acme.get(&format!("{path}/export")).expect(200);
    assert_eq!(export.json["incidents"][0]["incident"]["id"], incident.rsplit('/').next().unwrap());
    let record = &export.json["assessments"][0];
    assert_eq!(record["assessment"]["id"], draft.rsplit('/').next().unwrap());
    assert_eq!(record["events"].as_array().unwrap().len(), 3);
    assert_eq!(record["responses"][0]["respondent"], "支店");
    acme.send(&Method::DELETE, path, &[], None).expect(428);
    acme.delete(path, "\"old\"").expect(412);
    let taken = acme.delete(path, made.header("etag")).expect(200);
    assert_eq!(taken.json, export.json);
    acme.get(path).expect(404);
    acme.get(draft).expect(404);
    acme.get(incident).expect(404);
    acme.get(&format!("{draft}/responses")).expect(404);
    assert_eq!(acme.get("/v1/assessments").expect(200).json["items"], json!([]));
}
