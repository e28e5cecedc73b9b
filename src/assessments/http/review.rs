//! Submitting, reviewing and reopening.
use super::super::domain::{Assessment, Verb};
use super::super::dto::AssessmentOut;
use super::super::events::{Detail, Kind};
use super::super::store;
use super::asked;
use crate::answer;
use crate::audit;
use crate::body::Body;
use crate::caller::{Caller, Scope, Tenant};
use crate::clock;
use crate::db::{AnyConnection, Db, StoreError};
use crate::id::Id;
use crate::metrics::Metrics;
use crate::problem::{Problem, Stepping};
use crate::questionnaires::Questionnaires;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Submit an assessment
///
/// A draft, or one to which changes were requested, becomes `submitted` when every item is answered. Needs
/// `assessments:write`.
#[utoipa::path(tag = "assessments", operation_id = "submitAssessment",
    params(("assessment" = String, Path, format = Uuid),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was looked at: then nothing else is decided on", max_length = 200)),
    responses((status = 200, body = AssessmentOut, headers(("etag" = String))), Stepping))]
#[post("/v1/assessments/{assessment}/submit")]
pub async fn submit_assessment(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    metrics: Data<Metrics>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsWrite)?;
    let (subject, condition) = (caller.subject().to_owned(), answer::condition(&request));
    let now = clock::now();
    let submitted = db
        .write(move |conn| {
            let draft = store::held(conn, &tenant, &id)?;
            condition.holds(&AssessmentOut::from(draft.clone()))?;
            let questionnaire = asked(conn, &tenant, &questionnaires, &draft)?;
            let submitted = draft.clone().submit(&questionnaire, &subject, now)?;
            decided(conn, &tenant, (&draft, &submitted), Kind::Submitted, None, &subject)?;
            Ok::<_, Problem>(submitted)
        })
        .await?;
    metrics.count_submission(&submitted.questionnaire);
    answer::written(HttpResponse::Ok(), &AssessmentOut::from(submitted))
}

/// What a reviewer decides.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(example = json!({"decision": "changes_requested", "comment": "バックアップの証跡を付けてください。"}))]
pub struct NewReview {
    decision: Decision,
    /// Why; needed when changes are requested.
    #[schema(min_length = 1, max_length = 2000, pattern = r"^$|\S")]
    comment: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReviewDecision)]
pub enum Decision {
    Accepted,
    ChangesRequested,
}

/// Review an assessment
///
/// A submission is accepted, and then never changes, or goes back with a comment that says what to change.
/// Needs `assessments:review`.
#[utoipa::path(tag = "assessments", operation_id = "reviewAssessment", request_body = NewReview,
    params(("assessment" = String, Path, format = Uuid),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was looked at: then nothing else is decided on", max_length = 200)),
    responses((status = 200, body = AssessmentOut, headers(("etag" = String))), Stepping))]
#[post("/v1/assessments/{assessment}/review")]
pub async fn review_assessment(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
    Body(body, _): Body<NewReview>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsReview)?;
    let (subject, condition) = (caller.subject().to_owned(), answer::condition(&request));
    let (verb, kind) = match body.decision {
        Decision::Accepted => (Verb::Accept, Kind::Accepted),
        Decision::ChangesRequested => (Verb::RequestChanges, Kind::ChangesRequested),
    };
    if verb == Verb::RequestChanges && body.comment.is_none() {
        return Err(super::comment_needed());
    }
    let now = clock::now();
    let reviewed = db
        .write(move |conn| {
            let submitted = store::held(conn, &tenant, &id)?;
            condition.holds(&AssessmentOut::from(submitted.clone()))?;
            let reviewed = submitted.clone().review(verb, body.comment.clone(), &subject, now)?;
            decided(conn, &tenant, (&submitted, &reviewed), kind, body.comment.clone(), &subject)?;
            Ok::<_, Problem>(reviewed)
        })
        .await?;
    answer::written(HttpResponse::Ok(), &AssessmentOut::from(reviewed))
}

/// Reopen an assessment
///
/// A submission that nobody has accepted becomes a draft again, with its answers. What is accepted stays:
/// begin a new one with `carry_forward_from`. Needs `assessments:write`.
#[utoipa::path(tag = "assessments", operation_id = "reopenAssessment",
    params(("assessment" = String, Path, format = Uuid),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was looked at: then nothing else is decided on", max_length = 200)),
    responses((status = 200, body = AssessmentOut, headers(("etag" = String))), Stepping))]
#[post("/v1/assessments/{assessment}/reopen")]
pub async fn reopen_assessment(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsWrite)?;
    let (subject, condition) = (caller.subject().to_owned(), answer::condition(&request));
    let now = clock::now();
    let reopened = db
        .write(move |conn| {
            let before = store::held(conn, &tenant, &id)?;
            condition.holds(&AssessmentOut::from(before.clone()))?;
            let reopened = before.clone().reopen(now)?;
            decided(conn, &tenant, (&before, &reopened), Kind::Reopened, None, &subject)?;
            Ok::<_, Problem>(reopened)
        })
        .await?;
    answer::written(HttpResponse::Ok(), &AssessmentOut::from(reopened))
}

/// Saves what was decided, and notes it.
fn decided(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    (before, assessment): (&Assessment, &Assessment),
    kind: Kind,
    comment: Option<String>,
    by: &str,
) -> Result<(), StoreError> {
    store::save(conn, tenant, assessment).map_err(StoreError::look_again)?;
    audit::changed(conn, tenant, before, assessment)?;
    let detail = Detail { comment, ..Detail::default() };
    store::events::add(conn, tenant, assessment, kind, &detail, (by, assessment.updated_at))
}
