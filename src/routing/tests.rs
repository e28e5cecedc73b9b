//! What the tests of the engine have in common.
use super::{Decision, Facts, Ruleset, Rulesets, decide};
use crate::contacts::Directory;
use crate::shipped::Faults;
use crate::text::Language;
use serde_json::{Value, json};
use std::sync::OnceLock;

/// The shipped rules, loaded once.
pub fn ruleset() -> &'static Ruleset {
    rulesets().current()
}

pub fn rulesets() -> &'static Rulesets {
    static RULESETS: OnceLock<Rulesets> = OnceLock::new();
    RULESETS.get_or_init(|| {
        let mut faults = Faults::default();
        let directory = Directory::load(&mut faults);
        let rulesets = Rulesets::load(&directory, &mut faults);
        assert!(faults.is_empty(), "{faults}");
        rulesets
    })
}

pub fn facts(json: &Value) -> Facts {
    Facts::read(&ruleset().schema, json).unwrap()
}

/// The ransomware of the examples, changed at each pointer.
pub fn example(changes: &[(&str, Value)]) -> Value {
    let mut json: Value = serde_json::from_str(include_str!("../../examples/ransomware.json")).unwrap();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        if json.pointer(parent).is_none() {
            let (above, parent) = parent.rsplit_once('/').unwrap();
            json.pointer_mut(above).unwrap()[parent] = json!({});
        }
        json.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    json
}

pub fn decided(changes: &[(&str, Value)]) -> Decision<'static> {
    decide(ruleset(), &facts(&example(changes)))
}

/// Whether there is something to say, in each language its own.
pub fn is_said_in_both(said: impl Fn(Language) -> String) -> bool {
    let (ja, en) = (said(Language::Ja), said(Language::En));
    !ja.trim().is_empty() && !en.trim().is_empty() && ja != en
}

/// Not a measurement, but what makes one: `make bench-routing` prints it from a release build.
#[test]
#[ignore = "prints how long a decision takes: make bench-routing"]
#[allow(clippy::print_stdout)] // It is what it prints.
fn how_long_a_decision_takes() {
    for (name, json) in super::tables::bases() {
        let facts = facts(&json);
        let rounds = 2000;
        let start = std::time::Instant::now();
        for _ in 0..rounds {
            std::hint::black_box(decide(ruleset(), std::hint::black_box(&facts)));
        }
        println!("{name}: {:?} a decision", start.elapsed() / rounds);
    }
}
