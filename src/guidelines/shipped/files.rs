//! The form of the guideline files.
use super::super::domain::{ChangeKind, SourceKind, Term, Threshold, Verification};
use super::super::edition::{Coverage, EditionChangeKind, EditionStatus};
use crate::text::LocalizedText;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuidelineFile {
    pub key: String,
    /// When the files were last revised.
    pub revised_on: chrono::NaiveDate,
    pub title: Option<LocalizedText>,
    pub publisher: Option<LocalizedText>,
    pub attribution: Option<LocalizedText>,
    pub reuse_note: Option<LocalizedText>,
    pub groups: Vec<Term>,
    pub parts: Vec<Term>,
    pub stages: Vec<Term>,
    pub tags: Vec<Term>,
    pub telework_methods: Vec<Term>,
    pub workplaces: Vec<Term>,
    pub incident_types: Vec<Term>,
    pub editions: Vec<EditionEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditionEntry {
    pub edition: String,
    pub title: LocalizedText,
    pub status: EditionStatus,
    pub published_on: Option<chrono::NaiveDate>,
    pub coverage: Coverage,
    pub structure: LocalizedText,
    pub appendices: Vec<AppendixEntry>,
    /// The groups of the edition in its order, where they are not all that have a control in it.
    pub groups: Option<Vec<String>>,
    /// Titles of groups that differ from the guideline's.
    #[serde(default)]
    pub group_titles: BTreeMap<String, LocalizedText>,
    /// Titles of parts that differ from the guideline's.
    #[serde(default)]
    pub part_titles: BTreeMap<String, LocalizedText>,
    /// The stages, where they differ from the guideline's in order or title.
    pub stages: Option<Vec<Term>>,
    #[serde(default)]
    pub changes: Vec<EditionChangeEntry>,
    pub notes: Vec<LocalizedText>,
    pub sources: Vec<String>,
    pub verification: Verification,
    pub verification_note: Option<LocalizedText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppendixEntry {
    pub key: String,
    pub number: u8,
    pub title: LocalizedText,
    pub groups: Vec<String>,
    pub change: Option<LocalizedText>,
    pub sources: Vec<Cited>,
    pub verification: Verification,
    pub verification_note: Option<LocalizedText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditionChangeEntry {
    pub kind: EditionChangeKind,
    /// The edition that it is a change from, where that is not the published one before.
    pub compared_with: Option<String>,
    pub text: LocalizedText,
    pub groups: Vec<String>,
    pub sources: Vec<Cited>,
    pub verification: Verification,
    pub verification_note: Option<LocalizedText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceEntry {
    pub key: String,
    pub title: LocalizedText,
    pub url: Option<String>,
    pub kind: SourceKind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlEntry {
    pub key: String,
    pub number: Option<String>,
    pub part: String,
    pub stage: Option<String>,
    pub parent: Option<String>,
    pub category: Option<LocalizedText>,
    pub title: LocalizedText,
    pub statement: LocalizedText,
    pub star: Option<u8>,
    pub csf_function: Option<String>,
    pub recurrence: Option<String>,
    #[serde(default)]
    pub thresholds: Vec<Threshold>,
    pub applicability: Vec<String>,
    pub telework_methods: Vec<String>,
    pub workplaces: Vec<String>,
    pub incident_types: Vec<String>,
    pub contact_when: Option<LocalizedText>,
    pub introduced_in: String,
    pub present_in: Vec<String>,
    pub changes: Vec<ChangeEntry>,
    #[serde(default)]
    pub in_editions: BTreeMap<String, Differing>,
    pub sources: Vec<Cited>,
    pub verification: Verification,
    pub verification_note: Option<LocalizedText>,
    pub related: Vec<String>,
}

/// What differs in one edition from the newest text of a control.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Differing {
    pub number: Option<String>,
    pub part: Option<String>,
    pub stage: Option<String>,
    pub title: Option<LocalizedText>,
    pub statement: Option<LocalizedText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeEntry {
    pub edition: String,
    pub kind: ChangeKind,
    pub note: LocalizedText,
    pub sources: Vec<Cited>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cited {
    pub source: String,
    pub section: Option<String>,
}

/// One guideline's files: its controls are one file per group, and the group is the file's name.
pub struct Shipped {
    pub name: &'static str,
    pub guideline: &'static str,
    pub sources: &'static str,
    pub controls: &'static [(&'static str, &'static str)],
}

macro_rules! shipped {
    ($($name:literal: $($group:literal)*;)*) => {
        &[$(Shipped {
            name: $name,
            guideline: include_str!(concat!("../data/", $name, "/guideline.yaml")),
            sources: include_str!(concat!("../data/", $name, "/sources.yaml")),
            controls: &[$(($group, include_str!(concat!("../data/", $name, "/controls/", $group, ".yaml"))),)*],
        },)*]
    };
}

/// Every guideline, and its groups in the order of the guideline.
pub const SHIPPED: &[Shipped] = shipped! {
    "ipa-sme": "management-principle" "management-action" "practice" "basic-rules"
        "backup-operation" "self-check" "full-scale" "regulation-template" "practice-website" "cloud-checklist" "telework"
        "incident-preparation" "incident-step" "incident-by-type" "incident-record"
        "incident-contact" "technical-measure" "risk-analysis";
    "scs": "governance" "suppliers" "risk-identification" "protection" "detection" "response"
        "recovery";
    "nist-csf": "govern" "identify" "protect" "detect" "respond" "recover";
};
