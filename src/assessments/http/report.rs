//! One assessment as a page, a workbook and a file for spreadsheets.
use super::super::comparison::{Side, compare};
use super::super::domain::Assessment;
use super::super::history::{HistoryEntry, entry, title};
use super::super::plan::plan;
use super::super::report::{Report, csv, html, xlsx};
use super::super::scoring::score;
use super::super::store;
use super::asked;
use super::over_time::{language, localized, newest_of};
use crate::answer;
use crate::body::Query;
use crate::caller::{Caller, Scope, Tenant};
use crate::clients;
use crate::contacts::Directory;
use crate::db::{AnyConnection, Db, StoreError};
use crate::guidelines::Catalogue;
use crate::id::Id;
use crate::problem::{Problem, Reading};
use crate::questionnaires::{Questionnaire, Questionnaires};
use crate::text::LocalizedText;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Deserialize;
use utoipa::IntoParams;

/// Results that a report's chart shows.
const CHARTED: i64 = 100;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReportParams {
    /// `ja` or `en`; that of `Accept-Language` when left out.
    #[param(pattern = "^(ja|en)$", example = "ja")]
    language: Option<String>,
}

/// What reports are made of.
#[derive(Clone)]
struct Shelves {
    questionnaires: Data<Questionnaires>,
    catalogue: Data<Catalogue>,
    directory: Data<Directory>,
}

impl Shelves {
    fn of(request: &HttpRequest) -> Option<Self> {
        Some(Self {
            questionnaires: request.app_data::<Data<Questionnaires>>()?.clone(),
            catalogue: request.app_data::<Data<Catalogue>>()?.clone(),
            directory: request.app_data::<Data<Directory>>()?.clone(),
        })
    }

    fn gather(&self, conn: &mut AnyConnection, tenant: &Tenant, id: &str) -> Result<Report, StoreError> {
        let assessment = store::get(conn, tenant, id)?;
        let questionnaire = asked(conn, tenant, &self.questionnaires, &assessment)?.into_owned();
        let client = clients::get(conn, tenant, &assessment.client_id)?;
        let counting = newest_of(conn, tenant, &self.questionnaires, &client.id, &questionnaire, CHARTED)?;
        let earlier = counting.iter().find(|(other, _)| is_before(other, &assessment));
        let side = |(assessment, questionnaire): &'_ (Assessment, Questionnaire)| {
            (assessment.clone(), questionnaire.clone())
        };
        let comparison = earlier.map(side).and_then(|(before, then)| {
            compare(
                Side { assessment: &before, questionnaire: &then },
                Side { assessment: &assessment, questionnaire: &questionnaire },
            )
        });
        let until_now =
            counting.iter().filter(|(other, _)| other.id == assessment.id || is_before(other, &assessment));
        let history: Vec<HistoryEntry> =
            until_now.filter_map(|(assessment, asked)| entry(assessment, asked)).collect();
        let editions: Vec<Questionnaire> = counting.iter().map(|(_, asked)| asked.clone()).collect();
        let attribution = self.catalogue.edition(&questionnaire.guideline, &questionnaire.edition);
        Ok(Report {
            result: score(&questionnaire, &assessment.answers),
            plan: plan(&questionnaire, &assessment.answers, &self.catalogue, &self.directory, &client),
            client: client.name,
            comparison,
            over: title(&editions, &history),
            history,
            attribution: attribution
                .map_or_else(|| LocalizedText::new("", ""), |held| held.edition.attribution.clone()),
            questionnaire,
            assessment,
        })
    }
}

/// Whether `other` counted before this one was there; a draft comes after everything that counts.
fn is_before(other: &Assessment, this: &Assessment) -> bool {
    // Of two that came at once the one that was made first, as in a list.
    let at = |it: &'_ Assessment| it.submitted.as_ref().map(|submitted| (submitted.at, it.id.clone()));
    other.id != this.id && at(this).is_none_or(|this| at(other).is_some_and(|other| other < this))
}

async fn gathered(caller: &Caller, request: &HttpRequest, db: &Db, id: &str) -> Result<Report, Problem> {
    let tenant = caller.with(Scope::AssessmentsRead)?;
    let shelves =
        Shelves::of(request).ok_or_else(|| StoreError::corrupt("there is no knowledge to report on"))?;
    let id = id.to_owned();
    db.read(move |conn| shelves.gather(conn, &tenant, &id)).await.map_err(Problem::from)
}

/// Show the report of an assessment as a page
///
/// Made for print: score and band, parts as a chart, what happened since the last time, what to do next, every
/// answer. Needs `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "getAssessmentReport",
    params(("assessment" = String, Path, format = Uuid), ReportParams),
    responses((status = 200, body = String, content_type = "text/html"), Reading))]
#[get("/v1/assessments/{assessment}/report.html")]
pub async fn show_page(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
    Query(params): Query<ReportParams>,
) -> Result<HttpResponse, Problem> {
    let report = gathered(&caller, &request, &db, &id).await?;
    let language = language(&request, params.language.as_deref());
    let page = html(&report, language).into_bytes();
    let mut response = localized(answer::private_bytes(&request, "text/html; charset=utf-8", page));
    let headers = response.headers_mut();
    // The page has no scripts and asks nobody for anything; a browser is told to hold it to that.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

/// Show the report of an assessment as a workbook
///
/// XLSX: results, answers, what to do next, and the comparison with the last time. Needs `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "getAssessmentWorkbook",
    params(("assessment" = String, Path, format = Uuid), ReportParams),
    responses((status = 200, body = inline(Workbook), content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), Reading))]
#[get("/v1/assessments/{assessment}/report.xlsx")]
pub async fn show_workbook(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
    Query(params): Query<ReportParams>,
) -> Result<HttpResponse, Problem> {
    let report = gathered(&caller, &request, &db, &id).await?;
    let language = language(&request, params.language.as_deref());
    let bytes = xlsx(&report, language).map_err(|error| StoreError::corrupt(error.to_string()))?;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(download(answer::private_bytes(&request, kind, bytes), "xlsx"))
}

/// Show the answers of an assessment as CSV
///
/// For spreadsheets, Japanese Excel too: UTF-8 with its mark, and no cell that would be taken for a formula.
/// Needs `assessments:read`.
#[utoipa::path(tag = "assessments", operation_id = "getAssessmentCsv",
    params(("assessment" = String, Path, format = Uuid), ReportParams),
    responses((status = 200, body = String, content_type = "text/csv"), Reading))]
#[get("/v1/assessments/{assessment}/report.csv")]
pub async fn show_csv(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
    Query(params): Query<ReportParams>,
) -> Result<HttpResponse, Problem> {
    let report = gathered(&caller, &request, &db, &id).await?;
    let language = language(&request, params.language.as_deref());
    let bytes = csv(&report, language).map_err(|error| StoreError::corrupt(error.to_string()))?;
    Ok(download(answer::private_bytes(&request, "text/csv; charset=utf-8", bytes), "csv"))
}

/// A file of bytes.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only the document needs it")]
struct Workbook(Vec<u8>);

fn download(response: HttpResponse, extension: &str) -> HttpResponse {
    let mut response = localized(response);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"assessment.{extension}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
