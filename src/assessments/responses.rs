//! Several answer one assessment: where they agree, and where a person has to decide.
use super::domain::Answer;
use crate::audited;
use crate::questionnaires::{Questionnaire, Status};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// The answers of one site or department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub id: String,
    pub assessment_id: String,
    pub respondent: String,
    pub answers: Vec<Answer>,
    pub revision: i32,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Response {
    /// Whether somebody may see and change it: the holder of a link only the response of its respondent, by
    /// whichever link it was given.
    pub fn is_of(&self, only: Option<&str>) -> bool {
        only.is_none_or(|only| self.respondent == only)
    }
}

audited! {
    Response as "assessment_response", |it| (it.id, None);
    words: assessment_id = it.assessment_id, revision = it.revision;
    veiled: respondent, answers;
    left: id, created_by, created_at, updated_at;
}

/// How many may answer one assessment.
pub const MOST: i64 = 200;

/// How the answers to one item stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgreementKind {
    /// Everybody has answered, and the same.
    Agreed,
    /// Somebody says something else.
    Differs,
    /// Who has answered agrees, but somebody has not answered.
    Incomplete,
    /// Nobody has answered.
    Unanswered,
}

/// What one respondent says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RespondentAnswer {
    #[schema(format = Uuid)]
    pub response_id: String,
    pub respondent: String,
    pub status: Status,
    pub note: Option<String>,
}

/// The answers to one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemAgreement {
    #[schema(example = "self-check-01")]
    pub control: String,
    pub agreement: AgreementKind,
    pub answers: Vec<RespondentAnswer>,
    /// The weakest of the answers: a proposal, never taken by itself where they differ.
    pub proposed: Option<Status>,
}

/// How the answers stand to each other, item by item in the order of the questionnaire.
pub fn agreement(questionnaire: &Questionnaire, responses: &[Response]) -> Vec<ItemAgreement> {
    questionnaire
        .items()
        .map(|at| {
            let control = &at.item.control;
            let answers: Vec<RespondentAnswer> = responses
                .iter()
                .filter_map(|response| {
                    let answer = response.answers.iter().find(|answer| answer.control == *control)?;
                    Some(RespondentAnswer {
                        response_id: response.id.clone(),
                        respondent: response.respondent.clone(),
                        status: answer.status,
                        note: answer.note.clone(),
                    })
                })
                .collect();
            let agreement = match answers.split_first() {
                None => AgreementKind::Unanswered,
                Some((first, rest)) if rest.iter().any(|a| a.status != first.status) => {
                    AgreementKind::Differs
                }
                Some(_) if answers.len() < responses.len() => AgreementKind::Incomplete,
                Some(_) => AgreementKind::Agreed,
            };
            let proposed =
                answers.iter().map(|answer| answer.status).min_by_key(|status| strength(*status));
            ItemAgreement { control: control.clone(), agreement, answers, proposed }
        })
        .collect()
}

/// How much an answer claims. What does not apply somewhere says nothing about the other places.
pub fn strength(status: Status) -> u8 {
    match status {
        Status::Unknown => 0,
        Status::NotImplemented => 1,
        Status::Partial => 2,
        Status::Implemented => 3,
        Status::NotApplicable => 4,
    }
}

/// The answers that everybody gave, as answers of the assessment: the first one's, without its note.
pub fn agreed(questionnaire: &Questionnaire, responses: &[Response]) -> Vec<Answer> {
    agreement(questionnaire, responses)
        .into_iter()
        .filter(|item| item.agreement == AgreementKind::Agreed)
        .filter_map(|item| {
            let first = responses.first()?.answers.iter().find(|answer| answer.control == item.control)?;
            Some(Answer { note: None, evidence_url: None, ..first.clone() })
        })
        .collect()
}
