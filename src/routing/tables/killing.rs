//! Each change of a comparison in the rules must turn a case red: a change that none notices is a hole in the
//! tables, unless it can be shown to say the same (`sameness`).
use super::Case;
use super::cases;
use super::lines;
use super::mutants::{Mutant, Part, mutants, shown};
use super::read;
use super::sameness::says_the_same;
use super::worked;
use crate::contacts::Directory;
use crate::routing::condition::{Condition, Context};
use crate::routing::rules::{Rule, Ruleset, Rulesets, Turn};
use crate::routing::shipped::RuleFiles;
use crate::routing::words::{OnUnknown, Tri, Truth};
use crate::routing::{Facts, decide};
use crate::shipped::Faults;
use std::collections::BTreeMap;

pub fn fresh() -> Ruleset {
    let mut faults = Faults::default();
    let directory = Directory::load(&mut faults);
    Rulesets::of(&RuleFiles::shipped(), &directory, &mut faults).into_current()
}

/// The facts of a case, read, with what the unchanged rules derive from them.
struct Read {
    facts: Facts,
    derived: Vec<Tri>,
    cases: Vec<Case>,
}

impl Read {
    fn all(ruleset: &Ruleset) -> Vec<Self> {
        let mut all: BTreeMap<String, Self> = BTreeMap::new();
        for case in cases().into_iter().chain(worked(ruleset)) {
            let one = all.entry(case.facts.to_string()).or_insert_with(|| {
                let facts = read(ruleset, &case.facts);
                let derived = decide(ruleset, &facts).derived.into_iter().map(|(_, tri)| tri).collect();
                Self { facts, derived, cases: vec![] }
            });
            one.cases.push(case);
        }
        all.into_values().collect()
    }

    fn context(&self) -> Context<'_> {
        Context { facts: &self.facts, derived: &self.derived, item: None }
    }

    /// Whether a case with these facts is red under these rules.
    fn is_red(&self, rules: &Ruleset) -> bool {
        let told = lines(rules, &self.facts);
        self.cases.iter().any(|case| case.fault(&told).is_some())
    }
}

/// Whether the changed entry, by itself, could come out otherwise for these facts: only then is it worth a decision.
/// `asks_otherwise` when it differs in what it asks for, and not in when.
fn may_differ(mutant: &Mutant, rules: &Ruleset, context: &Context<'_>, asks_otherwise: bool) -> bool {
    let differ = |a: &Condition, b: &Condition| a.truth(context) != b.truth(context);
    match &mutant.part {
        Part::Rule(part) => {
            let (now, then) = (answer(&rules.rules[mutant.index], context), answer(part, context));
            now != then || (asks_otherwise && now.is_some())
        }
        Part::Derivation(part) => differ(&part.when, &rules.derivations[mutant.index].when),
        Part::Guardrail(part) => differ(&part.when, &rules.guardrails[mutant.index].when),
        Part::Contradiction(part) => differ(&part.when, &rules.contradictions[mutant.index].when),
        Part::Substitution(part) => differ(&part.when, &rules.substitutions[mutant.index].when),
        Part::Annotation(part) => differ(&part.when, &rules.annotations[mutant.index].when),
    }
}

/// The conditions are the same, so that the change is in what is asked for.
fn asks_otherwise(mutant: &Mutant, rules: &Ruleset) -> bool {
    let Part::Rule(part) = &mutant.part else { return false };
    let conditions = |rule: &Rule| {
        let filter = rule.for_each.as_ref().map(|each| shown(&each.filter));
        (shown(&rule.when), filter)
    };
    conditions(part) == conditions(&rules.rules[mutant.index])
}

/// When, how surely and for which items a rule fires; nothing when it does not.
fn answer(rule: &Rule, context: &Context<'_>) -> Option<(Turn, Truth, Vec<bool>)> {
    let turn = rule.turn(context.facts.stage)?;
    let truth = rule.when.truth(context);
    let fires =
        truth == Truth::Yes || (truth == Truth::Unknown && rule.on_unknown == OnUnknown::Provisional);
    if !fires || !rule.is_in_force(context.facts.as_of.date_naive()) {
        return None;
    }
    let chosen = rule.for_each.iter().flat_map(|each| {
        let items = context.facts.items(each.list).iter();
        items.map(|item| each.filter.truth(&Context { item: Some(item), ..*context }) == Truth::Yes)
    });
    Some((turn, truth, chosen.collect()))
}

#[test]
#[allow(clippy::print_stdout)] // It says how many were tried.
fn each_change_of_a_comparison_turns_a_case_red() {
    let mut rules = fresh();
    let known = Read::all(&rules);
    let (mut killed, mut same, mut survivors) = (0, 0, vec![]);
    for mut mutant in mutants(&rules) {
        let otherwise = asks_otherwise(&mutant, &rules);
        let suspects: Vec<&Read> =
            known.iter().filter(|read| may_differ(&mutant, &rules, &read.context(), otherwise)).collect();
        mutant.swap(&mut rules);
        let red = suspects.iter().any(|read| read.is_red(&rules));
        mutant.swap(&mut rules);
        if red {
            killed += 1;
        } else if says_the_same(&mutant, &rules) {
            same += 1;
        } else {
            survivors.push(mutant.name);
        }
    }
    println!("{} tried: {killed} turn a case red, {same} say the same", killed + same + survivors.len());
    assert!(survivors.is_empty(), "nobody notices {}:\n{}", survivors.len(), survivors.join("\n"));
}
