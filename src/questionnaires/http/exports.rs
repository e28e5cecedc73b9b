//! Questionnaires for other tools.
use super::super::domain::{Questionnaire, Questionnaires};
use super::super::{ciso_assistant, profile};
use super::Found;
use super::find;
use crate::answer;
use crate::body::Query;
use crate::caller::Visitor;
use crate::db::Db;
use crate::guidelines::Catalogue;
use crate::oscal::Document;
use crate::problem::{Problem, Visiting, kinds};
use crate::shelf;
use crate::text::Language;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;

/// Show a questionnaire as an OSCAL profile
///
/// OSCAL 1.2, JSON: which controls of the guideline's catalog it asks about. It imports the catalog by a
/// link relative to this address. With a token that holds `assessments:read`, also of the tenant's own
/// guidelines.
#[utoipa::path(tag = "questionnaires", operation_id = "getOscalProfile", security((), ("bearer" = [])),
    params(("questionnaire" = String, Path, example = "ipa-self-check-3.1")),
    responses((status = 200, body = Document), Visiting))]
#[get("/v1/questionnaires/{questionnaire}/oscal-profile")]
pub async fn show_oscal_profile(
    visitor: Visitor,
    request: HttpRequest,
    questionnaires: Data<Questionnaires>,
    catalogue: Data<Catalogue>,
    db: Data<Db>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let made = |questionnaire: &Questionnaire| {
        profile::profile(questionnaire, revised_on(&catalogue, questionnaire))
    };
    match find(&questionnaires, &db, &visitor, &id).await? {
        Found::Shipped(questionnaire) => shelf::json(&request, || Ok(made(questionnaire))),
        Found::Own(questionnaire) => answer::private(&request, &made(&questionnaire)),
    }
}

/// The language of the library itself; the other one stands in its translations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LibraryParams {
    /// `ja` or `en`.
    #[param(pattern = "^(ja|en)$", example = "ja")]
    locale: Option<String>,
}

/// Show a questionnaire as a CISO Assistant library
///
/// A framework for CISO Assistant, as YAML: sections and items with their scores, in one language, with
/// translations into the other. Shipped questionnaires only.
#[utoipa::path(tag = "questionnaires", operation_id = "getCisoAssistantLibrary", security(()),
    params(("questionnaire" = String, Path, example = "ipa-self-check-3.1"), LibraryParams),
    responses((status = 200, body = String, content_type = "application/yaml"), Visiting))]
#[get("/v1/questionnaires/{questionnaire}/ciso-assistant-library")]
pub async fn show_ciso_assistant_library(
    request: HttpRequest,
    questionnaires: Data<Questionnaires>,
    catalogue: Data<Catalogue>,
    id: Path<String>,
    Query(params): Query<LibraryParams>,
) -> Result<HttpResponse, Problem> {
    let questionnaire = questionnaires.get(&id).ok_or_else(Problem::not_found)?;
    let language = if params.locale.as_deref() == Some("en") { Language::En } else { Language::Ja };
    shelf::bytes(&request, "application/yaml", || {
        let guideline = catalogue.guideline(&questionnaire.guideline).ok_or_else(Problem::not_found)?;
        let library = ciso_assistant::library(
            questionnaire,
            &guideline.attribution,
            &guideline.publisher,
            revised_on(&catalogue, questionnaire),
            language,
        );
        serde_saphyr::to_string(&library).map(String::into_bytes).map_err(|error| {
            tracing::error!(%error, "a library cannot be written");
            Problem::new(&kinds::INTERNAL)
        })
    })
}

fn revised_on(catalogue: &Catalogue, questionnaire: &Questionnaire) -> NaiveDate {
    let held = catalogue.edition(&questionnaire.guideline, &questionnaire.edition);
    held.map(|held| held.edition.revised_on).unwrap_or_default()
}
