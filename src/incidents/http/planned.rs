//! The plan of an incident, and what happened to it.
use super::super::domain::Standing;
use super::super::dto::{IncidentPlan, TimelineEntry, TimelinePage};
use super::super::store;
use super::Case;
use super::chosen;
use crate::answer;
use crate::body::Query;
use crate::caller::{Caller, Scope};
use crate::clock;
use crate::contacts::{self, Directory};
use crate::db::Db;
use crate::era;
use crate::id::Id;
use crate::page::Page;
use crate::problem::{Fault, Problem, Reading};
use crate::routing::{Ruleset, Rulesets, Writer, compare, questions};
use crate::text::{Language, LocalizedText};
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PlanParams {
    /// Judge deadlines at this time; now when left out.
    as_of: Option<DateTime<Utc>>,
    /// Tell what changed since this time; since before the latest event when left out.
    since: Option<DateTime<Utc>>,
    /// Decide with this version of the rules; the current one when left out.
    #[param(max_length = 32, example = "2026.11.26")]
    ruleset: Option<String>,
}

impl PlanParams {
    pub fn ruleset(&self) -> Option<&str> {
        self.ruleset.as_deref()
    }
}

/// Show the plan of an incident
///
/// Whom to contact, in which order, by when and why, for the facts as they stand; the questions that would
/// change it most; and what changed since last time. Plain texts are in the language of `Accept-Language`.
/// Needs `incidents:read`.
#[utoipa::path(tag = "incidents", operation_id = "getIncidentPlan",
    params(("incident" = String, Path, format = Uuid), PlanParams),
    responses((status = 200, body = IncidentPlan<'_>), Reading))]
#[get("/v1/incidents/{incident}/plan")]
#[allow(clippy::too_many_arguments)] // Each is something to ask for.
pub async fn show_plan(
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
    let (case, directory) = db
        .read(move |conn| {
            let case = Case::load(conn, &tenant, &id)?;
            Ok::<_, Problem>((case, contacts::directory_of(conn, &tenant, &directory)?))
        })
        .await?;
    let plan = shown(&case, &params, ruleset, &directory, language)?;
    let mut response = answer::private(&request, &plan)?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
    Ok(response)
}

pub fn shown<'a>(
    case: &Case,
    params: &PlanParams,
    ruleset: &'a Ruleset,
    directory: &'a Directory,
    language: Language,
) -> Result<IncidentPlan<'a>, Problem> {
    let as_of = params.as_of.unwrap_or_else(clock::now);
    let plan = case.plan(ruleset, &case.standing(), as_of)?;
    in_time(params, plan.facts.aware_at.to_utc())?;
    let latest = case.events.last().map_or(as_of, |event| event.at);
    // The moment before the latest event: times are kept to the microsecond.
    let since = params.since.unwrap_or(latest - TimeDelta::microseconds(1)).max(case.incident.created_at);
    let then = Standing::after(case.events.iter().filter(|event| event.at <= since));
    let before = case.plan(ruleset, &then, since)?;
    let writer = Writer { directory, ruleset, language };
    Ok(IncidentPlan {
        incident_id: case.incident.id.clone(),
        questions: questions(ruleset, &plan.facts, &plan.decision),
        since,
        changes: compare(&before.decision, &plan.decision),
        decision: writer.decision(plan.decision),
    })
}

/// Nobody decides before somebody knew.
fn in_time(params: &PlanParams, aware_at: DateTime<Utc>) -> Result<(), Problem> {
    let mut faults = vec![];
    for (name, time) in [("as_of", params.as_of), ("since", params.since)] {
        if time.is_some_and(|time| !era::holds(time)) {
            let (ja, en) = era::RULE;
            let pointer = format!("/query/{name}");
            faults.push(Fault::new(pointer, era::CODE, LocalizedText::new(ja, en)));
        }
    }
    if faults.is_empty()
        && params.since.is_some_and(|since| since > params.as_of.unwrap_or_else(clock::now))
    {
        let rule = LocalizedText::new("基準時刻より後です", "is after the time of evaluation");
        faults.push(Fault::new("/query/since", "contradiction", rule));
    }
    if faults.is_empty() && params.as_of.is_some_and(|as_of| as_of < aware_at) {
        let rule = LocalizedText::new("知った日時より前です", "is before anybody became aware");
        faults.push(Fault::new("/query/as_of", "contradiction", rule));
    }
    if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TimelineParams {
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
    /// At most this many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
}

/// Show the timeline of an incident
///
/// Every change of facts with what it changed in the plan, every completion and referral, oldest first:
/// what was known when, and who said so. Needs `incidents:read`.
#[utoipa::path(tag = "incidents", operation_id = "getIncidentTimeline",
    params(("incident" = String, Path, format = Uuid), TimelineParams),
    responses((status = 200, body = TimelinePage), Reading))]
#[get("/v1/incidents/{incident}/timeline")]
pub async fn show_timeline(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
    Query(params): Query<TimelineParams>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::IncidentsRead)?;
    let parts = ["timeline", &**id];
    let page = Page::read(Some(&tenant), params.after.as_deref(), params.limit, &parts)?;
    let events = db
        .read(move |conn| {
            let incident = store::get(conn, &tenant, &id)?;
            store::events(conn, &tenant, &incident.id)
        })
        .await?;
    let (items, next_cursor) = page.of(events, |event| &event.id)?;
    let items = items.into_iter().map(TimelineEntry::from).collect();
    answer::private(&request, &TimelinePage { items, next_cursor })
}
