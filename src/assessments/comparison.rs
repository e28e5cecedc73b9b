//! What became of a company between two assessments, item by item, across editions by control key.
use super::domain::{Answer, Assessment};
use super::responses::strength;
use super::scoring::{AssessmentResult, score};
use crate::questionnaires::{Band, Item, Questionnaire, Status};
use crate::text::LocalizedText;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// Two assessments side by side.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AssessmentComparison {
    pub before: ComparedAssessment,
    pub after: ComparedAssessment,
    pub counts: ComparisonCounts,
    /// Controls of which less is done than before.
    pub worse: Vec<String>,
    /// Every item of either one, in the order of the later questionnaire; what it does not ask any more last.
    pub items: Vec<ItemComparison>,
}

/// One side of a comparison.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ComparedAssessment {
    #[schema(format = Uuid)]
    pub id: String,
    #[schema(example = "ipa-self-check-3.1")]
    pub questionnaire: String,
    pub submitted_at: Option<DateTime<Utc>>,
    /// Null while items are unanswered.
    pub score: Option<i32>,
    pub minimum: i32,
    pub maximum: i32,
    pub band: Option<Band>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ComparisonCounts {
    pub better: usize,
    pub worse: usize,
    pub same: usize,
    pub new: usize,
    pub gone: usize,
    pub other: usize,
}

/// What became of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ItemChange)]
pub enum Change {
    Better,
    Worse,
    Same,
    /// Only the later questionnaire asks it, or only the later assessment answers it.
    New,
    /// Only the earlier one.
    Gone,
    /// Began or ceased to apply: neither better nor worse.
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemComparison {
    #[schema(example = "self-check-11")]
    pub control: String,
    /// As printed in the guideline.
    pub number: Option<String>,
    pub title: LocalizedText,
    /// Null where it was not asked or not answered.
    pub before: Option<Status>,
    /// Null where it is not asked or not answered.
    pub after: Option<Status>,
    /// `better`, `worse`, `same`, `new`, `gone` or `other`.
    #[schema(value_type = String, example = "better")]
    pub change: Change,
    /// The later questionnaire words the item differently: read both before you compare.
    pub restated: bool,
}

/// An assessment and what it answers.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    pub assessment: &'a Assessment,
    pub questionnaire: &'a Questionnaire,
}

impl Side<'_> {
    fn item(&self, control: &str) -> Option<&Item> {
        self.questionnaire.items().map(|at| at.item).find(|item| item.control == control)
    }

    fn status(&self, control: &str) -> Option<Status> {
        let found = self.assessment.answers.iter().find(|answer: &&Answer| answer.control == control);
        found.map(|answer| answer.status)
    }

    fn shown(&self) -> ComparedAssessment {
        let AssessmentResult { score, minimum, maximum, band, .. } =
            score(self.questionnaire, &self.assessment.answers);
        ComparedAssessment {
            id: self.assessment.id.clone(),
            questionnaire: self.questionnaire.id.clone(),
            submitted_at: self.assessment.submitted.as_ref().map(|submitted| submitted.at),
            score,
            minimum,
            maximum,
            band,
        }
    }
}

/// Compares two assessments; `None` where they have no control in common.
pub fn compare(before: Side<'_>, after: Side<'_>) -> Option<AssessmentComparison> {
    let shared = after.questionnaire.items().any(|at| before.item(&at.item.control).is_some());
    if !shared {
        return None;
    }
    let gone =
        before.questionnaire.items().map(|at| at.item).filter(|item| after.item(&item.control).is_none());
    let items: Vec<ItemComparison> = after
        .questionnaire
        .items()
        .map(|at| at.item)
        .chain(gone)
        .map(|item| compared(item, before, after))
        .collect();
    let count = |change| items.iter().filter(|item| item.change == change).count();
    Some(AssessmentComparison {
        before: before.shown(),
        after: after.shown(),
        counts: ComparisonCounts {
            better: count(Change::Better),
            worse: count(Change::Worse),
            same: count(Change::Same),
            new: count(Change::New),
            gone: count(Change::Gone),
            other: count(Change::Other),
        },
        worse: items
            .iter()
            .filter(|item| item.change == Change::Worse)
            .map(|item| item.control.clone())
            .collect(),
        items,
    })
}

fn compared(item: &Item, before: Side<'_>, after: Side<'_>) -> ItemComparison {
    let control = &item.control;
    let (old, new) = (before.status(control), after.status(control));
    let restated = match (before.item(control), after.item(control)) {
        (Some(old), Some(new)) => old.title != new.title || old.statement != new.statement,
        _ => false,
    };
    ItemComparison {
        control: control.clone(),
        number: item.number.clone(),
        title: item.title.clone(),
        before: old,
        after: new,
        change: change(old, new),
        restated,
    }
}

fn change(before: Option<Status>, after: Option<Status>) -> Change {
    match (before, after) {
        (None, None) => Change::Same,
        (None, Some(_)) => Change::New,
        (Some(_), None) => Change::Gone,
        (Some(old), Some(new)) if old == new => Change::Same,
        (Some(Status::NotApplicable), Some(_)) | (Some(_), Some(Status::NotApplicable)) => Change::Other,
        (Some(old), Some(new)) if strength(new) > strength(old) => Change::Better,
        (Some(_), Some(_)) => Change::Worse,
    }
}
