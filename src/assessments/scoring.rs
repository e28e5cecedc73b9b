//! What the answers make: score, band, parts, categories, and the gaps worth closing. Pure.
use super::domain::{Answer, missing};
use crate::questionnaires::{Band, Effort, ItemRef, Questionnaire, Status};
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
    /// Sum of the points; null while items are unanswered.
    #[schema(example = 62)]
    pub score: Option<i32>,
    pub minimum: i32,
    pub maximum: i32,
    /// What the score means; null while items are unanswered.
    pub band: Option<Band>,
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
    pub items: usize,
    pub answered: usize,
}

/// The result of one category of controls.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CategoryResult {
    pub category: LocalizedText,
    /// Null while items of the category are unanswered.
    pub score: Option<i32>,
    pub minimum: i32,
    pub maximum: i32,
    pub items: usize,
    pub answered: usize,
}

/// The answers "not applicable", and how they were counted.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = NotApplicableAnswers)]
pub struct NotApplicable {
    pub controls: Vec<String>,
    /// What each of them counts.
    #[schema(example = 4)]
    pub points: i32,
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
    /// Where to start.
    pub advice: LocalizedText,
}

/// Counts points over some items.
#[derive(Default)]
struct Tally {
    sum: i32,
    items: usize,
    answered: usize,
}

impl Tally {
    fn add(&mut self, points: Option<i32>) {
        self.items += 1;
        if let Some(points) = points {
            self.sum += points;
            self.answered += 1;
        }
    }

    fn score(&self) -> Option<i32> {
        (self.answered == self.items).then_some(self.sum)
    }

    /// The limit of `whole` items, for this many of them.
    fn share(&self, limit: i32, whole: usize) -> i32 {
        let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        limit / count(whole.max(1)) * count(self.items)
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
        let points = status.map(|status| scoring.points(status));
        total.add(points);
        tally_of(&mut sections, at.section.id.as_str()).add(points);
        if let Some(category) = &at.item.category {
            tally_of(&mut categories, category).add(points);
        }
    }
    let with = |wanted: Status| -> Vec<String> {
        items
            .iter()
            .filter(|(_, status)| *status == Some(wanted))
            .map(|(at, _)| at.item.control.clone())
            .collect()
    };
    let whole = total.items;
    let score = total.score();
    AssessmentResult {
        questionnaire: questionnaire.id.clone(),
        complete: score.is_some(),
        score,
        minimum: scoring.minimum,
        maximum: scoring.maximum,
        band: score.and_then(|score| scoring.band(score)).cloned(),
        sections: questionnaire
            .sections
            .iter()
            .zip(&sections)
            .map(|(section, (_, tally))| SectionResult {
                id: section.id.clone(),
                title: section.title.clone(),
                score: tally.score(),
                minimum: tally.share(scoring.minimum, whole),
                maximum: tally.share(scoring.maximum, whole),
                items: tally.items,
                answered: tally.answered,
            })
            .collect(),
        categories: categories
            .iter()
            .map(|(category, tally)| CategoryResult {
                category: (*category).clone(),
                score: tally.score(),
                minimum: tally.share(scoring.minimum, whole),
                maximum: tally.share(scoring.maximum, whole),
                items: tally.items,
                answered: tally.answered,
            })
            .collect(),
        unanswered: missing(questionnaire, answers),
        unknown: with(Status::Unknown),
        not_applicable: not_applicable(questionnaire, with(Status::NotApplicable)),
        gaps: gaps(questionnaire, &items),
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
    let full = questionnaire.scoring.points(Status::Implemented);
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
                points_to_gain: full - questionnaire.scoring.points(status),
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
