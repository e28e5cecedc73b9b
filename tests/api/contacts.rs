//! The directory of contacts.
use crate::support::{Engine, Service};
use diesel::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use tasuke::caller::Scope;
use tasuke::db::{AnyConnection, StoreError};

// What a test has to reach past the API: an override that was made over an older directory.
diesel::table! {
    own_contacts (tenant, id) {
        tenant -> Text,
        id -> Text,
        shipped -> Nullable<Text>,
    }
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect()
}

#[rstest]
fn the_directory_says_what_each_contact_does_and_does_not_do(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let anonymous = service.anonymous();
    let all = anonymous.get("/v1/contacts?limit=100").expect(200).json;
    assert_eq!(ids(&all).len(), 60);
    let police = anonymous.get("/v1/contacts/police_pref_cyber").expect(200).json;
    assert_eq!(police["category"], "police");
    assert!(police["does_not"]["ja"].as_str().unwrap().contains("被害届"));
    assert_eq!(police["verify_by"], "2027-05-22");
    anonymous.get("/v1/contacts/nobody").expect(404);
}

#[rstest]
fn contacts_are_found_by_each_filter(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let anonymous = service.anonymous();
    let find = |query: &str| anonymous.get(&format!("/v1/contacts?limit=100&{query}")).expect(200).json;
    assert_eq!(ids(&find("category=police")), ["emergency_110_119", "police_pref_cyber", "police_station"]);
    assert!(ids(&find("function=legal_report")).contains(&"ppc_leak_report"));
    // A desk of one prefecture is there for it only; the others are there for all.
    assert_eq!(ids(&find("prefecture=13")).len(), 60);
    assert_eq!(ids(&find("prefecture=27")).len(), 59);
    assert!(!ids(&find("prefecture=27")).contains(&"tokyo_tcyss"));
    let refused = anonymous.get("/v1/contacts?category=friend&function=hug").expect(422);
    let faults = ["/query/category unknown-value", "/query/function unknown-value"];
    assert_eq!(refused.faults(), faults);
}

fn vendor() -> Value {
    json!({
        "id": "own-hoshu-m", "stands_for": "maintenance_vendor",
        "name": {"ja": "保守会社M", "en": "Maintenance M"}, "does": {"ja": "保守", "en": "Maintenance"},
        "channels": [
            {"type": "contract_contact", "value": "03-0000-0000",
                "opening": {"weekly": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00"}]}},
            {"type": "phone", "value": "090-0000-0000", "opening": {"always": true}},
        ],
    })
}

#[rstest]
fn a_vendor_of_ones_own_is_whom_a_decision_leads_to(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let created = acme.post("/v1/contacts", &vendor()).expect(201);
    assert_eq!((created.text("/origin"), created.header("location")), ("own", "/v1/contacts/own-hoshu-m"));
    acme.post("/v1/contacts", &vendor()).expect(409);
    assert_eq!(acme.get("/v1/contacts/own-hoshu-m").expect(200).header("etag"), created.header("etag"));
    // Nobody else's.
    service.anonymous().get("/v1/contacts/own-hoshu-m").expect(404);
    service.tenant("rival").get("/v1/contacts/own-hoshu-m").expect(404);
    assert!(!ids(&service.tenant("rival").get("/v1/contacts?limit=100").json).contains(&"own-hoshu-m"));
    assert!(ids(&acme.get("/v1/contacts?limit=100").expect(200).json).contains(&"own-hoshu-m"));

    let mut facts: Value = serde_json::from_str(include_str!("../../examples/ransomware.json")).unwrap();
    let called = |facts: &Value, caller: &crate::support::Caller<'_>| {
        let decision = caller.post("/v1/routings", facts).expect(200).json;
        let mut actions = decision["actions"].as_array().unwrap().iter();
        actions.find(|a| a["contact"] == "maintenance_vendor").unwrap().clone()
    };
    // On a Tuesday morning the usual number answers; at night the other one does, and it says why.
    let day = called(&facts, &acme);
    assert_eq!(
        (&day["own_contact"], &day["channel"]["value"]),
        (&json!("own-hoshu-m"), &json!("03-0000-0000"))
    );
    assert_eq!(day["channel"]["open"], true);
    facts["as_of"] = json!("2026-11-24T23:00:00+09:00");
    let night = called(&facts, &acme);
    assert_eq!(
        (&night["channel"]["value"], &night["channel"]["open"]),
        (&json!("090-0000-0000"), &json!(true))
    );
    assert!(night["channel"]["why"].as_str().unwrap().contains("closed now"));
    // Who may not read the contacts is told what ships.
    let blind = called(&facts, &service.caller("acme", &[Scope::IncidentsRead], None));
    assert_eq!((&blind["own_contact"], &blind["channel"]["value"]), (&Value::Null, &Value::Null));

    let gone = acme.delete("/v1/contacts/own-hoshu-m", created.header("etag"));
    gone.expect(204);
    acme.get("/v1/contacts/own-hoshu-m").expect(404);
}

#[rstest]
fn an_override_stands_until_it_is_taken_away(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let path = "/v1/contacts/police_pref_cyber";
    let shipped = acme.get(path).expect(200);
    assert_eq!(shipped.text("/origin"), "shipped");
    let said = json!({"notes": {"ja": "担当: 佐藤", "en": "Ask for Sato"}, "verify_by": "2026-01-01"});
    let changed = acme.patch(path, shipped.header("etag"), &said).expect(200);
    assert_eq!((changed.text("/origin"), changed.text("/notes/ja")), ("overridden", "担当: 佐藤"));
    assert_eq!(
        (&changed.json["verification_overdue"], &changed.json["differences"]),
        (&json!(true), &json!([]))
    );
    // What is not said stays as it ships, and others see what ships.
    assert_eq!(changed.json["channels"], shipped.json["channels"]);
    assert_eq!(service.anonymous().get(path).expect(200).text("/origin"), "shipped");
    acme.patch(path, shipped.header("etag"), &said).expect(412);
    let back = acme.patch(path, changed.header("etag"), &json!({"verify_by": null})).expect(200);
    assert_eq!(
        (&back.json["verify_by"], &back.json["verification_overdue"]),
        (&shipped.json["verify_by"], &json!(false))
    );
    acme.delete(path, back.header("etag")).expect(204);
    assert_eq!(acme.get(path).expect(200).header("etag"), shipped.header("etag"));
    acme.delete(path, shipped.header("etag")).expect(409);
}

#[rstest]
fn what_changed_under_an_override_is_told_until_somebody_looks(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let path = "/v1/contacts/police_pref_cyber";
    let shipped = acme.get(path).expect(200);
    let said = json!({"notes": {"ja": "担当: 佐藤", "en": "Ask for Sato"}, "languages": ["ja", "en"]});
    let changed = acme.patch(path, shipped.header("etag"), &said).expect(200);
    assert_eq!(changed.json["differences"], json!([]));
    // The override was made over an older directory: what it was laid over is kept with it.
    let then = json!({"notes": shipped.json["notes"], "languages": ["fr"]});
    service
        .db
        .write_now(|conn: &mut AnyConnection| -> Result<(), StoreError> {
            let older = own_contacts::shipped.eq(Some(then.to_string()));
            assert_eq!(diesel::update(own_contacts::table).set(older).execute(conn)?, 1);
            Ok(())
        })
        .unwrap();
    let found = acme.get(path).expect(200);
    let told = json!([{
        "field": "languages", "shipped_then": "[\"fr\"]", "shipped_now": shipped.json["languages"].to_string(),
    }]);
    // Only what was overridden and changed, and the override stands all the same.
    assert_eq!(found.json["differences"], told);
    assert_eq!(found.json["languages"], json!(["ja", "en"]));
    let listed = acme.get("/v1/contacts?limit=100").expect(200).json;
    let listed = listed["items"].as_array().unwrap();
    let differing: Vec<_> =
        listed.iter().filter(|c| c["differences"] != json!([])).map(|c| &c["id"]).collect();
    assert_eq!(differing, ["police_pref_cyber"]);
    assert_eq!(service.tenant("rival").get(path).expect(200).json["differences"], json!([]));
    // Saying it again, having seen what ships now, settles it.
    let again = acme.patch(path, found.header("etag"), &said).expect(200);
    assert_eq!(again.json["differences"], json!([]));
}

#[rstest]
fn a_contact_that_nobody_could_reach_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let mut body = json!({"id": "own-x", "stands_for": "nobody"});
    assert_eq!(
        acme.post("/v1/contacts", &body).expect(422).faults(),
        ["/name required", "/does required", "/channels required", "/stands_for unknown-value"]
    );
    body = vendor();
    body["channels"][0]["opening"] = json!({"weekly": []});
    assert_eq!(acme.post("/v1/contacts", &body).expect(422).faults(), ["/channels/0/opening incomplete"]);
    body = json!({"id": "police_of_mars"});
    assert_eq!(acme.post("/v1/contacts", &body).expect(422).faults(), ["/id unknown-value"]);
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let narrowed = service.caller("acme", Scope::ALL, Some(client.text("/id")));
    narrowed.post("/v1/contacts", &vendor()).expect(403);
}
