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
