//! What became of each of many assessments.
use super::super::domain::Assessment;
use super::super::dto::NewAssessment;
use super::create::found;
use super::making::Making;
use super::together::make_all;
use crate::body::Schemas;
use crate::caller::Tenant;
use crate::db::{AnyConnection, Retry, StoreError};
use crate::problem::{Problem, ProblemDocument};
use crate::questionnaires::Questionnaires;
use crate::text::Language;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
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
    /// What it makes, where that could be checked without the database.
    pub making: Option<Making>,
}

impl Entry {
    pub fn of(index: u64, value: Value, schemas: &Schemas) -> Self {
        Self { index, read: schemas.item::<NewAssessment>(value).map(|(body, _)| body), making: None }
    }

    pub fn refused(index: u64, problem: Problem) -> Self {
        Self { index, read: Err(problem), making: None }
    }

    /// The same, checked as far as that needs no database.
    pub fn checked(self, asking: &Asking, shipped: &Questionnaires) -> Self {
        let Ok(body) = &self.read else { return self };
        let Some(questionnaire) = shipped.get(&body.questionnaire) else { return self };
        let questionnaire = Some(Arc::clone(questionnaire));
        match Making::of(body.clone(), questionnaire, shipped, &asking.subject, asking.needs_names) {
            Ok(making) => Self { making: Some(making), ..self },
            Err(problem) => Self::refused(self.index, problem),
        }
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
        let mut verdicts = Vec::with_capacity(entries.len());
        for entries in entries.chunk_by(|one, next| one.making.is_some() == next.making.is_some()) {
            let makings: Vec<_> =
                entries.iter().filter_map(|entry| Some((&self.tenant, entry.making.as_ref()?))).collect();
            let mut stored = make_all(conn, &makings, shipped)?.into_iter();
            for entry in entries {
                let stored = if entry.making.is_some() { stored.next().flatten() } else { None };
                let made = match (stored, &entry.read) {
                    (Some(stored), _) => stored.map(|assessment| (assessment, false)),
                    (None, Ok(body)) => self.made(conn, shipped, entry.making.as_ref(), body),
                    (None, Err(problem)) => Err(problem.clone()),
                };
                verdicts.push(self.verdict(entry, made)?);
            }
        }
        Ok(verdicts)
    }

    fn verdict(
        &self,
        entry: &Entry,
        made: Result<(Assessment, bool), Problem>,
    ) -> Result<Verdict, Problem> {
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
        making: Option<&Making>,
        body: &NewAssessment,
    ) -> Result<(Assessment, bool), Problem> {
        if let Some(making) = making {
            return making.make(conn, &self.tenant, shipped);
        }
        let questionnaire = found(conn, &self.tenant, shipped, &body.questionnaire)?;
        let making = Making::of(body.clone(), questionnaire, shipped, &self.subject, self.needs_names)?;
        making.make(conn, &self.tenant, shipped)
    }

    pub fn told(&self, problem: &Problem) -> Result<Value, Problem> {
        let document = problem.document(self.language, self.instance.clone(), self.request_id.clone());
        serde_json::to_value(document).map_err(|error| StoreError::Broken(error.into()).into())
    }
}
