//! `/v1/questionnaires`: open to everybody; with a token, those of the tenant's own guidelines too.
mod exports;

use super::domain::{Method, Questionnaire, Questionnaires};
use super::own;
use super::store;
use crate::answer;
use crate::caller::{Scope, Visitor};
use crate::db::Db;
use crate::guidelines::OwnSummary;
use crate::problem::{Problem, Visiting};
use crate::routes::Routes;
use crate::shelf;
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

pub fn routes(to: &mut impl Routes) {
    to.service(list_questionnaires)
        .service(show_questionnaire)
        .service(exports::show_oscal_profile)
        .service(exports::show_ciso_assistant_library);
}

/// A questionnaire in a list.
#[derive(Serialize, ToSchema)]
pub struct QuestionnaireSummary {
    #[schema(example = "ipa-self-check-3.1")]
    id: String,
    #[schema(example = "ipa-sme")]
    guideline: String,
    #[schema(example = "3.1")]
    edition: String,
    title: LocalizedText,
    method: Method,
    /// How many items it has.
    items: usize,
}

/// The questionnaires that are served.
#[derive(Serialize, ToSchema)]
pub struct QuestionnairePage {
    items: Vec<QuestionnaireSummary>,
    /// Always null: the list is short.
    next_cursor: Option<String>,
}

impl From<&Questionnaire> for QuestionnaireSummary {
    fn from(questionnaire: &Questionnaire) -> Self {
        Self {
            id: questionnaire.id.clone(),
            guideline: questionnaire.guideline.clone(),
            edition: questionnaire.edition.clone(),
            title: questionnaire.title.clone(),
            method: questionnaire.scoring.method,
            items: questionnaire.items().count(),
        }
    }
}

impl From<&(String, OwnSummary)> for QuestionnaireSummary {
    fn from((guideline, OwnSummary { edition, items }): &(String, OwnSummary)) -> Self {
        Self {
            id: own::id(guideline, &edition.edition),
            guideline: guideline.clone(),
            edition: edition.edition.clone(),
            title: edition.title.clone(),
            method: Method::Coverage,
            items: *items,
        }
    }
}

/// List questionnaires
///
/// What a company can answer, with the guideline and edition it belongs to. With a token that holds
/// `assessments:read`, those of the tenant's own guidelines too.
#[utoipa::path(tag = "questionnaires", operation_id = "listQuestionnaires", security((), ("bearer" = [])),
    responses((status = 200, body = QuestionnairePage), Visiting))]
#[get("/v1/questionnaires")]
async fn list_questionnaires(
    visitor: Visitor,
    request: HttpRequest,
    questionnaires: Data<Questionnaires>,
    db: Data<Db>,
) -> Result<HttpResponse, Problem> {
    let own = match visitor.with(Scope::AssessmentsRead) {
        Some(tenant) => db.read(move |conn| store::own(conn, &tenant)).await?,
        None => vec![],
    };
    let page = |own: &[(String, OwnSummary)]| QuestionnairePage {
        items: questionnaires.all().map(Into::into).chain(own.iter().map(Into::into)).collect(),
        next_cursor: None,
    };
    if own.is_empty() {
        shelf::json(&request, || Ok(page(&[])))
    } else {
        answer::private(&request, &page(&own))
    }
}

/// Show a questionnaire
///
/// Its sections and items, what each answer counts, what a score means, and for which companies an item
/// applies. With a token that holds `assessments:read`, also of the tenant's own guidelines.
#[utoipa::path(tag = "questionnaires", operation_id = "getQuestionnaire", security((), ("bearer" = [])),
    params(("questionnaire" = String, Path, example = "ipa-self-check-3.1")),
    responses((status = 200, body = Questionnaire), Visiting))]
#[get("/v1/questionnaires/{questionnaire}")]
async fn show_questionnaire(
    visitor: Visitor,
    request: HttpRequest,
    questionnaires: Data<Questionnaires>,
    db: Data<Db>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    match find(&questionnaires, &db, &visitor, &id).await? {
        Found::Shipped(questionnaire) => shelf::json(&request, || Ok(questionnaire)),
        Found::Own(questionnaire) => answer::private(&request, &*questionnaire),
    }
}

/// A questionnaire that was found: everybody's, or the visitor's own.
enum Found<'a> {
    Shipped(&'a Questionnaire),
    Own(Box<Questionnaire>),
}

/// The questionnaire that a path names, for this visitor.
async fn find<'a>(
    questionnaires: &'a Data<Questionnaires>,
    db: &Db,
    visitor: &Visitor,
    id: &str,
) -> Result<Found<'a>, Problem> {
    if let Some(shipped) = questionnaires.get(id) {
        return Ok(Found::Shipped(shipped));
    }
    // Only what can be somebody's is asked for.
    let tenant = visitor.with(Scope::AssessmentsRead).filter(|_| own::names(id).is_some());
    let tenant = tenant.ok_or_else(Problem::not_found)?;
    let (shipped, id) = (questionnaires.clone(), id.to_owned());
    let own = db
        .read(move |conn| store::find(conn, &tenant, &shipped, &id).map(std::borrow::Cow::into_owned))
        .await?;
    Ok(Found::Own(Box::new(own)))
}
