//! `PATCH /v1/incidents/{incident}`.
use super::super::domain::{Incident, Standing, What};
use super::super::dto::{IncidentOut, NewIncident};
use super::super::store;
use super::Case;
use super::accepted;
use super::taken;
use crate::answer;
use crate::audit;
use crate::body::Patch;
use crate::caller::{Caller, Scope, Tenant};
use crate::clock;
use crate::contacts::Directory;
use crate::db::{AnyConnection, Db, StoreError};
use crate::id::Id;
use crate::problem::{Fault, Problem, Updating};
use crate::routing::{KnownFacts, Rulesets, changed_facts, compare};
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, patch};

/// Change an incident
///
/// A JSON merge patch: what is left out stays, what is null goes away, lists are replaced as a whole. The
/// timeline keeps what changed in the facts, and in the plan by that. The client stays. Needs
/// `incidents:write` and `If-Match`.
#[utoipa::path(tag = "incidents", operation_id = "updateIncident",
    request_body(content = NewIncident, content_type = "application/merge-patch+json"),
    params(("incident" = String, Path, format = Uuid),
        ("If-Match" = String, Header, description = "The ETag of the incident", max_length = 200)),
    responses((status = 200, body = IncidentOut, headers(("etag" = String))), Updating))]
#[patch("/v1/incidents/{incident}")]
pub async fn update_incident(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    rulesets: Data<Rulesets>,
    directory: Data<Directory>,
    id: Path<Id>,
    patch: Patch<NewIncident>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::IncidentsWrite)?;
    let by = caller.subject().to_owned();
    let precondition = answer::precondition(&request)?;
    let (event, now) = (clock::new_id(), clock::now());
    let changed = db
        .write(move |conn| {
            let case = Case::load(conn, &tenant, &id)?;
            let incident = case.incident.clone();
            precondition.holds(&IncidentOut::from(incident.clone()))?;
            let said = patch.onto(&NewIncident {
                client_id: Some(incident.client_id.clone().into()),
                client_external_id: None,
                title: incident.title.clone(),
                external_id: incident.external_id.clone(),
                facts: KnownFacts(incident.facts.clone()),
            })?;
            stays(&said, &incident.client_id)?;
            let ruleset = rulesets.current();
            let before = case.standing();
            let after = Standing { facts: said.facts.0.clone(), ..before.clone() };
            let then = case.plan(ruleset, &before, now)?;
            let next = accepted((ruleset, &directory), &case.client, &after, now)?;
            let facts = changed_facts(&before.facts, &after.facts);
            let changed = incident.clone().changed(said.title, said.external_id, after.facts, now);
            let mut saved = changed.clone();
            if facts.is_empty() {
                save(conn, &tenant, &changed)?;
            } else {
                let what = What::FactsChanged {
                    facts: changed.facts.clone(),
                    changed: facts,
                    plan: compare(&then.decision, &next.decision),
                };
                save(conn, &tenant, &changed)?;
                let case = Case { incident: changed, ..case };
                // Noting it is a revision of its own.
                saved.revision += 1;
                case.note(conn, &tenant, &by, (&event, now), what)?;
            }
            audit::changed(conn, &tenant, &incident, &saved)?;
            Ok::<_, Problem>(saved)
        })
        .await?;
    answer::written(HttpResponse::Ok(), &IncidentOut::from(changed))
}

fn save(conn: &mut AnyConnection, tenant: &Tenant, incident: &Incident) -> Result<(), Problem> {
    match store::save(conn, tenant, incident) {
        Err(StoreError::Duplicate) => Err(taken(incident)),
        other => Ok(other?),
    }
}

/// An incident is its client's for ever.
fn stays(said: &NewIncident, client_id: &str) -> Result<(), Problem> {
    let same = said.client_id.as_deref() == Some(client_id) && said.client_external_id.is_none();
    if same {
        return Ok(());
    }
    let rule = LocalizedText::new("事案の顧客は変えられません", "an incident stays with its client");
    Err(Problem::invalid(vec![Fault::new("/client_id", "fixed", rule)]))
}
