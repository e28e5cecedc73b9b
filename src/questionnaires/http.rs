//! `/v1/questionnaires`: open to everybody.
use super::domain::{Method, Questionnaire, Questionnaires};
use crate::answer;
use crate::problem::{Open, Problem};
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_questionnaires).service(show_questionnaire);
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

/// List questionnaires
///
/// What a company can answer, with the guideline and edition it belongs to.
#[utoipa::path(tag = "questionnaires", operation_id = "listQuestionnaires", security(()),
    responses((status = 200, body = QuestionnairePage), Open))]
#[get("/v1/questionnaires")]
async fn list_questionnaires(
    request: HttpRequest,
    questionnaires: Data<Questionnaires>,
) -> Result<HttpResponse, Problem> {
    let page = QuestionnairePage {
        items: questionnaires.all().iter().map(Into::into).collect(),
        next_cursor: None,
    };
    answer::public(&request, &page)
}

/// Show a questionnaire
///
/// Its sections and items, what each answer counts, and what a score means.
#[utoipa::path(tag = "questionnaires", operation_id = "getQuestionnaire", security(()),
    params(("questionnaire" = String, Path, example = "ipa-self-check-3.1")),
    responses((status = 200, body = Questionnaire), Open))]
#[get("/v1/questionnaires/{questionnaire}")]
async fn show_questionnaire(
    request: HttpRequest,
    questionnaires: Data<Questionnaires>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let questionnaire = questionnaires.get(&id).ok_or_else(Problem::not_found)?;
    answer::public(&request, questionnaire)
}
