//! `POST /v1/assessments`.
use super::super::domain::{Assessment, Refusal, State, check_answers, missing};
use super::super::dto::{AssessmentOut, NewAssessment};
use super::super::store;
use super::fault;
use crate::answer;
use crate::body::Body;
use crate::caller::{Caller, Scope, Tenant};
use crate::clients;
use crate::clock;
use crate::db::{AnyConnection, Db, StoreError};
use crate::idempotency::{self, Created, Idempotency, once};
use crate::metrics::Metrics;
use crate::problem::{Fault, Problem, Writing, kinds};
use crate::questionnaires::{self, Questionnaire, Questionnaires};
use crate::text::LocalizedText;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Utc};

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
    let questionnaire = checked(&body, asked, &questionnaires)?;
    let submitted = (state_of(&body) == State::Submitted).then(|| questionnaire.id.clone());
    let subject = caller.subject().to_owned();
    let (id, now) = (clock::new_id(), clock::now());
    let created = db
        .write(move |conn| {
            once(conn, &tenant, &idempotency, &said, |conn| {
                let client_id = client_of(conn, &tenant, &body)?;
                questionnaires::take_into_use(conn, &tenant, &body.questionnaire, now)?;
                let draft = draft(&body, id.clone(), client_id, &subject, now)?;
                let assessment = match state_of(&body) {
                    State::Draft => draft,
                    State::Submitted => {
                        Assessment { revision: 1, ..draft.submit(&questionnaire, &subject, now)? }
                    }
                };
                save_once(conn, &tenant, assessment)
            })
        })
        .await?;
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
) -> Result<Option<Questionnaire>, Problem> {
    if let Some(questionnaire) = shipped.get(id) {
        return Ok(Some(questionnaire.clone()));
    }
    let (shipped, tenant, id) = (shipped.clone(), tenant.clone(), id.to_owned());
    let found = db
        .read(move |conn| match questionnaires::find(conn, &tenant, &shipped, &id) {
            Err(StoreError::Missing) => Ok(None),
            found => found.map(|questionnaire| Some(questionnaire.into_owned())),
        })
        .await?;
    Ok(found)
}

fn draft(
    body: &NewAssessment,
    id: String,
    client_id: String,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Assessment, StoreError> {
    Ok(Assessment {
        id,
        fingerprint: fingerprint_of(&client_id, body)?,
        client_id,
        questionnaire: body.questionnaire.clone(),
        external_id: body.external_id.clone(),
        state: State::Draft,
        answers: body.answers.clone(),
        revision: 1,
        created_by: by.to_owned(),
        created_at: now,
        updated_at: now,
        submitted: None,
    })
}

/// What the call says, in whatever order the answers come. Not by which name the client is called.
fn fingerprint_of(client_id: &str, body: &NewAssessment) -> Result<String, StoreError> {
    let mut answers: Vec<_> = body.answers.iter().collect();
    answers.sort_by(|a, b| a.control.cmp(&b.control));
    let said = (client_id, &body.questionnaire, state_of(body), answers);
    let bytes = serde_json::to_vec(&said).map_err(|error| StoreError::Broken(error.into()))?;
    Ok(answer::fingerprint(&[&bytes]))
}

fn state_of(body: &NewAssessment) -> State {
    body.state.unwrap_or(State::Draft)
}

/// Everything about a new assessment that can be checked without the database, at once.
fn checked(
    body: &NewAssessment,
    questionnaire: Option<Questionnaire>,
    questionnaires: &Questionnaires,
) -> Result<Questionnaire, Problem> {
    let mut faults = vec![];
    if body.client_id.is_some() == body.client_external_id.is_some() {
        faults.push(Fault::new(
            "/client_id",
            "one-of",
            LocalizedText::new(
                "client_id と client_external_id のどちらか一方だけを指定してください",
                "give either client_id or client_external_id",
            ),
        ));
    }
    match &questionnaire {
        None => {
            let known: Vec<_> = questionnaires.all().iter().map(|q| q.id.as_str()).collect();
            faults.push(Fault::unknown_value("/questionnaire", &known));
        }
        Some(questionnaire) => {
            let mut refusals = check_answers(questionnaire, questionnaires, &body.answers);
            if state_of(body) == State::Submitted {
                let missing = missing(questionnaire, &body.answers);
                refusals.extend(missing.into_iter().map(|control| Refusal::Missing { control }));
            }
            faults.extend(refusals.into_iter().map(fault));
        }
    }
    match questionnaire {
        Some(questionnaire) if faults.is_empty() => Ok(questionnaire),
        _ => Err(Problem::invalid(faults)),
    }
}

/// The id of the client that the body names. A client that is not there is a fault of the body: the
/// URL of the call is right.
fn client_of(conn: &mut AnyConnection, tenant: &Tenant, body: &NewAssessment) -> Result<String, Problem> {
    let (found, pointer) = match (&body.client_id, &body.client_external_id) {
        (Some(id), _) => (clients::get(conn, tenant, id), "/client_id"),
        (None, Some(external_id)) => {
            (clients::by_external_id(conn, tenant, external_id), "/client_external_id")
        }
        (None, None) => (Err(StoreError::Missing), "/client_id"),
    };
    match found {
        Ok(client) => Ok(client.id),
        Err(StoreError::Missing) => Err(Problem::invalid(vec![Fault::new(
            pointer,
            "unknown-client",
            LocalizedText::new("この顧客はありません", "there is no such client"),
        )])),
        Err(error) => Err(error.into()),
    }
}

/// Stores the assessment, or finds that it is stored already.
fn save_once(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    assessment: Assessment,
) -> Result<Created, Problem> {
    if store::add(conn, tenant, &assessment)? {
        return created(assessment, false);
    }
    let external_id = assessment.external_id.as_deref().unwrap_or_default();
    let kept = store::by_external_id(conn, tenant, &assessment.client_id, external_id)?;
    if kept.fingerprint == assessment.fingerprint {
        created(kept, true)
    } else {
        Err(external_id_taken(&kept))
    }
}

fn created(assessment: Assessment, replayed: bool) -> Result<Created, Problem> {
    let location = format!("/v1/assessments/{}", assessment.id);
    let body = answer::text(&AssessmentOut::from(assessment))?;
    Ok(Created { location, body, replayed })
}

fn external_id_taken(kept: &Assessment) -> Problem {
    Problem::new(&kinds::DUPLICATE).with_detail(LocalizedText::new(
        format!("同じ external_id で内容の違う評価 {} がすでにあります。", kept.id),
        format!("The assessment {} has this external_id and says something else.", kept.id),
    ))
}
