//! An assessment for tools that read OSCAL.
use super::super::oscal::{Statements, plan_of_action, results};
use super::super::plan::{AssessmentPlan, plan};
use super::super::store;
use super::asked;
use crate::answer;
use crate::caller::{Caller, Scope};
use crate::clients;
use crate::contacts::Directory;
use crate::db::Db;
use crate::guidelines::{self, Catalogue};
use crate::id::Id;
use crate::oscal::Document;
use crate::problem::{Planning, Problem, Reading, kinds};
use crate::questionnaires::{self, Questionnaires};
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

/// Show an assessment as OSCAL assessment results
///
/// OSCAL 1.2, JSON: an observation and a finding for every answer. An item without an answer has none. A
/// finding is about the statement of its control, or where the catalog gives that no id, about the control.
/// Needs `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "getOscalAssessmentResults",
    params(("assessment" = String, Path, format = Uuid)),
    responses((status = 200, body = Document), Reading))]
#[get("/v1/assessments/{assessment}/oscal-assessment-results")]
pub async fn show_oscal_results(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    shipped: Data<Questionnaires>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let document = db
        .read(move |conn| {
            let assessment = store::get(conn, &tenant, &id)?;
            let questionnaire = asked(conn, &tenant, &shipped, &assessment)?;
            let statements = match questionnaires::named_own(&questionnaire.id) {
                Some((guideline, edition)) => {
                    Statements::Own(guidelines::own_statements(conn, &tenant, guideline, edition)?)
                }
                None => Statements::Shipped,
            };
            Ok::<_, Problem>(results(&assessment, &questionnaire, &statements))
        })
        .await?;
    answer::private(&request, &document)
}

/// Show a plan as an OSCAL plan of action
///
/// OSCAL 1.2, JSON: an item for every gap, in the order of the plan. Where the answers show no gap there is no
/// such document, and the answer is 409; it says when items are unanswered. Needs `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "getOscalPlanOfAction",
    params(("assessment" = String, Path, format = Uuid)),
    responses((status = 200, body = Document), Planning))]
#[get("/v1/assessments/{assessment}/oscal-plan-of-action")]
pub async fn show_oscal_plan(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    catalogue: Data<Catalogue>,
    directory: Data<Directory>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let document = db
        .read(move |conn| {
            let assessment = store::get(conn, &tenant, &id)?;
            let questionnaire = asked(conn, &tenant, &questionnaires, &assessment)?;
            let client = clients::get(conn, &tenant, &assessment.client_id)?;
            let plan = plan(&questionnaire, &assessment.answers, &catalogue, &directory, &client);
            plan_of_action(&assessment, &questionnaire, &plan)
                .ok_or_else(|| nothing_to_do(&plan, questionnaire.items().count()))
        })
        .await?;
    answer::private(&request, &document)
}

/// Nothing that is known to be open is not the same as nothing open.
fn nothing_to_do(plan: &AssessmentPlan, items: usize) -> Problem {
    let open = plan.unanswered.len();
    Problem::new(&kinds::WRONG_STATE).with_detail(if open == 0 {
        LocalizedText::new(
            "閉じるべきギャップがないため、計画はありません。",
            "There is no gap to close, and so no plan.",
        )
    } else {
        LocalizedText::new(
            format!("{items}項目のうち{open}項目が未回答です。これまでの回答にギャップがないため、計画はまだありません。"),
            format!("{open} of {items} items are not answered; the answers so far show no gap, and so there is no plan yet."),
        )
    })
}
