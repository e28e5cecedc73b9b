//! What goes with a client stands in the log of its tenant. A neighbour's of the same ids stays, and is not told of.
use super::rows;
use crate::support::{Engine, Service};
use chrono::Utc;
use rstest::rstest;
use serde_json::{Value, json};
use tasuke::tenants::{self, Tenancy};

#[rstest]
fn what_goes_with_a_client_is_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = |name: &str| acme.post("/v1/clients", &json!({"name": name})).expect(201);
    let (goes, stays) = (client("goes"), client("stays"));
    let account = |name: &str, client: Option<&str>| {
        let body = json!({"name": name, "scopes": ["clients:read"], "client_id": client});
        acme.post("/v1/service-accounts", &body).expect(201).text("/id").to_owned()
    };
    let going = [account("one", Some(goes.text("/id"))), account("two", Some(goes.text("/id")))];
    let staying = [account("three", Some(stays.text("/id"))), account("four", None)];
    let draft = json!({"client_id": goes.json["id"], "questionnaire": "ipa-basic-rules-3.1"});
    let draft = acme.post("/v1/assessments", &draft).expect(201);
    let links = format!("{}/links", draft.header("location"));
    for respondent in ["東京本社", "大阪支店"] {
        acme.post(&links, &json!({"respondent": respondent})).expect(201);
    }
    let twin = Tenancy::new("twin", "twin", Utc::now()).unwrap();
    service.db.write_now(|conn: &mut _| tenants::add(conn, &twin)).unwrap();
    rows::copy(&service.db, ("acme", "twin"), ("Acme", "Twin"));
    let before = rows::of(&service.db, "twin");

    acme.delete(goes.header("location"), goes.header("etag")).expect(200);
    rows::same(&before, &rows::of(&service.db, "twin"));
    let told = acme.get("/v1/audit-events?action=deleteClient").expect(200).json["items"].clone();
    let told: Vec<[Value; 4]> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|event| ["effect", "resource", "resource_id", "client_id"].map(|name| event[name].clone()))
        .collect();
    let id = &goes.json["id"];
    let gone = |resource: &str, it: &Value| [json!("removed"), json!(resource), it.clone(), id.clone()];
    let [one, two] = going.map(|account| gone("service_account", &json!(account)));
    assert_eq!(told, [one, two, gone("client", id)]);
    let last = acme.get("/v1/audit-events?action=deleteClient&resource=client").expect(200);
    let with = json!({"revision": 1, "assessments": 1, "links": 2, "incidents": 0});
    assert_eq!(last.json["items"][0]["before"], with);
    for account in staying {
        acme.get(&format!("/v1/service-accounts/{account}")).expect(200);
    }
}
