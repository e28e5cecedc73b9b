//! `/v1/assessments`.
mod create;

use super::domain::{Assessment, Refusal, State};
use super::dto::{AssessmentOut, AssessmentPage, AssessmentParams, AssessmentSummary};
use super::scoring::{AssessmentResult, score};
use super::store::{self, Filter};
use crate::answer;
use crate::body::Query;
use crate::caller::{Caller, Scope, Tenant};
use crate::clock;
use crate::db::{AnyConnection, Db, StoreError};
use crate::era;
use crate::id::Id;
use crate::metrics::Metrics;
use crate::page::Page;
use crate::problem::{Fault, Listing, Problem, Reading, Writing, kinds};
use crate::questionnaires::{self, Questionnaire, Questionnaires};
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use std::borrow::Cow;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_assessments)
        .service(create::create_assessment)
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
        Refusal::Time { index } => {
            let (ja, en) = era::RULE;
            (format!("/answers/{index}/observed_at"), era::CODE, ja.to_owned(), en.to_owned())
        }
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
    responses((status = 200, body = AssessmentPage), Listing))]
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
    let found = db.read(move |conn| store::page(conn, &tenant, &filter, after.as_deref(), fetch)).await?;
    let (items, next_cursor) = page.cut(found, |assessment| &assessment.id);
    let items = items.into_iter().map(AssessmentSummary::from).collect();
    Ok(HttpResponse::Ok().json(AssessmentPage { items, next_cursor }))
}

fn filter(params: AssessmentParams) -> Result<Filter, Problem> {
    let mut faults = vec![];
    let known = State::ALL.map(State::as_str);
    let state = params.state.as_deref().map(State::parse);
    if state == Some(None) {
        faults.push(Fault::unknown_value("/query/state", &known));
    }
    for (name, time) in [("submitted_from", params.submitted_from), ("submitted_to", params.submitted_to)] {
        if time.is_some_and(|time| !era::holds(time)) {
            let (ja, en) = era::RULE;
            faults.push(Fault::new(format!("/query/{name}"), era::CODE, LocalizedText::new(ja, en)));
        }
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    Ok(Filter {
        client_id: params.client_id.map(|id| id.to_string()),
        questionnaire: params.questionnaire,
        state: state.flatten(),
        submitted_from: params.submitted_from,
        submitted_to: params.submitted_to,
    })
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
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let assessment = db.read(move |conn| store::get(conn, &tenant, &id)).await?;
    answer::private(&request, &AssessmentOut::from(assessment))
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
    metrics: Data<Metrics>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsWrite)?;
    let subject = caller.subject().to_owned();
    let now = clock::now();
    let submitted = db
        .write(move |conn| {
            let draft = store::get(conn, &tenant, &id)?;
            let questionnaire = asked(conn, &tenant, &questionnaires, &draft)?;
            let submitted = draft.submit(&questionnaire, &subject, now)?;
            // Whoever was first has it: looking again tells the state it is in now.
            store::save(conn, &tenant, &submitted).map_err(StoreError::look_again)?;
            Ok::<_, Problem>(submitted)
        })
        .await?;
    metrics.count_submission(&submitted.questionnaire);
    answer::written(HttpResponse::Ok(), &AssessmentOut::from(submitted))
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
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let result = db
        .read(move |conn| {
            let assessment = store::get(conn, &tenant, &id)?;
            let questionnaire = asked(conn, &tenant, &questionnaires, &assessment)?;
            Ok::<_, Problem>(score(&questionnaire, &assessment.answers))
        })
        .await?;
    answer::private(&request, &result)
}

/// The questionnaire that an assessment answers: what is in use is never taken away.
fn asked<'a>(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    shipped: &'a Questionnaires,
    assessment: &Assessment,
) -> Result<Cow<'a, Questionnaire>, StoreError> {
    let found = questionnaires::find(conn, tenant, shipped, &assessment.questionnaire);
    found.map_err(|error| match error {
        StoreError::Missing => {
            StoreError::corrupt(format!("no questionnaire {}", assessment.questionnaire))
        }
        other => other,
    })
}
