//! Guidelines, editions and controls as they are served.
use crate::text::LocalizedText;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How sure we are that a statement says what the published edition says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// Confirmed by the edition itself or by several independent sources.
    Verified,
    /// Some part is not confirmed; the note says which.
    PartlyVerified,
    /// Only the existence of the item is confirmed.
    Unverified,
}

/// One word of a closed list, with its title.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Term {
    #[schema(example = "self-check")]
    pub key: String,
    pub title: LocalizedText,
}

/// Whether a source is the publisher's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    Primary,
    Secondary,
}

/// Where a statement comes from.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = GuidelineSource)]
pub struct Source {
    pub key: String,
    pub title: LocalizedText,
    pub url: Option<String>,
    pub kind: SourceKind,
    /// Page, section or item in the source.
    pub section: Option<String>,
}

/// What an edition changed of a control.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ControlChange)]
pub struct Change {
    #[schema(example = "3.1")]
    pub edition: String,
    pub note: LocalizedText,
}

/// One thing that a guideline asks for. The statement is our own summary, not the publisher's text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Control {
    /// The same in every edition that has the control.
    #[schema(example = "self-check-01")]
    pub key: String,
    #[schema(example = "ipa-sme")]
    pub guideline: String,
    #[schema(example = "3.1")]
    pub edition: String,
    /// As printed in the edition, where it prints one.
    #[schema(example = "1")]
    pub number: Option<String>,
    /// Key of a group of the edition.
    #[schema(example = "self-check")]
    pub group: String,
    /// Key of a part of the edition.
    #[schema(example = "self-check-1")]
    pub part: String,
    /// Key of a stage of the edition.
    pub stage: Option<String>,
    pub category: Option<LocalizedText>,
    pub title: LocalizedText,
    pub statement: LocalizedText,
    /// Tags: what the control is about and whom it concerns; `all` concerns everybody.
    pub applicability: Vec<String>,
    /// Set where the control is about certain telework methods only.
    pub telework_methods: Vec<String>,
    /// Set where the control is about certain places of work only.
    pub workplaces: Vec<String>,
    /// Set where the control is about certain types of incident only.
    pub incident_types: Vec<String>,
    /// For a contact that the guideline names: when to turn to it.
    pub contact_when: Option<LocalizedText>,
    /// The edition that had the control first.
    #[schema(example = "3")]
    pub introduced_in: String,
    pub present_in: Vec<String>,
    pub changes: Vec<Change>,
    pub sources: Vec<Source>,
    pub verification: Verification,
    /// What is not confirmed, and why.
    pub verification_note: Option<LocalizedText>,
    /// Keys of controls of the same edition that say more.
    pub related: Vec<String>,
}

/// An appendix of an edition. Its number is no stable key: it moves between editions.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Appendix {
    pub number: u8,
    pub title: LocalizedText,
    /// What this edition changed of it.
    pub change: Option<LocalizedText>,
}

/// A group of controls of an edition.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ControlGroup)]
pub struct Group {
    #[schema(example = "self-check")]
    pub key: String,
    pub title: LocalizedText,
    /// How many controls it has.
    pub controls: usize,
}

/// One edition of a guideline: what it is made of, and the words that its controls are filed under.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Edition {
    #[schema(example = "ipa-sme")]
    pub guideline: String,
    #[schema(example = "3.1")]
    pub edition: String,
    pub title: LocalizedText,
    #[schema(format = Date, example = "2023-04-26")]
    pub published_on: Option<chrono::NaiveDate>,
    pub structure: LocalizedText,
    pub appendices: Vec<Appendix>,
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

/// A guideline and the editions of it that are served.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Guideline {
    #[schema(example = "ipa-sme")]
    pub key: String,
    pub title: LocalizedText,
    pub publisher: LocalizedText,
    pub attribution: LocalizedText,
    pub reuse_note: LocalizedText,
    /// Oldest first.
    pub editions: Vec<EditionSummary>,
}

/// An edition in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EditionSummary {
    #[schema(example = "3.1")]
    pub edition: String,
    pub title: LocalizedText,
    #[schema(format = Date, example = "2023-04-26")]
    pub published_on: Option<chrono::NaiveDate>,
    pub controls: usize,
    pub verification: Verification,
}
