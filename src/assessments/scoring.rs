//! What the answers make: score, band, parts, categories, and the gaps worth closing. Pure.
use super::domain::{Answer, missing};
use crate::questionnaires::{Band, Effort, ItemRef, Questionnaire, Scoring, Status};
use crate::text::LocalizedText;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// The result of an assessment. A score needs an answer to every item: an unanswered item is never
/// turned into an answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AssessmentResult {
    #[schema(example = "ipa-self-check-3.1")]
    pub questionnaire: String,
    /// Every item is answered.
    pub complete: bool,
    /// Sum of the points, or percent of what is covered; null while items are unanswered, and where none
    /// applies.
    #[schema(example = 62)]
    pub score: Option<i32>,
    pub minimum: i32,
    pub maximum: i32,
    /// What the score means; null where there is none.
    pub band: Option<Band>,
    /// How often each answer was given.
    pub counts: AnswerCounts,
    pub sections: Vec<SectionResult>,
    pub categories: Vec<CategoryResult>,
    /// Controls without an answer, in the order of the questionnaire.
    pub unanswered: Vec<String>,
    /// Controls answered with "unknown".
    pub unknown: Vec<String>,
    pub not_applicable: NotApplicable,
    /// What is not implemented: what costs most points first, then what is least effort, then in
    /// the order of the questionnaire, which starts with the basics.
    pub gaps: Vec<Gap>,
}

/// How often each answer was given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct AnswerCounts {
    pub implemented: usize,
    pub partial: usize,
    pub not_implemented: usize,
    pub unknown: usize,
    pub not_applicable: usize,
    pub unanswered: usize,
}

/// The result of one part.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SectionResult {
    #[schema(example = "part-1")]
    pub id: String,
    pub title: LocalizedText,
    /// Null while items of the part are unanswered.
    pub score: Option<i32>,
    pub minimum: i32,
    pub maximum: i32,
    pub items: i32,
    pub answered: i32,
}

/// The result of one category of controls.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CategoryResult {
    pub category: LocalizedText,
    /// Null while items of the category are unanswered.
    pub score: Option<i32>,
    pub minimum: i32,
    pub maximum: i32,
    pub items: i32,
    pub answered: i32,
}

/// The answers "not applicable", and how they were counted.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = NotApplicableAnswers)]
pub struct NotApplicable {
    pub controls: Vec<String>,
    /// What each of them counts; null where they are left out of the count.
    #[schema(example = 4)]
    pub points: Option<i32>,
    /// Where this way of counting comes from.
    pub note: Option<LocalizedText>,
}

/// An item that is not implemented.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Gap {
    #[schema(example = "self-check-04")]
    pub control: String,
    pub number: Option<String>,
    pub section: String,
    pub title: LocalizedText,
    pub status: Status,
    /// Points that "implemented" would add.
    #[schema(example = 4)]
    pub points_to_gain: i32,
    pub effort: Effort,
    /// Where to start, if the questionnaire says so.
    pub advice: Option<LocalizedText>,
}

/// Counts points over some items.
#[derive(Default)]
struct Tally {
    sum: i32,
    items: i32,
    answered: i32,
    /// Items that are part of the count.
    counted: i32,
}

impl Tally {
    fn add(&mut self, status: Option<Status>, scoring: &Scoring) {
        self.items += 1;
        let Some(status) = status else { return };
        self.answered += 1;
        if let Some(points) = scoring.points(status) {
            self.counted += 1;
            self.sum += points;
        }
    }

    fn score(&self, scoring: &Scoring) -> Option<i32> {
        if self.answered == self.items { scoring.score(self.sum, self.counted) } else { None }
    }
}

/// Scores `answers`, which have been checked against the questionnaire.
pub fn score(questionnaire: &Questionnaire, answers: &[Answer]) -> AssessmentResult {
    let given: HashMap<&str, Status> =
        answers.iter().map(|answer| (answer.control.as_str(), answer.status)).collect();
    let scoring = &questionnaire.scoring;
    let items: Vec<(ItemRef<'_>, Option<Status>)> =
        questionnaire.items().map(|i| (i, given.get(i.item.control.as_str()).copied())).collect();

    let mut total = Tally::default();
    let mut sections: Vec<(&str, Tally)> = vec![];
    let mut categories: Vec<(&LocalizedText, Tally)> = vec![];
    for (at, status) in &items {
        total.add(*status, scoring);
        tally_of(&mut sections, at.section.id.as_str()).add(*status, scoring);
        if let Some(category) = &at.item.category {
            tally_of(&mut categories, category).add(*status, scoring);
        }
    }
    let with = |wanted: Status| -> Vec<String> {
        items
            .iter()
            .filter(|(_, status)| *status == Some(wanted))
            .map(|(at, _)| at.item.control.clone())
            .collect()
    };
    let unanswered = missing(questionnaire, answers);
    let score = total.score(scoring);
    AssessmentResult {
        questionnaire: questionnaire.id.clone(),
        complete: unanswered.is_empty(),
        score,
        minimum: scoring.minimum,
        maximum: scoring.maximum,
        band: score.and_then(|score| scoring.band(score)).cloned(),
        counts: counts(&items),
        sections: questionnaire
            .sections
            .iter()
            .zip(&sections)
            .map(|(section, (_, tally))| SectionResult {
                id: section.id.clone(),
                title: section.title.clone(),
                score: tally.score(scoring),
                minimum: scoring.limits(tally.items).0,
                maximum: scoring.limits(tally.items).1,
                items: tally.items,
                answered: tally.answered,
            })
            .collect(),
        categories: categories
            .iter()
            .map(|(category, tally)| CategoryResult {
                category: (*category).clone(),
                score: tally.score(scoring),
                minimum: scoring.limits(tally.items).0,
                maximum: scoring.limits(tally.items).1,
                items: tally.items,
                answered: tally.answered,
            })
            .collect(),
        unanswered,
        unknown: with(Status::Unknown),
        not_applicable: not_applicable(questionnaire, with(Status::NotApplicable)),
        gaps: gaps(questionnaire, &items),
    }
}

fn counts(items: &[(ItemRef<'_>, Option<Status>)]) -> AnswerCounts {
    let count = |wanted| items.iter().filter(|(_, status)| *status == wanted).count();
    AnswerCounts {
        implemented: count(Some(Status::Implemented)),
        partial: count(Some(Status::Partial)),
        not_implemented: count(Some(Status::NotImplemented)),
        unknown: count(Some(Status::Unknown)),
        not_applicable: count(Some(Status::NotApplicable)),
        unanswered: count(None),
    }
}

fn tally_of<K: PartialEq + Copy>(tallies: &mut Vec<(K, Tally)>, key: K) -> &mut Tally {
    let at = tallies.iter().position(|(k, _)| *k == key).unwrap_or_else(|| {
        tallies.push((key, Tally::default()));
        tallies.len() - 1
    });
    &mut tallies[at].1
}

fn not_applicable(questionnaire: &Questionnaire, controls: Vec<String>) -> NotApplicable {
    let scale = questionnaire.scoring.answers.iter().find(|scale| scale.status == Status::NotApplicable);
    NotApplicable {
        controls,
        points: questionnaire.scoring.points(Status::NotApplicable),
        note: scale.and_then(|scale| scale.note.clone()),
    }
}

fn gaps(questionnaire: &Questionnaire, items: &[(ItemRef<'_>, Option<Status>)]) -> Vec<Gap> {
    let points = |status| questionnaire.scoring.points(status).unwrap_or(0);
    let full = points(Status::Implemented);
    let mut gaps: Vec<Gap> = items
        .iter()
        .filter_map(|(at, status)| {
            let status = (*status)?;
            let open = matches!(status, Status::Partial | Status::NotImplemented | Status::Unknown);
            open.then(|| Gap {
                control: at.item.control.clone(),
                number: at.item.number.clone(),
                section: at.section.id.clone(),
                title: at.item.title.clone(),
                status,
                points_to_gain: full - points(status),
                effort: at.item.effort,
                advice: at.item.advice.clone(),
            })
        })
        .collect();
    // A stable sort keeps the order of the questionnaire.
    gaps.sort_by_key(|gap| (std::cmp::Reverse(gap.points_to_gain), gap.effort));
    gaps
}

#[cfg(test)]
mod tests;
