//! Controls as they are served.
use crate::text::LocalizedText;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How sure we are that a statement says what the published edition says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = GuidelineSource)]
pub struct Source {
    pub key: String,
    pub title: LocalizedText,
    pub url: Option<String>,
    pub kind: SourceKind,
    /// Page, section or item in the source.
    pub section: Option<String>,
}

/// What an edition did to a control that it has kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ControlChangeKind)]
pub enum ChangeKind {
    /// It says something else now.
    Changed,
    /// It stands in another part, stage or appendix.
    Moved,
    /// It has another number.
    Renumbered,
    /// Compared, and found to say the same.
    Unchanged,
    /// Still there, but nobody has compared it.
    Unconfirmed,
}

/// What an edition changed of a control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ControlChange)]
pub struct Change {
    #[schema(example = "3.1")]
    pub edition: String,
    /// `changed`, `moved`, `renumbered`, `unchanged` (compared) or `unconfirmed` (not compared).
    #[schema(value_type = String, example = "changed")]
    pub kind: ChangeKind,
    pub note: LocalizedText,
    /// The evidence.
    pub sources: Vec<Source>,
}

/// A number that a control names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    #[schema(example = "min-length")]
    pub key: String,
    /// A decimal.
    #[schema(example = "8")]
    pub value: String,
    #[schema(example = "characters")]
    pub unit: String,
    pub title: LocalizedText,
}

/// One thing that a guideline asks for. The statement of a shipped control is our own summary, not the
/// publisher's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
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
    /// Key of the control that this one is a part of.
    pub parent: Option<String>,
    pub category: Option<LocalizedText>,
    pub title: LocalizedText,
    pub statement: LocalizedText,
    /// Where to start, if the guideline says so.
    pub guidance: Option<LocalizedText>,
    /// For the SCS evaluation scheme: the lowest star that asks for it.
    #[schema(minimum = 1, maximum = 5)]
    pub star: Option<u8>,
    /// Function of the NIST CSF, where the guideline itself names one.
    #[schema(example = "PR")]
    pub csf_function: Option<String>,
    /// How often the control itself asks for the act, as an ISO 8601 duration.
    #[schema(example = "P1Y")]
    pub recurrence: Option<String>,
    /// Numbers that the control names.
    pub thresholds: Vec<Threshold>,
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
