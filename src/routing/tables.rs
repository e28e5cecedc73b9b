//! Tables of the whole rule set: what one more fact adds to a decision, and what it takes away. The
//! cases are data, and small enough to be read; `mutants` shows that together they notice each change
//! of a comparison in the rules.
mod mutants;
mod properties;

use super::Decision;
use super::Facts;
use super::Ruleset;
use super::decide;
use super::engine::contradictions;
use super::shown;
use super::tests::ruleset;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One case: a base, what is changed in it, and what that adds and takes away.
pub struct Case {
    pub base: String,
    pub set: Vec<(String, Value)>,
    pub gains: BTreeSet<String>,
    pub loses: BTreeSet<String>,
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

/// Facts by name: the worked scenarios, and some made from them.
pub fn bases() -> BTreeMap<String, Value> {
    let scenarios = yaml(include_str!("../../tests/data/routing-scenarios.yaml"));
    let mut bases: BTreeMap<String, Value> = scenarios["scenarios"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scenario| (scenario["id"].as_str().unwrap().to_owned(), scenario["facts"].clone()))
        .collect();
    let tables = yaml(include_str!("../../tests/data/routing-tables.yaml"));
    for base in tables["bases"].as_array().unwrap() {
        let facts = with(&bases[base["from"].as_str().unwrap()], &changes(&base["set"]));
        bases.insert(base["id"].as_str().unwrap().to_owned(), facts);
    }
    bases
}

fn changes(set: &Value) -> Vec<(String, Value)> {
    set.as_object().unwrap().iter().map(|(pointer, value)| (pointer.clone(), value.clone())).collect()
}

/// The facts with something else at each pointer; null takes it away.
pub fn with(facts: &Value, set: &[(String, Value)]) -> Value {
    let mut facts = facts.clone();
    for (pointer, value) in set {
        let steps: Vec<&str> = pointer.split('/').skip(1).collect();
        let (last, parents) = steps.split_last().unwrap();
        let mut place = &mut facts;
        for step in parents {
            place = if let Ok(index) = step.parse::<usize>() {
                &mut place[index]
            } else {
                if place[*step].is_null() {
                    place[*step] = json!({});
                }
                &mut place[*step]
            };
        }
        place[*last] = value.clone();
    }
    facts
}

pub fn cases() -> Vec<Case> {
    let tables = yaml(include_str!("../../tests/data/routing-tables.yaml"));
    let lines = |value: &Value| -> BTreeSet<String> {
        value.as_array().into_iter().flatten().map(|line| line.as_str().unwrap().to_owned()).collect()
    };
    tables["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| Case {
            base: case["base"].as_str().unwrap().to_owned(),
            set: changes(&case["set"]),
            gains: lines(&case["gains"]),
            loses: lines(&case["loses"]),
        })
        .collect()
}

pub fn read(ruleset: &Ruleset, json: &Value) -> Option<Facts> {
    Facts::read(&ruleset.schema, json).ok()
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
                lines.insert(format!("{kind}{} {contact}{party} {word}{maybe} {due}{target}", reason.rule));
            }
            lines.extend(action.forms.iter().map(|form| format!("{contact}: {form}")));
        }
    }
    lines.extend(decision.guardrails.iter().map(|(id, _)| id.clone()));
    lines.extend(contradictions(ruleset, facts).iter().map(|contradiction| contradiction.id.clone()));
    lines
}

fn fired(decision: &Decision) -> BTreeSet<String> {
    let open = decision.actions.iter().chain(&decision.outstanding);
    let reasons = open.flat_map(|action| action.reasons.iter().map(|reason| reason.rule.clone()));
    reasons.chain(decision.completed.iter().flat_map(|completed| completed.rules.clone())).collect()
}

#[test]
fn every_case_adds_and_takes_away_what_its_table_says() {
    let (bases, ruleset) = (bases(), ruleset());
    let cases = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let before: BTreeMap<&String, BTreeSet<String>> =
        bases.iter().map(|(id, facts)| (id, lines(ruleset, &read(ruleset, facts).unwrap()))).collect();
    let mut wrong = vec![];
    for Case { base, set, gains, loses } in &cases {
        let after = lines(ruleset, &read(ruleset, &with(&bases[base], set)).unwrap());
        let gained: BTreeSet<String> = after.difference(&before[base]).cloned().collect();
        let lost: BTreeSet<String> = before[base].difference(&after).cloned().collect();
        if (&gained, &lost) != (gains, loses) {
            wrong.push(format!("{base} with {set:?}: gains {gained:?}, loses {lost:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_rule_fires_in_one_case_and_is_silent_in_another() {
    let (bases, ruleset) = (bases(), ruleset());
    let all =
        bases.values().cloned().chain(cases().into_iter().map(|case| with(&bases[&case.base], &case.set)));
    let decisions: Vec<_> =
        all.map(|facts| fired(&decide(ruleset, &read(ruleset, &facts).unwrap()))).collect();
    let ids = || ruleset.rules.iter().map(|rule| &rule.id);
    let never: Vec<_> = ids().filter(|id| !decisions.iter().any(|fired| fired.contains(*id))).collect();
    let always: Vec<_> = ids().filter(|id| decisions.iter().all(|fired| fired.contains(*id))).collect();
    assert!(never.is_empty() && always.is_empty(), "never fire {never:?}, always {always:?}");
}

#[test]
fn a_phishing_mail_that_nobody_clicked_is_one_option() {
    let decision = decide(ruleset(), &read(ruleset(), &bases()["S10"]).unwrap());
    let told: Vec<_> =
        decision.actions.iter().map(|a| (a.contact.as_str(), a.obligation.as_str())).collect();
    assert_eq!(told, [("antiphishing_council", "may")]);
    assert!(decision.outstanding.is_empty() && decision.guardrails.is_empty());
}
