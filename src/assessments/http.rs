//! `/v1/assessments`.
use super::domain::{Assessment, Refusal, State, check_answers};
use super::dto::{
    AssessmentOut, AssessmentPage, AssessmentParams, AssessmentSummary, NewAssessment,
};
use super::scoring::{AssessmentResult, score};
use super::store::{self, Filter};
use crate::answer::{self, etag, revision_tag};
use crate::body::{Body, Query};
use crate::caller::{Caller, Scope, Tenant};
use crate::clients;
use crate::clock;
use crate::db::{AnyConnection, Db, StoreError};
use crate::page::Page;
use crate::problem::{Fault, Problem, Reading, Writing, kinds};
use crate::questionnaires::{Questionnaire, Questionnaires};
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, http::header, post};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_assessments)
        .service(create_assessment)
        .service(show_assessment)
        .service(submit_assessment)
        .service(show_result);
}

impl From<Vec<Refusal>> for Problem {
    fn from(refusals: Vec<Refusal>) -> Self {
        if let Some(Refusal::NotDraft { state }) = refusals.first() {
            let state = state.as_str();
            return Self::new(&kinds::WRONG_STATE).with_detail(LocalizedText::new(
                format!("提出できるのは draft だけです（今は {state}）。"),
                format!("Only a draft can be submitted; this one is {state}."),
            ));
        }
        Self::invalid(refusals.into_iter().map(fault).collect())
    }
}

fn fault(refusal: Refusal) -> Fault {
    let answer = |index: usize| format!("/answers/{index}/control");
    let (pointer, code, ja, en) = match refusal {
        Refusal::UnknownControl { index } => (
            answer(index),
            "unknown-control",
            "この管理策はありません".to_owned(),
            "is no control that we know".to_owned(),
        ),
        Refusal::OfAnotherQuestionnaire { index, asked_in } => (
            answer(index),
            "other-questionnaire",
            format!("この質問票の項目ではありません（{asked_in} の項目です）"),
            format!("is not asked in this questionnaire, but in {asked_in}"),
        ),
        Refusal::Duplicate { index, first } => (
            answer(index),
            "duplicate-answer",
            format!("/answers/{first} ですでに回答されています"),
            format!("is answered already at /answers/{first}"),
        ),
        Refusal::Missing { control } => (
            format!("/answers/{control}"),
            "missing-answer",
            format!("{control} の回答がありません。提出にはすべての項目の回答が必要です"),
            format!("{control} has no answer; a submission answers every item"),
        ),
        Refusal::NotDraft { state } => (
            "/state".to_owned(),
            "wrong-state",
            format!("今の状態は {} です", state.as_str()),
            format!("the state is {}", state.as_str()),
        ),
    };
    Fault::new(pointer, code, LocalizedText::new(ja, en))
}

/// List assessments
///
/// The assessments of the tenant, oldest first, without their answers. Needs `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "listAssessments", params(AssessmentParams),
    responses((status = 200, body = AssessmentPage), Reading))]
#[get("/v1/assessments")]
async fn list_assessments(
    caller: Caller,
    db: Data<Db>,
    Query(params): Query<AssessmentParams>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let (after, limit) = (params.after.clone(), params.limit);
    let filter = filter(params)?;
    let list = format!("{:?}", (tenant.only_client(), &filter));
    let parts = ["assessments", tenant.slug(), &list];
    let page = Page::read(after.as_deref(), limit, &parts)?;
    let (after, fetch) = (page.after.clone(), page.fetch());
    let found = db
        .read(move |conn| store::page(conn, &tenant, &filter, after.as_deref(), fetch))
        .await?;
    let (items, next_cursor) = page.cut(found, |assessment| &assessment.id);
    let items = items.into_iter().map(AssessmentSummary::from).collect();
    Ok(HttpResponse::Ok().json(AssessmentPage { items, next_cursor }))
}

fn filter(params: AssessmentParams) -> Result<Filter, Problem> {
    let known = State::ALL.map(State::as_str);
    let state = params
        .state
        .map(|text| {
            State::parse(&text)
                .ok_or_else(|| Problem::invalid(vec![Fault::unknown_value("/query/state", &known)]))
        })
        .transpose()?;
    Ok(Filter {
        client_id: params.client_id,
        questionnaire: params.questionnaire,
        state,
        submitted_from: params.submitted_from,
        submitted_to: params.submitted_to,
    })
}

/// Create an assessment
///
/// A draft, or with `state` `submitted` and an answer to every item a submission. With an
/// `external_id` the call is safe to repeat: the same content answers the assessment that is there,
/// with `Idempotent-Replayed: true`. Needs `assessments:write`.
#[utoipa::path(tag = "assessments", operation_id = "createAssessment", request_body = NewAssessment,
    responses((status = 201, body = AssessmentOut, headers(("location" = String), ("etag" = String))), Writing))]
#[post("/v1/assessments")]
async fn create_assessment(
    caller: Caller,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    Body(body): Body<NewAssessment>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsWrite)?;
    let questionnaire = checked(&body, &questionnaires)?.clone();
    let subject = caller.subject().to_owned();
    let (id, now) = (clock::new_id(), clock::now());
    let (assessment, replayed) = db
        .write(move |conn| {
            let wanted = state_of(&body);
            let draft = Assessment {
                id,
                client_id: client_of(conn, &tenant, &body)?,
                questionnaire: body.questionnaire,
                external_id: body.external_id,
                state: State::Draft,
                answers: body.answers,
                revision: 1,
                created_by: subject.clone(),
                created_at: now,
                updated_at: now,
                submitted: None,
            };
            let assessment = match wanted {
                State::Draft => draft,
                State::Submitted => Assessment {
                    revision: 1,
                    ..draft.submit(&questionnaire, &subject, now)?
                },
            };
            save_once(conn, &tenant, assessment)
        })
        .await?;
    let mut response = HttpResponse::Created();
    if replayed {
        response.insert_header(("idempotent-replayed", "true"));
    }
    Ok(response
        .insert_header((
            header::LOCATION,
            format!("/v1/assessments/{}", assessment.id),
        ))
        .insert_header(etag(&revision_tag(assessment.revision)))
        .json(AssessmentOut::from(assessment)))
}

fn state_of(body: &NewAssessment) -> State {
    body.state.unwrap_or(State::Draft)
}

/// Everything about a new assessment that can be checked without the database, at once.
fn checked<'a>(
    body: &NewAssessment,
    questionnaires: &'a Questionnaires,
) -> Result<&'a Questionnaire, Problem> {
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
    let questionnaire = questionnaires.get(&body.questionnaire);
    match questionnaire {
        None => {
            let known: Vec<_> = questionnaires.all().iter().map(|q| q.id.as_str()).collect();
            faults.push(Fault::unknown_value("/questionnaire", &known));
        }
        Some(questionnaire) => {
            let mut refusals = check_answers(questionnaire, questionnaires, &body.answers);
            if state_of(body) == State::Submitted {
                let missing = super::domain::missing(questionnaire, &body.answers);
                refusals.extend(
                    missing
                        .into_iter()
                        .map(|control| Refusal::Missing { control }),
                );
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
fn client_of(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    body: &NewAssessment,
) -> Result<String, Problem> {
    let (found, pointer) = match (&body.client_id, &body.client_external_id) {
        (Some(id), _) => (clients::get(conn, tenant, id), "/client_id"),
        (None, Some(external_id)) => (
            clients::by_external_id(conn, tenant, external_id),
            "/client_external_id",
        ),
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
) -> Result<(Assessment, bool), Problem> {
    if store::add(conn, tenant, &assessment)? {
        return Ok((assessment, false));
    }
    let external_id = assessment.external_id.as_deref().unwrap_or_default();
    let kept = store::by_external_id(conn, tenant, &assessment.client_id, external_id)?;
    if kept.says_the_same(&assessment) {
        Ok((kept, true))
    } else {
        Err(external_id_taken(&kept))
    }
}

fn external_id_taken(kept: &Assessment) -> Problem {
    Problem::new(&kinds::DUPLICATE).with_detail(LocalizedText::new(
        format!(
            "同じ external_id で内容の違う評価 {} がすでにあります。",
            kept.id
        ),
        format!(
            "The assessment {} has this external_id and says something else.",
            kept.id
        ),
    ))
}

/// Show an assessment
///
/// Needs `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "getAssessment",
    params(("assessment" = String, Path, format = Uuid)),
    responses((status = 200, body = AssessmentOut), Reading))]
#[get("/v1/assessments/{assessment}")]
async fn show_assessment(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let assessment = db.read(move |conn| store::get(conn, &tenant, &id)).await?;
    let revision = assessment.revision;
    answer::revision(&request, &AssessmentOut::from(assessment), revision)
}

/// Submit an assessment
///
/// A draft in which every item is answered becomes `submitted`. Needs `assessments:write`.
#[utoipa::path(tag = "assessments", operation_id = "submitAssessment",
    params(("assessment" = String, Path, format = Uuid)),
    responses((status = 200, body = AssessmentOut, headers(("etag" = String))), Writing))]
#[post("/v1/assessments/{assessment}/submit")]
async fn submit_assessment(
    caller: Caller,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsWrite)?;
    let subject = caller.subject().to_owned();
    let now = clock::now();
    let submitted = db
        .write(move |conn| {
            let draft = store::get(conn, &tenant, &id)?;
            let questionnaire = asked(&questionnaires, &draft)?;
            let submitted = draft.submit(questionnaire, &subject, now)?;
            store::save(conn, &tenant, &submitted)?;
            Ok::<_, Problem>(submitted)
        })
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header(etag(&revision_tag(submitted.revision)))
        .json(AssessmentOut::from(submitted)))
}

/// Show the result of an assessment
///
/// Score and band, per part and category, what is unknown, and the gaps in the order worth closing.
/// A draft has a score once every item is answered. Needs `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "getAssessmentResult",
    params(("assessment" = String, Path, format = Uuid)),
    responses((status = 200, body = AssessmentResult), Reading))]
#[get("/v1/assessments/{assessment}/result")]
async fn show_result(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let assessment = db.read(move |conn| store::get(conn, &tenant, &id)).await?;
    let result = score(asked(&questionnaires, &assessment)?, &assessment.answers);
    answer::revision(&request, &result, assessment.revision)
}

/// The questionnaire that an assessment answers: shipped questionnaires are never taken away.
fn asked<'a>(
    questionnaires: &'a Questionnaires,
    assessment: &Assessment,
) -> Result<&'a Questionnaire, Problem> {
    questionnaires
        .get(&assessment.questionnaire)
        .ok_or_else(|| {
            let what = format!("no questionnaire {}", assessment.questionnaire);
            StoreError::corrupt(what).into()
        })
}
