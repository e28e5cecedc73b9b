//! Several sites or departments answer one assessment.
use super::super::domain::{Answer, Assessment, Verb, check_answers, merged};
use super::super::events::{AnswerChange, Detail, Kind, changes};
use super::super::responses::{MOST, Response};
use super::super::store;
use super::asked;
use super::change::AnswersPatch;
use super::fault;
use crate::answer;
use crate::audit;
use crate::audit::OfClient;
use crate::body::Body;
use crate::caller::{Caller, Scope, Tenant};
use crate::clock;
use crate::db::{AnyConnection, Db, StoreError};
use crate::id::Id;
use crate::idempotency::{self, Created, Idempotency, once};
use crate::problem::{Fault, Problem, Reading, Removing, Updating, Writing, kinds};
use crate::questionnaires::{Questionnaire, Questionnaires};
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The answers of one site or department.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(example = json!({"respondent": "大阪支店", "answers": [{"control": "self-check-14", "status": "partial"}]}))]
pub struct NewResponse {
    /// Who answers; unique in the assessment.
    #[schema(min_length = 1, max_length = 200, pattern = r"^$|\S")]
    respondent: String,
    #[serde(default)]
    #[schema(max_items = 3000)]
    answers: Vec<Answer>,
}

/// The answers of one site or department.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssessmentResponse)]
pub struct ResponseOut {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = Uuid)]
    assessment_id: String,
    respondent: String,
    answers: Vec<Answer>,
    created_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Response> for ResponseOut {
    fn from(response: Response) -> Self {
        let Response {
            id,
            assessment_id,
            respondent,
            answers,
            revision: _,
            created_by,
            created_at,
            updated_at,
        } = response;
        Self { id, assessment_id, respondent, answers, created_by, created_at, updated_at }
    }
}

/// Everybody who answers an assessment, in the order in which they began.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssessmentResponsePage {
    items: Vec<ResponseOut>,
    /// Always null: there are never many.
    next_cursor: Option<String>,
}

/// The assessment, which may be answered now and until this transaction ends, and what it asks.
pub fn answerable(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    shipped: &Questionnaires,
    id: &str,
    answers: &[Answer],
) -> Result<(Assessment, Questionnaire), Problem> {
    let assessment = store::held(conn, tenant, id)?;
    assessment.may(Verb::Answer)?;
    let questionnaire = asked(conn, tenant, shipped, &assessment)?.into_owned();
    let refusals = check_answers(&questionnaire, shipped, answers);
    if refusals.is_empty() {
        Ok((assessment, questionnaire))
    } else {
        Err(Problem::invalid(refusals.into_iter().map(fault).collect()))
    }
}

/// Answer as one of several
///
/// The answers of one site or department to an assessment that is a draft. They change nothing of it until
/// somebody merges them. Needs `assessments:write`; the holder of a link gives one response, as the respondent
/// that the link is for.
#[utoipa::path(tag = "assessments", operation_id = "createAssessmentResponse", request_body = NewResponse,
    params(("assessment" = String, Path, format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, new for each new request", max_length = 257)),
    responses((status = 201, body = ResponseOut, headers(("location" = String), ("etag" = String))), Writing))]
#[post("/v1/assessments/{assessment}/responses")]
pub async fn create_response(
    caller: Caller,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    id: Path<Id>,
    idempotency: Idempotency,
    Body(body, said): Body<NewResponse>,
) -> Result<HttpResponse, Problem> {
    let (tenant, only) = caller.responding(Scope::AssessmentsWrite, &id)?;
    if only.is_some_and(|only| only.respondent != body.respondent) {
        return Err(another_respondent());
    }
    let idempotency = only.map_or_else(|| idempotency.clone(), |only| idempotency.of(&only.link));
    let subject = caller.subject().to_owned();
    let (new, now) = (clock::new_id(), clock::now());
    let created = db
        .write(move |conn| {
            once(conn, &tenant, &idempotency, &said, |conn| {
                let (assessment, questionnaire) =
                    answerable(conn, &tenant, &questionnaires, &id, &body.answers)?;
                if store::responses::count(conn, &tenant, &assessment)? >= MOST {
                    return Err(too_many());
                }
                let response = Response {
                    id: new.clone(),
                    assessment_id: assessment.id.clone(),
                    respondent: body.respondent.clone(),
                    answers: merged(&questionnaire, &[], &body.answers, &[]),
                    revision: 1,
                    created_by: subject.clone(),
                    created_at: now,
                    updated_at: now,
                };
                match store::responses::add(conn, &tenant, &response) {
                    Err(StoreError::Duplicate) => return Err(answered(&response.respondent)),
                    other => other?,
                }
                audit::created(conn, &tenant, &OfClient(&assessment.client_id, &response))?;
                let made = changes(&[], &response.answers);
                note(conn, &tenant, (&assessment, &response), Kind::Responded, made, (&subject, now))?;
                let location = format!("/v1/assessments/{}/responses/{}", assessment.id, response.id);
                let body = answer::text(&ResponseOut::from(response))?;
                Ok(Created { location, body, replayed: false })
            })
        })
        .await?;
    Ok(idempotency::answer(created))
}

/// Notes what became of one of several answers. It is no change of the assessment.
fn note(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    (assessment, response): (&Assessment, &Response),
    kind: Kind,
    changes: Vec<AnswerChange>,
    made: (&str, DateTime<Utc>),
) -> Result<(), StoreError> {
    let detail = Detail { respondent: Some(response.respondent.clone()), ..Detail::of(changes) };
    store::events::add(conn, tenant, assessment, kind, &detail, made)
}

fn another_respondent() -> Problem {
    let rule = LocalizedText::new(
        "リンクに定められた回答者名にしてください（/v1/whoami）",
        "must be the respondent that the link is for (/v1/whoami)",
    );
    Problem::invalid(vec![Fault::new("/respondent", "fixed", rule)])
}

fn answered(respondent: &str) -> Problem {
    Problem::new(&kinds::DUPLICATE).with_detail(LocalizedText::new(
        format!("{respondent} の回答がすでにあります。"),
        format!("{respondent} has answered already."),
    ))
}

fn too_many() -> Problem {
    Problem::new(&kinds::DUPLICATE).with_detail(LocalizedText::new(
        format!("回答者は{MOST}件までです。"),
        format!("At most {MOST} may answer one assessment."),
    ))
}

/// List who answers an assessment
///
/// Needs `assessments:read`; the holder of a link sees its own response, once there is one.
#[utoipa::path(tag = "assessments", operation_id = "listAssessmentResponses",
    params(("assessment" = String, Path, format = Uuid)),
    responses((status = 200, body = AssessmentResponsePage), Reading))]
#[get("/v1/assessments/{assessment}/responses")]
pub async fn list_responses(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let (tenant, only) = caller.responding(Scope::AssessmentsRead, &id)?;
    let all = db
        .read(move |conn| {
            let assessment = store::get(conn, &tenant, &id)?;
            store::responses::all(conn, &tenant, &assessment)
        })
        .await?;
    let only = only.map(|only| only.respondent.as_str());
    let items = all.into_iter().filter(|response| response.is_of(only)).map(ResponseOut::from).collect();
    answer::private(&request, &AssessmentResponsePage { items, next_cursor: None })
}

/// The response, for who may see it; another's is not there.
fn own(found: Result<Response, StoreError>, only: Option<&str>) -> Result<Response, StoreError> {
    found.and_then(|response| if response.is_of(only) { Ok(response) } else { Err(StoreError::Missing) })
}

/// Show one of several answers
///
/// Needs `assessments:read`; the holder of a link sees its own.
#[utoipa::path(tag = "assessments", operation_id = "getAssessmentResponse",
    params(("assessment" = String, Path, format = Uuid), ("response" = String, Path, format = Uuid)),
    responses((status = 200, body = ResponseOut), Reading))]
#[get("/v1/assessments/{assessment}/responses/{response}")]
pub async fn show_response(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    path: Path<(Id, Id)>,
) -> Result<HttpResponse, Problem> {
    let (tenant, only) = caller.responding(Scope::AssessmentsRead, &path.0)?;
    let only = only.map(|only| only.respondent.clone());
    let response = db
        .read(move |conn| {
            let assessment = store::get(conn, &tenant, &path.0)?;
            own(store::responses::get(conn, &tenant, &assessment, &path.1), only.as_deref())
        })
        .await?;
    answer::private(&request, &ResponseOut::from(response))
}

/// Change one of several answers
///
/// Merged by control, as those of an assessment; what says what was said is no change. Needs `assessments:write`
/// and `If-Match`; the holder of a link changes its own.
#[utoipa::path(tag = "assessments", operation_id = "updateAssessmentResponse", request_body = AnswersPatch,
    params(("assessment" = String, Path, format = Uuid), ("response" = String, Path, format = Uuid),
        ("If-Match" = String, Header, description = "The ETag of the response", max_length = 200)),
    responses((status = 200, body = ResponseOut, headers(("etag" = String))), Updating))]
#[patch("/v1/assessments/{assessment}/responses/{response}")]
pub async fn update_response(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    path: Path<(Id, Id)>,
    Body(body, _): Body<AnswersPatch>,
) -> Result<HttpResponse, Problem> {
    let (tenant, only) = caller.responding(Scope::AssessmentsWrite, &path.0)?;
    let only = only.map(|only| only.respondent.clone());
    let precondition = answer::precondition(&request)?;
    let (subject, now) = (caller.subject().to_owned(), clock::now());
    let changed = db
        .write(move |conn| {
            let (assessment, questionnaire) = answerable(conn, &tenant, &questionnaires, &path.0, &[])?;
            body.check(&questionnaire, &questionnaires)?;
            let before = own(store::responses::get(conn, &tenant, &assessment, &path.1), only.as_deref())?;
            precondition.holds(&ResponseOut::from(before.clone()))?;
            let answers = merged(&questionnaire, &before.answers, &body.answers, &body.remove);
            if answers == before.answers {
                return Ok(before);
            }
            let differs = changes(&before.answers, &answers);
            let changed =
                Response { answers, revision: before.revision + 1, updated_at: now, ..before.clone() };
            store::responses::save(conn, &tenant, &assessment, &changed)?;
            let of = |response| OfClient(&assessment.client_id, response);
            audit::changed(conn, &tenant, &of(&before), &of(&changed))?;
            let response = (&assessment, &changed);
            note(conn, &tenant, response, Kind::ResponseChanged, differs, (&subject, now))?;
            Ok::<_, Problem>(changed)
        })
        .await?;
    answer::written(HttpResponse::Ok(), &ResponseOut::from(changed))
}

/// Take one of several answers away
///
/// Only while the assessment can be answered. Needs `assessments:write` and `If-Match`.
#[utoipa::path(tag = "assessments", operation_id = "deleteAssessmentResponse",
    params(("assessment" = String, Path, format = Uuid), ("response" = String, Path, format = Uuid),
        ("If-Match" = String, Header, description = "The ETag of the response", max_length = 200)),
    responses((status = 204), Removing))]
#[delete("/v1/assessments/{assessment}/responses/{response}")]
pub async fn delete_response(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    path: Path<(Id, Id)>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsWrite)?;
    let precondition = answer::precondition(&request)?;
    let (subject, now) = (caller.subject().to_owned(), clock::now());
    db.write(move |conn| {
        let (assessment, _) = answerable(conn, &tenant, &questionnaires, &path.0, &[])?;
        let response = store::responses::get(conn, &tenant, &assessment, &path.1)?;
        precondition.holds(&ResponseOut::from(response.clone()))?;
        store::responses::remove(conn, &tenant, &assessment, &response)?;
        let taken = OfClient(&assessment.client_id, &response);
        audit::removed(conn, &tenant, &taken, &[])?;
        let (gone, made) = (changes(&response.answers, &[]), (subject.as_str(), now));
        note(conn, &tenant, (&assessment, &response), Kind::ResponseRemoved, gone, made)
            .map_err(Problem::from)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
