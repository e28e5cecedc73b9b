//! One assessment for people: everything that a report shows, in one place.
mod csv;
mod html;
mod xlsx;

pub use csv::csv;
pub use html::html;
pub use xlsx::xlsx;

use super::comparison::AssessmentComparison;
use super::domain::{Answer, Assessment};
use super::history::HistoryEntry;
use super::plan::AssessmentPlan;
use super::scoring::AssessmentResult;
use crate::questionnaires::{Effort, Item, Questionnaire, Status};
use crate::text::{Language, LocalizedText};
use chrono::{DateTime, FixedOffset, Utc};

/// What a report is made of.
#[derive(Debug)]
pub struct Report {
    pub client: String,
    pub assessment: Assessment,
    pub questionnaire: Questionnaire,
    pub result: AssessmentResult,
    pub plan: AssessmentPlan,
    /// With the counting assessment before.
    pub comparison: Option<AssessmentComparison>,
    /// Newest first.
    pub history: Vec<HistoryEntry>,
    /// The title of the history.
    pub over: LocalizedText,
    pub attribution: LocalizedText,
}

impl Report {
    /// Every item with its answer, in the order of the questionnaire.
    fn answers(&self) -> impl Iterator<Item = (&Item, Option<&Answer>)> {
        let of = |item: &Item| self.assessment.answers.iter().find(|answer| answer.control == item.control);
        self.questionnaire.items().map(move |at| (at.item, of(at.item)))
    }

    /// How the questionnaire itself calls an answer.
    fn label(&self, status: Status, language: Language) -> &str {
        let scale = self.questionnaire.scoring.answers.iter().find(|scale| scale.status == status);
        scale.map_or("", |scale| scale.label.get(language))
    }

    /// When it was answered: the submission, or for a draft the last change.
    fn day(&self) -> String {
        day(self.assessment.submitted.as_ref().map_or(self.assessment.updated_at, |submitted| submitted.at))
    }
}

/// A day as it is in Japan, where the companies are.
fn day(at: DateTime<Utc>) -> String {
    let japan = FixedOffset::east_opt(9 * 3600);
    japan.map_or_else(|| at.date_naive(), |japan| at.with_timezone(&japan).date_naive()).to_string()
}

/// The words of a report, in the order Japanese, English.
fn word(language: Language, ja: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Ja => ja,
        Language::En => en,
    }
}

fn effort(effort: Effort, language: Language) -> &'static str {
    match effort {
        Effort::Low => word(language, "小", "little"),
        Effort::Medium => word(language, "中", "some"),
        Effort::High => word(language, "大", "much"),
    }
}
