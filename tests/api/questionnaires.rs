//! The parts of a guideline that can be answered.
use crate::support::{Engine, Service};
use rstest::rstest;
use serde_json::json;

#[rstest]
fn the_self_check_has_25_items_in_three_parts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let anonymous = service.anonymous();
    let list = anonymous.get("/v1/questionnaires").expect(200).json;
    let ids: Vec<_> = list["items"].as_array().unwrap().iter().map(|q| q["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["ipa-self-check-3.1", "ipa-basic-rules-3.1"]);
    let self_check = anonymous.get("/v1/questionnaires/ipa-self-check-3.1").expect(200).json;
    let sections = self_check["sections"].as_array().unwrap();
    let items: Vec<_> = sections.iter().map(|s| s["items"].as_array().unwrap().len()).collect();
    assert_eq!(items, [5, 13, 7]);
    let scoring = &self_check["scoring"];
    assert_eq!((&scoring["minimum"], &scoring["maximum"]), (&json!(-25), &json!(100)));
    let points: Vec<_> =
        scoring["answers"].as_array().unwrap().iter().map(|a| a["points"].as_i64().unwrap()).collect();
    assert_eq!(points, [4, 2, 0, -1, 4]);
    // Where the way of counting is not confirmed, it says so.
    assert!(scoring["answers"][4]["note"]["en"].as_str().unwrap().contains("edition 2"));
    anonymous.get("/v1/questionnaires/ipa-self-check-9").expect(404);
}
