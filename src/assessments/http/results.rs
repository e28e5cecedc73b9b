//! What the answers mean: result, comparison, plan.
use super::super::comparison::{AssessmentComparison, Side, compare};
use super::super::plan::{AssessmentPlan, plan};
use super::super::scoring::{AssessmentResult, score};
use super::super::store;
use super::asked;
use crate::answer;
use crate::body::Query;
use crate::caller::{Caller, Scope};
use crate::clients;
use crate::contacts::Directory;
use crate::db::{Db, StoreError};
use crate::guidelines::Catalogue;
use crate::id::Id;
use crate::problem::{Fault, Problem, Reading};
use crate::questionnaires::Questionnaires;
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Deserialize;
use utoipa::IntoParams;

/// Show the result of an assessment
///
/// Score and band, per part and category, what is unknown, and the gaps in the order worth closing.
/// A draft has a score once every item is answered. Needs `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "getAssessmentResult",
    params(("assessment" = String, Path, format = Uuid)),
    responses((status = 200, body = AssessmentResult), Reading))]
#[get("/v1/assessments/{assessment}/result")]
pub async fn show_result(
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

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ComparisonParams {
    /// Id of the earlier assessment of the same client; of any edition.
    #[serde(rename = "with")]
    #[param(value_type = String, format = Uuid, example = "0198c0de-0000-7000-8000-000000000000")]
    earlier: Id,
}

/// Compare an assessment with an earlier one
///
/// Item by item, also across editions, by control: what got better, what got worse, what is new. Needs
/// `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "getAssessmentComparison",
    params(("assessment" = String, Path, format = Uuid), ComparisonParams),
    responses((status = 200, body = AssessmentComparison), Reading))]
#[get("/v1/assessments/{assessment}/comparison")]
pub async fn show_comparison(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    id: Path<Id>,
    Query(params): Query<ComparisonParams>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let comparison = db
        .read(move |conn| {
            let after = store::get(conn, &tenant, &id)?;
            let before = match store::get(conn, &tenant, &params.earlier) {
                Ok(before) if before.client_id == after.client_id => before,
                Ok(_) | Err(StoreError::Missing) => {
                    return Err(refused(
                        "unknown-assessment",
                        "同じ顧客の評価を指定してください",
                        "must be an assessment of the same client",
                    ));
                }
                Err(error) => return Err(error.into()),
            };
            let (now, then) = (
                asked(conn, &tenant, &questionnaires, &after)?,
                asked(conn, &tenant, &questionnaires, &before)?,
            );
            compare(
                Side { assessment: &before, questionnaire: &then },
                Side { assessment: &after, questionnaire: &now },
            )
            .ok_or_else(|| {
                refused("nothing-in-common", "共通の項目がありません", "has no control in common")
            })
        })
        .await?;
    answer::private(&request, &comparison)
}

fn refused(code: &'static str, ja: &str, en: &str) -> Problem {
    Problem::invalid(vec![Fault::new("/query/with", code, LocalizedText::new(ja, en))])
}

/// Show the plan of an assessment
///
/// The gaps in the order worth closing: what is worth most for the least work first, with the reason, where to
/// start, what it leads towards, and whom to ask. Needs `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "getAssessmentPlan",
    params(("assessment" = String, Path, format = Uuid)),
    responses((status = 200, body = AssessmentPlan), Reading))]
#[get("/v1/assessments/{assessment}/plan")]
pub async fn show_plan(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    catalogue: Data<Catalogue>,
    directory: Data<Directory>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let plan = db
        .read(move |conn| {
            let assessment = store::get(conn, &tenant, &id)?;
            let questionnaire = asked(conn, &tenant, &questionnaires, &assessment)?;
            let client = clients::get(conn, &tenant, &assessment.client_id)?;
            Ok::<_, Problem>(plan(&questionnaire, &assessment.answers, &catalogue, &directory, &client))
        })
        .await?;
    answer::private(&request, &plan)
}
