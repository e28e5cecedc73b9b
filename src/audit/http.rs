//! `/v1/audit-events` and `/v1/audit-heads`.
mod export;

use super::domain::{Detail, Entry, Event};
use super::head::{Head, Signed, Signer};
use super::store::{self, Filter};
use crate::body::Query;
use crate::caller::{Caller, Scope, Tenant};
use crate::db::Db;
use crate::era;
use crate::id::Id;
use crate::page::Page;
use crate::problem::{Fault, Listing, Problem, kinds};
use crate::routes::Routes;
use crate::sealer::Sealer;
use crate::text::LocalizedText;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

pub fn routes(to: &mut impl Routes) {
    to.service(list_events).service(list_heads).service(export::export_events);
}

/// One write: who did what, when, from where, and what it changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub struct EventOut {
    /// Its place in the tenant's log: from 1 on, without gaps.
    sequence: i64,
    #[schema(format = Uuid)]
    id: String,
    at: DateTime<Utc>,
    /// Subject of the token.
    subject: String,
    /// The service account that the token was given to, if it was one.
    account: Option<String>,
    /// The operation, by its `operationId`.
    #[schema(example = "submitAssessment")]
    action: String,
    /// `created`, `changed` or `removed`; more may come.
    effect: String,
    /// What kind of thing it was done to.
    #[schema(example = "assessment")]
    resource: String,
    resource_id: String,
    /// The client company that it belongs to.
    client_id: Option<String>,
    /// Address of the caller; empty where there was none.
    address: String,
    request_id: String,
    /// Names of the fields that changed.
    fields: Vec<String>,
    /// Closed words and numbers as they were; null where there was nothing.
    #[schema(value_type = Option<Object>)]
    before: Option<Map<String, Value>>,
    /// As they are since; null where there is nothing any more.
    #[schema(value_type = Option<Object>)]
    after: Option<Map<String, Value>>,
    /// SHA-256 over all of it and the hash of the event before.
    hash: String,
}

impl EventOut {
    /// Nothing where `detail` is not what this program writes: somebody has put that there, and it is left out as what
    /// cannot be read at all.
    fn of(event: Event) -> Option<Self> {
        let Event { sequence, entry, hash } = event;
        let Entry {
            id,
            at,
            subject,
            account,
            action,
            effect,
            resource,
            resource_id,
            client_id,
            address,
            request_id,
            detail,
        } = entry;
        let Detail { fields, before, after } = serde_json::from_str(&detail).ok()?;
        Some(Self {
            sequence,
            id,
            at,
            subject,
            account,
            action,
            effect,
            resource,
            resource_id,
            client_id,
            address,
            request_id,
            fields,
            before,
            after,
            hash,
        })
    }
}

/// A page of the log, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEventPage {
    items: Vec<EventOut>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventParams {
    /// What was done, by its `operationId`.
    #[param(max_length = 100, example = "deleteClient")]
    action: Option<String>,
    /// Who did it.
    #[param(max_length = 200)]
    subject: Option<String>,
    /// To what kind of thing.
    #[param(max_length = 40, example = "client")]
    resource: Option<String>,
    /// To which one.
    #[param(max_length = 100)]
    resource_id: Option<String>,
    /// To what belongs to this client.
    #[param(format = Uuid, value_type = Option<String>)]
    client_id: Option<Id>,
    /// At this time or later.
    from: Option<DateTime<Utc>>,
    /// Before this time.
    to: Option<DateTime<Utc>>,
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
    /// At most this many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
}

impl EventParams {
    fn wanted(self) -> ExportParams {
        let Self { action, subject, resource, resource_id, client_id, from, to, after: _, limit: _ } = self;
        ExportParams { action, subject, resource, resource_id, client_id, from, to }
    }
}

fn filter(wanted: ExportParams) -> Result<Filter, Problem> {
    let ExportParams { action, subject, resource, resource_id, client_id, from, to } = wanted;
    let mut faults = vec![];
    for (name, time) in [("from", from), ("to", to)] {
        if time.is_some_and(|time| !era::holds(time)) {
            let (ja, en) = era::RULE;
            faults.push(Fault::new(format!("/query/{name}"), era::CODE, LocalizedText::new(ja, en)));
        }
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let client_id = client_id.map(|id| id.to_string());
    Ok(Filter { action, subject, resource, resource_id, client_id, from, to })
}

/// Which events to export.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportParams {
    /// What was done, by its `operationId`.
    #[param(max_length = 100, example = "deleteClient")]
    action: Option<String>,
    /// Who did it.
    #[param(max_length = 200)]
    subject: Option<String>,
    /// To what kind of thing.
    #[param(max_length = 40, example = "client")]
    resource: Option<String>,
    /// To which one.
    #[param(max_length = 100)]
    resource_id: Option<String>,
    /// To what belongs to this client.
    #[param(format = Uuid, value_type = Option<String>)]
    client_id: Option<Id>,
    /// At this time or later.
    from: Option<DateTime<Utc>>,
    /// Before this time.
    to: Option<DateTime<Utc>>,
}

/// The log is the provider's, and no single client's.
fn allowed(caller: &Caller) -> Result<Tenant, Problem> {
    let tenant = caller.with(Scope::Admin)?;
    if tenant.only_client().is_some() {
        return Err(Problem::new(&kinds::FORBIDDEN).with_detail(LocalizedText::new(
            "このトークンは1社に限定されています。",
            "This token is narrowed to one client.",
        )));
    }
    Ok(tenant)
}

/// List what was done
///
/// Every write of the tenant, in the order in which it was sealed: who, what, when, from where, and what it
/// changed. Free text, names and answers are never in it. A number that is missing in a list without filters was
/// taken away or made unreadable in the database: `tasuke audit verify` says more. Needs `admin`; a token that is
/// narrowed to one client may not.
#[utoipa::path(tag = "audit", operation_id = "listAuditEvents", params(EventParams),
    responses((status = 200, body = AuditEventPage), Listing))]
#[get("/v1/audit-events")]
async fn list_events(
    caller: Caller,
    db: Data<Db>,
    sealer: Data<Sealer>,
    Query(params): Query<EventParams>,
) -> Result<HttpResponse, Problem> {
    let tenant = allowed(&caller)?;
    let (after, limit) = (params.after.clone(), params.limit);
    let filter = filter(params.wanted())?;
    let parts = ["audit-events", &format!("{filter:?}")];
    let page = Page::read(Some(&tenant), after.as_deref(), limit, &parts)?;
    let (after, fetch) = (place(&page), page.fetch());
    sealer.seal(tenant.slug()).await?;
    let found = db.read(move |conn| store::page(conn, &tenant, &filter, after, fetch)).await?;
    let keyed: Vec<(String, Event)> =
        found.into_iter().map(|event| (event.sequence.to_string(), event)).collect();
    let (items, next_cursor) = page.cut(keyed, |(key, _)| key);
    let items = items.into_iter().filter_map(|(_, event)| EventOut::of(event)).collect();
    Ok(HttpResponse::Ok().json(AuditEventPage { items, next_cursor }))
}

/// The place in the log after which a page begins.
fn place(page: &Page) -> i64 {
    page.after.as_deref().map_or(0, |after| after.parse().unwrap_or(i64::MAX))
}

/// A signed statement of how far the log goes. Kept somewhere else, it shows later whether what it covers is
/// still what it was.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AuditHead)]
pub struct HeadOut {
    pub tenant: String,
    /// The last event that it covers.
    pub sequence: i64,
    /// The hash of that event.
    pub hash: String,
    /// The last event that was pruned by then; 0 when none was.
    pub base: i64,
    /// The hash of that event.
    pub base_hash: String,
    pub at: DateTime<Utc>,
    /// Name of the key that signed it.
    pub key_id: String,
    /// Ed25519 in base64url, over the fields above as a JSON list.
    pub signature: String,
    /// The public half of the key, in base64url.
    pub public_key: String,
}

impl HeadOut {
    pub fn of(signed: Signed, key: &Signer) -> Self {
        let Signed { head: Head { tenant, sequence, hash, base, base_hash, at }, key_id, signature } =
            signed;
        let public_key = key.public_key().to_owned();
        Self { tenant, sequence, hash, base, base_hash, at, key_id, signature, public_key }
    }
}

impl From<HeadOut> for Signed {
    /// As somebody has kept it.
    fn from(kept: HeadOut) -> Self {
        let HeadOut { tenant, sequence, hash, base, base_hash, at, key_id, signature, public_key: _ } =
            kept;
        Self { head: Head { tenant, sequence, hash, base, base_hash, at }, key_id, signature }
    }
}

/// A page of heads, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditHeadPage {
    items: Vec<HeadOut>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HeadParams {
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
    /// At most this many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
}

/// List the signed heads of the log
///
/// The newest one, and the last of each day, oldest first. Keep them outside of the service: `tasuke audit
/// verify --head` holds the log against them, and finds what was cut off or written anew since. Needs `admin`;
/// a token that is narrowed to one client may not.
#[utoipa::path(tag = "audit", operation_id = "listAuditHeads", params(HeadParams),
    responses((status = 200, body = AuditHeadPage), Listing))]
#[get("/v1/audit-heads")]
async fn list_heads(
    caller: Caller,
    db: Data<Db>,
    sealer: Data<Sealer>,
    Query(params): Query<HeadParams>,
) -> Result<HttpResponse, Problem> {
    let tenant = allowed(&caller)?;
    let page = Page::read(Some(&tenant), params.after.as_deref(), params.limit, &["audit-heads"])?;
    let (after, fetch) = (place(&page), page.fetch());
    sealer.seal(tenant.slug()).await?;
    let found = db.read(move |conn| store::heads(conn, &tenant, after, fetch)).await?;
    let keyed: Vec<(String, Signed)> =
        found.into_iter().map(|signed| (signed.head.sequence.to_string(), signed)).collect();
    let (items, next_cursor) = page.cut(keyed, |(key, _)| key);
    let items = items.into_iter().map(|(_, signed)| HeadOut::of(signed, sealer.signer())).collect();
    Ok(HttpResponse::Ok().json(AuditHeadPage { items, next_cursor }))
}
