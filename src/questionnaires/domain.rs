//! Questionnaires as they are served and scored.
use crate::guidelines::{Source, Threshold};
use crate::text::LocalizedText;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The answer to one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnswerStatus)]
pub enum Status {
    Implemented,
    Partial,
    NotImplemented,
    Unknown,
    NotApplicable,
}

/// How a result is made of answers: as the sum of points, or as how much is covered, in percent of what
/// the items that apply could reach (rounded down).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ScoringMethod)]
pub enum Method {
    Points,
    Coverage,
}

/// How much work it usually is to close a gap (our own estimate).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    Low,
    Medium,
    High,
}

/// One possible answer and what it counts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnswerScale)]
pub struct Scale {
    pub status: Status,
    /// Null where the item is then left out of the count.
    #[schema(example = 4)]
    pub points: Option<i32>,
    pub label: LocalizedText,
    /// What to know before relying on it.
    pub note: Option<LocalizedText>,
}

/// What a score means and what to do next.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Band {
    #[schema(example = "insufficient")]
    pub id: String,
    /// The lowest score of the band.
    pub min: i32,
    /// The highest score of the band.
    pub max: i32,
    pub label: LocalizedText,
    pub next_step: LocalizedText,
}

/// Points per answer, and the bands of the sum.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Scoring {
    pub method: Method,
    pub answers: Vec<Scale>,
    /// The lowest score there is; with `coverage` scores are percent.
    pub minimum: i32,
    /// The highest score there is.
    pub maximum: i32,
    /// Lowest first, without gaps.
    pub bands: Vec<Band>,
    pub sources: Vec<Source>,
}

/// A field of a client's profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProfileField {
    TeleworkMethods,
    Workplaces,
    Byod,
    CloudServices,
    Website,
    WirelessLan,
    Outsourcing,
    PersonalData,
}

/// What must be so of a company for an item to apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ItemCondition)]
pub struct Condition {
    /// The field of the client's profile that decides: it must be true, or a list that is not empty.
    #[schema(value_type = String, example = "telework_methods")]
    pub profile: ProfileField,
    /// What the list must include.
    #[schema(example = "vpn")]
    pub includes: Option<String>,
    /// Why the item does not apply where that is not so.
    pub why: LocalizedText,
}

/// One thing to answer: a control of the guideline.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = QuestionnaireItem)]
pub struct Item {
    /// Key of the control.
    #[schema(example = "self-check-01")]
    pub control: String,
    /// As printed in the guideline.
    pub number: Option<String>,
    pub category: Option<LocalizedText>,
    pub title: LocalizedText,
    pub statement: LocalizedText,
    /// What "not applicable" would mean here (our own words).
    pub not_applicable: Option<LocalizedText>,
    /// Where to start when the answer is not "implemented" (our own words).
    pub advice: Option<LocalizedText>,
    pub effort: Effort,
    /// All of it must be so of the company; empty: the item applies to everybody.
    pub applies_when: Vec<Condition>,
    /// For the SCS evaluation scheme: the lowest star that asks for it.
    pub star: Option<u8>,
    /// How often the control itself asks for the act, as an ISO 8601 duration.
    #[schema(example = "P1Y")]
    pub recurrence: Option<String>,
    /// Numbers that the control names.
    pub thresholds: Vec<Threshold>,
}

/// A part of a questionnaire.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = QuestionnaireSection)]
pub struct Section {
    #[schema(example = "part-1")]
    pub id: String,
    pub title: LocalizedText,
    pub items: Vec<Item>,
}

/// The part of a guideline that a company answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Questionnaire {
    #[schema(example = "ipa-self-check-3.1")]
    pub id: String,
    #[schema(example = "ipa-sme")]
    pub guideline: String,
    #[schema(example = "3.1")]
    pub edition: String,
    pub title: LocalizedText,
    pub description: LocalizedText,
    /// Who should answer.
    pub respondent: LocalizedText,
    pub scoring: Scoring,
    pub sections: Vec<Section>,
}

/// An item and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct ItemRef<'a> {
    pub section: &'a Section,
    pub item: &'a Item,
}

impl Questionnaire {
    /// Every item, in order.
    pub fn items(&self) -> impl Iterator<Item = ItemRef<'_>> {
        self.sections
            .iter()
            .flat_map(|section| section.items.iter().map(move |item| ItemRef { section, item }))
    }

    /// The name that all editions of the questionnaire share: `ipa-self-check`.
    pub fn family(&self) -> &str {
        let without = self.id.strip_suffix(self.edition.as_str()).and_then(|rest| rest.strip_suffix('-'));
        without.unwrap_or(&self.id)
    }

    pub fn asks(&self, control: &str) -> bool {
        self.items().any(|i| i.item.control == control)
    }
}

impl Scoring {
    /// What an answer counts; the shipped files are checked to have all five. `None`: the item is left out.
    pub fn points(&self, status: Status) -> Option<i32> {
        self.answers.iter().find(|scale| scale.status == status).and_then(|scale| scale.points)
    }

    /// The score of so many points over so many items that count; `None` where none does.
    pub fn score(&self, points: i32, items: i32) -> Option<i32> {
        match self.method {
            Method::Points => Some(points),
            Method::Coverage => (points * 100).checked_div(self.most() * items),
        }
    }

    /// The lowest and the highest score of so many items.
    pub fn limits(&self, items: i32) -> (i32, i32) {
        match self.method {
            Method::Points => (self.least() * items, self.most() * items),
            Method::Coverage => (0, 100),
        }
    }

    pub fn band(&self, score: i32) -> Option<&Band> {
        self.bands.iter().find(|band| (band.min..=band.max).contains(&score))
    }

    fn least(&self) -> i32 {
        self.answers.iter().filter_map(|scale| scale.points).min().unwrap_or(0)
    }

    fn most(&self) -> i32 {
        self.answers.iter().filter_map(|scale| scale.points).max().unwrap_or(0)
    }
}

impl Status {
    pub const ALL: [Self; 5] =
        [Self::Implemented, Self::Partial, Self::NotImplemented, Self::Unknown, Self::NotApplicable];
}

/// The shipped questionnaires.
#[derive(Debug, Default)]
pub struct Questionnaires(pub(super) Vec<Arc<Questionnaire>>);

impl Questionnaires {
    pub fn all(&self) -> impl Iterator<Item = &Questionnaire> {
        self.0.iter().map(AsRef::as_ref)
    }

    pub fn get(&self, id: &str) -> Option<&Arc<Questionnaire>> {
        self.0.iter().find(|questionnaire| questionnaire.id == id)
    }
}
