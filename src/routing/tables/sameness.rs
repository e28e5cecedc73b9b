//! Whether a changed condition can come out otherwise at all. It is tried for everything that its facts may be, so that a
//! change which no case notices is excused by proof and by nothing else.
use super::mutants::{Mutant, Part, shown};
use crate::routing::condition::{Condition, Context, FactRef, Op, Test};
use crate::routing::decide;
use crate::routing::facts::{Facts, Kind, Value};
use crate::routing::rules::Ruleset;
use crate::routing::words::{OnUnknown, Tri, Truth};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// More than this is not tried.
const MOST: usize = 50_000;

/// The changed entry asks for the same as the one that stands, whatever the facts are.
pub fn says_the_same(mutant: &Mutant, rules: &Ruleset) -> bool {
    let (standing, changed, certain) = match &mutant.part {
        Part::Rule(part) => {
            let rule = &rules.rules[mutant.index];
            (&rule.when, &part.when, rule.on_unknown == OnUnknown::Skip)
        }
        Part::Derivation(part) => (&rules.derivations[mutant.index].when, &part.when, false),
        Part::Guardrail(part) => (&rules.guardrails[mutant.index].when, &part.when, true),
        Part::Contradiction(part) => (&rules.contradictions[mutant.index].when, &part.when, true),
        Part::Substitution(part) => (&rules.substitutions[mutant.index].when, &part.when, true),
        Part::Annotation(part) => (&rules.annotations[mutant.index].when, &part.when, true),
    };
    if shown(standing) == shown(changed) {
        return false;
    }
    let asked = |condition: &Condition, context: &Context<'_>| {
        let truth = condition.truth(context);
        // Where what is unknown is skipped, it is the same as no.
        if certain && truth == Truth::Unknown { Truth::No } else { truth }
    };
    // First as if each derived fact could be anything, then as it follows from what is given.
    [false, true].into_iter().any(|follow| {
        let Some(worlds) = worlds(&[standing, changed], rules, follow) else { return false };
        worlds.iter().all(|world| {
            let context = Context { facts: &world.facts, derived: &world.derived, item: None };
            asked(&world.settled(standing), &context) == asked(&world.settled(changed), &context)
        })
    })
}

/// One way in which everything that two conditions look at may be.
struct World {
    facts: Facts,
    derived: Vec<Tri>,
    /// How the tests come out whose facts have too many values, by what they ask.
    settled: BTreeMap<String, Truth>,
}

impl World {
    /// The condition, with such tests replaced by how they come out.
    fn settled(&self, condition: &Condition) -> Condition {
        let all = |parts: &[Condition]| parts.iter().map(|part| self.settled(part)).collect();
        match condition {
            Condition::All(parts) => Condition::All(all(parts)),
            Condition::Any(parts) => Condition::Any(all(parts)),
            Condition::Not(part) => Condition::Not(Box::new(self.settled(part))),
            Condition::Test(test) => match self.settled.get(&asks(test)) {
                Some(Truth::Yes) => Condition::All(vec![]),
                Some(Truth::No) => Condition::Any(vec![]),
                Some(Truth::Unknown) => Condition::Test(Test {
                    fact: FactRef::Derived(usize::MAX),
                    op: Op::Present,
                    ..test.clone()
                }),
                None => condition.clone(),
            },
        }
    }
}

fn asks(test: &Test) -> String {
    format!("{} {:?}", test.path, test.op)
}

fn tests<'a>(condition: &'a Condition, all: &mut Vec<&'a Test>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| tests(part, all)),
        Condition::Not(part) => tests(part, all),
        Condition::Test(test) => all.push(test),
    }
}

/// Every world that the conditions can tell apart, or nothing when there are too many. A test of a date, of a text or of
/// what is done may come out in any way: that is more than can be, which proves no less.
fn worlds(conditions: &[&Condition], rules: &Ruleset, follow: bool) -> Option<Vec<World>> {
    let mut asked = vec![];
    for condition in conditions {
        tests(condition, &mut asked);
    }
    let mut next = 0;
    while let (true, Some(test)) = (follow, asked.get(next)) {
        next += 1;
        if let FactRef::Derived(index) = test.fact {
            tests(&rules.derivations[index].when, &mut asked);
        }
    }
    let nothing = json!({
        "as_of": "2026-11-24T09:00:00+09:00",
        "incident": {"stage": "initial", "aware_at": "2026-11-24T08:00:00+09:00"},
    });
    let facts = super::read(rules, &nothing);
    let mut worlds = vec![World {
        facts,
        derived: vec![Tri::Unknown; rules.derivations.len()],
        settled: BTreeMap::new(),
    }];
    let mut seen = BTreeSet::new();
    for test in &asked {
        let values = match test.fact {
            FactRef::Given(index) => values(rules, index, &asked),
            _ => None,
        };
        let key = if values.is_some() { test.path.clone() } else { asks(test) };
        let free = !(follow && matches!(test.fact, FactRef::Derived(_)));
        if !free || !seen.insert(key) {
            continue;
        }
        worlds = match (test.fact, values) {
            (FactRef::Given(index), Some(values)) => split(worlds, &values, |world, value| World {
                facts: match value {
                    Some(value) => world.facts.with(index, value.clone()),
                    None => world.facts.clone(),
                },
                derived: world.derived.clone(),
                settled: world.settled.clone(),
            }),
            (FactRef::Derived(index), _) => {
                split(worlds, &[Tri::Confirmed, Tri::RuledOut, Tri::Unknown], |world, tri| {
                    let mut derived = world.derived.clone();
                    derived[index] = *tri;
                    World { facts: world.facts.clone(), derived, settled: world.settled.clone() }
                })
            }
            _ => split(worlds, &[Truth::Yes, Truth::Unknown, Truth::No], |world, truth| {
                let mut settled = world.settled.clone();
                settled.insert(asks(test), *truth);
                World { facts: world.facts.clone(), derived: world.derived.clone(), settled }
            }),
        };
        if worlds.len() > MOST {
            return None;
        }
    }
    if follow {
        for world in &mut worlds {
            world.derived = decide(rules, &world.facts).derived.into_iter().map(|(_, tri)| tri).collect();
        }
    }
    Some(worlds)
}

fn split<T>(worlds: Vec<World>, values: &[T], with: impl Fn(&World, &T) -> World) -> Vec<World> {
    worlds
        .iter()
        .flat_map(|world| values.iter().map(|value| with(world, value)).collect::<Vec<_>>())
        .collect()
}

/// The values of a fact that the tests can tell apart, where they are few; among them that it is not known.
fn values(rules: &Ruleset, index: usize, asked: &[&Test]) -> Option<Vec<Option<Value>>> {
    let entry = &rules.schema.entries[index];
    let own = || asked.iter().filter(|test| test.fact == FactRef::Given(index));
    let scalar = |word: &str| Value::Scalar(word.to_owned());
    let known: Vec<Value> = match entry.kind {
        Kind::Tri => [Tri::Confirmed, Tri::Suspected, Tri::RuledOut].map(Value::Tri).into(),
        Kind::Bool => vec![scalar("true"), scalar("false")],
        Kind::Word => entry.words.iter().map(|word| scalar(word)).collect(),
        Kind::Count => own()
            .filter_map(|test| if let Op::Compare(_, limit) = test.op { Some(limit) } else { None })
            .flat_map(|limit| [limit.saturating_sub(1), limit, limit + 1].map(Value::Count))
            .collect(),
        Kind::Words => {
            let mut lists = vec![];
            for test in own() {
                match &test.op {
                    Op::AnyOf(words) | Op::NoneOf(words) => lists.push(words),
                    _ => return None,
                }
            }
            // Words that stand in the same lists are as one; whoever says several says a set of such kinds.
            let mut kinds: BTreeMap<Vec<bool>, &String> = BTreeMap::new();
            for word in &entry.words {
                kinds.entry(lists.iter().map(|list| list.contains(word)).collect()).or_insert(word);
            }
            let kinds: Vec<&String> = kinds.into_values().collect();
            let sets = 0_usize..1 << kinds.len();
            let chosen = |set: usize| {
                let words = kinds.iter().enumerate().filter(move |(at, _)| set >> at & 1 == 1);
                words.map(|(_, word)| (*word).clone()).collect()
            };
            sets.map(|set| Value::Words(chosen(set))).collect()
        }
        _ => return None,
    };
    Some(known.into_iter().map(Some).chain([None]).collect())
}

#[test]
fn what_differs_for_some_facts_is_not_the_same() {
    let rules = super::ruleset();
    let same = |id: &str, change: &dyn Fn(&mut Condition)| {
        let index = rules.rules.iter().position(|rule| rule.id == id).unwrap();
        let mut rule = rules.rules[index].clone();
        change(&mut rule.when);
        says_the_same(&Mutant { name: id.into(), index, part: Part::Rule(Box::new(rule)) }, rules)
    };
    let without = |at: usize| {
        move |when: &mut Condition| {
            let Condition::All(parts) = when else { panic!("not all") };
            parts.remove(at);
        }
    };
    // Whoever names one of the types of R-JPC-01 names a technical attack; the severity does not follow.
    assert!(same("R-JPC-01", &without(0)));
    assert!(!same("R-JPC-01", &without(1)) && !same("R-JPC-01", &without(2)));
    assert!(!same("R-PPC-06", &without(2)) && !same("R-PPC-08", &without(4)));
}
