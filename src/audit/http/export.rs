//! `GET /v1/audit-events/export`: the whole log as lines.
use super::super::domain::Event;
use super::super::store::{self, Filter};
use super::EventOut;
use super::ExportParams;
use super::HeadOut;
use super::allowed;
use super::filter;
use crate::answer;
use crate::body::Query;
use crate::caller::{Caller, Tenant};
use crate::db::Db;
use crate::problem::{Listing, Problem};
use crate::sealer::Sealer;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get, rt};
use futures_util::stream::poll_fn;
use std::convert::Infallible;
use tokio::sync::mpsc::{Sender, channel};

/// Events that are read at once.
const TOGETHER: i64 = 500;

/// Export what was done
///
/// The same events as newline-delimited JSON, one a line, oldest first, without an end of a page; the last line
/// is the signed head (`AuditHead`) that covers them. An export without it was cut short. Needs `admin`; a
/// token that is narrowed to one client may not.
#[utoipa::path(tag = "audit", operation_id = "exportAuditEvents", params(ExportParams),
    responses((status = 200, body = String, content_type = "application/x-ndjson", description = "One `AuditEvent` a line, and an `AuditHead`"), Listing))]
#[get("/v1/audit-events/export")]
pub async fn export_events(
    caller: Caller,
    db: Data<Db>,
    sealer: Data<Sealer>,
    Query(params): Query<ExportParams>,
) -> Result<HttpResponse, Problem> {
    let tenant = allowed(&caller)?;
    let filter = filter(params)?;
    sealer.seal(tenant.slug()).await?;
    let slug = tenant.clone();
    let newest = db.read(move |conn| store::newest_head(conn, &slug)).await?;
    let head = newest.map(|signed| HeadOut::of(signed, sealer.signer()));
    // A slow reader holds the export back: at most a few parts wait.
    let (parts, mut told) = channel::<Bytes>(4);
    rt::spawn(Export { db, tenant, filter, head, parts }.run());
    let stream =
        poll_fn(move |context| told.poll_recv(context).map(|bytes| bytes.map(Ok::<_, Infallible>)));
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").streaming(stream))
}

struct Export {
    db: Data<Db>,
    tenant: Tenant,
    filter: Filter,
    head: Option<HeadOut>,
    parts: Sender<Bytes>,
}

impl Export {
    /// Ends early, and so without a head, when the database does or nobody listens.
    async fn run(self) {
        if let Err(problem) = self.told().await {
            tracing::error!(%problem, "an export of the audit log was cut short");
        }
    }

    async fn told(&self) -> Result<(), Problem> {
        let Some(head) = &self.head else { return Ok(()) };
        let mut after = 0;
        loop {
            let (tenant, filter) = (self.tenant.clone(), self.filter.clone());
            let page =
                self.db.read(move |conn| store::page(conn, &tenant, &filter, after, TOGETHER)).await?;
            let full = page.len() == usize::try_from(TOGETHER).unwrap_or(usize::MAX);
            let covered: Vec<Event> =
                page.into_iter().take_while(|event| event.sequence <= head.sequence).collect();
            let more = full && !covered.is_empty();
            after = covered.last().map_or(after, |event| event.sequence);
            let mut lines = Vec::new();
            for event in covered.into_iter().filter_map(EventOut::of) {
                lines.extend(answer::bytes(&event)?);
                lines.push(b'\n');
            }
            if !more {
                lines.extend(answer::bytes(head)?);
                lines.push(b'\n');
            }
            if self.parts.send(lines.into()).await.is_err() || !more {
                return Ok(());
            }
        }
    }
}
