//! The form of the rule files.
use super::super::rule_dto::{ChangeDocument, DeadlineDocument};
use super::super::words::{BasisType, Obligation, OnUnknown, Stage};
use crate::contacts::{ChannelType, Confidence};
use crate::shipped::Faults;
use crate::text::LocalizedText;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value as Json;

/// The text of every rule file. Tests put others in their place.
#[derive(Debug, Clone)]
pub struct RuleFiles {
    pub head: String,
    pub facts: String,
    pub derivations: String,
    pub extras: String,
    pub holidays: String,
    pub versions: String,
    pub forms: String,
    /// The rules, by subject.
    pub rules: Vec<(&'static str, String)>,
    /// How entries stood in an older version, newest first.
    pub before: Vec<(&'static str, String)>,
}

macro_rules! files {
    ($folder:literal $($name:literal)*) => {
        vec![$(($name, include_str!(concat!("../data/", $folder, "/", $name, ".yaml")).to_owned()),)*]
    };
}

impl RuleFiles {
    pub fn shipped() -> Self {
        Self {
            head: include_str!("../data/ruleset.yaml").to_owned(),
            facts: FACTS.to_owned(),
            derivations: include_str!("../data/derivations.yaml").to_owned(),
            extras: include_str!("../data/extras.yaml").to_owned(),
            holidays: include_str!("../data/holidays.yaml").to_owned(),
            versions: include_str!("../data/versions.yaml").to_owned(),
            forms: include_str!("../data/forms.yaml").to_owned(),
            rules: files! { "rules"
                "01-life-and-contractors" "02-cover-and-evidence" "03-police-and-experts"
                "04-personal-information" "05-sector-reports" "06-counterparties" "07-sharing" "08-recovery"
            },
            before: files! { "before" "2026.11.23.2" "2026.11.23" },
        }
    }
}

pub const FACTS: &str = include_str!("../data/facts.yaml");

/// One version of the rules, and what it changed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionEntry {
    pub version: String,
    pub released_on: NaiveDate,
    pub summary: LocalizedText,
    #[serde(default)]
    pub changes: Vec<ChangeDocument>,
}

/// Entries as they stood before the version after changed them.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BeforeFile {
    pub rules: Vec<RuleEntry>,
    pub derivations: Vec<DerivationEntry>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RulesetFile {
    pub timezone: String,
    pub notice: Option<LocalizedText>,
    pub tiers: Vec<TierEntry>,
    pub obligations: Vec<ObligationEntry>,
    pub actions: Vec<ActionEntry>,
    pub forms: Vec<FormEntry>,
    pub info_sets: Vec<InfoSetEntry>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierEntry {
    pub tier: u8,
    pub title: LocalizedText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObligationEntry {
    pub obligation: Obligation,
    pub meaning: LocalizedText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionEntry {
    pub action: String,
    pub title: LocalizedText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormEntry {
    pub form: String,
    pub title: LocalizedText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InfoSetEntry {
    pub key: String,
    pub title: LocalizedText,
}

impl RulesetFile {
    pub fn check(&self, faults: &mut Faults) {
        let place = "routing/ruleset.yaml";
        if self.timezone != "Asia/Tokyo" {
            faults.add(format!("{place}: days are counted in Asia/Tokyo only"));
        }
        let tiers: Vec<_> = self.tiers.iter().map(|tier| tier.tier).collect();
        if tiers != (0..=8).collect::<Vec<_>>() {
            faults.add(format!("{place}: the tiers are not 0 to 8"));
        }
        for text in self
            .tiers
            .iter()
            .map(|t| &t.title)
            .chain(self.obligations.iter().map(|o| &o.meaning))
            .chain(self.actions.iter().map(|a| &a.title))
            .chain(self.forms.iter().map(|f| &f.title))
            .chain(self.info_sets.iter().map(|i| &i.title))
            .chain(&self.notice)
        {
            faults.whole(place, text);
        }
        for obligation in [Obligation::Must, Obligation::Should, Obligation::May] {
            if !self.obligations.iter().any(|o| o.obligation == obligation) {
                faults.add(format!("{place}: {obligation:?} is not explained"));
            }
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HolidaysFile {
    /// Compared with the list of the Cabinet Office.
    #[allow(dead_code)] // Read by people; kept so that the file cannot hold anything unknown.
    pub verified: bool,
    #[allow(dead_code)]
    pub note: Option<LocalizedText>,
    pub valid_until: Option<NaiveDate>,
    pub closures: Vec<String>,
    pub dates: Vec<NaiveDate>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DerivationEntry {
    pub id: String,
    pub meaning: LocalizedText,
    pub when: ConditionEntry,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExtrasFile {
    pub annotations: Vec<AnnotationEntry>,
    pub substitutions: Vec<SubstitutionEntry>,
    pub contradictions: Vec<ContradictionEntry>,
    pub guardrails: Vec<GuardrailEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnnotationEntry {
    pub id: String,
    pub when: ConditionEntry,
    pub apply_to_contacts: Vec<String>,
    pub form: String,
    pub reason: LocalizedText,
    pub sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubstitutionEntry {
    pub id: String,
    pub when: ConditionEntry,
    pub from: String,
    pub to: String,
    pub only_tag: String,
    pub party_from: String,
    pub reason: LocalizedText,
    pub sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContradictionEntry {
    pub id: String,
    pub when: ConditionEntry,
    /// The fact to be looked at.
    pub fact: String,
    pub text: LocalizedText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardrailEntry {
    pub id: String,
    pub when: ConditionEntry,
    pub text: LocalizedText,
    pub sources: Vec<String>,
}

/// `all`, `any`, `not`, or a test of one `fact`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionEntry {
    pub all: Option<Vec<ConditionEntry>>,
    pub any: Option<Vec<ConditionEntry>>,
    pub not: Option<Box<ConditionEntry>>,
    pub fact: Option<String>,
    pub op: Option<String>,
    pub value: Option<Json>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForEachEntry {
    pub list: String,
    #[serde(rename = "where")]
    pub filter: ConditionEntry,
    pub party: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleEntry {
    pub id: String,
    pub contact: String,
    pub action: String,
    pub obligation: Obligation,
    pub stages: Vec<Stage>,
    pub tier: u8,
    pub priority: u32,
    #[serde(default)]
    pub tags: Vec<String>,
    pub party: Option<String>,
    pub party_from: Option<String>,
    pub for_each: Option<ForEachEntry>,
    #[serde(default)]
    pub after: Vec<String>,
    #[serde(default)]
    pub overrides: Vec<String>,
    #[serde(default)]
    pub schedulable: bool,
    pub effective_from: Option<NaiveDate>,
    pub effective_to: Option<NaiveDate>,
    pub when: ConditionEntry,
    #[serde(default)]
    pub on_unknown: OnUnknown,
    pub deadline: DeadlineDocument,
    pub channel: ChannelType,
    pub info: Option<String>,
    pub reason: LocalizedText,
    pub legal_basis: LocalizedText,
    pub basis_type: BasisType,
    pub sources: Vec<String>,
    pub confidence: Confidence,
    #[serde(default)]
    pub unverified: bool,
    pub day_counting_confidence: Option<Confidence>,
}
