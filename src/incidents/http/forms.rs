//! Reports of an incident, filled as far as the facts go.
use super::super::export::form_markdown;
use super::Case;
use super::chosen;
use crate::answer;
use crate::caller::{Caller, Scope};
use crate::clock;
use crate::db::Db;
use crate::id::Id;
use crate::problem::{Problem, Reading, kinds};
use crate::routing::{Filled, Rulesets};
use crate::text::Language;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

/// Show a report of an incident, filled in
///
/// Each field that the report asks for, with what the facts say, and what is still missing. The forms are
/// listed by `GET /v1/routing-forms`. Needs `incidents:read`.
#[utoipa::path(tag = "incidents", operation_id = "getIncidentForm",
    params(("incident" = String, Path, format = Uuid), ("form" = String, Path, example = "ppc_preliminary")),
    responses((status = 200, body = Filled), Reading))]
#[get("/v1/incidents/{incident}/forms/{form}")]
pub async fn show_form(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    rulesets: Data<Rulesets>,
    path: Path<(Id, String)>,
) -> Result<HttpResponse, Problem> {
    let filled = filled(&caller, &db, &rulesets, path.into_inner()).await?;
    answer::private(&request, &filled)
}

/// Show a report of an incident as Markdown
///
/// The same for a person, in the language of `Accept-Language`. Needs `incidents:read`.
#[utoipa::path(tag = "incidents", operation_id = "getIncidentFormMarkdown",
    params(("incident" = String, Path, format = Uuid), ("form" = String, Path, example = "ppc_preliminary")),
    responses((status = 200, body = String, content_type = "text/markdown; charset=utf-8"), Reading))]
#[get("/v1/incidents/{incident}/forms/{form}/markdown")]
pub async fn show_form_as_markdown(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    language: Language,
    rulesets: Data<Rulesets>,
    path: Path<(Id, String)>,
) -> Result<HttpResponse, Problem> {
    let filled = filled(&caller, &db, &rulesets, path.into_inner()).await?;
    let text = form_markdown(&filled, language).map_err(|error| {
        tracing::error!(%error, "a form cannot be written");
        Problem::new(&kinds::INTERNAL)
    })?;
    Ok(super::exports::spoken(
        answer::private_bytes(&request, super::exports::MARKDOWN, text.into_bytes()),
        language,
    ))
}

async fn filled(
    caller: &Caller,
    db: &Db,
    rulesets: &Rulesets,
    (id, form): (Id, String),
) -> Result<Filled, Problem> {
    let tenant = caller.with(Scope::IncidentsRead)?;
    let ruleset = chosen(rulesets, None)?;
    let case = db.read(move |conn| Case::load(conn, &tenant, &id)).await?;
    let form = ruleset.reports.iter().find(|known| known.form == form).ok_or_else(Problem::not_found)?;
    let plan = case.plan(ruleset, &case.standing(), clock::now())?;
    Ok(form.fill(&ruleset.schema, &plan.facts, &case.client.name))
}
