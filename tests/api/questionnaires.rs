//! The parts of a guideline that can be answered.
use crate::support::{Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
fn the_self_check_has_25_items_in_three_parts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let anonymous = service.anonymous();
    let list = anonymous.get("/v1/questionnaires").expect(200).json;
    let ids: Vec<_> = list["items"].as_array().unwrap().iter().map(|q| q["id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [
            "ipa-self-check-3",
            "ipa-self-check-3.1",
            "ipa-self-check-4.0",
            "ipa-basic-rules-3",
            "ipa-basic-rules-3.1",
            "ipa-basic-rules-4.0",
            "ipa-backup-4.0",
            "ipa-telework-3.1",
            "ipa-telework-4.0",
            "ipa-incident-readiness-3.1",
            "ipa-incident-readiness-4.0",
            "ipa-cloud-3",
            "ipa-cloud-3.1",
            "ipa-cloud-4.0",
            "scs-star3-20260327",
            "scs-star4-20260327",
        ]
    );
    let counts: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|q| q["items"].as_i64().unwrap()).collect();
    assert_eq!(counts, [25, 25, 25, 5, 5, 6, 3, 17, 17, 14, 14, 15, 15, 15, 81, 153]);
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

#[rstest]
fn scs_is_asked_criterion_by_criterion_under_its_requirements(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    for (id, requirements, star) in [("scs-star3-20260327", 26, 3), ("scs-star4-20260327", 43, 4)] {
        let questionnaire = service.anonymous().get(&format!("/v1/questionnaires/{id}")).expect(200).json;
        let sections = questionnaire["sections"].as_array().unwrap();
        assert_eq!(sections.len(), requirements, "{id}");
        let items = || sections.iter().flat_map(|s| s["items"].as_array().unwrap());
        assert!(items().all(|item| item["star"].as_i64().unwrap() <= star), "{id}");
        assert_eq!(questionnaire["scoring"]["method"], "coverage");
        let length = items().find(|item| item["control"] == "scs-4-1-4-2").unwrap();
        assert_eq!(
            (&length["thresholds"][0]["value"], &length["thresholds"][0]["unit"]),
            (&json!("6"), &json!("characters"))
        );
    }
    let yearly =
        service.anonymous().get("/v1/guidelines/scs/editions/20260327/controls/scs-1-2-1-3").expect(200);
    assert_eq!((&yearly.json["recurrence"], &yearly.json["parent"]), (&json!("P1Y"), &json!("scs-1-2-1")));
}

#[rstest]
fn an_item_says_for_which_client_it_does_not_apply_and_why(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let applies = |profile: Value, control: &str| {
        let made = acme.post("/v1/clients", &json!({"name": "A", "profile": profile})).expect(201);
        let path = format!("/v1/clients/{}/applicability?questionnaire=ipa-telework-3.1", made.text("/id"));
        let items = acme.get(&path).expect(200).json["items"].clone();
        assert_eq!(items.as_array().unwrap().len(), 17);
        items.as_array().unwrap().iter().find(|item| item["control"] == control).unwrap().clone()
    };
    let none = applies(json!({"telework_methods": []}), "telework-policy-1");
    assert_eq!(none["applies"], "no");
    assert!(none["why"]["ja"].as_str().unwrap().contains("テレワーク"));
    let vpn = || json!({"telework_methods": ["vpn"]});
    assert_eq!(applies(vpn(), "telework-method-vpn")["applies"], "yes");
    assert_eq!(applies(vpn(), "telework-method-cloud")["applies"], "no");
    assert_eq!(applies(vpn(), "telework-byod")["applies"], "unknown");
    assert_eq!(applies(vpn(), "telework-byod")["undecided"], json!(["byod"]));
    assert_eq!(applies(json!({}), "telework-policy-1")["undecided"], json!(["telework_methods"]));
    let client = acme.post("/v1/clients", &json!({"name": "B"})).expect(201);
    let path = format!("/v1/clients/{}/applicability?questionnaire=nothing", client.text("/id"));
    assert_eq!(acme.get(&path).expect(422).faults(), ["/query/questionnaire unknown-value"]);
}

/// What other tools take over has the shape that NIST's schemas ask for.
#[rstest]
fn every_questionnaire_is_an_oscal_profile_and_a_ciso_assistant_library(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let anonymous = service.anonymous();
    let schema: Value = serde_json::from_str(include_str!("../data/oscal/profile-schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let list = anonymous.get("/v1/questionnaires").expect(200).json;
    for questionnaire in list["items"].as_array().unwrap() {
        let id = questionnaire["id"].as_str().unwrap();
        let profile = anonymous.get(&format!("/v1/questionnaires/{id}/oscal-profile")).expect(200).json;
        let faults: Vec<_> = schema.iter_errors(&profile).map(|e| e.to_string()).collect();
        assert!(faults.is_empty(), "{id}: {faults:?}");
        let ids = &profile["profile"]["imports"][0]["include-controls"][0]["with-ids"];
        assert_eq!(json!(ids.as_array().unwrap().len()), questionnaire["items"], "{id}");
        for locale in ["ja", "en"] {
            let library = anonymous
                .get(&format!("/v1/questionnaires/{id}/ciso-assistant-library?locale={locale}"))
                .expect(200);
            assert_eq!(library.header("content-type"), "application/yaml");
            let library: Value = serde_saphyr::from_str(library.json.as_str().unwrap()).unwrap();
            let nodes = library["objects"]["framework"]["requirement_nodes"].as_array().unwrap();
            let asked = nodes.iter().filter(|node| node["assessable"] == true).count();
            assert_eq!(json!(asked), questionnaire["items"], "{id}");
            assert_eq!(library["locale"], locale);
        }
    }
    let path = "/v1/questionnaires/ipa-self-check-3.1/ciso-assistant-library?locale=fr";
    assert_eq!(anonymous.get(path).expect(422).faults(), ["/query/locale pattern"]);
    anonymous.get("/v1/questionnaires/none/oscal-profile").expect(404);
    anonymous.get("/v1/questionnaires/none/ciso-assistant-library").expect(404);
}
