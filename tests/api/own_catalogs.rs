//! Catalogs as others make them: what is asked of them, how large they may be, and what points into them.
use crate::own_guidelines::{EDITION, asked, baseline, put};
use crate::support::{Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};

/// As in NIST SP 800-53: a base control with enhancements, some of them withdrawn.
#[rstest]
fn a_base_control_is_asked_for_and_a_withdrawn_one_is_not(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let mut body = baseline();
    let said = |id: &str| json!([{"id": format!("{id}_smt"), "name": "statement", "prose": id}]);
    let withdrawn = json!([{"name": "status", "value": "withdrawn"}]);
    body["catalog"]["groups"][0]["controls"] = json!([
        {"id": "ac-1", "title": "方針", "parts": said("ac-1")},
        {"id": "ac-2", "title": "アカウント管理", "parts": said("ac-2"), "controls": [
            {"id": "ac-2.1", "title": "自動化", "parts": said("ac-2.1"), "links": [{"href": "#ac-2.2", "rel": "related"}]},
            {"id": "ac-2.2", "title": "統合済み", "props": withdrawn, "links": [{"href": "#ac-2", "rel": "incorporated-into"}]},
        ]},
        {"id": "ac-3", "title": "見出しだけ", "controls": [{"id": "ac-3.1", "title": "中身"}]},
        {"id": "ac-4", "title": "残りは取り下げ", "controls": [{"id": "ac-4.1", "title": "取り下げ", "props": withdrawn}]},
        {"id": "ac-13", "title": "取り下げ", "props": withdrawn, "controls": [{"id": "ac-13.1", "title": "残った"}]},
    ]);
    acme.post("/v1/guidelines", &body).expect(201);
    assert_eq!(
        asked(&acme, "own-baseline-2026.1"),
        ["ac-1", "ac-2", "ac-2.1", "ac-3.1", "ac-4", "ac-13.1"]
    );
    let edition = acme.get(EDITION).expect(200).json;
    assert_eq!(edition["controls"], 7);
    acme.get(&format!("{EDITION}/controls/ac-2.2")).expect(404);
    let kept = acme.get(&format!("{EDITION}/controls/ac-2.1")).expect(200).json;
    assert_eq!(kept["related"], json!([]));
    assert_eq!(acme.get(&format!("{EDITION}/controls/ac-13.1")).expect(200).json["parent"], Value::Null);
    let listed = acme.get("/v1/questionnaires").expect(200).json;
    assert_eq!(listed["items"].as_array().unwrap().last().unwrap()["items"], 6);
    // What the next edition withdraws, it has not.
    body["edition"] = json!("2027");
    body["catalog"]["groups"][0]["controls"][0]["props"] = withdrawn;
    acme.post("/v1/guidelines", &body).expect(201);
    let changes = acme.get("/v1/guidelines/own-baseline/editions/2027/changes").expect(200).json;
    assert_eq!(changes["counts"]["withdrawn"], 1);
    assert_eq!(changes["controls"][0]["control"], "ac-1");
}

/// A finding points at what is in the catalog that was sent.
#[rstest]
fn findings_point_at_parts_that_are_there(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let mut body = baseline();
    body["catalog"]["groups"][0]["controls"] = json!([
        {"id": "x1", "title": "文なし"},
        {"id": "x2", "title": "別のid", "parts": [{"id": "x2-statement", "name": "statement", "prose": "文。"}]},
        {"id": "x3", "title": "idなし", "parts": [{"name": "statement", "prose": "文。"}]},
    ]);
    acme.post("/v1/guidelines", &body).expect(201);
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let answers: Vec<_> =
        ["x1", "x2", "x3"].iter().map(|x| json!({"control": x, "status": "implemented"})).collect();
    let body =
        json!({"client_id": client.json["id"], "questionnaire": "own-baseline-2026.1", "answers": answers});
    let made = acme.post("/v1/assessments", &body).expect(201);
    let results =
        acme.get(&format!("{}/oscal-assessment-results", made.header("location"))).expect(200).json;
    let findings = results["assessment-results"]["results"][0]["findings"].as_array().unwrap();
    let targets: Vec<_> = findings
        .iter()
        .map(|f| (f["target"]["type"].as_str().unwrap(), f["target"]["target-id"].as_str().unwrap()))
        .collect();
    assert_eq!(targets, [("objective-id", "x1"), ("statement-id", "x2-statement"), ("objective-id", "x3")]);
}

/// A report and a history of an own guideline go across its editions, like those of the shipped ones.
#[rstest]
fn results_of_ones_own_are_compared_across_editions(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    put(&acme);
    let mut next = baseline();
    next["edition"] = json!("2027");
    next["catalog"]["metadata"]["title"] = json!("当社の基準 改");
    acme.post("/v1/guidelines", &next).expect(201);
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let submit = |edition: &str, status: &str| {
        let questionnaire = format!("own-baseline-{edition}");
        let answers: Vec<_> = ["bk-1", "bk-1.1", "bk-1.2", "bk-2"]
            .iter()
            .map(|control| json!({"control": control, "status": status}))
            .collect();
        let body = json!({"client_id": client.json["id"], "questionnaire": questionnaire, "answers": answers, "state": "submitted"});
        acme.post("/v1/assessments", &body).expect(201).header("location").to_owned()
    };
    submit("2026.1", "partial");
    let second = submit("2027", "implemented");
    let page = acme.get(&format!("{second}/report.html?language=en")).expect(200).json;
    assert!(page.as_str().unwrap().contains("Compared with the last time"));
    assert!(page.as_str().unwrap().contains("Over time"));
}

/// As much as is promised: 3,000 controls, and groups as deep as catalogs have them.
#[rstest]
fn a_catalog_may_be_large_and_deep(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let mut body = baseline();
    let many: Vec<_> = (0..3000)
        .map(|n| json!({"id": format!("c-{n}"), "title": "管理策", "parts": [{"name": "statement", "prose": "対策を実施する。".repeat(8)}]}))
        .collect();
    body["catalog"]["groups"][0]["controls"] = json!(many);
    assert!(body.to_string().len() > 500_000);
    acme.post("/v1/guidelines", &body).expect(201);
    let mut deep = json!({"title": "底", "controls": [{"id": "d-1", "title": "底の管理策"}]});
    for n in 0..20 {
        deep = json!({"id": format!("g-{n}"), "title": "段", "groups": [deep]});
    }
    let mut body = baseline();
    body["edition"] = json!("2027");
    body["catalog"]["groups"] = json!([deep]);
    acme.post("/v1/guidelines", &body).expect(201);
    assert_eq!(asked(&acme, "own-baseline-2027"), ["d-1"]);
    // Deeper than anybody bears is told.
    for n in 20..60 {
        body["catalog"]["groups"][0] =
            json!({"id": format!("g-{n}"), "title": "段", "groups": [body["catalog"]["groups"][0].take()]});
    }
    assert_eq!(acme.post("/v1/guidelines", &body).expect(400).text("/code"), "malformed-body");
}

#[rstest]
fn an_id_that_is_used_twice_is_told_with_the_pointer_of_the_first(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let mut body = baseline();
    body["catalog"]["groups"][0]["controls"][1]["id"] = json!("bk-1");
    let refused = acme.post("/v1/guidelines", &body).expect(422);
    assert_eq!(refused.faults(), ["/catalog/groups/0/controls/1/id duplicate-id"]);
    assert!(refused.text("/errors/0/message").ends_with(" /catalog/groups/0/controls/0/id"));
}
