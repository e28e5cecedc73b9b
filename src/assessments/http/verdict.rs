//! What became of each of many assessments.
use super::super::domain::Assessment;
use super::super::dto::NewAssessment;
use super::create::{Making, found};
use crate::body::Schemas;
use crate::caller::Tenant;
use crate::db::{AnyConnection, Retry, StoreError};
use crate::problem::{Problem, ProblemDocument};
use crate::questionnaires::Questionnaires;
use crate::text::Language;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is stored.
    Created,
    /// It was stored before, and says the same.
    Replayed,
    /// Nothing of it is stored.
    Rejected,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = BatchVerdict)]
pub struct Verdict {
    /// Position in the batch, from 0 on; in an import the line, from 1 on.
    pub index: u64,
    pub outcome: Outcome,
    /// Id of the assessment; null when it was rejected, and in a dry run when there is none yet.
    pub id: Option<String>,
    /// What is wrong with the item; null unless it was rejected.
    #[schema(value_type = Option<ProblemDocument>)]
    pub problem: Option<Value>,
}

/// How many of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerdictCounts {
    pub created: usize,
    pub replayed: usize,
    pub rejected: usize,
}

impl VerdictCounts {
    pub fn of(verdicts: &[Verdict]) -> Self {
        let count = |outcome| verdicts.iter().filter(|verdict| verdict.outcome == outcome).count();
        Self {
            created: count(Outcome::Created),
            replayed: count(Outcome::Replayed),
            rejected: count(Outcome::Rejected),
        }
    }
}

/// One of many, read: what it says, or what is wrong with it already.
#[derive(Debug, Clone)]
pub struct Entry {
    pub index: u64,
    pub read: Result<NewAssessment, Problem>,
}

impl Entry {
    pub fn of(index: u64, value: Value, schemas: &Schemas) -> Self {
        Self { index, read: schemas.item::<NewAssessment>(value).map(|(body, _)| body) }
    }
}

/// Who asks, for what, and how to tell them.
#[derive(Debug, Clone)]
pub struct Asking {
    pub tenant: Tenant,
    pub subject: String,
    /// Whether each must have an `external_id`.
    pub needs_names: bool,
    pub language: Language,
    pub instance: String,
    pub request_id: String,
}

impl Asking {
    /// Makes each of the entries that can be made; what fails for one does not touch the others. Only what
    /// fails for all of them, the database itself, is an error.
    pub fn make(
        &self,
        conn: &mut AnyConnection,
        shipped: &Questionnaires,
        entries: &[Entry],
    ) -> Result<Vec<Verdict>, Problem> {
        entries.iter().map(|entry| self.one(conn, shipped, entry)).collect()
    }

    fn one(
        &self,
        conn: &mut AnyConnection,
        shipped: &Questionnaires,
        entry: &Entry,
    ) -> Result<Verdict, Problem> {
        let made = match &entry.read {
            Ok(body) => self.made(conn, shipped, body),
            Err(problem) => Err(problem.clone()),
        };
        let (outcome, id, problem) = match made {
            Ok((assessment, replayed)) => {
                (if replayed { Outcome::Replayed } else { Outcome::Created }, Some(assessment.id), None)
            }
            Err(problem) if problem.is_ours() || problem.may_help() => return Err(problem),
            Err(problem) => (Outcome::Rejected, None, Some(self.told(&problem)?)),
        };
        Ok(Verdict { index: entry.index, outcome, id, problem })
    }

    fn made(
        &self,
        conn: &mut AnyConnection,
        shipped: &Questionnaires,
        body: &NewAssessment,
    ) -> Result<(Assessment, bool), Problem> {
        let questionnaire = found(conn, &self.tenant, shipped, &body.questionnaire)?;
        let making = Making::of(body.clone(), questionnaire, shipped, &self.subject, self.needs_names)?;
        making.make(conn, &self.tenant, shipped)
    }

    pub fn told(&self, problem: &Problem) -> Result<Value, Problem> {
        let document = problem.document(self.language, self.instance.clone(), self.request_id.clone());
        serde_json::to_value(document).map_err(|error| StoreError::Broken(error.into()).into())
    }
}
