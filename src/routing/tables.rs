//! Tables of the whole rule set. `routing-rules.yaml` says for each rule what matters to it, and
//! `routing-boundaries.yaml` names the edges; both were written by hand. `mutants` shows that together
//! with the worked scenarios they notice each change of a comparison in the rules.
mod killing;
mod mutants;
mod properties;
mod sameness;

use super::Facts;
use super::Ruleset;
use super::decide;
use super::engine::contradictions;
use super::shown;
use super::tests::ruleset;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Facts, and what a decision tells of them.
pub struct Case {
    pub name: String,
    pub facts: Value,
    expected: Expected,
}

enum Expected {
    /// The lines of one rule; none when it says nothing.
    Rule(String, BTreeSet<String>),
    /// A line that stands there, or not.
    Line(String, bool),
    /// Everything, as worked out in a scenario.
    Whole(BTreeSet<String>),
}

impl Case {
    /// What is wrong with what is told.
    fn fault(&self, told: &BTreeSet<String>) -> Option<String> {
        let wrong = |expected: &dyn std::fmt::Debug, told: &dyn std::fmt::Debug| {
            Some(format!("{}: expected {expected:?}, told {told:?}", self.name))
        };
        match &self.expected {
            Expected::Rule(id, lines) => {
                let own: BTreeSet<String> = told.iter().filter(|l| rule_of(l) == id).cloned().collect();
                if own == *lines { None } else { wrong(lines, &own) }
            }
            Expected::Line(line, there) if told.contains(line) == *there => None,
            Expected::Line(line, there) => wrong(&(line, there), told),
            Expected::Whole(lines) if lines == told => None,
            Expected::Whole(lines) => wrong(lines, told),
        }
    }
}

/// The first word of a line, past the mark of an earlier stage.
fn rule_of(line: &str) -> &str {
    let line = line.strip_prefix("left: ").unwrap_or(line);
    line.split(' ').next().unwrap_or_default()
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The facts with something else at each dotted path; null takes it away.
pub fn with(facts: &Value, set: &BTreeMap<String, Value>) -> Value {
    let mut facts = facts.clone();
    for (path, value) in set {
        let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
        let mut place = &mut facts;
        for step in parents.split('.').filter(|step| !step.is_empty()) {
            if place[step].is_null() {
                place[step] = json!({});
            }
            place = &mut place[step];
        }
        place[last] = value.clone();
    }
    facts
}

/// The changes that a map stands for: one, or one for each value under `each`.
fn changes(map: &Value) -> Vec<BTreeMap<String, Value>> {
    let mut all = vec![BTreeMap::new()];
    for (path, value) in map.as_object().unwrap() {
        let values = match &value["each"] {
            Value::Array(values) => values.clone(),
            _ => vec![value.clone()],
        };
        all = all
            .into_iter()
            .flat_map(|change: BTreeMap<String, Value>| {
                values.iter().map(move |value| {
                    let mut change = change.clone();
                    change.insert(path.clone(), value.clone());
                    change
                })
            })
            .collect();
    }
    all
}

fn one_change(map: &Value) -> BTreeMap<String, Value> {
    changes(map).into_iter().next().unwrap_or_default()
}

/// The facts of the worked scenarios.
fn scenarios() -> Vec<(String, Value)> {
    let scenarios = yaml(include_str!("../../tests/data/routing-scenarios.yaml"));
    list(&scenarios["scenarios"]).map(|s| (text(&s["id"]), s["facts"].clone())).collect()
}

/// Facts by name: the worked scenarios, and what the tables start from.
pub fn bases() -> BTreeMap<String, Value> {
    let mut bases: BTreeMap<String, Value> = scenarios().into_iter().collect();
    for base in list(&tables()["bases"]) {
        let facts = match base["from"].as_str() {
            Some(from) => with(&bases[from], &one_change(&base["set"])),
            None => base["facts"].clone(),
        };
        bases.insert(text(&base["id"]), facts);
    }
    bases
}

fn tables() -> Value {
    yaml(include_str!("../../tests/data/routing-rules.yaml"))
}

/// The cases of the table of one rule, or of one line.
fn cases_of(entry: &Value, bases: &BTreeMap<String, Value>) -> Vec<Case> {
    let rule = entry["rule"].as_str();
    let name = rule.or(entry["line"].as_str()).unwrap();
    let given = with(&bases[entry["from"].as_str().unwrap()], &one_change(&entry["given"]));
    let told = |line: &str| match rule {
        Some(id) => Expected::Rule(id.to_owned(), BTreeSet::from([of_rule(id, line)])),
        None => Expected::Line(line.to_owned(), true),
    };
    let silent = || match rule {
        Some(id) => Expected::Rule(id.to_owned(), BTreeSet::new()),
        None => Expected::Line(name.to_owned(), false),
    };
    let is = entry["is"].as_str().unwrap_or(name);
    let case = |change: &BTreeMap<String, Value>, expected| Case {
        name: format!("{name} with {change:?}"),
        facts: with(&given, change),
        expected,
    };
    let mut cases = vec![case(&BTreeMap::new(), told(is))];
    for change in list(&entry["still"]).flat_map(changes) {
        cases.push(case(&change, told(is)));
    }
    for change in list(&entry["silent"]).flat_map(changes) {
        cases.push(case(&change, silent()));
    }
    for other in list(&entry["instead"]) {
        for change in changes(&other["set"]) {
            cases.push(case(&change, told(other["is"].as_str().unwrap())));
        }
    }
    cases
}

fn of_rule(id: &str, line: &str) -> String {
    match line.strip_prefix("left: ") {
        Some(line) => format!("left: {id} {line}"),
        None => format!("{id} {line}"),
    }
}

fn boundaries(bases: &BTreeMap<String, Value>) -> Vec<Case> {
    let file = yaml(include_str!("../../tests/data/routing-boundaries.yaml"));
    let mut cases = vec![];
    for entry in list(&file["cases"]) {
        let facts = with(&bases[entry["from"].as_str().unwrap()], &one_change(&entry["set"]));
        let case = |expected| Case { name: text(&entry["name"]), facts: facts.clone(), expected };
        cases.extend(list(&entry["is"]).map(|line| case(Expected::Line(text(line), true))));
        cases.extend(list(&entry["silent"]).map(|id| case(Expected::Rule(text(id), BTreeSet::new()))));
    }
    cases
}

/// Every case of the tables.
pub fn cases() -> Vec<Case> {
    let bases = bases();
    let tables = tables();
    let rules = list(&tables["rules"]).flat_map(|entry| cases_of(entry, &bases));
    rules.chain(boundaries(&bases)).collect()
}

/// The worked scenarios as cases: what they tell is compared word for word in `tests/api/routing.rs`.
pub fn worked(ruleset: &Ruleset) -> Vec<Case> {
    scenarios()
        .into_iter()
        .map(|(name, facts)| {
            let told = lines(ruleset, &read(ruleset, &facts));
            Case { name, facts, expected: Expected::Whole(told) }
        })
        .collect()
}

pub fn read(ruleset: &Ruleset, json: &Value) -> Facts {
    Facts::read(&ruleset.schema, json).unwrap_or_else(|faults| panic!("{faults:?} in {json}"))
}

/// A decision as lines: `rule contact obligation due`, and what goes with it.
pub fn lines(ruleset: &Ruleset, facts: &Facts) -> BTreeSet<String> {
    let decision = decide(ruleset, facts);
    let mut lines = BTreeSet::new();
    for (actions, kind) in [(&decision.actions, ""), (&decision.outstanding, "left: ")] {
        for action in actions {
            let party = action.party.as_deref().map(|party| format!(" ({party})")).unwrap_or_default();
            let target = action.due.target.map(|target| format!(" aim {target}")).unwrap_or_default();
            let maybe = if action.provisional { " perhaps" } else { "" };
            let (contact, word) = (&action.contact, action.obligation.as_str());
            let due = shown(&action.due);
            for reason in &action.reasons {
                lines.insert(format!(
                    "{kind}{} {contact}{party} {word}{maybe} {due}{target}",
                    reason.rule.id
                ));
            }
            lines.extend(action.forms.iter().map(|form| format!("{contact}: {form}")));
        }
    }
    lines.extend(decision.derived.iter().map(|(id, state)| format!("{id} is {}", state.as_str())));
    lines.extend(decision.guardrails.iter().map(|guardrail| guardrail.id.clone()));
    lines.extend(contradictions(ruleset, facts).iter().map(|contradiction| contradiction.id.clone()));
    lines
}

#[test]
fn the_decision_tells_what_each_table_says() {
    let ruleset = ruleset();
    let wrong: Vec<_> = cases()
        .iter()
        .filter_map(|case| case.fault(&lines(ruleset, &read(ruleset, &case.facts))))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_rule_has_a_table_in_which_it_holds_and_is_silent() {
    let tables = tables();
    let own = |rule: &str| list(&tables["rules"]).find(|entry| entry["rule"] == rule);
    for rule in &ruleset().rules {
        let table = own(&rule.id).unwrap_or_else(|| panic!("{} has no table", rule.id));
        assert!(table["is"].is_string() && list(&table["silent"]).count() > 0, "{}", rule.id);
    }
    let named = list(&tables["rules"]).filter_map(|entry| entry["rule"].as_str());
    for id in named {
        assert!(ruleset().rules.iter().any(|rule| rule.id == id), "{id} is no rule");
    }
}

#[test]
fn where_nothing_is_the_matter_there_is_nothing_to_do() {
    for stage in ["initial", "reporting"] {
        let quiet = with(&bases()["quiet"], &BTreeMap::from([("incident.stage".into(), json!(stage))]));
        let decision = decide(ruleset(), &read(ruleset(), &quiet));
        assert!(decision.actions.is_empty() && decision.outstanding.is_empty(), "{stage}");
    }
}
