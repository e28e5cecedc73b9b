//! The form of the guideline files.
use super::super::domain::{Appendix, Change, SourceKind, Term, Verification};
use crate::text::LocalizedText;
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuidelineFile {
    pub key: String,
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
    pub published_on: Option<chrono::NaiveDate>,
    pub structure: LocalizedText,
    pub appendices: Vec<Appendix>,
    pub notes: Vec<LocalizedText>,
    pub sources: Vec<String>,
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
    pub category: Option<LocalizedText>,
    pub title: LocalizedText,
    pub statement: LocalizedText,
    pub applicability: Vec<String>,
    pub telework_methods: Vec<String>,
    pub workplaces: Vec<String>,
    pub incident_types: Vec<String>,
    pub contact_when: Option<LocalizedText>,
    pub introduced_in: String,
    pub present_in: Vec<String>,
    pub changes: Vec<Change>,
    pub sources: Vec<Cited>,
    pub verification: Verification,
    pub verification_note: Option<LocalizedText>,
    pub related: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cited {
    pub source: String,
    pub section: Option<String>,
}

/// One file per group of controls; the group is the file's name.
macro_rules! controls {
    ($($group:literal)*) => {
        &[$(($group, include_str!(concat!("../data/ipa-sme/controls/", $group, ".yaml"))),)*]
    };
}
pub const CONTROLS: &[(&str, &str)] = controls! {
    "management-principle" "management-action" "practice" "basic-rules" "self-check"
    "regulation-template" "practice-website" "cloud-checklist" "telework" "incident-preparation"
    "incident-step" "incident-by-type" "incident-record" "incident-contact" "technical-measure"
    "risk-analysis"
};
