//! The directory of contacts.
use crate::support::{Engine, Service};
use rstest::rstest;
use serde_json::Value;

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
