//! An assessment: a client's answers to one questionnaire, and what may happen to them.
use crate::audited;
use crate::era;
use crate::questionnaires::{Questionnaire, Questionnaires, Status};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
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
    /// The assessment whose answers it began with.
    pub carried_from: Option<String>,
    pub revision: i32,
    /// Subject of the token that made it.
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub submitted: Option<Submission>,
    /// The last word of a reviewer.
    pub reviewed: Option<Review>,
}

audited! {
    Assessment as "assessment", |it| (it.id, Some(it.client_id.clone()));
    words: state = it.state.as_str(), questionnaire = it.questionnaire, revision = it.revision;
    veiled: external_id, answers, submitted, reviewed;
    left: id, client_id, fingerprint, carried_from, created_by, created_at, updated_at;
}

/// When an assessment was submitted, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    pub at: DateTime<Utc>,
    pub by: String,
}

/// An assessment as a list tells of it: without what was answered, which is most of it.
#[derive(Debug)]
pub struct Listed {
    pub id: String,
    pub client_id: String,
    pub questionnaire: String,
    pub external_id: Option<String>,
    pub state: State,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub submitted_at: Option<DateTime<Utc>>,
}

/// When an assessment was reviewed, by whom, and what they said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    pub at: DateTime<Utc>,
    pub by: String,
    pub comment: Option<String>,
}

/// Where an assessment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AssessmentState)]
pub enum State {
    /// Answers may be missing and may change.
    Draft,
    /// Every item is answered; a reviewer may look at it.
    Submitted,
    /// A reviewer wants something changed.
    ChangesRequested,
    /// A reviewer has accepted it; nothing changes any more.
    Accepted,
}

impl State {
    pub const ALL: [Self; 4] = [Self::Draft, Self::Submitted, Self::ChangesRequested, Self::Accepted];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::ChangesRequested => "changes_requested",
            Self::Accepted => "accepted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Every item has been answered, and nobody has asked for something else.
    pub const fn counts(self) -> bool {
        matches!(self, Self::Submitted | Self::Accepted)
    }
}

/// What somebody wants to do with an assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Give, change or take back answers.
    Answer,
    Submit,
    Accept,
    RequestChanges,
    Reopen,
    Delete,
}

impl Verb {
    pub const ALL: [Self; 6] =
        [Self::Answer, Self::Submit, Self::Accept, Self::RequestChanges, Self::Reopen, Self::Delete];

    /// The state that follows; `None`: not in this one. An accepted assessment never changes.
    pub const fn from(self, state: State) -> Option<State> {
        match (self, state) {
            (Self::Answer | Self::Delete, State::Draft)
            | (Self::Reopen, State::Submitted | State::ChangesRequested) => Some(State::Draft),
            (Self::Answer, State::ChangesRequested) | (Self::RequestChanges, State::Submitted) => {
                Some(State::ChangesRequested)
            }
            (Self::Submit, State::Draft | State::ChangesRequested) => Some(State::Submitted),
            (Self::Accept, State::Submitted) => Some(State::Accepted),
            _ => None,
        }
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
    #[schema(pattern = r#"^[Hh][Tt][Tt][Pp][Ss]?://[^\s"<>/?#]+[^\s"<>]*$"#, max_length = 2000)]
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
    /// That cannot be done in this state.
    WrongState { verb: Verb, state: State },
    /// It was submitted once: then it stays.
    WasSubmitted,
    /// What is to be taken back is no control that we know.
    RemovesUnknown { index: usize },
    /// What is to be taken back is asked about in another questionnaire.
    RemovesOfAnother { index: usize, asked_in: String },
    /// What is to be taken back is answered in the same breath, at `answer`.
    RemovesAnswered { index: usize, answer: usize },
}

/// Holds answers against the questionnaire: everything that is wrong, at once.
pub fn check_answers(
    questionnaire: &Questionnaire,
    all: &Questionnaires,
    answers: &[Answer],
) -> Vec<Refusal> {
    let mut refusals = vec![];
    let asked: HashSet<&str> = questionnaire.items().map(|at| at.item.control.as_str()).collect();
    let mut firsts: HashMap<&str, usize> = HashMap::new();
    for (index, answer) in answers.iter().enumerate() {
        let first = *firsts.entry(&answer.control).or_insert(index);
        if first < index {
            refusals.push(Refusal::Duplicate { index, first });
        }
        if answer.observed_at.is_some_and(|at| !era::holds(at)) {
            refusals.push(Refusal::Time { index });
        }
        if asked.contains(answer.control.as_str()) {
            continue;
        }
        refusals.push(match asking(all, &answer.control) {
            Some(asked_in) => Refusal::OfAnotherQuestionnaire { index, asked_in },
            None => Refusal::UnknownControl { index },
        });
    }
    refusals
}

/// The same for what is to be taken back.
pub fn check_removed(
    questionnaire: &Questionnaire,
    all: &Questionnaires,
    answers: &[Answer],
    removed: &[String],
) -> Vec<Refusal> {
    let mut refusals = vec![];
    for (index, control) in removed.iter().enumerate() {
        if let Some(answer) = answers.iter().position(|answer| answer.control == *control) {
            refusals.push(Refusal::RemovesAnswered { index, answer });
        }
        if questionnaire.asks(control) {
            continue;
        }
        refusals.push(match asking(all, control) {
            Some(asked_in) => Refusal::RemovesOfAnother { index, asked_in },
            None => Refusal::RemovesUnknown { index },
        });
    }
    refusals
}

/// A questionnaire that asks about the control.
fn asking(all: &Questionnaires, control: &str) -> Option<String> {
    all.all().find(|other| other.asks(control)).map(|other| other.id.clone())
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
    /// Whether `verb` may be done now, and the state that it leads to.
    pub fn may(&self, verb: Verb) -> Result<State, Refusal> {
        verb.from(self.state).ok_or(Refusal::WrongState { verb, state: self.state })
    }

    /// Whether it may be taken away: what was submitted stays, also when it was taken back since.
    pub fn may_go(&self, was_reopened: bool) -> Result<(), Refusal> {
        self.may(Verb::Delete)?;
        if was_reopened { Err(Refusal::WasSubmitted) } else { Ok(()) }
    }

    /// Becomes a submission when every item is answered.
    pub fn submit(
        self,
        questionnaire: &Questionnaire,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<Self, Vec<Refusal>> {
        let state = self.may(Verb::Submit).map_err(|refusal| vec![refusal])?;
        let missing = missing(questionnaire, &self.answers);
        if !missing.is_empty() {
            return Err(missing.into_iter().map(|control| Refusal::Missing { control }).collect());
        }
        Ok(Self { submitted: Some(Submission { at: now, by: by.to_owned() }), ..self.next(state, now) })
    }

    /// A reviewer accepts the submission, or asks for changes.
    pub fn review(
        self,
        verb: Verb,
        comment: Option<String>,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        let state = self.may(verb)?;
        Ok(Self { reviewed: Some(Review { at: now, by: by.to_owned(), comment }), ..self.next(state, now) })
    }

    /// Takes a submission back.
    pub fn reopen(self, now: DateTime<Utc>) -> Result<Self, Refusal> {
        let state = self.may(Verb::Reopen)?;
        Ok(Self { submitted: None, ..self.next(state, now) })
    }

    /// Answers anew; the answers have been checked. The same answers are no change.
    pub fn answer(self, answers: Vec<Answer>, now: DateTime<Utc>) -> Result<Self, Refusal> {
        let state = self.may(Verb::Answer)?;
        Ok(if answers == self.answers { self } else { Self { answers, ..self.next(state, now) } })
    }

    fn next(self, state: State, now: DateTime<Utc>) -> Self {
        Self { state, revision: self.revision + 1, updated_at: now, ..self }
    }
}

/// `answers` with those of `given` in their place, and without those in `removed`; in the order of the
/// questionnaire.
pub fn merged(
    questionnaire: &Questionnaire,
    answers: &[Answer],
    given: &[Answer],
    removed: &[String],
) -> Vec<Answer> {
    let (mut given, mut kept) = (by_control(given), by_control(answers));
    let removed: HashSet<&str> = removed.iter().map(String::as_str).collect();
    questionnaire
        .items()
        .map(|at| at.item.control.as_str())
        .filter(|control| !removed.contains(control))
        .filter_map(|control| given.remove(control).or_else(|| kept.remove(control)).cloned())
        .collect()
}

fn by_control(answers: &[Answer]) -> HashMap<&str, &Answer> {
    answers.iter().map(|answer| (answer.control.as_str(), answer)).collect()
}
