//! An incident for others: an authority, a lawyer, a calendar.
use super::super::dto::{IncidentOut, ReferralOut, TimelineEntry};
use super::super::export::{IncidentReport, calendar, markdown};
use super::super::referral::Referral;
use super::super::store;
use super::Case;
use super::chosen;
use super::planned::{PlanParams, shown};
use crate::answer;
use crate::body::Query;
use crate::caller::{Caller, Scope, Tenant};
use crate::clock;
use crate::contacts::{self, Directory};
use crate::db::Db;
use crate::id::Id;
use crate::problem::{Problem, Reading, kinds};
use crate::routing::{Ruleset, Rulesets, Writer};
use crate::text::Language;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

pub const MARKDOWN: &str = "text/markdown; charset=utf-8";
const CALENDAR: &str = "text/calendar; charset=utf-8";

/// Show the report of an incident
///
/// The incident with its plan, referrals and whole timeline, as JSON. Needs `incidents:read`.
#[utoipa::path(tag = "incidents", operation_id = "getIncidentReport",
    params(("incident" = String, Path, format = Uuid), PlanParams),
    responses((status = 200, body = IncidentReport<'_>), Reading))]
#[get("/v1/incidents/{incident}/report")]
#[allow(clippy::too_many_arguments)] // Each is something to ask for.
pub async fn show_report(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    language: Language,
    rulesets: Data<Rulesets>,
    directory: Data<Directory>,
    id: Path<Id>,
    Query(params): Query<PlanParams>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::IncidentsRead)?;
    let ruleset = chosen(&rulesets, params.ruleset())?;
    let (case, directory) = Reported::load(&db, tenant, id.into_inner(), directory).await?;
    let report = case.report(&params, ruleset, &directory, language)?;
    Ok(spoken(answer::private(&request, &report)?, language))
}

/// Show the report of an incident as Markdown
///
/// For a person: in the language of `Accept-Language`. Needs `incidents:read`.
#[utoipa::path(tag = "incidents", operation_id = "getIncidentReportMarkdown",
    params(("incident" = String, Path, format = Uuid), PlanParams),
    responses((status = 200, body = String, content_type = "text/markdown; charset=utf-8"), Reading))]
#[get("/v1/incidents/{incident}/report.md")]
#[allow(clippy::too_many_arguments)] // Each is something to ask for.
pub async fn show_report_as_markdown(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    language: Language,
    rulesets: Data<Rulesets>,
    directory: Data<Directory>,
    id: Path<Id>,
    Query(params): Query<PlanParams>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::IncidentsRead)?;
    let ruleset = chosen(&rulesets, params.ruleset())?;
    let (case, directory) = Reported::load(&db, tenant, id.into_inner(), directory).await?;
    let report = case.report(&params, ruleset, &directory, language)?;
    let text = markdown(&report, language).map_err(|error| {
        tracing::error!(%error, "a report cannot be written");
        Problem::new(&kinds::INTERNAL)
    })?;
    Ok(spoken(answer::private_bytes(&request, MARKDOWN, text.into_bytes()), language))
}

/// What a report is made of.
struct Reported {
    case: Case,
    referrals: Vec<Referral>,
}

impl Reported {
    async fn load(
        db: &Db,
        tenant: Tenant,
        id: Id,
        shipped: Data<Directory>,
    ) -> Result<(Self, Directory), Problem> {
        db.read(move |conn| {
            let case = Case::load(conn, &tenant, &id)?;
            let referrals = store::referrals(conn, &tenant, &id)?;
            let directory = contacts::directory_of(conn, &tenant, &shipped)?;
            Ok::<_, Problem>((Self { case, referrals }, directory))
        })
        .await
    }

    fn report<'a>(
        self,
        params: &PlanParams,
        ruleset: &'a Ruleset,
        directory: &'a Directory,
        language: Language,
    ) -> Result<IncidentReport<'a>, Problem> {
        let Self { case, referrals } = self;
        let plan = shown(&case, params, ruleset, directory, language)?;
        Ok(IncidentReport {
            plan,
            incident: IncidentOut::from(case.incident),
            client_name: case.client.name,
            referrals: referrals.into_iter().map(ReferralOut::from).collect(),
            timeline: case.events.into_iter().map(TimelineEntry::from).collect(),
        })
    }
}

/// Show the deadlines of an incident as a calendar
///
/// iCalendar (RFC 5545): every line of the plan that has a date or a moment. A line keeps its `UID` when its
/// date moves. Needs `incidents:read`.
#[utoipa::path(tag = "incidents", operation_id = "getIncidentDeadlines",
    params(("incident" = String, Path, format = Uuid)),
    responses((status = 200, body = String, content_type = "text/calendar; charset=utf-8"), Reading))]
#[get("/v1/incidents/{incident}/deadlines.ics")]
pub async fn show_deadlines(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    language: Language,
    rulesets: Data<Rulesets>,
    directory: Data<Directory>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::IncidentsRead)?;
    let (case, directory) = db
        .read(move |conn| {
            let case = Case::load(conn, &tenant, &id)?;
            Ok::<_, Problem>((case, contacts::directory_of(conn, &tenant, &directory)?))
        })
        .await?;
    let ruleset = rulesets.current();
    let plan = case.plan(ruleset, &case.standing(), clock::now())?;
    let writer = Writer { directory: &directory, ruleset, language };
    let incident = &case.incident;
    let text = calendar(
        (&incident.id, &incident.title),
        &plan.decision,
        incident.updated_at,
        |action| writer.name(action),
        language,
    );
    Ok(spoken(answer::private_bytes(&request, CALENDAR, text.into_bytes()), language))
}

pub fn spoken(mut response: HttpResponse, language: Language) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
    response
}
