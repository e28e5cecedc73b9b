//! The rules as the engine uses them: compiled from the shipped files, every name resolved.
use super::condition::{Condition, FactRef};
use super::deadline::Deadline;
use super::facts::FactSchema;
use super::forms::Form;
use super::rule_dto::{RuleDocument, VersionDocument};
use super::words::{BasisType, Obligation, OnUnknown, Stage};
use crate::calendar::Holidays;
use crate::contacts::{ChannelType, Confidence};
use crate::text::LocalizedText;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Every version that ships, newest first.
#[derive(Debug)]
pub struct Rulesets {
    all: Vec<Ruleset>,
    /// Stands in where the files are so wrong that there is no version: then nothing starts.
    none: Ruleset,
}

impl Rulesets {
    pub fn new(all: Vec<Ruleset>) -> Self {
        Self { all, none: Ruleset::default() }
    }

    pub fn current(&self) -> &Ruleset {
        self.all.first().unwrap_or(&self.none)
    }

    pub fn all(&self) -> &[Ruleset] {
        &self.all
    }

    pub fn version(&self, version: &str) -> Option<&Ruleset> {
        self.all.iter().find(|ruleset| ruleset.version == version)
    }
}

/// Everything that a decision needs.
#[derive(Debug, Default)]
pub struct Ruleset {
    pub version: String,
    pub about: VersionDocument,
    pub schema: FactSchema,
    pub derivations: Vec<Derivation>,
    pub rules: Vec<Rule>,
    pub annotations: Vec<Annotation>,
    pub substitutions: Vec<Substitution>,
    pub guardrails: Vec<Guardrail>,
    pub contradictions: Vec<Contradiction>,
    pub holidays: Holidays,
    pub notice: Option<LocalizedText>,
    /// What each action word means, for people.
    pub actions: BTreeMap<String, LocalizedText>,
    pub forms: Vec<(String, LocalizedText)>,
    /// What each report asks for.
    pub reports: Vec<Form>,
    pub tiers: Vec<(u8, LocalizedText)>,
    /// The rules as they are served.
    pub documents: Vec<RuleDocument>,
}

impl Ruleset {
    /// The sector that all companies of an industry are in, where that is one.
    pub fn sector_of(&self, industry: &str) -> Option<&str> {
        let (_, sector) = self.schema.find("organization.sector")?;
        sector.industries.get(industry).map(String::as_str)
    }
}

#[derive(Debug, Clone)]
pub struct Derivation {
    pub id: String,
    pub when: Condition,
}

#[derive(Debug, Clone)]
pub struct Rule {
    pub id: String,
    pub contact: String,
    pub action: String,
    pub obligation: Obligation,
    pub stages: Vec<Stage>,
    pub tier: u8,
    pub priority: u32,
    pub tags: Vec<String>,
    pub party: Party,
    pub for_each: Option<ForEach>,
    pub after: Vec<String>,
    pub overrides: Vec<String>,
    pub schedulable: bool,
    pub effective_from: Option<NaiveDate>,
    pub effective_to: Option<NaiveDate>,
    pub when: Condition,
    pub on_unknown: OnUnknown,
    pub deadline: Deadline,
    pub channel: ChannelType,
    pub info: Option<String>,
    pub reason: LocalizedText,
    pub legal_basis: LocalizedText,
    pub basis_type: BasisType,
    pub sources: Vec<String>,
    pub confidence: Confidence,
    pub unverified: bool,
}

/// Whom among several.
#[derive(Debug, Clone)]
pub enum Party {
    Nobody,
    Fixed(String),
    /// Named by a fact.
    From(FactRef),
}

/// The rule is repeated for every item of a list that `filter` accepts.
#[derive(Debug, Clone)]
pub struct ForEach {
    pub list: usize,
    pub path: String,
    pub filter: Condition,
    /// The member that names the party.
    pub party: FactRef,
}

/// Attaches a form to actions that are chosen already.
#[derive(Debug, Clone)]
pub struct Annotation {
    pub when: Condition,
    pub contacts: Vec<String>,
    pub form: String,
    pub reason: LocalizedText,
}

/// Replaces a contact for the rules with a tag.
#[derive(Debug, Clone)]
pub struct Substitution {
    pub id: String,
    pub when: Condition,
    pub from: String,
    pub to: String,
    pub only_tag: String,
    pub party: FactRef,
    pub reason: LocalizedText,
}

/// Shown with every answer; never a contact.
#[derive(Debug, Clone)]
pub struct Guardrail {
    pub id: String,
    pub when: Condition,
    pub text: LocalizedText,
}

/// Facts that cannot both be so.
#[derive(Debug, Clone)]
pub struct Contradiction {
    pub id: String,
    pub when: Condition,
    /// Where the fact stands that is to be looked at.
    pub pointer: String,
    pub text: LocalizedText,
}

/// When in an incident a rule is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is for the stage that the incident is in.
    Now,
    /// It is a duty of an earlier stage: it does not end because the stage does.
    Before,
}

impl Rule {
    /// Whether the rule is asked in this stage.
    pub fn turn(&self, stage: Stage) -> Option<Turn> {
        if self.stages.contains(&stage) {
            return Some(Turn::Now);
        }
        let before = self.stages.iter().any(|own| *own < stage);
        (before && self.obligation == Obligation::Must).then_some(Turn::Before)
    }

    /// It is in force on this day.
    pub fn is_in_force(&self, today: NaiveDate) -> bool {
        self.effective_from.is_none_or(|from| from <= today)
            && self.effective_to.is_none_or(|to| today <= to)
    }
}

#[cfg(test)]
impl Rulesets {
    /// The newest version, to be changed.
    pub fn into_current(self) -> Ruleset {
        self.all.into_iter().next().unwrap_or_default()
    }
}
