//! What holds for any facts: no duty goes without a word that names what was learnt, a trifle stays one, the order is
//! one, the same facts are the same bytes.
use super::bases;
use super::killing::fresh;
use super::read;
use super::with;
use crate::contacts::Directory;
use crate::routing::facts::{Entry, Kind};
use crate::routing::tests::{is_said_in_both, ruleset};
use crate::routing::words::Obligation;
use crate::routing::{Action, Decision, Facts, Ruleset, Writer, decide};
use crate::shipped::Faults;
use crate::text::Language;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::OnceLock;

fn values(entry: &Entry) -> Vec<Value> {
    match entry.kind {
        Kind::Tri => ["confirmed", "suspected", "ruled_out", "unknown"].map(|word| json!(word)).into(),
        Kind::Bool => vec![json!(true), json!(false)],
        Kind::Word => entry.words.iter().map(|word| json!(word)).collect(),
        Kind::Words => entry.words.iter().map(|word| json!([word])).collect(),
        Kind::Count => {
            let counts = [0_u64, 100, 101, 1000, 1001].into_iter();
            counts.filter(|count| *count <= entry.most()).map(|count| json!(count)).collect()
        }
        Kind::Text if entry.pattern.is_none() => vec![json!("X"), json!("Y")],
        Kind::Date => vec![json!("2026-01-01"), json!("2026-10-01")],
        _ => vec![],
    }
}

/// One of the bases, with some facts said differently.
fn some_facts() -> impl Strategy<Value = Value> {
    let change = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    (any::<prop::sample::Index>(), prop::collection::vec(change, 0..12)).prop_map(|(base, changes)| {
        static BASES: OnceLock<Vec<Value>> = OnceLock::new();
        let bases = BASES.get_or_init(|| bases().into_values().collect());
        let set: BTreeMap<_, _> =
            changes.iter().filter_map(|(fact, value)| change_of(*fact, *value)).collect();
        with(base.get(bases), &set)
    })
}

/// The facts that are said once, the stage aside.
fn simple() -> Vec<&'static Entry> {
    let all = ruleset().schema.entries.iter();
    all.filter(|entry| !entry.path.contains("[]") && entry.path != "incident.stage").collect()
}

/// A path, and what is said there.
fn change_of(fact: prop::sample::Index, value: prop::sample::Index) -> Option<(String, Value)> {
    let simple = simple();
    let entry = fact.get(&simple);
    let values = values(entry);
    (!values.is_empty()).then(|| (entry.path.clone(), value.get(&values).clone()))
}

fn facts(json: &Value) -> Facts {
    read(ruleset(), json)
}

/// Duties that go when this is learnt, and of which nobody is told that it is why.
fn forgotten(before: &Decision<'_>, json: &Value, path: &str, value: &Value) -> Vec<String> {
    let after = decide(ruleset(), &facts(&with(json, &BTreeMap::from([(path.to_owned(), value.clone())]))));
    let names = names_of(path);
    let certain = before.actions.iter().filter(|a| a.obligation == Obligation::Must && !a.provisional);
    let reasons = certain.flat_map(|duty| duty.reasons.iter().filter(|reason| !reason.provisional));
    let stays = |rule: &str| after.actions.iter().any(|a| a.reasons.iter().any(|r| r.rule.id == rule));
    let told = |rule: &str| {
        let mut missed = after.not_applied.iter().filter(|missed| missed.rule == rule);
        missed.any(|missed| names.iter().any(|name| missed.why.said(Language::En).contains(name)))
    };
    reasons
        .map(|reason| reason.rule.id.as_str())
        .filter(|rule| !stays(rule) && !told(rule))
        .map(|rule| format!("{rule} went by {path} = {value}"))
        .collect()
}

#[test]
fn no_duty_goes_without_a_word_that_names_what_was_learnt() {
    let mut went = 0;
    let mut wrong = vec![];
    for json in bases().values() {
        let before = decide(ruleset(), &facts(json));
        // Knowledge is added: nothing that was said is taken back.
        let open = simple().into_iter().filter(|entry| {
            let said = entry.path.split('.').fold(json, |place, step| &place[step]);
            said.is_null() || said == "unknown"
        });
        for entry in open {
            for value in values(entry) {
                wrong.extend(forgotten(&before, json, &entry.path, &value));
                went += 1;
            }
        }
    }
    assert!(wrong.is_empty() && went > 1000, "of {went}: {wrong:#?}");
}

/// The fact, and each derived fact that hangs on it, as an explanation names them; or that another rule is in its place.
fn names_of(path: &str) -> Vec<String> {
    let mut names = vec![path.to_owned(), "takes its place".to_owned()];
    for derivation in &ruleset().derivations {
        let when = format!("{:?}", derivation.when);
        if names.iter().any(|name| when.contains(&format!("\"{name}\""))) {
            names.push(format!("derived.{}", derivation.id));
        }
    }
    names
}

fn names<'a>(decision: &Decision<'a>) -> Vec<(&'a str, &'a str, Option<String>)> {
    let name = |a: &Action<'a>| (a.contact, a.action, a.party.clone());
    decision.actions.iter().chain(&decision.outstanding).map(name).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_phishing_mail_that_nobody_clicked_is_one_option_whoever_received_it(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..12),
        reporting in any::<bool>(),
    ) {
        let mut json = bases()["quiet"].clone();
        json["incident"]["types"] = json!(["phishing_received"]);
        json["incident"]["stage"] = json!(if reporting { "reporting" } else { "initial" });
        // Who it is and what it has contracts for is no matter.
        let set: BTreeMap<_, _> = changes
            .into_iter()
            .filter_map(|(fact, value)| change_of(fact, value))
            .filter(|(path, _)| path.starts_with("organization.") || path.starts_with("contracts."))
            .collect();
        let decision = decide(ruleset(), &facts(&with(&json, &set)));
        let told: Vec<_> = decision.actions.iter().map(|a| (a.contact, a.obligation.as_str())).collect();
        prop_assert_eq!(told, [("antiphishing_council", "may")]);
        prop_assert!(decision.outstanding.is_empty() && decision.guardrails.is_empty());
    }

    #[test]
    fn the_order_does_not_hang_on_the_order_of_the_rules(json in some_facts()) {
        static REVERSED: OnceLock<Ruleset> = OnceLock::new();
        let reversed = REVERSED.get_or_init(|| {
            let mut rules = fresh();
            rules.rules.reverse();
            rules
        });
        let there = names(&decide(ruleset(), &facts(&json)));
        prop_assert_eq!(&there, &names(&decide(reversed, &facts(&json))));
        let mut once = there.clone();
        once.sort();
        once.dedup();
        prop_assert_eq!(once.len(), there.len(), "a line stands there twice");
    }

    #[test]
    fn the_same_facts_are_the_same_bytes(json in some_facts()) {
        static DIRECTORY: OnceLock<Directory> = OnceLock::new();
        let directory = DIRECTORY.get_or_init(|| Directory::load(&mut Faults::default()));
        // The same, read from a text in which everything stands in another order.
        let other: Value = serde_json::from_str(&turned(&json)).unwrap();
        for language in [Language::Ja, Language::En] {
            let writer = Writer { directory, ruleset: ruleset(), language };
            let bytes = |json: &Value| serde_json::to_vec(&writer.decision(decide(ruleset(), &facts(json)))).unwrap();
            prop_assert_eq!(bytes(&json), bytes(&other));
        }
    }

    #[test]
    fn both_languages_are_everywhere(json in some_facts()) {
        let decision = decide(ruleset(), &facts(&json));
        for action in decision.actions.iter().chain(&decision.outstanding) {
            for reason in &action.reasons {
                prop_assert!(reason.rule.reason.is_whole() && reason.rule.legal_basis.is_whole());
                prop_assert!(reason.deadline_steps.iter().all(|step| is_said_in_both(|l| step.said(l))));
            }
        }
        prop_assert!(decision.not_applied.iter().all(|missed| is_said_in_both(|l| missed.why.said(l))));
    }
}

#[test]
fn lines_that_nothing_else_tells_apart_stand_by_their_names() {
    let mut json = bases()["quiet"].clone();
    json["incident"]["types"] = json!(["phishing_impersonation"]);
    json["incident"]["stage"] = json!("reporting");
    json["impact"]["third_party"] = json!("confirmed");
    json["impact"]["special_critical_computer_affected"] = json!("confirmed");
    json["organization"]["designations"] = json!(["special_critical_infrastructure_operator"]);
    json["organization"]["special_cii_designated_at"] = json!("2026-10-01");
    let mut rules = fresh();
    for _ in 0..2 {
        let decision = decide(&rules, &facts(&json));
        // Both are options of the same tier and priority.
        let last: Vec<_> = decision.actions.iter().rev().take(2).map(|a| a.contact).collect();
        assert_eq!(last, ["shohisha_188", "acd_report"]);
        rules.rules.reverse();
    }
}

/// JSON with the fields of each object in the opposite order.
fn turned(json: &Value) -> String {
    match json {
        Value::Object(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .rev()
                .map(|(name, value)| format!("{}:{}", json!(name), turned(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(turned).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}
