//! `/v1/incidents/{incident}/referrals`.
use super::super::domain::What;
use super::super::dto::{NewReferral, ReferralList, ReferralOut, ReferralPatch};
use super::super::referral::{Referral, ReferralState, Refusal};
use super::super::store;
use super::Case;
use crate::answer;
use crate::audit;
use crate::body::{Body, Patch};
use crate::caller::{Caller, Scope};
use crate::clock;
use crate::contacts::{self, Directory};
use crate::db::Db;
use crate::id::Id;
use crate::idempotency::{self, Created, Idempotency, once};
use crate::problem::{Fault, Problem, Reading, Updating, Writing, kinds};
use crate::routing::Rulesets;
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, patch, post};

/// List the referrals of an incident
///
/// Oldest first. Needs `incidents:read`.
#[utoipa::path(tag = "incidents", operation_id = "listReferrals",
    params(("incident" = String, Path, format = Uuid)),
    responses((status = 200, body = ReferralList), Reading))]
#[get("/v1/incidents/{incident}/referrals")]
pub async fn list_referrals(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::IncidentsRead)?;
    let found = db
        .read(move |conn| {
            let incident = store::get(conn, &tenant, &id)?;
            store::referrals(conn, &tenant, &incident.id)
        })
        .await?;
    let items = found.into_iter().map(ReferralOut::from).collect();
    answer::private(&request, &ReferralList { items })
}

/// Refer an incident to a contact
///
/// Notes that the incident was handed to somebody; `sent` until they answer. Needs `incidents:write`.
#[utoipa::path(tag = "incidents", operation_id = "createReferral", request_body = NewReferral,
    params(("incident" = String, Path, format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, new for each new request", max_length = 257)),
    responses((status = 201, body = ReferralOut, headers(("location" = String), ("etag" = String))), Writing))]
#[post("/v1/incidents/{incident}/referrals")]
pub async fn create_referral(
    caller: Caller,
    db: Data<Db>,
    rulesets: Data<Rulesets>,
    directory: Data<Directory>,
    id: Path<Id>,
    idempotency: Idempotency,
    Body(body, said): Body<NewReferral>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::IncidentsWrite)?;
    let by = caller.subject().to_owned();
    let (referral, event, now) = (clock::new_id(), clock::new_id(), clock::now());
    let created = db
        .write(move |conn| {
            let case = Case::load(conn, &tenant, &id)?;
            let directory = contacts::directory_of(conn, &tenant, &directory)?;
            known(&body, &directory, &rulesets)?;
            once(conn, &tenant, &idempotency, &said, |conn| {
                let NewReferral { contact, action, party, note } = body.clone();
                let referral = Referral {
                    id: referral.clone(),
                    incident_id: case.incident.id.clone(),
                    client_id: case.incident.client_id.clone(),
                    contact,
                    action,
                    party,
                    state: ReferralState::Sent,
                    note,
                    outcome: None,
                    revision: 1,
                    created_at: now,
                    updated_at: now,
                };
                store::add_referral(conn, &tenant, &referral)?;
                audit::created(conn, &tenant, &referral)?;
                case.note(conn, &tenant, &by, (&event, now), What::ReferralSent(referral.handover()))?;
                let location = format!("/v1/incidents/{}/referrals/{}", referral.incident_id, referral.id);
                let body = answer::text(&ReferralOut::from(referral))?;
                Ok(Created { location, body, replayed: false })
            })
        })
        .await?;
    Ok(idempotency::answer(created))
}

fn known(body: &NewReferral, directory: &Directory, rulesets: &Rulesets) -> Result<(), Problem> {
    let mut faults = vec![];
    if directory.contact(&body.contact).is_none() {
        let rule = LocalizedText::new("この連絡先はありません", "there is no such contact");
        faults.push(Fault::new("/contact", "unknown-value", rule));
    }
    let actions: Vec<&str> = rulesets.current().actions.keys().map(String::as_str).collect();
    if body.action.as_deref().is_some_and(|action| !actions.contains(&action)) {
        faults.push(Fault::unknown_value("/action", &actions));
    }
    if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
}

/// Show a referral
///
/// Needs `incidents:read`.
#[utoipa::path(tag = "incidents", operation_id = "getReferral",
    params(("incident" = String, Path, format = Uuid), ("referral" = String, Path, format = Uuid)),
    responses((status = 200, body = ReferralOut), Reading))]
#[get("/v1/incidents/{incident}/referrals/{referral}")]
pub async fn show_referral(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    path: Path<(Id, Id)>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::IncidentsRead)?;
    let found = db.read(move |conn| store::referral(conn, &tenant, &path.0, &path.1)).await?;
    answer::private(&request, &ReferralOut::from(found))
}

/// Change a referral
///
/// A JSON merge patch: what is left out stays, what is null goes away. `sent` becomes `accepted`, `declined` or
/// `closed`; these become `closed`, with the outcome. Needs `incidents:write` and `If-Match`.
#[utoipa::path(tag = "incidents", operation_id = "updateReferral",
    request_body(content = ReferralPatch, content_type = "application/merge-patch+json"),
    params(("incident" = String, Path, format = Uuid), ("referral" = String, Path, format = Uuid),
        ("If-Match" = String, Header, description = "The ETag of the referral", max_length = 200)),
    responses((status = 200, body = ReferralOut, headers(("etag" = String))), Updating))]
#[patch("/v1/incidents/{incident}/referrals/{referral}")]
pub async fn update_referral(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    at: Path<(Id, Id)>,
    patch: Patch<ReferralPatch>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::IncidentsWrite)?;
    let by = caller.subject().to_owned();
    let precondition = answer::precondition(&request)?;
    let (event, now) = (clock::new_id(), clock::now());
    let changed = db
        .write(move |conn| {
            let referral = store::referral(conn, &tenant, &at.0, &at.1)?;
            precondition.holds(&ReferralOut::from(referral.clone()))?;
            let ReferralPatch { state, note, outcome } = patch.onto(&ReferralPatch::from(&referral))?;
            let state = state.ok_or_else(stateless)?;
            let changed = referral.clone().changed(state, note, outcome, now).map_err(refused)?;
            if changed == referral {
                return Ok(changed);
            }
            store::save_referral(conn, &tenant, &changed)?;
            audit::changed(conn, &tenant, &referral, &changed)?;
            let what = What::ReferralChanged(changed.handover());
            let case = Case::load(conn, &tenant, &at.0)?;
            case.note(conn, &tenant, &by, (&event, now), what)?;
            Ok::<_, Problem>(changed)
        })
        .await?;
    answer::written(HttpResponse::Ok(), &ReferralOut::from(changed))
}

fn stateless() -> Problem {
    let rule = LocalizedText::new("必須です", "is required");
    Problem::invalid(vec![Fault::new("/state", "required", rule)])
}

fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Order { from, to } => {
            let (from, to) = (from.as_str(), to.as_str());
            Problem::new(&kinds::WRONG_STATE).with_detail(LocalizedText::new(
                format!("{from} から {to} にはできません。"),
                format!("What is {from} does not become {to}."),
            ))
        }
        Refusal::NoOutcome => {
            let rule = LocalizedText::new("どう終わったかを書いてください", "say how it ended");
            Problem::invalid(vec![Fault::new("/outcome", "required", rule)])
        }
    }
}
