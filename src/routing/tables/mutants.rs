//! Every comparison of the rules, changed one at a time: some case must come out differently.
//! `make mutants-routing` runs it and says how many were tried.
use super::bases;
use super::cases;
use super::lines;
use super::read;
use super::with;
use crate::contacts::Directory;
use crate::routing::Facts;
use crate::routing::condition::{Condition, Op};
use crate::routing::deadline::{Count, Deadline};
use crate::routing::rules::{
    Annotation, Contradiction, Derivation, Guardrail, Party, Rule, Ruleset, Rulesets, Substitution,
};
use crate::routing::shipped::RuleFiles;
use crate::routing::words::{Obligation, OnUnknown};
use crate::shipped::Faults;
use chrono::Days;
use std::cmp::Ordering::{Equal, Greater, Less};
use std::collections::BTreeSet;

/// What somebody might write instead, in the place of one test.
fn other_ops(op: &Op, two_valued: bool) -> Vec<Op> {
    let without = |words: &[String], make: &dyn Fn(Vec<String>) -> Op| -> Vec<Op> {
        (0..words.len())
            .map(|index| {
                let mut fewer = words.to_vec();
                fewer.remove(index);
                make(fewer)
            })
            .collect()
    };
    match op {
        // Where what is unknown is skipped, it does not matter whether it is unknown or no.
        Op::Present if two_valued => vec![Op::Absent],
        Op::Established if two_valued => vec![Op::NotEstablished],
        Op::Present => vec![Op::Absent, Op::Established],
        Op::Absent => vec![Op::Present],
        Op::Established => vec![Op::NotEstablished, Op::Present],
        Op::NotEstablished => vec![Op::Established, Op::NotConfirmed],
        Op::NotConfirmed => vec![Op::NotEstablished, Op::Established],
        Op::IsUnknown | Op::NotExists => vec![Op::Exists],
        Op::Exists => vec![Op::NotExists],
        Op::IsTrue => vec![Op::IsFalse],
        Op::IsFalse => vec![Op::IsTrue],
        Op::Eq(word) => vec![Op::Ne(word.clone())],
        Op::Ne(word) => vec![Op::Eq(word.clone())],
        Op::In(words) => without(words, &Op::In),
        Op::AnyOf(words) => without(words, &Op::AnyOf),
        Op::NoneOf(words) => without(words, &Op::NoneOf),
        Op::OtherThan { words, umbrellas } => {
            without(words, &|words| Op::OtherThan { words, umbrellas: umbrellas.clone() })
        }
        Op::Compare(orders, limit) => {
            let near = if orders.contains(&Equal) { &[Greater][..] } else { &[Greater, Equal][..] };
            vec![Op::Compare(near, *limit), Op::Compare(&[Less], *limit), Op::Compare(orders, limit + 1)]
        }
        Op::DaysSinceGt(days) => vec![Op::DaysSinceGt(days - 1), Op::DaysSinceGt(days + 1)],
        Op::MonthsSinceGte(months) => vec![Op::MonthsSinceGte(months - 1), Op::MonthsSinceGte(months + 1)],
        Op::DoneContains { contact, .. } => {
            vec![Op::DoneContains { contact: contact.clone(), action: "notify".into() }]
        }
        Op::AsOfOnOrAfter(_) | Op::Exceeds(_) => vec![],
    }
}

/// Every condition that differs from this one in one place.
fn others(condition: &Condition, two_valued: bool) -> Vec<Condition> {
    let grouped = |parts: &[Condition],
                   make: fn(Vec<Condition>) -> Condition,
                   other: fn(Vec<Condition>) -> Condition| {
        let mut all = vec![];
        if parts.len() > 1 {
            all.push(other(parts.to_vec()));
        }
        for (index, part) in parts.iter().enumerate() {
            if parts.len() > 1 {
                let mut fewer = parts.to_vec();
                fewer.remove(index);
                all.push(make(fewer));
            }
            for changed in others(part, two_valued) {
                let mut parts = parts.to_vec();
                parts[index] = changed;
                all.push(make(parts));
            }
        }
        all
    };
    match condition {
        Condition::All(parts) => grouped(parts, Condition::All, Condition::Any),
        Condition::Any(parts) => grouped(parts, Condition::Any, Condition::All),
        Condition::Not(part) => {
            let mut all = vec![(**part).clone()];
            all.extend(others(part, two_valued).into_iter().map(|part| Condition::Not(Box::new(part))));
            all
        }
        Condition::Test(test) => {
            let changed = other_ops(&test.op, two_valued).into_iter();
            changed
                .map(|op| Condition::Test(crate::routing::condition::Test { op, ..test.clone() }))
                .collect()
        }
    }
}

fn other_deadlines(deadline: &Deadline) -> Vec<Deadline> {
    match deadline {
        Deadline::Immediate | Deadline::None => vec![Deadline::Asap],
        Deadline::Asap | Deadline::Unresolved => vec![Deadline::None],
        Deadline::Window { start, min_days, max_days } => [(1, 0), (-1, 0), (0, 1), (0, -1)]
            .map(|(min, max)| Deadline::Window {
                start: start.clone(),
                min_days: min_days + min,
                max_days: max_days + max,
            })
            .into(),
        Deadline::CalendarDays { start, days, count, roll } => {
            let of = |days: i64, count: Count, roll: bool| Deadline::CalendarDays {
                start: start.clone(),
                days,
                count,
                roll,
            };
            let other = if *count == Count::Inclusive { Count::Exclusive } else { Count::Inclusive };
            vec![
                of(days + 1, *count, *roll),
                of(days - 1, *count, *roll),
                of(*days, other, *roll),
                of(*days, *count, !roll),
            ]
        }
        Deadline::Hours { start, hours } => {
            [1, -1].map(|more| Deadline::Hours { start: start.clone(), hours: hours + more }).into()
        }
        Deadline::Contract { start, hours, days } => {
            let mut all = vec![];
            if hours.is_some() {
                all.push(Deadline::Contract { start: start.clone(), hours: None, days: days.clone() });
            }
            if days.is_some() {
                all.push(Deadline::Contract { start: start.clone(), hours: hours.clone(), days: None });
            }
            all
        }
    }
}

/// A change to make in the rules, and its name.
type Mutant = (String, Box<dyn Fn(&mut Ruleset)>);

pub fn mutants(ruleset: &Ruleset) -> Vec<Mutant> {
    let mut all: Vec<Mutant> = vec![];
    macro_rules! conditions {
        ($list:ident, $name:expr, |$item:ident| $condition:expr, $two_valued:expr) => {
            for (index, $item) in ruleset.$list.iter().enumerate() {
                for (number, changed) in others(&$condition, $two_valued).into_iter().enumerate() {
                    let name = format!("{} condition {number}: {changed:?}", $name($item));
                    all.push((
                        name,
                        Box::new(move |rules: &mut Ruleset| {
                            let $item = &mut rules.$list[index];
                            $condition = changed.clone();
                        }),
                    ));
                }
            }
        };
    }
    conditions!(rules, |r: &Rule| r.id.clone(), |item| item.when, item.on_unknown == OnUnknown::Skip);
    conditions!(derivations, |d: &Derivation| d.id.clone(), |item| item.when, false);
    conditions!(guardrails, |g: &Guardrail| g.id.clone(), |item| item.when, true);
    conditions!(contradictions, |c: &Contradiction| c.id.clone(), |item| item.when, true);
    conditions!(substitutions, |s: &Substitution| s.id.clone(), |item| item.when, true);
    conditions!(annotations, |a: &Annotation| a.form.clone(), |item| item.when, true);
    for (index, rule) in ruleset.rules.iter().enumerate() {
        let mut add = |what: String, change: Box<dyn Fn(&mut Rule)>| {
            let name = format!("{} {what}", rule.id);
            all.push((name, Box::new(move |rules: &mut Ruleset| change(&mut rules.rules[index]))));
        };
        if let Some(each) = &rule.for_each {
            for (number, changed) in others(&each.filter, true).into_iter().enumerate() {
                add(
                    format!("filter {number}: {changed:?}"),
                    Box::new(move |rule| {
                        if let Some(each) = &mut rule.for_each {
                            each.filter = changed.clone();
                        }
                    }),
                );
            }
        }
        for changed in other_deadlines(&rule.deadline) {
            add(format!("deadline {changed:?}"), Box::new(move |rule| rule.deadline = changed.clone()));
        }
        for stage in rule.stages.clone() {
            if rule.stages.len() > 1 {
                add(format!("not in {stage:?}"), Box::new(move |rule| rule.stages.retain(|s| *s != stage)));
            }
        }
        let weaker = if rule.obligation == Obligation::May { Obligation::Should } else { Obligation::May };
        add(format!("is {weaker:?}"), Box::new(move |rule| rule.obligation = weaker));
        if rule.on_unknown == OnUnknown::Provisional {
            add("skips what is unknown".into(), Box::new(|rule| rule.on_unknown = OnUnknown::Skip));
        }
        for general in rule.overrides.clone() {
            add(
                format!("lets {general} be"),
                Box::new(move |rule| rule.overrides.retain(|r| *r != general)),
            );
        }
        if let Some(from) = rule.effective_from {
            for day in [from - Days::new(1), from + Days::new(1)] {
                add(format!("from {day}"), Box::new(move |rule| rule.effective_from = Some(day)));
            }
        }
        if !matches!(rule.party, Party::Nobody) {
            add("without party".into(), Box::new(|rule| rule.party = Party::Nobody));
        }
    }
    all
}

pub fn fresh() -> Ruleset {
    let mut faults = Faults::default();
    let directory = Directory::load(&mut faults);
    Rulesets::of(&RuleFiles::shipped(), &directory, &mut faults).into_current()
}

#[test]
#[ignore = "takes minutes: make mutants-routing"]
#[allow(clippy::print_stdout)] // It says how many were tried.
fn each_change_of_a_comparison_turns_a_case_red() {
    let whole = fresh();
    let bases = bases();
    let facts: Vec<Facts> = bases
        .values()
        .cloned()
        .chain(cases().iter().map(|case| with(&bases[&case.base], &case.set)))
        .map(|json| read(&whole, &json).unwrap())
        .collect();
    let right: Vec<BTreeSet<String>> = facts.iter().map(|facts| lines(&whole, facts)).collect();
    let mutants = mutants(&whole);
    let mut changed = fresh();
    let mut survivors = vec![];
    let tried = mutants.len();
    for (name, change) in mutants {
        change(&mut changed);
        if facts.iter().zip(&right).all(|(facts, right)| lines(&changed, facts) == *right) {
            survivors.push(name);
        }
        changed = fresh();
    }
    println!("{tried} tried, {} killed, {} survive", tried - survivors.len(), survivors.len());
    for survivor in &survivors {
        println!("survives: {survivor}");
    }
    assert!(survivors.len() <= SURVIVORS, "{} survive", survivors.len());
}

/// So many survive: changes that no facts can tell apart, and some that no case tells apart yet. It only
/// ever goes down.
const SURVIVORS: usize = 149;
