//! A client over time: its history, also as a chart, and where it stands.
use super::super::domain::Assessment;
use super::super::history::{HistoryEntry, chart, entry, title};
use super::super::standing::{
    ClientStanding, Newest, SecurityActionStanding, note, one_star, scs, two_stars,
};
use super::super::store;
use super::asked;
use crate::answer;
use crate::body::Query;
use crate::caller::{Caller, Scope, Tenant};
use crate::clients;
use crate::db::{AnyConnection, Db, StoreError};
use crate::id::Id;
use crate::problem::{Fault, Problem, Reading};
use crate::questionnaires::{self, Questionnaire, Questionnaires};
use crate::text::{Language, LocalizedText};
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The results that a chart has room for.
const CHARTED: i64 = 60;
/// The results that a history tells.
const TOLD: i64 = 500;

/// Every result of a client with a questionnaire.
#[derive(Serialize, ToSchema)]
pub struct ClientHistory {
    #[schema(format = Uuid)]
    client_id: String,
    /// Of the edition that was answered; of several, the oldest and the newest.
    title: LocalizedText,
    /// What counts: submitted or accepted; newest first, at most 500.
    items: Vec<HistoryEntry>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryParams {
    /// Id of a questionnaire, or what the ids of all its editions begin with: `ipa-self-check`.
    #[param(max_length = 64, example = "ipa-self-check")]
    questionnaire: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ChartParams {
    /// Id of a questionnaire, or what the ids of all its editions begin with: `ipa-self-check`.
    #[param(max_length = 64, example = "ipa-self-check")]
    questionnaire: String,
    /// `ja` or `en`; that of `Accept-Language` when left out.
    #[param(pattern = "^(ja|en)$", example = "ja")]
    language: Option<String>,
}

/// The language that was asked for.
pub fn language(request: &HttpRequest, wanted: Option<&str>) -> Language {
    match wanted {
        Some("ja") => Language::Ja,
        Some(_) => Language::En,
        None => Language::of(request),
    }
}

/// An answer in the language of whoever asks: a cache keeps it for them.
pub fn localized(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Language"));
    response
}

/// The questionnaires that `wanted` names: one, or every edition of it.
fn named(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    shipped: &Questionnaires,
    wanted: &str,
) -> Result<Vec<Questionnaire>, Problem> {
    let of = |q: &&Questionnaire| q.id == wanted || q.family() == wanted;
    let mut found: Vec<Questionnaire> = shipped.all().filter(of).cloned().collect();
    if found.is_empty() {
        for (guideline, own) in questionnaires::own(conn, tenant)? {
            let id = format!("{guideline}-{}", own.edition.edition);
            if id == wanted || guideline == wanted {
                found.push(questionnaires::find(conn, tenant, shipped, &id)?.into_owned());
            }
        }
    }
    if found.is_empty() {
        let mut known: Vec<&str> = shipped.all().map(Questionnaire::family).collect();
        known.dedup();
        return Err(Problem::invalid(vec![Fault::unknown_value("/query/questionnaire", &known)]));
    }
    Ok(found)
}

/// What the history is called, and the results, newest first.
fn results(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    shipped: &Questionnaires,
    client_id: &str,
    wanted: &str,
    limit: i64,
) -> Result<(LocalizedText, Vec<HistoryEntry>), Problem> {
    clients::get(conn, tenant, client_id)?;
    let asked = named(conn, tenant, shipped, wanted)?;
    let ids: Vec<String> = asked.iter().map(|questionnaire| questionnaire.id.clone()).collect();
    let counting = store::counting(conn, tenant, client_id, &ids, limit)?;
    let of = |assessment: &Assessment| asked.iter().find(|q| q.id == assessment.questionnaire);
    let items: Vec<HistoryEntry> =
        counting.iter().filter_map(|assessment| entry(assessment, of(assessment)?)).collect();
    Ok((title(&asked, &items), items))
}

/// Show the history of a client
///
/// Every result with a questionnaire over time, newest first; with the name that its editions share, across
/// editions. Needs `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "getClientHistory",
    params(("client" = String, Path, format = Uuid), HistoryParams),
    responses((status = 200, body = ClientHistory), Reading))]
#[get("/v1/clients/{client}/history")]
pub async fn show_history(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    shipped: Data<Questionnaires>,
    client: Path<Id>,
    Query(params): Query<HistoryParams>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let client_id = client.to_string();
    let (title, items) =
        db.read(move |conn| results(conn, &tenant, &shipped, &client, &params.questionnaire, TOLD)).await?;
    answer::private(&request, &ClientHistory { client_id, title, items })
}

/// Show the history of a client as a chart
///
/// The newest 60 results as a line over time, as SVG that is readable in print, in one language. Needs
/// `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "getClientHistoryChart",
    params(("client" = String, Path, format = Uuid), ChartParams),
    responses((status = 200, body = String, content_type = "image/svg+xml"), Reading))]
#[get("/v1/clients/{client}/history.svg")]
pub async fn show_chart(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    shipped: Data<Questionnaires>,
    client: Path<Id>,
    Query(params): Query<ChartParams>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let language = language(&request, params.language.as_deref());
    let (title, items) = db
        .read(move |conn| results(conn, &tenant, &shipped, &client, &params.questionnaire, CHARTED))
        .await?;
    let chart = chart(&title, &items, language).into_bytes();
    Ok(localized(answer::private_bytes(&request, "image/svg+xml", chart)))
}

/// Show where a client stands
///
/// Readiness for SECURITY ACTION, one and two stars, and how much of each star of the SCS evaluation scheme
/// the client's own answers cover. Never a claim of a declaration, evaluation or registration. Needs
/// `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "getClientStanding",
    params(("client" = String, Path, format = Uuid)),
    responses((status = 200, body = ClientStanding), Reading))]
#[get("/v1/clients/{client}/standing")]
pub async fn show_standing(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    shipped: Data<Questionnaires>,
    client: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let standing = db
        .read(move |conn| {
            let client = clients::get(conn, &tenant, &client)?;
            let mut newest = |family: &str| newest(conn, &tenant, &shipped, &client.id, family);
            let (rules, self_check) = (newest("ipa-basic-rules")?, newest("ipa-self-check")?);
            let stars: Vec<&Questionnaire> = shipped.all().filter(|q| q.guideline == "scs").collect();
            let answered: Vec<_> =
                stars.iter().map(|star| newest(&star.id)).collect::<Result<_, StoreError>>()?;
            Ok::<_, Problem>(ClientStanding {
                security_action: SecurityActionStanding {
                    one_star: one_star(rules.as_ref().map(as_newest)),
                    two_stars: two_stars(self_check.as_ref().map(as_newest), &client.profile),
                },
                scs: stars
                    .iter()
                    .zip(&answered)
                    .map(|(star, found)| scs(star, found.as_ref().map(as_newest)))
                    .collect(),
                client_id: client.id,
                note: note(),
            })
        })
        .await?;
    answer::private(&request, &standing)
}

fn as_newest((assessment, questionnaire): &(Assessment, Questionnaire)) -> Newest<'_> {
    Newest { assessment, questionnaire }
}

/// The newest counting assessments with any edition of the questionnaire, newest first, and what each asked.
pub fn newest_of(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    shipped: &Questionnaires,
    client_id: &str,
    questionnaire: &Questionnaire,
    limit: i64,
) -> Result<Vec<(Assessment, Questionnaire)>, StoreError> {
    let editions = shipped.all().filter(|other| other.family() == questionnaire.family());
    let mut ids: Vec<String> = editions.map(|other| other.id.clone()).collect();
    if ids.is_empty() {
        let own = questionnaires::own(conn, tenant)?.into_iter();
        let editions = own.filter(|(guideline, _)| *guideline == questionnaire.guideline);
        ids.extend(editions.map(|(guideline, own)| format!("{guideline}-{}", own.edition.edition)));
    }
    let counting = store::counting(conn, tenant, client_id, &ids, limit)?;
    counting
        .into_iter()
        .map(|assessment| {
            let asked = asked(conn, tenant, shipped, &assessment)?.into_owned();
            Ok((assessment, asked))
        })
        .collect()
}

/// The newest counting assessment with a shipped questionnaire, or any edition of it.
fn newest(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    shipped: &Questionnaires,
    client_id: &str,
    name: &str,
) -> Result<Option<(Assessment, Questionnaire)>, StoreError> {
    let editions = shipped.all().filter(|q| q.id == name || q.family() == name);
    let ids: Vec<String> = editions.map(|q| q.id.clone()).collect();
    let Some(found) = store::counting(conn, tenant, client_id, &ids, 1)?.pop() else { return Ok(None) };
    let questionnaire = asked(conn, tenant, shipped, &found)?.into_owned();
    Ok(Some((found, questionnaire)))
}
