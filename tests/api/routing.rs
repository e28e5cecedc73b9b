//! Whom to contact: the worked scenarios, and what a portal sees.
use crate::support::{Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};
use tasuke::caller::Scope;

fn scenarios() -> Vec<Value> {
    let file = include_str!("../data/routing-scenarios.yaml");
    let file: Value = serde_saphyr::from_str(file).unwrap();
    file["scenarios"].as_array().unwrap().clone()
}

/// What a scenario expects of an action, in the words of the answer.
fn expected(action: &Value) -> Value {
    let due = action["due"].as_str().unwrap();
    let rules = {
        let mut rules: Vec<_> = action["rules"].as_array().unwrap().clone();
        rules.sort_by_key(ToString::to_string);
        rules
    };
    json!({
        "contact": action["contact"], "action": action["action"], "party": action["party"],
        "obligation": action["obligation"], "due": due, "target": action["target"],
        "provisional": action["provisional"].as_bool().unwrap_or(false),
        "status": action["status"].as_str().unwrap_or("open"),
        "forms": action["forms"].as_array().cloned().unwrap_or_default(), "rules": rules,
    })
}

/// The same of an action that was answered; moments as they are in Tokyo.
fn answered(action: &Value) -> Value {
    let due = &action["due"];
    let shown = match due["kind"].as_str().unwrap() {
        "date" => due["date"].as_str().unwrap().to_owned(),
        "date_time" => {
            let at = due["at"].as_str().unwrap();
            let at = chrono::DateTime::parse_from_rfc3339(at).unwrap();
            let tokyo = chrono::FixedOffset::east_opt(9 * 3600).unwrap();
            at.with_timezone(&tokyo).to_rfc3339()
        }
        kind => kind.to_owned(),
    };
    let mut rules: Vec<_> =
        action["reasons"].as_array().unwrap().iter().map(|r| r["rule"].clone()).collect();
    rules.sort_by_key(ToString::to_string);
    json!({
        "contact": action["contact"], "action": action["action"], "party": action["party"],
        "obligation": action["obligation"], "due": shown, "target": due["target"],
        "provisional": action["provisional"], "status": action["status"],
        "forms": action["forms"], "rules": rules,
    })
}

#[rstest]
fn every_worked_scenario_comes_out_in_its_order(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let caller = service.caller("acme", &[Scope::IncidentsRead], None);
    let scenarios = scenarios();
    assert_eq!(scenarios.len(), 17);
    for scenario in scenarios {
        let id = &scenario["id"];
        let decision = caller.post("/v1/routings", &scenario["facts"]).expect(200).json;
        let expectation = &scenario["expected"];
        let list = |value: &Value, of: fn(&Value) -> Value| -> Vec<Value> {
            value.as_array().into_iter().flatten().map(of).collect()
        };
        let actions = list(&decision["actions"], answered);
        assert_eq!(actions, list(&expectation["actions"], expected), "{id}");
        let guardrails = list(&decision["guardrails"], |g| g["id"].clone());
        assert_eq!(guardrails, list(&expectation["guardrails"], Value::clone), "{id}");
        for (name, state) in expectation["derived"].as_object().unwrap() {
            assert_eq!(&decision["derived"][name], state, "{id} {name}");
        }
        let completed =
            list(&decision["completed"], |c| json!({"contact": c["contact"], "action": c["action"]}));
        assert_eq!(completed, list(&expectation["completed"], Value::clone), "{id}");
        let sequence = list(&decision["actions"], |a| a["sequence"].clone());
        assert_eq!(sequence, (1..=actions.len()).map(Value::from).collect::<Vec<_>>());
    }
}

#[rstest]
fn a_decision_is_made_with_any_version_of_the_rules(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let caller = service.caller("acme", &[Scope::IncidentsRead], None);
    let versions = service.anonymous().get("/v1/routing-rulesets").expect(200).json;
    let versions = versions["items"].as_array().unwrap();
    assert_eq!((versions.len(), &versions[0]["current"]), (3, &json!(true)));
    assert!(versions.iter().take(2).all(|v| v["changes"].as_array().unwrap().len() > 3));
    assert_eq!(versions[0]["holidays_valid_until"], "2027-12-31");
    let mut facts = scenarios()[0]["facts"].clone();
    facts["incident"]["types"] = json!(["phishing_received", "ransomware"]);
    let notified = |query: &str| {
        let decision = caller.post(&format!("/v1/routings{query}"), &facts).expect(200).json;
        let told = decision["actions"].as_array().unwrap().iter().any(|a| a["contact"] == "insurer");
        (decision["ruleset"].clone(), told)
    };
    assert_eq!(notified(""), (versions[0]["version"].clone(), true));
    // The first version forgot the insurer where a trifle was named as well.
    assert_eq!(notified("?ruleset=2026.11.23"), (json!("2026.11.23"), false));
    let refused = caller.post("/v1/routings?ruleset=1999", &facts).expect(422);
    assert_eq!(refused.faults(), ["/query/ruleset unknown-value"]);
    let anonymous = service.anonymous();
    anonymous.get("/v1/routing-rules/R-MYN-04").expect(200);
    anonymous.get("/v1/routing-rules/R-MYN-04?ruleset=2026.11.23").expect(404);
    let old = anonymous.get("/v1/routing-rules?ruleset=2026.11.23&limit=100").expect(200).json;
    assert_eq!(old["items"].as_array().unwrap().len(), 80);
}

#[rstest]
fn facts_that_contradict_each_other_are_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let caller = service.caller("acme", &[Scope::IncidentsRead], None);
    let mut facts = scenarios()[0]["facts"].clone();
    facts["as_of"] = json!("2026-11-24T08:00:00+09:00");
    facts["personal_data"] =
        json!({"involved": "ruled_out", "principal_count": 800, "my_number_count": 801});
    facts["impact"]["money_transferred_at"] = json!("2026-12-01T00:00:00+09:00");
    facts["contracts"]["forensics"] = json!({"retained": false, "firm": "X"});
    facts["history"] = json!({"done": [
        {"contact": "nobody", "action": "sing"},
        {"contact": "insurer", "action": "notify", "at": "2026-11-25T00:00:00Z"},
    ]});
    assert_eq!(
        caller.post("/v1/routings", &facts).expect(422).faults(),
        [
            "/incident/aware_at contradiction",
            "/impact/money_transferred_at contradiction",
            "/personal_data/principal_count contradiction",
            "/personal_data/my_number_count contradiction",
            "/personal_data/my_number_count contradiction",
            "/contracts/forensics/firm contradiction",
            "/history/done/0/contact unknown-value",
            "/history/done/0/action unknown-value",
            "/history/done/1/at contradiction",
        ]
    );
}
