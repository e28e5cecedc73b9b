//! Where several agree, and what a person in charge makes of it.
use super::super::domain::{Answer, merged};
use super::super::dto::AssessmentOut;
use super::super::events::Kind;
use super::super::responses::{ItemAgreement, agreed, agreement};
use super::super::store;
use super::asked;
use super::change::save;
use super::respond::answerable;
use crate::answer;
use crate::body::Body;
use crate::caller::{Caller, Scope};
use crate::clock;
use crate::db::Db;
use crate::id::Id;
use crate::problem::{Problem, Reading, Stepping};
use crate::questionnaires::Questionnaires;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the answers of several stand to each other.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssessmentAgreement {
    /// How many answer.
    responses: usize,
    /// Every item, in the order of the questionnaire.
    items: Vec<ItemAgreement>,
}

/// Which answers the assessment is to have.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(example = json!({"take_agreed": true, "answers": [{"control": "self-check-14", "status": "not_implemented", "note": "大阪支店に合わせる"}]}))]
pub struct NewMerge {
    /// Take what everybody answered the same.
    #[serde(default)]
    take_agreed: bool,
    /// What the person in charge decides; it goes before what is agreed.
    #[serde(default)]
    #[schema(max_items = 3000)]
    answers: Vec<Answer>,
}

/// Show where several agree
///
/// For every item who says what, whether they agree, and the weakest answer as a proposal. Needs
/// `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "getAssessmentAgreement",
    params(("assessment" = String, Path, format = Uuid)),
    responses((status = 200, body = AssessmentAgreement), Reading))]
#[get("/v1/assessments/{assessment}/agreement")]
pub async fn show_agreement(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let shown = db
        .read(move |conn| {
            let assessment = store::get(conn, &tenant, &id)?;
            let questionnaire = asked(conn, &tenant, &questionnaires, &assessment)?;
            let responses = store::responses::all(conn, &tenant, &assessment)?;
            let items = agreement(&questionnaire, &responses);
            Ok::<_, Problem>(AssessmentAgreement { responses: responses.len(), items })
        })
        .await?;
    answer::private(&request, &shown)
}

/// Merge several answers
///
/// A person in charge says what the assessment is to answer: what everybody agrees on with `take_agreed`,
/// the rest in `answers`. Where they differ, nothing is taken that is not said. Needs `assessments:write`.
#[utoipa::path(tag = "assessments", operation_id = "mergeAssessmentResponses", request_body = NewMerge,
    params(("assessment" = String, Path, format = Uuid),
        ("If-Match" = Option<String>, Header, description = "The ETag of the assessment: then it is merged into nothing else", max_length = 200)),
    responses((status = 200, body = AssessmentOut, headers(("etag" = String))), Stepping))]
#[post("/v1/assessments/{assessment}/merge")]
pub async fn merge_responses(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    id: Path<Id>,
    Body(body, _): Body<NewMerge>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsWrite)?;
    let (subject, condition) = (caller.subject().to_owned(), answer::condition(&request));
    let now = clock::now();
    let saved = db
        .write(move |conn| {
            let (before, questionnaire) = answerable(conn, &tenant, &questionnaires, &id, &body.answers)?;
            condition.holds(&AssessmentOut::from(before.clone()))?;
            let taken = if body.take_agreed {
                agreed(&questionnaire, &store::responses::all(conn, &tenant, &before)?)
            } else {
                vec![]
            };
            let taken = merged(&questionnaire, &taken, &body.answers, &[]);
            let answers = merged(&questionnaire, &before.answers, &taken, &[]);
            let saved = before.clone().answer(answers, now)?;
            save(conn, &tenant, (&before, &saved), Kind::Merged, &subject)?;
            Ok::<_, Problem>(saved)
        })
        .await?;
    answer::written(HttpResponse::Ok(), &AssessmentOut::from(saved))
}
