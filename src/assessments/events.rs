//! What happened to an assessment: who answered what, and who decided what.
use super::domain::Answer;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AssessmentEventKind)]
pub enum Kind {
    Created,
    Answered,
    Merged,
    Submitted,
    Accepted,
    ChangesRequested,
    Reopened,
}

/// What became of one answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnswerChange {
    #[schema(example = "self-check-01")]
    pub control: String,
    /// Null where there was none.
    pub before: Option<Answer>,
    /// Null where it was taken back.
    pub after: Option<Answer>,
}

/// What there is to say about an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    #[serde(default)]
    pub changes: Vec<AnswerChange>,
    #[serde(default)]
    pub comment: Option<String>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// From 1 on, without gaps.
    pub sequence: i32,
    pub kind: Kind,
    pub detail: Detail,
    pub by: String,
    pub at: DateTime<Utc>,
}

impl Kind {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Created, "created"),
        (Self::Answered, "answered"),
        (Self::Merged, "merged"),
        (Self::Submitted, "submitted"),
        (Self::Accepted, "accepted"),
        (Self::ChangesRequested, "changes_requested"),
        (Self::Reopened, "reopened"),
    ];

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }
}

/// What is different between two sets of answers, by control.
pub fn changes(before: &[Answer], after: &[Answer]) -> Vec<AnswerChange> {
    let by_control = |answers: &[Answer]| -> BTreeMap<String, Answer> {
        answers.iter().map(|answer| (answer.control.clone(), answer.clone())).collect()
    };
    let (mut old, new) = (by_control(before), by_control(after));
    let mut all: Vec<AnswerChange> = new
        .into_iter()
        .map(|(control, after)| AnswerChange { before: old.remove(&control), after: Some(after), control })
        .filter(|change| change.before != change.after)
        .collect();
    all.extend(old.into_iter().map(|(control, before)| AnswerChange {
        control,
        before: Some(before),
        after: None,
    }));
    all.sort_by(|a, b| a.control.cmp(&b.control));
    all
}
