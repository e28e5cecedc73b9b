//! A rule that replaces another must not, by any way round, replace itself.
use super::files::RuleEntry;
use crate::shipped::Faults;
use std::collections::HashMap;

pub fn check(entries: &[RuleEntry], faults: &mut Faults) {
    let beaten: HashMap<&str, &[String]> =
        entries.iter().map(|entry| (entry.id.as_str(), entry.overrides.as_slice())).collect();
    for entry in entries {
        let mut reached: Vec<&str> = vec![];
        let mut open: Vec<&str> = entry.overrides.iter().map(String::as_str).collect();
        while let Some(id) = open.pop() {
            if !reached.contains(&id) {
                reached.push(id);
                open.extend(beaten.get(id).into_iter().flat_map(|ids| ids.iter().map(String::as_str)));
            }
        }
        if reached.contains(&entry.id.as_str()) {
            faults.add(format!("{}: its overrides lead back to itself", entry.id));
        }
    }
}
