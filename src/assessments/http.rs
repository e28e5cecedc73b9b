//! `/v1/assessments`.
mod batch;
mod change;
mod create;
mod import;
mod links;
mod making;
mod merge;
mod oscal;
mod over_time;
mod record;
mod report;
mod respond;
mod results;
mod review;
mod together;
mod verdict;

use super::domain::{Assessment, Refusal, State};
use super::dto::{AssessmentOut, AssessmentPage, AssessmentParams, AssessmentSummary};
use super::store;
use super::store::list::{self, Filter};
use crate::answer;
use crate::body::Query;
use crate::caller::{Caller, Scope, Tenant};
use crate::db::{AnyConnection, Db, StoreError};
use crate::era;
use crate::id::Id;
use crate::page::Page;
use crate::problem::{Fault, Listing, Problem, Reading, kinds};
use crate::questionnaires::{self, Questionnaire, Questionnaires};
use crate::routes::Routes;
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, SubsecRound as _, Utc};
use std::borrow::Cow;

pub use record::{AssessmentRecord, records};

pub fn routes(to: &mut impl Routes) {
    to.service(list_assessments)
        .service(create::create_assessment)
        .service(batch::create_batch)
        .service(import::import_assessments)
        .service(show_assessment)
        .service(change::update_assessment)
        .service(change::delete_assessment)
        .service(change::list_events)
        .service(review::submit_assessment)
        .service(review::review_assessment)
        .service(review::reopen_assessment)
        .service(respond::create_response)
        .service(respond::list_responses)
        .service(respond::show_response)
        .service(respond::update_response)
        .service(respond::delete_response)
        .service(links::create_link)
        .service(links::list_links)
        .service(links::show_link)
        .service(links::delete_link)
        .service(links::show_questionnaire)
        .service(merge::show_agreement)
        .service(merge::merge_responses)
        .service(results::show_result)
        .service(results::show_comparison)
        .service(results::show_plan)
        .service(report::show_page)
        .service(report::show_workbook)
        .service(report::show_csv)
        .service(oscal::show_oscal_results)
        .service(oscal::show_oscal_plan)
        .service(over_time::show_history)
        .service(over_time::show_chart)
        .service(over_time::show_standing);
}

impl From<Vec<Refusal>> for Problem {
    fn from(refusals: Vec<Refusal>) -> Self {
        if let [refusal @ Refusal::WrongState { .. }, ..] = refusals.as_slice() {
            return refusal.clone().into();
        }
        Self::invalid(refusals.into_iter().map(fault).collect())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (verb, state) = match refusal {
            Refusal::WrongState { verb, state } => (verb, state),
            Refusal::WasSubmitted => {
                return Self::new(&kinds::WRONG_STATE).with_detail(LocalizedText::new(
                    "一度提出された評価は削除できません（今は draft です）。",
                    "It was submitted once, so it stays; it is draft.",
                ));
            }
            other => return Self::invalid(vec![fault(other)]),
        };
        let from: Vec<_> =
            State::ALL.into_iter().filter(|s| verb.from(*s).is_some()).map(State::as_str).collect();
        let (from, state) = (from.join(", "), state.as_str());
        Self::new(&kinds::WRONG_STATE).with_detail(LocalizedText::new(
            format!("この操作ができるのは {from} のときだけです（今は {state}）。"),
            format!("This can be done while it is {from}; it is {state}."),
        ))
    }
}

fn fault(refusal: Refusal) -> Fault {
    let answer = |index: usize| format!("/answers/{index}/control");
    let removed = |index: usize| format!("/remove/{index}");
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
        Refusal::RemovesUnknown { index } => (
            removed(index),
            "unknown-control",
            "この管理策はありません".to_owned(),
            "is no control that we know".to_owned(),
        ),
        Refusal::RemovesOfAnother { index, asked_in } => (
            removed(index),
            "other-questionnaire",
            format!("この質問票の項目ではありません（{asked_in} の項目です）"),
            format!("is not asked in this questionnaire, but in {asked_in}"),
        ),
        Refusal::RemovesAnswered { index, answer } => (
            removed(index),
            "contradiction",
            format!("/answers/{answer} で回答されています"),
            format!("is answered at /answers/{answer}"),
        ),
        Refusal::WasSubmitted => (
            "/state".to_owned(),
            "wrong-state",
            "一度提出されています".to_owned(),
            "was submitted once".to_owned(),
        ),
        Refusal::WrongState { state, .. } => (
            "/state".to_owned(),
            "wrong-state",
            format!("今の状態は {} です", state.as_str()),
            format!("the state is {}", state.as_str()),
        ),
    };
    Fault::new(pointer, code, LocalizedText::new(ja, en))
}

fn name_needed() -> Fault {
    let rule = LocalizedText::new("取り込みには必須です", "is needed in an import");
    Fault::new("/external_id", "required", rule)
}

fn comment_needed() -> Problem {
    let rule =
        LocalizedText::new("変更を求めるときは理由が必要です", "is needed when changes are requested");
    Problem::invalid(vec![Fault::new("/comment", "required", rule)])
}

/// List assessments
///
/// The assessments of the tenant, oldest first, without their answers. With `submitted_from` or `submitted_to` they are
/// in the order in which they were submitted. Whoever looks for what is new asks from a minute before the last
/// `submitted_at`: of calls that overlap either may be seen first. Needs `assessments:read`.
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
    // A cursor into one of the two orders is none in the other.
    let order = if filter.is_by_time() { "assessments by time" } else { "assessments" };
    let page = Page::read(Some(&tenant), after.as_deref(), limit, &[order, &format!("{filter:?}")])?;
    let after = page.place(|key| filter.place(key))?;
    let (wanted, fetch) = (filter.clone(), page.fetch());
    let found = db.read(move |conn| list::page(conn, &tenant, &wanted, after.as_ref(), fetch)).await?;
    let keyed = found.into_iter().map(|assessment| (filter.key_of(&assessment), assessment)).collect();
    let (items, next_cursor) = page.cut(keyed, |(key, _)| key);
    let items = items.into_iter().map(|(_, assessment)| AssessmentSummary::from(assessment)).collect();
    Ok(HttpResponse::Ok().json(AssessmentPage { items, next_cursor }))
}

/// As far as both databases keep it: a cursor says no more either.
fn kept(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(6)
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
        submitted_from: params.submitted_from.map(kept),
        submitted_to: params.submitted_to.map(kept),
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

/// The questionnaire of an earlier assessment; `now` where it is the same one.
fn asked_by(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    shipped: &Questionnaires,
    now: &Questionnaire,
    earlier: &Assessment,
) -> Result<Questionnaire, StoreError> {
    if earlier.questionnaire == now.id {
        return Ok(now.clone());
    }
    asked(conn, tenant, shipped, earlier).map(Cow::into_owned)
}
