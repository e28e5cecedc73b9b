//! `/v1/incidents`.
mod change;
mod completions;
mod exports;
mod forms;
mod planned;
mod record;
mod referrals;

use super::domain::{Event, Incident, Standing, What};
use super::dto::{IncidentOut, IncidentPage, NewIncident};
use super::plan::{Plan, plan};
use super::store;
use crate::answer;
use crate::audit;
use crate::body::{Body, Query};
use crate::caller::{Caller, Scope, Tenant};
use crate::clients::{self, Client};
use crate::clock;
use crate::contacts::Directory;
use crate::db::{AnyConnection, Db, StoreError};
use crate::id::Id;
use crate::idempotency::{self, Created, Idempotency, once};
use crate::page::Page;
use crate::problem::{Fault, Listing, Problem, Reading, Writing, kinds};
use crate::routes::Routes;
use crate::routing::{FactRefusal, Ruleset, Rulesets, refusals};
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

pub use record::{IncidentRecord, records};

pub fn routes(to: &mut impl Routes) {
    to.service(list_incidents)
        .service(create_incident)
        .service(show_incident)
        .service(change::update_incident)
        .service(planned::show_plan)
        .service(planned::show_timeline)
        .service(completions::complete_action)
        .service(referrals::list_referrals)
        .service(referrals::create_referral)
        .service(referrals::show_referral)
        .service(referrals::update_referral)
        .service(exports::show_report)
        .service(exports::show_report_as_markdown)
        .service(exports::show_deadlines)
        .service(forms::show_form)
        .service(forms::show_form_as_markdown);
}

/// More than an incident has; a bound for whoever reads them all.
const MOST_EVENTS: usize = 2000;

/// An incident with what belongs to it.
struct Case {
    incident: Incident,
    client: Client,
    events: Vec<Event>,
}

impl Case {
    fn load(conn: &mut AnyConnection, tenant: &Tenant, id: &str) -> Result<Self, StoreError> {
        let incident = store::get(conn, tenant, id)?;
        let client = clients::get(conn, tenant, &incident.client_id)?;
        let events = store::events(conn, tenant, id)?;
        Ok(Self { incident, client, events })
    }

    /// As it stands now. The facts are those of the incident itself: whoever changed them last had read what it changed,
    /// while the order of events hangs on the clocks of several replicas.
    fn standing(&self) -> Standing {
        Standing { facts: self.incident.facts.clone(), ..Standing::after(&self.events) }
    }

    fn plan<'a>(
        &self,
        ruleset: &'a Ruleset,
        standing: &Standing,
        as_of: DateTime<Utc>,
    ) -> Result<Plan<'a>, Problem> {
        planned(ruleset, &self.client, standing, as_of)
    }

    /// Notes what happened. Whoever else changes the incident at the same time has to look again.
    fn note(
        self,
        conn: &mut AnyConnection,
        tenant: &Tenant,
        by: &str,
        (id, at): (&str, DateTime<Utc>),
        what: What,
    ) -> Result<Event, Problem> {
        if self.events.len() >= MOST_EVENTS {
            return Err(Problem::new(&kinds::WRONG_STATE).with_detail(LocalizedText::new(
                format!("経過は{MOST_EVENTS}件までです。"),
                format!("A timeline holds at most {MOST_EVENTS} events."),
            )));
        }
        let touched = Incident { revision: self.incident.revision + 1, updated_at: at, ..self.incident };
        store::save(conn, tenant, &touched).map_err(StoreError::look_again)?;
        let event = Event {
            id: id.to_owned(),
            incident_id: touched.id,
            client_id: touched.client_id,
            at,
            by: by.to_owned(),
            what,
        };
        store::note(conn, tenant, &event)?;
        Ok(event)
    }
}

fn planned<'a>(
    ruleset: &'a Ruleset,
    client: &Client,
    standing: &Standing,
    as_of: DateTime<Utc>,
) -> Result<Plan<'a>, Problem> {
    plan(ruleset, client, standing, as_of)
        .map_err(|faults| Problem::invalid(faults.into_iter().map(|fault| fault.told("/facts")).collect()))
}

/// The plan for facts that somebody has just said: those that cannot be so are refused.
fn accepted<'a>(
    (ruleset, directory): (&'a Ruleset, &Directory),
    client: &Client,
    standing: &Standing,
    now: DateTime<Utc>,
) -> Result<Plan<'a>, Problem> {
    let plan = planned(ruleset, client, standing, now)?;
    let refusals = refusals(ruleset, directory, &plan.facts);
    if refusals.is_empty() {
        return Ok(plan);
    }
    let fault = |r: FactRefusal| Fault::new(format!("/facts{}", r.pointer), r.code, r.text);
    Err(Problem::invalid(refusals.into_iter().map(fault).collect()))
}

/// The version that the caller names, or the current one.
fn chosen<'a>(rulesets: &'a Rulesets, version: Option<&str>) -> Result<&'a Ruleset, Problem> {
    let Some(version) = version else {
        return Ok(rulesets.current());
    };
    rulesets.version(version).ok_or_else(|| {
        let known: Vec<_> = rulesets.all().iter().map(|ruleset| ruleset.version.as_str()).collect();
        Problem::invalid(vec![Fault::unknown_value("/query/ruleset", &known)])
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IncidentParams {
    /// Incidents of this client.
    #[param(value_type = Option<String>, format = Uuid)]
    client_id: Option<Id>,
    /// Incidents with this external id: one of a client.
    #[param(max_length = 200)]
    external_id: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
    /// At most this many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
}

/// List incidents
///
/// The incidents of the tenant, oldest first. Needs `incidents:read`.
#[utoipa::path(tag = "incidents", operation_id = "listIncidents", params(IncidentParams),
    responses((status = 200, body = IncidentPage), Listing))]
#[get("/v1/incidents")]
async fn list_incidents(
    caller: Caller,
    db: Data<Db>,
    Query(params): Query<IncidentParams>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::IncidentsRead)?;
    let IncidentParams { client_id, external_id, after, limit } = params;
    let list = format!("{:?}", (&client_id, &external_id));
    let page = Page::read(Some(&tenant), after.as_deref(), limit, &["incidents", &list])?;
    let (after, fetch) = (page.after.clone(), page.fetch());
    let found = db
        .read(move |conn| {
            let (client_id, external_id) = (client_id.as_deref(), external_id.as_deref());
            store::page(conn, &tenant, client_id, external_id, after.as_deref(), fetch)
        })
        .await?;
    let (items, next_cursor) = page.cut(found, |incident| &incident.id);
    let items = items.into_iter().map(IncidentOut::from).collect();
    Ok(HttpResponse::Ok().json(IncidentPage { items, next_cursor }))
}

/// Create an incident
///
/// What is known of the client is taken from there; the facts say what is known of the incident. Facts that
/// contradict each other are refused, all at once. Needs `incidents:write`.
#[utoipa::path(tag = "incidents", operation_id = "createIncident", request_body = NewIncident,
    params(("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, new for each new request", max_length = 257)),
    responses((status = 201, body = IncidentOut, headers(("location" = String), ("etag" = String))), Writing))]
#[post("/v1/incidents")]
async fn create_incident(
    caller: Caller,
    db: Data<Db>,
    rulesets: Data<Rulesets>,
    directory: Data<Directory>,
    idempotency: Idempotency,
    Body(body, said): Body<NewIncident>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::IncidentsWrite)?;
    let by = caller.subject().to_owned();
    let (id, event, now) = (clock::new_id(), clock::new_id(), clock::now());
    let created = db
        .write(move |conn| {
            once(conn, &tenant, &idempotency, &said, |conn| {
                let client = client_of(conn, &tenant, &body)?;
                let standing = Standing { facts: body.facts.0.clone(), done: vec![] };
                accepted((rulesets.current(), &directory), &client, &standing, now)?;
                let incident = Incident {
                    id: id.clone(),
                    client_id: client.id,
                    external_id: body.external_id.clone(),
                    title: body.title.clone(),
                    facts: standing.facts,
                    revision: 1,
                    created_by: by.clone(),
                    created_at: now,
                    updated_at: now,
                };
                match store::add(conn, &tenant, &incident) {
                    Err(StoreError::Duplicate) => return Err(taken(&incident)),
                    other => other?,
                }
                let first = Event {
                    id: event.clone(),
                    incident_id: incident.id.clone(),
                    client_id: incident.client_id.clone(),
                    at: now,
                    by: by.clone(),
                    what: What::Created { facts: incident.facts.clone() },
                };
                store::note(conn, &tenant, &first)?;
                audit::created(conn, &tenant, &incident)?;
                let location = format!("/v1/incidents/{}", incident.id);
                let body = answer::text(&IncidentOut::from(incident))?;
                Ok(Created { location, body, replayed: false })
            })
        })
        .await?;
    Ok(idempotency::answer(created))
}

fn taken(incident: &Incident) -> Problem {
    let external_id = incident.external_id.as_deref().unwrap_or_default();
    Problem::new(&kinds::DUPLICATE).with_detail(LocalizedText::new(
        format!("この顧客には external_id {external_id} の事案がすでにあります。"),
        format!("The client has an incident with the external_id {external_id} already."),
    ))
}

/// The client that the body names. One that is not there is a fault of the body: the URL is right.
fn client_of(conn: &mut AnyConnection, tenant: &Tenant, body: &NewIncident) -> Result<Client, Problem> {
    let (found, pointer) = match (&body.client_id, &body.client_external_id) {
        (Some(id), None) => (clients::get(conn, tenant, id), "/client_id"),
        (None, Some(name)) => (clients::by_external_id(conn, tenant, name), "/client_external_id"),
        _ => {
            return Err(Problem::invalid(vec![Fault::new(
                "/client_id",
                "one-of",
                LocalizedText::new(
                    "client_id と client_external_id のどちらか一方だけを指定してください",
                    "give either client_id or client_external_id",
                ),
            )]));
        }
    };
    match found {
        Err(StoreError::Missing) => Err(Problem::invalid(vec![Fault::new(
            pointer,
            "unknown-client",
            LocalizedText::new("この顧客はありません", "there is no such client"),
        )])),
        other => Ok(other?),
    }
}

/// Show an incident
///
/// Needs `incidents:read`.
#[utoipa::path(tag = "incidents", operation_id = "getIncident",
    params(("incident" = String, Path, format = Uuid)),
    responses((status = 200, body = IncidentOut), Reading))]
#[get("/v1/incidents/{incident}")]
async fn show_incident(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::IncidentsRead)?;
    let incident = db.read(move |conn| store::get(conn, &tenant, &id)).await?;
    answer::private(&request, &IncidentOut::from(incident))
}
