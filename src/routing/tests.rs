//! What the tests of the engine have in common.
use super::{Decision, Facts, Ruleset, decide};
use crate::contacts::Directory;
use crate::shipped::Faults;
use serde_json::{Value, json};
use std::sync::OnceLock;

/// The shipped rules, loaded once.
pub fn ruleset() -> &'static Ruleset {
    static RULESET: OnceLock<Ruleset> = OnceLock::new();
    RULESET.get_or_init(|| {
        let mut faults = Faults::default();
        let directory = Directory::load(&mut faults);
        let ruleset = Ruleset::load(&directory, &mut faults);
        assert!(faults.is_empty(), "{faults}");
        ruleset
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

pub fn decided(changes: &[(&str, Value)]) -> Decision {
    decide(ruleset(), &facts(&example(changes)))
}
