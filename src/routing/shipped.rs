//! The rule files: their form, and their compilation. Every contact, fact, word and source that a
//! rule names must exist.
mod compile;
mod conditions;
mod deadlines;
mod documents;
mod files;

use super::deadline::Holidays;
use super::facts::{Entry, FactSchema};
use super::rules::{Annotation, Derivation, Guardrail, Rule, Ruleset, Substitution};
use crate::contacts::Directory;
use crate::shipped::Faults;
use compile::Names;
use files::{DerivationEntry, ExtrasFile, HolidaysFile, RULES, RuleEntry, RulesetFile};

impl Ruleset {
    /// Reads, checks and compiles the shipped files.
    pub fn load(directory: &Directory, faults: &mut Faults) -> Self {
        let head: RulesetFile = faults.parse("routing/ruleset.yaml", include_str!("data/ruleset.yaml"));
        head.check(faults);
        let schema = fact_schema(faults);
        let derivations: Vec<DerivationEntry> =
            faults.parse("routing/derivations.yaml", include_str!("data/derivations.yaml"));
        let extras: ExtrasFile = faults.parse("routing/extras.yaml", include_str!("data/extras.yaml"));
        let entries: Vec<RuleEntry> = RULES
            .iter()
            .flat_map(|(name, text)| {
                let entries: Vec<RuleEntry> = faults.parse(&format!("rules/{name}.yaml"), text);
                entries
            })
            .collect();
        faults.unique("rules", entries.iter().map(|rule| rule.id.as_str()));

        let mut names = Names::new(&schema, directory, faults);
        let derivations: Vec<Derivation> =
            derivations.into_iter().map(|entry| names.derivation(entry)).collect();
        let rules: Vec<Rule> = entries.iter().map(|entry| names.rule(entry, &entries, &head)).collect();
        let annotations: Vec<Annotation> =
            extras.annotations.into_iter().map(|entry| names.annotation(entry, &head)).collect();
        let substitutions: Vec<Substitution> =
            extras.substitutions.into_iter().map(|entry| names.substitution(entry)).collect();
        let guardrails: Vec<Guardrail> =
            extras.guardrails.into_iter().map(|entry| names.guardrail(entry)).collect();
        Self {
            documents: entries.iter().map(|entry| entry.document(directory)).collect(),
            holidays: holidays(faults),
            version: head.version,
            notice: head.notice,
            actions: head.actions.into_iter().map(|a| (a.action, a.title)).collect(),
            forms: head.forms.into_iter().map(|f| (f.form, f.title)).collect(),
            tiers: head.tiers.into_iter().map(|t| (t.tier, t.title)).collect(),
            schema,
            derivations,
            rules,
            annotations,
            substitutions,
            guardrails,
        }
    }
}

/// The facts that may be given. Also what the request schema is made from.
pub fn fact_schema(faults: &mut Faults) -> FactSchema {
    let entries: Vec<Entry> = faults.parse("routing/facts.yaml", include_str!("data/facts.yaml"));
    faults.unique("facts", entries.iter().map(|entry| entry.path.as_str()));
    for entry in &entries {
        faults.whole(&entry.path, &entry.meaning);
    }
    FactSchema { entries }
}

fn holidays(faults: &mut Faults) -> Holidays {
    let file: HolidaysFile = faults.parse("routing/holidays.yaml", include_str!("data/holidays.yaml"));
    let closures = file
        .closures
        .iter()
        .filter_map(|text| {
            let day = text
                .split_once('-')
                .and_then(|(month, day)| Some((month.parse().ok()?, day.parse().ok()?)));
            if day.is_none() {
                faults.add(format!("routing/holidays.yaml: {text} is not MM-DD"));
            }
            day
        })
        .collect();
    Holidays {
        dates: file.dates.into_iter().collect(),
        closures,
        valid_until: file.valid_until.unwrap_or_default(),
    }
}
