//! What somebody might write instead in the place of one comparison of the rules.
use crate::routing::condition::{Condition, Op};
use crate::routing::deadline::{Count, Deadline};
use crate::routing::rules::{
    Annotation, Contradiction, Derivation, Guardrail, Party, Rule, Ruleset, Substitution,
};
use crate::routing::words::{Obligation, OnUnknown};
use chrono::Days;
use std::cmp::Ordering::{Equal, Greater, Less};
use std::mem::swap;

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

/// One entry of the rules, as it stands or as somebody might write it.
#[derive(Clone)]
pub enum Part {
    Rule(Box<Rule>),
    Derivation(Derivation),
    Guardrail(Guardrail),
    Contradiction(Contradiction),
    Substitution(Substitution),
    Annotation(Annotation),
}

pub struct Mutant {
    pub name: String,
    /// Where the entry stands in its list.
    pub index: usize,
    pub part: Part,
}

impl Mutant {
    /// Puts the changed entry in its place, and takes out what stood there.
    pub fn swap(&mut self, rules: &mut Ruleset) {
        let index = self.index;
        match &mut self.part {
            Part::Rule(part) => swap(&mut **part, &mut rules.rules[index]),
            Part::Derivation(part) => swap(part, &mut rules.derivations[index]),
            Part::Guardrail(part) => swap(part, &mut rules.guardrails[index]),
            Part::Contradiction(part) => swap(part, &mut rules.contradictions[index]),
            Part::Substitution(part) => swap(part, &mut rules.substitutions[index]),
            Part::Annotation(part) => swap(part, &mut rules.annotations[index]),
        }
    }
}

/// Every change of one comparison.
pub fn mutants(ruleset: &Ruleset) -> Vec<Mutant> {
    let mut all: Vec<Mutant> = vec![];
    macro_rules! conditions {
        ($list:ident, $part:ident, $name:expr, $two_valued:expr) => {
            for (index, entry) in ruleset.$list.iter().enumerate() {
                for when in others(&entry.when, $two_valued) {
                    let name = format!("{}: {}", $name(entry), shown(&when));
                    let mut entry = entry.clone();
                    entry.when = when;
                    all.push(Mutant { name, index, part: Part::$part(entry) });
                }
            }
        };
    }
    conditions!(derivations, Derivation, |d: &Derivation| d.id.clone(), false);
    conditions!(guardrails, Guardrail, |g: &Guardrail| g.id.clone(), true);
    conditions!(contradictions, Contradiction, |c: &Contradiction| c.id.clone(), true);
    conditions!(substitutions, Substitution, |s: &Substitution| s.id.clone(), true);
    conditions!(annotations, Annotation, |a: &Annotation| a.form.clone(), true);
    for (index, rule) in ruleset.rules.iter().enumerate() {
        for (what, changed) in other_rules(rule) {
            let name = format!("{}: {what}", rule.id);
            all.push(Mutant { name, index, part: Part::Rule(Box::new(changed)) });
        }
    }
    all
}

/// A condition in few words.
pub fn shown(condition: &Condition) -> String {
    let joined = |word: &str, parts: &[Condition]| {
        format!("{word}({})", parts.iter().map(shown).collect::<Vec<_>>().join(", "))
    };
    match condition {
        Condition::All(parts) => joined("all", parts),
        Condition::Any(parts) => joined("any", parts),
        Condition::Not(part) => format!("not {}", shown(part)),
        Condition::Test(test) => format!("{} {:?}", test.path, test.op),
    }
}

fn other_rules(rule: &Rule) -> Vec<(String, Rule)> {
    let mut all = vec![];
    let mut add = |what: String, change: &dyn Fn(&mut Rule)| {
        let mut changed = rule.clone();
        change(&mut changed);
        all.push((what, changed));
    };
    for when in others(&rule.when, rule.on_unknown == OnUnknown::Skip) {
        add(shown(&when), &|rule| rule.when = when.clone());
    }
    if let Some(each) = &rule.for_each {
        for filter in others(&each.filter, true) {
            add(format!("of each {}", shown(&filter)), &|rule| {
                if let Some(each) = &mut rule.for_each {
                    each.filter = filter.clone();
                }
            });
        }
    }
    for deadline in other_deadlines(&rule.deadline) {
        add(format!("{deadline:?}"), &|rule| rule.deadline = deadline.clone());
    }
    for stage in rule.stages.iter().filter(|_| rule.stages.len() > 1) {
        add(format!("not in {stage:?}"), &|rule| rule.stages.retain(|s| s != stage));
    }
    let weaker = if rule.obligation == Obligation::May { Obligation::Should } else { Obligation::May };
    add(format!("is {weaker:?}"), &|rule| rule.obligation = weaker);
    if rule.on_unknown == OnUnknown::Provisional {
        add("skips what is unknown".into(), &|rule| rule.on_unknown = OnUnknown::Skip);
    }
    for general in &rule.overrides {
        add(format!("lets {general} be"), &|rule| rule.overrides.retain(|r| r != general));
    }
    if let Some(from) = rule.effective_from {
        for day in [from - Days::new(1), from + Days::new(1)] {
            add(format!("from {day}"), &|rule| rule.effective_from = Some(day));
        }
    }
    if !matches!(rule.party, Party::Nobody) {
        add("without party".into(), &|rule| rule.party = Party::Nobody);
    }
    all
}
