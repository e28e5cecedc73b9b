//! The rules as the engine uses them: compiled from the shipped files, every name resolved.
use super::condition::{Condition, FactRef};
use super::deadline::{Deadline, Holidays};
use super::facts::FactSchema;
use super::rule_dto::RuleDocument;
use super::words::{BasisType, Obligation, OnUnknown, Stage};
use crate::contacts::{ChannelType, Confidence};
use crate::text::LocalizedText;
use chrono::NaiveDate;

/// Everything that a decision needs.
#[derive(Debug, Default)]
pub struct Ruleset {
    pub version: String,
    pub schema: FactSchema,
    pub derivations: Vec<Derivation>,
    pub rules: Vec<Rule>,
    pub annotations: Vec<Annotation>,
    pub substitutions: Vec<Substitution>,
    pub guardrails: Vec<Guardrail>,
    pub holidays: Holidays,
    pub notice: Option<LocalizedText>,
    /// What each action word means, for people.
    pub actions: Vec<(String, LocalizedText)>,
    pub forms: Vec<(String, LocalizedText)>,
    pub tiers: Vec<(u8, LocalizedText)>,
    /// The rules as they are served.
    pub documents: Vec<RuleDocument>,
}

#[derive(Debug)]
pub struct Derivation {
    pub id: String,
    pub when: Condition,
}

#[derive(Debug)]
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
#[derive(Debug)]
pub enum Party {
    Nobody,
    Fixed(String),
    /// Named by a fact.
    From(FactRef),
}

/// The rule is repeated for every item of a list that `filter` accepts.
#[derive(Debug)]
pub struct ForEach {
    pub list: usize,
    pub path: String,
    pub filter: Condition,
    /// The member that names the party.
    pub party: FactRef,
}

/// Attaches a form to actions that are chosen already.
#[derive(Debug)]
pub struct Annotation {
    pub when: Condition,
    pub contacts: Vec<String>,
    pub form: String,
    pub reason: LocalizedText,
}

/// Replaces a contact for the rules with a tag.
#[derive(Debug)]
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
#[derive(Debug)]
pub struct Guardrail {
    pub id: String,
    pub when: Condition,
    pub text: LocalizedText,
}

impl Rule {
    /// It is for this stage and in force on this day.
    pub fn is_candidate(&self, stage: Stage, today: NaiveDate) -> bool {
        self.stages.contains(&stage)
            && self.effective_from.is_none_or(|from| from <= today)
            && self.effective_to.is_none_or(|to| today <= to)
    }
}
