//! An assessment: a client's answers to one questionnaire, and what may happen to them.
use crate::era;
use crate::questionnaires::{Questionnaire, Questionnaires, Status};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    pub id: String,
    pub client_id: String,
    pub questionnaire: String,
    pub external_id: Option<String>,
    pub state: State,
    pub answers: Vec<Answer>,
    /// Digest of what the call said that made it: a retry says the same.
    pub fingerprint: String,
    pub revision: i32,
    /// Subject of the token that made it.
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub submitted: Option<Submission>,
}

/// When an assessment was submitted, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    pub at: DateTime<Utc>,
    pub by: String,
}

/// Where an assessment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AssessmentState)]
pub enum State {
    /// Answers may be missing and may change.
    Draft,
    /// Every item is answered; nothing changes any more.
    Submitted,
}

impl State {
    pub const ALL: [Self; 2] = [Self::Draft, Self::Submitted];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Who or what gave an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnswerSource)]
pub enum Source {
    /// A person of the company.
    #[default]
    #[serde(rename = "self")]
    Own,
    /// A machine that looked.
    Automated,
    /// A person of the provider.
    Reviewer,
}

/// The answer to one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// Key of the control.
    #[schema(min_length = 1, max_length = 64, example = "self-check-01")]
    pub control: String,
    pub status: Status,
    #[schema(max_length = 2000)]
    pub note: Option<String>,
    #[schema(pattern = "^https?://", max_length = 2000)]
    pub evidence_url: Option<String>,
    /// When what the answer says was seen to be so.
    pub observed_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub source: Source,
}

/// Why something cannot be done with an assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No edition that we know has this control.
    UnknownControl { index: usize },
    /// The control is asked about in another questionnaire.
    OfAnotherQuestionnaire { index: usize, asked_in: String },
    /// The control was answered before, at `first`.
    Duplicate { index: usize, first: usize },
    /// A submission answers every item; this one is missing.
    Missing { control: String },
    /// The time of the answer is none that everybody bears.
    Time { index: usize },
    /// Only a draft can be submitted.
    NotDraft { state: State },
}

/// Holds answers against the questionnaire: everything that is wrong, at once.
pub fn check_answers(
    questionnaire: &Questionnaire,
    all: &Questionnaires,
    answers: &[Answer],
) -> Vec<Refusal> {
    let mut refusals = vec![];
    for (index, answer) in answers.iter().enumerate() {
        let first = answers.iter().position(|other| other.control == answer.control);
        if let Some(first) = first.filter(|first| *first < index) {
            refusals.push(Refusal::Duplicate { index, first });
        }
        if answer.observed_at.is_some_and(|at| !era::holds(at)) {
            refusals.push(Refusal::Time { index });
        }
        if questionnaire.asks(&answer.control) {
            continue;
        }
        let asked_in = all.all().iter().find(|other| other.asks(&answer.control));
        refusals.push(match asked_in {
            Some(other) => Refusal::OfAnotherQuestionnaire { index, asked_in: other.id.clone() },
            None => Refusal::UnknownControl { index },
        });
    }
    refusals
}

/// The items that have no answer, in the order of the questionnaire.
pub fn missing(questionnaire: &Questionnaire, answers: &[Answer]) -> Vec<String> {
    let answered: HashSet<_> = answers.iter().map(|a| a.control.as_str()).collect();
    questionnaire
        .items()
        .map(|i| &i.item.control)
        .filter(|control| !answered.contains(control.as_str()))
        .cloned()
        .collect()
}

impl Assessment {
    /// A draft becomes a submission when every item is answered.
    pub fn submit(
        self,
        questionnaire: &Questionnaire,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<Self, Vec<Refusal>> {
        if self.state != State::Draft {
            return Err(vec![Refusal::NotDraft { state: self.state }]);
        }
        let missing = missing(questionnaire, &self.answers);
        if !missing.is_empty() {
            return Err(missing.into_iter().map(|control| Refusal::Missing { control }).collect());
        }
        Ok(Self {
            state: State::Submitted,
            submitted: Some(Submission { at: now, by: by.to_owned() }),
            revision: self.revision + 1,
            updated_at: now,
            ..self
        })
    }
}
