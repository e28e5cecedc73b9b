//! What an assessment looks like on the wire.
use super::domain::{Answer, Assessment, Listed, State};
use crate::id::Id;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An assessment to create, as a draft or submitted at once.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(example = json!({
    "client_external_id": "crm-0042", "questionnaire": "ipa-basic-rules-3.1", "external_id": "2026-11",
    "answers": [{"control": "basic-rule-1", "status": "implemented", "note": "自動更新を有効化"}]
}))]
pub struct NewAssessment {
    /// Id of the client; either this or `client_external_id`.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub client_id: Option<Id>,
    /// The provider's own name for the client.
    #[schema(min_length = 1, max_length = 200)]
    pub client_external_id: Option<String>,
    /// Id of the questionnaire.
    #[schema(min_length = 1, max_length = 64, example = "ipa-self-check-3.1")]
    pub questionnaire: String,
    /// The provider's own name for the assessment, unique per client: sending the same assessment
    /// again answers the one that is there.
    #[schema(min_length = 1, max_length = 200)]
    pub external_id: Option<String>,
    #[serde(default)]
    #[schema(max_items = 3000)]
    pub answers: Vec<Answer>,
    /// `draft` when left out; `submitted` needs an answer to every item.
    #[schema(value_type = Option<NewState>)]
    pub state: Option<NewState>,
    /// Id of an earlier assessment of the client, also of another edition: its answers are taken over by
    /// control, but for those in `answers`, and those to controls that have changed since. Only for a draft.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub carry_forward_from: Option<Id>,
}

impl NewAssessment {
    pub fn submits(&self) -> bool {
        self.state == Some(NewState::Submitted)
    }
}

/// The states that an assessment can begin in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NewAssessmentState)]
pub enum NewState {
    Draft,
    Submitted,
}

/// A client's answers to one questionnaire.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Assessment)]
pub struct AssessmentOut {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = Uuid)]
    client_id: String,
    #[schema(example = "ipa-self-check-3.1")]
    questionnaire: String,
    external_id: Option<String>,
    /// `draft`, `submitted`, `changes_requested` or `accepted`; more may come.
    #[schema(value_type = String, example = "submitted")]
    state: State,
    answers: Vec<Answer>,
    /// The assessment whose answers it began with.
    carried_from: Option<String>,
    /// Subject of the token that made it.
    created_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    submitted_at: Option<DateTime<Utc>>,
    /// Subject of the token that submitted it.
    submitted_by: Option<String>,
    /// The last word of a reviewer; it stays when the assessment is submitted again.
    review: Option<ReviewOut>,
}

/// What a reviewer said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssessmentReview)]
pub struct ReviewOut {
    at: DateTime<Utc>,
    /// Subject of the token that reviewed it.
    by: String,
    comment: Option<String>,
}

impl AssessmentOut {
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl From<Assessment> for AssessmentOut {
    fn from(assessment: Assessment) -> Self {
        let Assessment {
            id,
            client_id,
            questionnaire,
            external_id,
            state,
            answers,
            fingerprint: _,
            carried_from,
            revision: _,
            created_by,
            created_at,
            updated_at,
            submitted,
            reviewed,
        } = assessment;
        let (submitted_at, submitted_by) = submitted.map(|s| (s.at, s.by)).unzip();
        Self {
            id,
            client_id,
            questionnaire,
            external_id,
            state,
            answers,
            carried_from,
            created_by,
            created_at,
            updated_at,
            submitted_at,
            submitted_by,
            review: reviewed.map(|review| ReviewOut {
                at: review.at,
                by: review.by,
                comment: review.comment,
            }),
        }
    }
}

/// An assessment in a list, without its answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssessmentSummary {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = Uuid)]
    client_id: String,
    questionnaire: String,
    external_id: Option<String>,
    /// `draft`, `submitted`, `changes_requested` or `accepted`; more may come.
    #[schema(value_type = String, example = "submitted")]
    state: State,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    submitted_at: Option<DateTime<Utc>>,
}

impl From<Listed> for AssessmentSummary {
    fn from(listed: Listed) -> Self {
        let Listed {
            id,
            client_id,
            questionnaire,
            external_id,
            state,
            created_at,
            updated_at,
            submitted_at,
        } = listed;
        Self { id, client_id, questionnaire, external_id, state, created_at, updated_at, submitted_at }
    }
}

/// A page of assessments, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssessmentPage {
    pub items: Vec<AssessmentSummary>,
    pub next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AssessmentParams {
    /// Assessments of this client.
    #[param(value_type = Option<String>, format = Uuid)]
    pub client_id: Option<Id>,
    /// Assessments with this questionnaire.
    #[param(max_length = 64)]
    pub questionnaire: Option<String>,
    /// Assessments in this state: `draft`, `submitted`, `changes_requested` or `accepted`.
    #[param(max_length = 20)]
    pub state: Option<String>,
    /// Submitted at this time or later.
    pub submitted_from: Option<DateTime<Utc>>,
    /// Submitted before this time.
    pub submitted_to: Option<DateTime<Utc>>,
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    pub after: Option<String>,
    /// At most this many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u8>,
}
