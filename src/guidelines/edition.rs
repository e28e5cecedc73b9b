//! Editions of a guideline: what they are made of, and what they changed.
use super::domain::{Source, Term, Verification};
use crate::text::LocalizedText;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An appendix of an edition. Its number is no stable key: it moves between editions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Appendix {
    /// The same in every edition that has the appendix.
    #[schema(example = "cloud")]
    pub key: String,
    pub number: u8,
    pub title: LocalizedText,
    /// Keys of the groups of controls that it holds.
    pub groups: Vec<String>,
    /// What this edition changed of it.
    pub change: Option<LocalizedText>,
    pub sources: Vec<Source>,
    pub verification: Verification,
    pub verification_note: Option<LocalizedText>,
}

/// What an edition did to the guideline as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EditionChangeKind {
    Added,
    Changed,
    Withdrawn,
    Moved,
    Renumbered,
    Unchanged,
}

/// What an edition changed that is not about one control: structure, wording, counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EditionChange {
    /// The edition that made the change.
    #[schema(example = "4.0")]
    pub edition: String,
    /// `added`, `changed`, `withdrawn`, `moved`, `renumbered` or `unchanged`.
    #[schema(value_type = String, example = "changed")]
    pub kind: EditionChangeKind,
    /// The edition that it is a change from, where that is not the published one before.
    #[schema(example = "3.1-draft")]
    pub compared_with: Option<String>,
    pub text: LocalizedText,
    /// Keys of the groups of controls it is about.
    pub groups: Vec<String>,
    /// The evidence.
    pub sources: Vec<Source>,
    pub verification: Verification,
    pub verification_note: Option<LocalizedText>,
}

/// How much of an edition is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// All its controls.
    Full,
    /// Some of its controls; the notes say which are missing.
    Partial,
    /// Only what it is made of.
    Structure,
}

/// Whether an edition is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EditionStatus {
    Published,
    /// Shown for comments before an edition.
    Draft,
}

/// A group of controls of an edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ControlGroup)]
pub struct Group {
    #[schema(example = "self-check")]
    pub key: String,
    pub title: LocalizedText,
    /// How many controls it has.
    pub controls: usize,
}

/// One edition of a guideline: what it is made of, and the words that its controls are filed under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Edition {
    #[schema(example = "ipa-sme")]
    pub guideline: String,
    #[schema(example = "3.1")]
    pub edition: String,
    pub title: LocalizedText,
    #[schema(format = Date, example = "2023-04-26")]
    pub published_on: Option<chrono::NaiveDate>,
    /// When this content was last revised here.
    #[schema(format = Date, example = "2026-11-23")]
    pub revised_on: chrono::NaiveDate,
    /// `published` or `draft`.
    #[schema(value_type = String, example = "published")]
    pub status: EditionStatus,
    /// `full`, `partial` or `structure`: how much of the edition is here.
    #[schema(value_type = String, example = "full")]
    pub coverage: Coverage,
    /// `shipped` with this service, or `own`: put there by the tenant.
    #[schema(value_type = String, example = "shipped")]
    pub origin: Origin,
    pub structure: LocalizedText,
    pub appendices: Vec<Appendix>,
    /// What this edition changed that is not about one control.
    pub changes: Vec<EditionChange>,
    pub notes: Vec<LocalizedText>,
    /// Counts per group.
    pub groups: Vec<Group>,
    /// How many controls the edition has.
    pub controls: usize,
    pub parts: Vec<Term>,
    pub stages: Vec<Term>,
    pub tags: Vec<Term>,
    pub telework_methods: Vec<Term>,
    pub workplaces: Vec<Term>,
    pub incident_types: Vec<Term>,
    /// How to name the source when you show this content.
    pub attribution: LocalizedText,
    /// What may be reused, and what not.
    pub reuse_note: LocalizedText,
    pub sources: Vec<Source>,
    pub verification: Verification,
    pub verification_note: Option<LocalizedText>,
}

/// Whose a guideline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = GuidelineOrigin)]
pub enum Origin {
    Shipped,
    Own,
}

/// A guideline and the editions of it that are served.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Guideline {
    #[schema(example = "ipa-sme")]
    pub key: String,
    pub title: LocalizedText,
    pub publisher: LocalizedText,
    pub attribution: LocalizedText,
    pub reuse_note: LocalizedText,
    /// `shipped` with this service, or `own`: put there by the tenant.
    #[schema(value_type = String, example = "shipped")]
    pub origin: Origin,
    /// Oldest first.
    pub editions: Vec<EditionSummary>,
}

/// An edition in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EditionSummary {
    #[schema(example = "3.1")]
    pub edition: String,
    pub title: LocalizedText,
    #[schema(format = Date, example = "2023-04-26")]
    pub published_on: Option<chrono::NaiveDate>,
    /// `published` or `draft`.
    #[schema(value_type = String, example = "published")]
    pub status: EditionStatus,
    /// `full`, `partial` or `structure`: how much of the edition is here.
    #[schema(value_type = String, example = "full")]
    pub coverage: Coverage,
    pub controls: usize,
    pub verification: Verification,
}

impl From<&Edition> for EditionSummary {
    fn from(edition: &Edition) -> Self {
        Self {
            edition: edition.edition.clone(),
            title: edition.title.clone(),
            published_on: edition.published_on,
            status: edition.status,
            coverage: edition.coverage,
            controls: edition.controls,
            verification: edition.verification,
        }
    }
}
