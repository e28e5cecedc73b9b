//! Making assessments: one, or one of many.
use super::super::domain::Assessment;
use super::super::dto::{AssessmentOut, NewAssessment};
use super::making::Making;
use super::together::{self, Call};
use crate::answer;
use crate::body::Body;
use crate::caller::{Caller, Scope, Tenant};
use crate::db::{AnyConnection, Db, StoreError};
use crate::idempotency::{self, Created, Idempotency};
use crate::metrics::Metrics;
use crate::problem::{Problem, Writing};
use crate::questionnaires::{self, Questionnaire, Questionnaires};
use crate::wall;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use std::sync::Arc;

/// Create an assessment
///
/// A draft, or with `state` `submitted` and an answer to every item a submission. With an
/// `Idempotency-Key` the call is safe to repeat for 24 hours; with an `external_id` for ever: the same
/// content answers the assessment that is there, with `Idempotent-Replayed: true`. Needs
/// `assessments:write`.
#[utoipa::path(tag = "assessments", operation_id = "createAssessment", request_body = NewAssessment,
    params(("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, new for each new request", max_length = 257)),
    responses((status = 201, body = AssessmentOut, headers(("location" = String), ("etag" = String))), Writing))]
#[post("/v1/assessments")]
pub async fn create_assessment(
    caller: Caller,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    metrics: Data<Metrics>,
    idempotency: Idempotency,
    Body(body, said): Body<NewAssessment>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsWrite)?;
    let asked = asked(&db, &tenant, &questionnaires, &body.questionnaire).await?;
    let making = Making::of(body, asked, &questionnaires, caller.subject(), false)?;
    let submitted = making.submits();
    // Whoever sees as much, and no one else, shares statements.
    let slug = wall!("tenant", tenant.slug(), without: "");
    let client = wall!("client", tenant.only_client(), without: None);
    let of = format!("{slug} {client:?}");
    let call = Call { tenant, idempotency, said, making, questionnaires };
    let created = db.write_many(of, call, together::create).await?;
    if let (Some(questionnaire), false) = (submitted, created.replayed) {
        metrics.count_submission(&questionnaire);
    }
    Ok(idempotency::answer(created))
}

/// The questionnaire with this id, if there is one.
async fn asked(
    db: &Db,
    tenant: &Tenant,
    shipped: &Data<Questionnaires>,
    id: &str,
) -> Result<Option<Arc<Questionnaire>>, Problem> {
    if let Some(questionnaire) = shipped.get(id) {
        return Ok(Some(Arc::clone(questionnaire)));
    }
    let (shipped, tenant, id) = (shipped.clone(), tenant.clone(), id.to_owned());
    db.read(move |conn| found(conn, &tenant, &shipped, &id)).await.map_err(Problem::from)
}

/// The same on a connection.
pub fn found(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    shipped: &Questionnaires,
    id: &str,
) -> Result<Option<Arc<Questionnaire>>, StoreError> {
    if let Some(questionnaire) = shipped.get(id) {
        return Ok(Some(Arc::clone(questionnaire)));
    }
    match questionnaires::find(conn, tenant, shipped, id) {
        Err(StoreError::Missing) => Ok(None),
        found => found.map(|questionnaire| Some(Arc::new(questionnaire.into_owned()))),
    }
}

pub fn created(assessment: Assessment, replayed: bool) -> Result<Created, Problem> {
    let location = format!("/v1/assessments/{}", assessment.id);
    let body = answer::text(&AssessmentOut::from(assessment))?;
    Ok(Created { location, body, replayed })
}
