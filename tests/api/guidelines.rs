//! What a guideline asks for.
use crate::support::{Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const EDITION: &str = "/v1/guidelines/ipa-sme/editions/3.1";

fn keys(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|c| c["key"].as_str().unwrap().to_owned()).collect()
}

#[rstest]
fn edition_3_1_is_there_whole(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let anonymous = service.anonymous();
    let guidelines = anonymous.get("/v1/guidelines").expect(200).json;
    assert_eq!(guidelines["items"][0]["key"], "ipa-sme");
    let edition = anonymous.get(EDITION).expect(200).json;
    assert_eq!(edition["published_on"], "2023-04-26");
    assert_eq!(edition["controls"], 149);
    let counts: Vec<(&str, i64)> = edition["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["key"].as_str().unwrap(), group["controls"].as_i64().unwrap()))
        .collect();
    assert_eq!(
        counts,
        [
            ("management-principle", 3),
            ("management-action", 7),
            ("practice", 17),
            ("basic-rules", 5),
            ("self-check", 25),
            ("regulation-template", 11),
            ("practice-website", 3),
            ("cloud-checklist", 15),
            ("telework", 17),
            ("incident-preparation", 5),
            ("incident-step", 9),
            ("incident-by-type", 20),
            ("incident-record", 1),
            ("incident-contact", 6),
            ("technical-measure", 2),
            ("risk-analysis", 3),
        ]
    );
}

#[rstest]
fn the_pages_of_controls_hold_each_control_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let anonymous = service.anonymous();
    let mut all = vec![];
    let mut path = format!("{EDITION}/controls?limit=100");
    loop {
        let page = anonymous.get(&path).expect(200).json;
        all.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("{EDITION}/controls?limit=100&after={cursor}");
    }
    let unique: BTreeSet<_> = all.iter().map(|c| c["key"].as_str().unwrap()).collect();
    assert_eq!((all.len(), unique.len()), (149, 149));
    for control in &all {
        let key = control["key"].as_str().unwrap();
        assert!(!control["sources"].as_array().unwrap().is_empty(), "{key}");
        assert!(control["present_in"].as_array().unwrap().contains(&json!("3.1")), "{key}");
        let one = anonymous.get(&format!("{EDITION}/controls/{key}")).expect(200);
        assert_eq!(&one.json, control);
    }
}

#[rstest]
fn controls_are_found_by_each_filter(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let anonymous = service.anonymous();
    for (query, count, first) in [
        ("group=self-check", 25, "self-check-01"),
        ("part=self-check-2", 13, "self-check-06"),
        ("part=executives", 10, "principle-1"),
        ("stage=recovery", 13, "incident-step-recover-1"),
        ("tag=backup", 3, "self-check-11"),
        ("tag=incident&tag=backup", 2, "incident-prepare-backup"),
        ("telework_method=vpn", 1, "telework-method-vpn"),
        ("workplace=home", 1, "telework-place-home"),
        ("incident_type=ransomware", 5, "incident-type-ransomware-detect"),
        ("incident_type=ransomware&stage=reporting", 1, "incident-type-malware-report"),
        ("q=%E3%83%91%E3%82%B9%E3%83%AF%E3%83%BC%E3%83%89", 3, "basic-rule-3"),
        ("q=PASSWORDS", 3, "basic-rule-3"),
        ("q=backup+restore", 3, "self-check-11"),
        ("q=nothing-has-this-word", 0, ""),
    ] {
        let page = anonymous.get(&format!("{EDITION}/controls?limit=100&{query}")).expect(200).json;
        let keys = keys(&page);
        let found = (keys.len(), keys.first().map_or("", String::as_str));
        assert_eq!(found, (count, first), "{query}: {keys:?}");
    }
}

#[rstest]
fn a_filter_value_that_no_one_knows_is_answered_with_the_known_ones(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let path = format!("{EDITION}/controls?group=selfcheck&workplace=moon&tag=all&tag=none");
    let refused = service.anonymous().get(&path).expect(422);
    let faults =
        ["/query/group unknown-value", "/query/tag unknown-value", "/query/workplace unknown-value"];
    assert_eq!(refused.faults(), faults);
    assert!(refused.text("/errors/2/message").contains("home, mobile, satellite"));
}

#[rstest]
fn unchanged_content_is_not_sent_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let path = format!("{EDITION}/controls/self-check-01");
    let first = service.anonymous().get(&path).expect(200);
    assert!(first.header("cache-control").contains("public"));
    let headers = [("if-none-match", first.header("etag"))];
    let get = ureq::http::Method::GET;
    service.anonymous().send(&get, &path, &headers, None).expect(304);
}

#[rstest]
fn nothing_says_that_anybody_is_certified(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    for path in [
        format!("{EDITION}/controls?limit=100"),
        EDITION.to_owned(),
        "/v1/questionnaires/ipa-basic-rules-3.1".into(),
    ] {
        let text = service.anonymous().get(&path).expect(200).json.to_string();
        assert!(!text.contains("認定"), "{path}");
    }
}
