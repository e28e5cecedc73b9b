//! Every version of the rules, from the newest files and what each version changed in the one before.
use super::super::rule_dto::{ChangeKind, VersionDocument};
use super::files::{BeforeFile, DerivationEntry, RuleEntry, RuleFiles, VersionEntry};
use crate::shipped::Faults;
use crate::text::LocalizedText;
use chrono::NaiveDate;
use std::collections::HashMap;

/// One version, whole.
pub struct Edition {
    pub version: String,
    about: VersionEntry,
    pub derivations: Vec<DerivationEntry>,
    pub rules: Vec<RuleEntry>,
    newest: bool,
}

impl Edition {
    pub fn document(&self, holidays_valid_until: NaiveDate) -> VersionDocument {
        VersionDocument {
            version: self.version.clone(),
            released_on: self.about.released_on,
            current: self.newest,
            summary: self.about.summary.clone(),
            rules: self.rules.len(),
            changes: self.about.changes.clone(),
            holidays_valid_until,
        }
    }
}

/// Newest first.
pub fn editions(
    files: &RuleFiles,
    derivations: Vec<DerivationEntry>,
    rules: Vec<RuleEntry>,
    faults: &mut Faults,
) -> Vec<Edition> {
    let log: Vec<VersionEntry> = faults.parse("routing/versions.yaml", &files.versions);
    check(&log, faults);
    let (mut derivations, mut rules) = (derivations, rules);
    let mut editions: Vec<Edition> = vec![];
    for about in log {
        if let Some(newer) = editions.last() {
            (derivations, rules) = step_back(files, &newer.about, &about.version, newer, faults);
        }
        editions.push(Edition {
            version: about.version.clone(),
            derivations: derivations.clone(),
            rules: rules.clone(),
            newest: editions.is_empty(),
            about,
        });
    }
    editions
}

fn check(log: &[VersionEntry], faults: &mut Faults) {
    let place = "routing/versions.yaml";
    if log.is_empty() {
        faults.add(format!("{place}: there is no version"));
    }
    if !log.is_sorted_by(|newer, older| newer.released_on >= older.released_on) {
        faults.add(format!("{place}: the newest does not come first"));
    }
    faults.unique(place, log.iter().map(|entry| entry.version.as_str()));
    let notes = log.iter().flat_map(|entry| entry.changes.iter().map(|change| &change.note));
    let texts: Vec<&LocalizedText> = log.iter().map(|entry| &entry.summary).chain(notes).collect();
    for text in texts {
        faults.whole(place, text);
    }
}

/// The entries as they were before `newer` changed them: what it added is not there, what it changed
/// or removed stands as the older file has it.
fn step_back(
    files: &RuleFiles,
    newer: &VersionEntry,
    version: &str,
    edition: &Edition,
    faults: &mut Faults,
) -> (Vec<DerivationEntry>, Vec<RuleEntry>) {
    let place = format!("before/{version}.yaml");
    let text = files.before.iter().find(|(name, _)| *name == version).map_or("", |(_, text)| text);
    let before: BeforeFile = faults.parse(&place, text);
    let kinds: HashMap<&str, ChangeKind> = newer
        .changes
        .iter()
        .flat_map(|change| change.entries.iter().map(|id| (id.as_str(), change.kind)))
        .collect();
    let kept: Vec<&str> = before
        .rules
        .iter()
        .map(|r| r.id.as_str())
        .chain(before.derivations.iter().map(|d| d.id.as_str()))
        .collect();
    for (id, kind) in &kinds {
        let now =
            edition.rules.iter().any(|r| r.id == *id) || edition.derivations.iter().any(|d| d.id == *id);
        let (then_wanted, now_wanted) = (*kind != ChangeKind::Added, *kind != ChangeKind::Removed);
        if kept.contains(id) != then_wanted || now != now_wanted {
            faults.add(format!("{place}: {id} was {kind:?} since, and does not stand where it should"));
        }
    }
    for id in &kept {
        if !kinds.contains_key(id) {
            faults.add(format!("{place}: the change log of {} does not name {id}", newer.version));
        }
    }
    let added = |id: &str| kinds.get(id) == Some(&ChangeKind::Added);
    (
        stepped(&edition.derivations, before.derivations, |d| d.id.as_str(), added),
        stepped(&edition.rules, before.rules, |r| r.id.as_str(), added),
    )
}

fn stepped<T: Clone>(
    now: &[T],
    before: Vec<T>,
    id: fn(&T) -> &str,
    added: impl Fn(&str) -> bool,
) -> Vec<T> {
    let mut then: Vec<T> = now.iter().filter(|entry| !added(id(entry))).cloned().collect();
    for old in before {
        match then.iter_mut().find(|entry| id(entry) == id(&old)) {
            Some(entry) => *entry = old,
            None => then.push(old),
        }
    }
    then
}
