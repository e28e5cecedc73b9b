//! A company over time: comparison, plan, history, standing, and the same for other tools.
use crate::support::{Answer, Caller, Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};

fn client(acme: &Caller<'_>, profile: Value) -> String {
    acme.post("/v1/clients", &json!({"name": "A", "profile": profile})).expect(201).text("/id").to_owned()
}

/// The self-check answered with `status`, but for these.
fn self_check(acme: &Caller<'_>, client: &str, edition: &str, status: &str, but: &[(u8, &str)]) -> Answer {
    let answers: Vec<_> = (1..=25)
        .map(|n| {
            let status = but.iter().find(|(other, _)| *other == n).map_or(status, |(_, other)| other);
            json!({"control": format!("self-check-{n:02}"), "status": status})
        })
        .collect();
    let body = json!({"client_id": client, "questionnaire": format!("ipa-self-check-{edition}"), "answers": answers, "state": "submitted"});
    acme.post("/v1/assessments", &body).expect(201)
}

#[rstest]
fn what_got_worse_is_flagged_across_editions(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client_id = client(&acme, json!({}));
    let before = self_check(
        &acme,
        &client_id,
        "3.1",
        "partial",
        &[(1, "implemented"), (3, "not_applicable"), (11, "unknown")],
    );
    let after = self_check(
        &acme,
        &client_id,
        "4.0",
        "partial",
        &[(1, "unknown"), (2, "implemented"), (11, "partial")],
    );
    let path = format!("{}/comparison?with={}", after.header("location"), before.text("/id"));
    let told = acme.get(&path).expect(200).json;
    assert_eq!(told["worse"], json!(["self-check-01"]));
    assert_eq!(
        told["counts"],
        json!({"better": 2, "worse": 1, "same": 21, "new": 0, "gone": 0, "other": 1})
    );
    assert_eq!((&told["before"]["score"], &told["after"]["score"]), (&json!(51), &json!(49)));
    let item = |n: usize| &told["items"][n - 1];
    assert_eq!((item(1)["change"].as_str(), item(3)["change"].as_str()), (Some("worse"), Some("other")));
    assert_eq!((&item(11)["restated"], &item(1)["restated"]), (&json!(true), &json!(false)));
    // Only assessments of one client that have something in common.
    let other = client(&acme, json!({}));
    let foreign = self_check(&acme, &other, "3.1", "partial", &[]);
    let refused = |with: &str| {
        acme.get(&format!("{}/comparison?with={with}", after.header("location"))).expect(422).faults()
    };
    assert_eq!(refused(foreign.text("/id")), ["/query/with unknown-assessment"]);
    assert_eq!(refused("0198c0de-0000-7000-8000-000000000000"), ["/query/with unknown-assessment"]);
    assert_eq!(refused("yesterday"), ["/query/with format"]);
    let rules = json!({"client_id": client_id, "questionnaire": "ipa-basic-rules-3.1"});
    let rules = acme.post("/v1/assessments", &rules).expect(201);
    assert_eq!(refused(rules.text("/id")), ["/query/with nothing-in-common"]);
}

#[rstest]
fn the_plan_says_what_to_do_next_and_whom_to_ask(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let contracts = json!({"otasuketai": {"subscribed": true, "provider": "お助け隊O社"}});
    let said = json!({"name": "A", "contracts": contracts});
    let client = acme.post("/v1/clients", &said).expect(201).text("/id").to_owned();
    let made = self_check(
        &acme,
        &client,
        "3.1",
        "implemented",
        &[(1, "partial"), (11, "not_implemented"), (13, "unknown"), (25, "not_implemented")],
    );
    let plan = acme.get(&format!("{}/plan", made.header("location"))).expect(200).json;
    let items = plan["items"].as_array().unwrap();
    assert_eq!(items.len(), 4);
    let worth: Vec<f64> = items
        .iter()
        .map(|item| {
            let work = match item["effort"].as_str().unwrap() {
                "low" => 1.0,
                "medium" => 2.0,
                _ => 3.0,
            };
            item["points_to_gain"].as_f64().unwrap() / work
        })
        .collect();
    assert!(worth.is_sorted_by(|a, b| a >= b), "{worth:?}");
    let backup = items.iter().find(|item| item["control"] == "self-check-11").unwrap();
    assert!(items.iter().all(|item| !item["ask"].as_array().unwrap().is_empty()), "{plan:#}");
    let unlocks = |control: &str| -> Vec<(String, u64, usize)> {
        let item = items.iter().find(|item| item["control"] == control).unwrap();
        let told = item["unlocks"].as_array().unwrap().iter();
        told.map(|u| {
            let programme = u["programme"].as_str().unwrap().to_owned();
            (programme, u["stars"].as_u64().unwrap(), u["controls"].as_array().unwrap().len())
        })
        .collect()
    };
    assert!(unlocks("self-check-11").iter().any(|u| u.0 == "scs" && u.1 == 3), "{backup:#}");
    // The self-check is asked of two stars; what says more of a basic rule leads to one.
    let action = |stars, controls| ("security_action".to_owned(), stars, controls);
    assert!(unlocks("self-check-01").starts_with(&[action(1, 1), action(2, 0)]), "{plan:#}");
    // Edition 3.1 has no rule on backups.
    assert!(unlocks("self-check-11").starts_with(&[action(2, 0)]), "{plan:#}");
    assert_eq!(plan["unanswered"], json!([]));
    // The company's own partner is the nearest, and is named.
    assert_eq!(backup["ask"][0]["contact"], "otasuketai_provider");
    assert_eq!(backup["ask"][0]["party"], "お助け隊O社");
    assert!(backup["reason"]["ja"].as_str().unwrap().contains("4点"));
    let text = plan.to_string();
    assert!(!text.contains("認定") && !text.contains("certif"));
    // As OSCAL, in the same order.
    let poam = acme.get(&format!("{}/oscal-plan-of-action", made.header("location"))).expect(200).json;
    valid(include_str!("../data/oscal/poam-schema.json"), &poam);
    assert_eq!(poam["plan-of-action-and-milestones"]["poam-items"].as_array().unwrap().len(), 4);
    let whole = self_check(&acme, &client, "3.1", "implemented", &[]);
    let refused = acme.get(&format!("{}/oscal-plan-of-action", whole.header("location"))).expect(409);
    assert_eq!(refused.text("/detail"), "There is no gap to close, and so no plan.");
}

/// What nobody has answered may be a gap: a plan does not pass over it.
#[rstest]
fn a_plan_says_what_is_unanswered(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = client(&acme, json!({}));
    let draft = json!({"client_id": client, "questionnaire": "ipa-basic-rules-4.0", "answers": [
        {"control": "basic-rule-1", "status": "implemented"}, {"control": "basic-rule-4", "status": "implemented"}]});
    let draft = acme.post("/v1/assessments", &draft).expect(201).header("location").to_owned();
    let plan = acme.get(&format!("{draft}/plan")).expect(200).json;
    assert_eq!(plan["items"], json!([]));
    assert_eq!(plan["unanswered"], json!(["basic-rule-2", "basic-rule-3", "basic-rule-5", "basic-rule-6"]));
    let refused = acme.get(&format!("{draft}/oscal-plan-of-action")).expect(409);
    let detail = refused.text("/detail");
    assert!(detail.contains("4 of 6") && detail.contains("not answered"), "{detail}");
    let page = acme.get(&format!("{draft}/report.html?language=en")).expect(200).json;
    assert!(page.as_str().unwrap().contains("4 items are not answered"));
}

fn valid(schema: &str, document: &Value) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<_> =
        schema.iter_errors(document).map(|e| format!("{} {e}", e.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[rstest]
fn answers_are_oscal_assessment_results(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = client(&acme, json!({}));
    let made = self_check(&acme, &client, "4.0", "implemented", &[(2, "not_applicable")]);
    let results =
        acme.get(&format!("{}/oscal-assessment-results", made.header("location"))).expect(200).json;
    valid(include_str!("../data/oscal/assessment-results-schema.json"), &results);
    let result = &results["assessment-results"]["results"][0];
    let states: Vec<_> = result["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["target"]["status"]["state"].as_str().unwrap())
        .collect();
    assert_eq!(states.iter().filter(|state| **state == "satisfied").count(), 24);
    // What nobody has answered has no finding.
    let draft = json!({"client_id": client, "questionnaire": "ipa-basic-rules-4.0",
        "answers": [{"control": "basic-rule-1", "status": "partial", "evidence_url": "https://example.com/x", "source": "automated", "observed_at": "2026-11-01T00:00:00Z", "note": "3台"}]});
    let draft = acme.post("/v1/assessments", &draft).expect(201);
    let results =
        acme.get(&format!("{}/oscal-assessment-results", draft.header("location"))).expect(200).json;
    valid(include_str!("../data/oscal/assessment-results-schema.json"), &results);
    assert_eq!(results["assessment-results"]["results"][0]["findings"].as_array().unwrap().len(), 1);
}

#[rstest]
fn history_tells_every_result_that_counts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = client(&acme, json!({}));
    let path = |questionnaire: &str| format!("/v1/clients/{client}/history?questionnaire={questionnaire}");
    assert_eq!(acme.get(&path("ipa-self-check")).expect(200).json["items"], json!([]));
    let first = self_check(&acme, &client, "3.1", "partial", &[]);
    let second = self_check(&acme, &client, "4.0", "implemented", &[]);
    acme.post("/v1/assessments", &json!({"client_id": client, "questionnaire": "ipa-self-check-4.0"}))
        .expect(201);
    let history = acme.get(&path("ipa-self-check")).expect(200).json;
    let told: Vec<_> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| (i["assessment_id"].as_str().unwrap(), i["score"].as_i64().unwrap()))
        .collect();
    assert_eq!(told, [(second.text("/id"), 100), (first.text("/id"), 50)]);
    assert_eq!(
        acme.get(&path("ipa-self-check-3.1")).expect(200).json["items"].as_array().unwrap().len(),
        1
    );
    // What went back to be changed does not count.
    let review = json!({"decision": "changes_requested", "comment": "x"});
    acme.post(&format!("{}/review", second.header("location")), &review).expect(200);
    assert_eq!(acme.get(&path("ipa-self-check")).expect(200).json["items"].as_array().unwrap().len(), 1);
    assert_eq!(acme.get(&path("ipa")).expect(422).faults(), ["/query/questionnaire unknown-value"]);
    for (language, title) in [("ja", "自社診断"), ("en", "self-check")] {
        let chart = acme
            .get(&format!(
                "/v1/clients/{client}/history.svg?questionnaire=ipa-self-check&language={language}"
            ))
            .expect(200);
        assert_eq!(chart.header("content-type"), "image/svg+xml");
        let svg = String::from_utf8(chart.bytes).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains(title) && svg.contains(">50<"), "{svg}");
    }
}

/// What is shown was answered in one edition or in several: the title says which.
#[rstest]
fn the_title_of_a_history_names_the_editions_that_were_answered(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = client(&acme, json!({}));
    let titles = || {
        let path = format!("/v1/clients/{client}/history");
        let told = acme.get(&format!("{path}?questionnaire=ipa-self-check")).expect(200);
        let chart =
            acme.get(&format!("{path}.svg?questionnaire=ipa-self-check&language=en")).expect(200).json;
        let svg = chart.as_str().unwrap();
        let title = svg.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0.to_owned();
        assert_eq!(told.text("/title/en"), title);
        title
    };
    self_check(&acme, &client, "3", "partial", &[]);
    assert!(titles().ends_with("edition 3)"), "{}", titles());
    self_check(&acme, &client, "3.1", "implemented", &[]);
    assert!(titles().contains("edition 3)") && titles().ends_with("edition 3.1)"), "{}", titles());
    assert!(!titles().contains("4.0"));
}

#[rstest]
fn standing_is_readiness_and_no_claim(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = client(&acme, json!({}));
    let path = format!("/v1/clients/{client}/standing");
    let standing = || acme.get(&path).expect(200).json;
    let new = standing();
    assert_eq!(new["security_action"]["one_star"]["ready"], false);
    assert_eq!(new["scs"][0]["coverage"], Value::Null);
    assert_eq!((&new["scs"][0]["met"], &new["scs"][0]["criteria"]), (&json!(0), &json!(81)));
    let rules = |statuses: [&str; 6]| {
        let answers: Vec<_> = (1..=6)
            .zip(statuses)
            .map(|(n, s)| json!({"control": format!("basic-rule-{n}"), "status": s}))
            .collect();
        let body = json!({"client_id": client, "questionnaire": "ipa-basic-rules-4.0", "answers": answers, "state": "submitted"});
        acme.post("/v1/assessments", &body).expect(201);
    };
    rules(["implemented", "partial", "unknown", "partial", "partial", "not_implemented"]);
    assert_eq!(
        standing()["security_action"]["one_star"]["controls"],
        json!(["basic-rule-3", "basic-rule-6"])
    );
    // Whoever works on none of them has nothing to declare.
    rules(["not_applicable"; 6]);
    let none = standing()["security_action"]["one_star"].clone();
    assert_eq!((&none["ready"], none["missing"].as_array().unwrap().len()), (&json!(false), 1));
    rules(["partial", "not_applicable", "partial", "partial", "partial", "partial"]);
    assert_eq!(standing()["security_action"]["one_star"]["ready"], true);
    self_check(&acme, &client, "3.1", "not_implemented", &[]);
    let two = standing()["security_action"]["two_stars"].clone();
    assert_eq!((&two["ready"], two["missing"].as_array().unwrap().len()), (&json!(false), 1));
    let etag = acme.get(&format!("/v1/clients/{client}")).expect(200).header("etag").to_owned();
    acme.patch(
        &format!("/v1/clients/{client}"),
        &etag,
        &json!({"profile": {"basic_policy_published": true}}),
    )
    .expect(200);
    assert_eq!(standing()["security_action"]["two_stars"]["ready"], true);
    // A draft of SCS counts for nothing, however much it says.
    let all = acme.get("/v1/questionnaires/scs-star3-20260327").expect(200).json;
    let items = || all["sections"].as_array().unwrap().iter().flat_map(|s| s["items"].as_array().unwrap());
    let answers: Vec<_> =
        items().map(|i| json!({"control": i["control"], "status": "implemented"})).collect();
    let mut body = json!({"client_id": client, "questionnaire": "scs-star3-20260327", "answers": answers});
    acme.post("/v1/assessments", &body).expect(201);
    assert_eq!(standing()["scs"][0]["met"], 0);
    body["state"] = json!("submitted");
    body["answers"][0]["status"] = json!("partial");
    acme.post("/v1/assessments", &body).expect(201);
    let told = standing();
    let star = &told["scs"][0];
    assert_eq!(
        (&star["coverage"], &star["met"], &star["requirements_met"], &star["requirements"]),
        (&json!(98), &json!(80), &json!(25), &json!(26))
    );
    let text = told.to_string();
    assert!(!text.contains("認定") && !text.contains("certif"));
}
