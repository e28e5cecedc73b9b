//! The rule files: their form, and their compilation. Every contact, fact, word and source that a
//! rule names must exist.
mod compile;
mod conditions;
mod deadlines;
mod documents;
mod files;
mod overrides;
mod versions;

pub use files::RuleFiles;

use super::facts::{Entry, FactSchema};
use super::forms::{self, Form};
use super::rules::{Ruleset, Rulesets};
use crate::calendar::Holidays;
use crate::contacts::Directory;
use crate::shipped::Faults;
use compile::Names;
use files::{DerivationEntry, ExtrasFile, FACTS, HolidaysFile, RuleEntry, RulesetFile};
use versions::Edition;

impl Rulesets {
    /// Reads, checks and compiles the shipped files, every version of them.
    pub fn load(directory: &Directory, faults: &mut Faults) -> Self {
        Self::of(&RuleFiles::shipped(), directory, faults)
    }

    pub fn of(files: &RuleFiles, directory: &Directory, faults: &mut Faults) -> Self {
        let head: RulesetFile = faults.parse("routing/ruleset.yaml", &files.head);
        head.check(faults);
        let schema = fact_schema(&files.facts, faults);
        let derivations: Vec<DerivationEntry> =
            faults.parse("routing/derivations.yaml", &files.derivations);
        let extras: ExtrasFile = faults.parse("routing/extras.yaml", &files.extras);
        let mut rules: Vec<RuleEntry> = vec![];
        for (name, text) in &files.rules {
            rules.extend(faults.parse::<Vec<RuleEntry>>(&format!("rules/{name}.yaml"), text));
        }
        faults.unique("rules", rules.iter().map(|rule| rule.id.as_str()));
        faults.unique("derivations", derivations.iter().map(|derivation| derivation.id.as_str()));
        let shared = Shared {
            reports: forms::load(&files.forms, &schema, directory, faults),
            holidays: holidays(&files.holidays, faults),
            head,
            schema,
            extras,
            directory,
        };
        let editions = versions::editions(files, derivations, rules, faults);
        Self::new(editions.iter().map(|edition| shared.compile(edition, faults)).collect())
    }
}

/// What all versions have in common.
struct Shared<'a> {
    head: RulesetFile,
    schema: FactSchema,
    extras: ExtrasFile,
    holidays: Holidays,
    reports: Vec<Form>,
    directory: &'a Directory,
}

impl Shared<'_> {
    fn compile(&self, edition: &Edition, faults: &mut Faults) -> Ruleset {
        let Self { head, schema, extras, holidays, reports, directory } = self;
        let entries = &edition.rules;
        overrides::check(entries, faults);
        let mut names = Names::new(schema, directory, faults);
        // In this order: rules name derived facts.
        let derivations = edition.derivations.iter().map(|entry| names.derivation(entry)).collect();
        let rules = entries.iter().map(|entry| names.rule(entry, entries, head)).collect();
        Ruleset {
            derivations,
            rules,
            annotations: extras.annotations.iter().map(|entry| names.annotation(entry, head)).collect(),
            substitutions: extras.substitutions.iter().map(|entry| names.substitution(entry)).collect(),
            guardrails: extras.guardrails.iter().map(|entry| names.guardrail(entry)).collect(),
            contradictions: extras.contradictions.iter().map(|entry| names.contradiction(entry)).collect(),
            documents: entries.iter().map(|entry| entry.document(directory)).collect(),
            about: edition.document(holidays.valid_until),
            version: edition.version.clone(),
            holidays: holidays.clone(),
            reports: reports.clone(),
            notice: head.notice.clone(),
            actions: head.actions.iter().map(|a| (a.action.clone(), a.title.clone())).collect(),
            forms: head.forms.iter().map(|f| (f.form.clone(), f.title.clone())).collect(),
            tiers: head.tiers.iter().map(|t| (t.tier, t.title.clone())).collect(),
            schema: schema.clone(),
        }
    }
}

/// The facts that may be given, as they ship: also what the request schema is made from.
pub fn shipped_facts(faults: &mut Faults) -> FactSchema {
    fact_schema(FACTS, faults)
}

fn fact_schema(text: &str, faults: &mut Faults) -> FactSchema {
    let entries: Vec<Entry> = faults.parse("routing/facts.yaml", text);
    faults.unique("facts", entries.iter().map(|entry| entry.path.as_str()));
    for entry in &entries {
        faults.whole(&entry.path, &entry.meaning);
        for word in entry.industries.values() {
            faults.known(&entry.path, word, entry.words.iter().map(String::as_str));
        }
        for word in entry.umbrellas.iter().flat_map(|(word, closer)| closer.iter().chain([word])) {
            faults.known(&entry.path, word, entry.words.iter().map(String::as_str));
        }
    }
    FactSchema { entries }
}

fn holidays(text: &str, faults: &mut Faults) -> Holidays {
    let file: HolidaysFile = faults.parse("routing/holidays.yaml", text);
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

#[cfg(test)]
mod tests;
