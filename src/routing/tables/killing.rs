//! Each change of a comparison in the rules must turn a case red: a change that none notices is a hole in the
//! tables, unless it can be shown to say the same (`sameness`).
use super::mutants::{Mutant, Part, mutants};
use super::sameness::says_the_same;
use super::{Case, cases, lines, read, worked};
use crate::contacts::Directory;
use crate::routing::condition::{Condition, Context};
use crate::routing::rules::{Rule, Ruleset, Rulesets, Turn};
use crate::routing::shipped::RuleFiles;
use crate::routing::words::{OnUnknown, Tri, Truth};
use crate::routing::{Facts, decide};
use crate::shipped::Faults;

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
        let mut all: Vec<(serde_json::Value, Self)> = vec![];
        for case in cases().into_iter().chain(worked(ruleset)) {
            if let Some((_, read)) = all.iter_mut().find(|(json, _)| *json == case.facts) {
                read.cases.push(case);
                continue;
            }
            let facts = read(ruleset, &case.facts);
            let derived = decide(ruleset, &facts).derived.into_iter().map(|(_, tri)| tri).collect();
            all.push((case.facts.clone(), Self { facts, derived, cases: vec![case] }));
        }
        all.into_iter().map(|(_, read)| read).collect()
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
fn may_differ(mutant: &Mutant, rules: &Ruleset, context: &Context<'_>) -> bool {
    let differ = |a: &Condition, b: &Condition| a.truth(context) != b.truth(context);
    match &mutant.part {
        Part::Rule(part) => {
            let standing = &rules.rules[mutant.index];
            let (now, then) = (answer(standing, context), answer(part, context));
            // What is changed may also be what it says when it fires.
            now != then || (now.is_some() && standing.when_is(part))
        }
        Part::Derivation(part) => differ(&part.when, &rules.derivations[mutant.index].when),
        Part::Guardrail(part) => differ(&part.when, &rules.guardrails[mutant.index].when),
        Part::Contradiction(part) => differ(&part.when, &rules.contradictions[mutant.index].when),
        Part::Substitution(part) => differ(&part.when, &rules.substitutions[mutant.index].when),
        Part::Annotation(part) => differ(&part.when, &rules.annotations[mutant.index].when),
    }
}

impl Rule {
    /// The other has the same conditions, so that it differs in what it asks for.
    fn when_is(&self, other: &Self) -> bool {
        let filter = |rule: &Self| rule.for_each.as_ref().map(|each| super::mutants::shown(&each.filter));
        super::mutants::shown(&self.when) == super::mutants::shown(&other.when)
            && filter(self) == filter(other)
    }
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
    let read = Read::all(&rules);
    let (mut killed, mut same, mut survivors) = (0, 0, vec![]);
    for mut mutant in mutants(&rules) {
        let suspects: Vec<&Read> =
            read.iter().filter(|read| may_differ(&mutant, &rules, &read.context())).collect();
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
