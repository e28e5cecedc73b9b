//! Reading a whole log to see whether it is the one that was sealed, and letting its old end go.
use super::super::check::{Checker, Finding};
use super::super::domain::Event;
use super::super::head::{Head, Signed, Signer};
use super::rows::{EventRow, HeadRow};
use super::sealing::{alone, drop_head, keep_head, newest};
use crate::db::{AnyConnection, StoreError};
use crate::schema::{audit_events, audit_heads};
use crate::wall;
use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;

/// Events that are held in memory at once.
const TOGETHER: i64 = 1000;

/// What is known of a log that was read from one end to the other.
#[derive(Debug)]
pub struct Verified {
    pub events: usize,
    /// The newest head in the database.
    pub head: Option<Signed>,
    pub findings: Vec<Finding>,
}

/// Everybody whose log has a head.
pub fn tenants(conn: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    // Of everybody: whoever runs the service verifies all logs.
    Ok(audit_heads::table.select(audit_heads::tenant).distinct().load(conn)?)
}

/// Reads the log of a tenant and holds it against the heads in the database and those that were `kept`
/// somewhere else.
pub fn verify(
    conn: &mut AnyConnection,
    signer: &Signer,
    tenant: &str,
    kept: &[Signed],
) -> Result<Verified, StoreError> {
    loop {
        let verified = read_through(conn, signer, tenant, kept)?;
        let base = |head: Option<&Signed>| head.map(|signed| signed.head.base);
        // Where its beginning was pruned meanwhile, what was missing says nothing.
        if base(newest(conn, tenant)?.as_ref()) == base(verified.head.as_ref()) {
            return Ok(verified);
        }
    }
}

fn read_through(
    conn: &mut AnyConnection,
    signer: &Signer,
    tenant: &str,
    kept: &[Signed],
) -> Result<Verified, StoreError> {
    // First where the log ends, then its heads: what is sealed in between is in neither.
    // Second wall (tenant): this says how far at most; whose events are read is said below.
    let last: Option<i64> = audit_events::table
        .filter(wall!("tenant", audit_events::tenant.eq(tenant)))
        .select(max(audit_events::sequence))
        .first(conn)?;
    let rows: Vec<HeadRow> = audit_heads::table
        .filter(wall!("tenant", audit_heads::tenant.eq(tenant)))
        .order(audit_heads::sequence)
        .select(HeadRow::as_select())
        .load(conn)?;
    let stored: Vec<Signed> = rows.into_iter().map(HeadRow::read).collect();
    let head = stored.last().cloned();
    let end = last.unwrap_or(0).max(head.as_ref().map_or(0, |signed| signed.head.sequence));
    let mut checker = Checker::new(tenant, stored, kept.to_vec(), |signed| signer.made(signed));
    let (mut events, mut after) = (0, i64::MIN);
    loop {
        let page: Result<Vec<EventRow>, StoreError> = audit_events::table
            .filter(wall!("tenant", audit_events::tenant.eq(tenant)))
            .filter(audit_events::sequence.gt(after))
            .filter(audit_events::sequence.le(end))
            .order(audit_events::sequence)
            .limit(TOGETHER)
            .select(EventRow::as_select())
            .load(conn)
            .map_err(StoreError::from);
        let page: Vec<Event> = match page {
            Ok(rows) => rows.into_iter().map(EventRow::read).collect(),
            // The database holds something there that is no event.
            Err(StoreError::Broken(cause)) => {
                checker.unreadable(cause.to_string());
                break;
            }
            Err(error) => return Err(error),
        };
        let Some(last) = page.last() else { break };
        (events, after) = (events + page.len(), last.sequence);
        for event in &page {
            checker.read(event);
        }
    }
    Ok(Verified { events, head, findings: checker.findings() })
}

/// Lets the events of a tenant go that were sealed before `before`, and signs where the log begins now. How
/// many went; nothing when another replica is at the log.
pub fn prune(
    conn: &mut AnyConnection,
    signer: &Signer,
    tenant: &str,
    before: DateTime<Utc>,
) -> Result<usize, StoreError> {
    if !alone(conn)? {
        return Ok(0);
    }
    let Some(newest) = newest(conn, tenant)?.filter(|signed| signer.made(signed)) else {
        return Ok(0);
    };
    // Up to the end of a day on which everything is old enough: one day at a time, so that nobody waits long.
    let row: Option<HeadRow> = audit_heads::table
        .filter(wall!("tenant", audit_heads::tenant.eq(tenant)))
        .filter(audit_heads::at.lt(before.naive_utc()))
        .filter(audit_heads::sequence.le(newest.head.sequence))
        .filter(audit_heads::sequence.gt(newest.head.base))
        .order(audit_heads::sequence)
        .select(HeadRow::as_select())
        .first(conn)
        .optional()?;
    let Some(Signed { head: last, .. }) = row.map(HeadRow::read).filter(|signed| signer.made(signed))
    else {
        return Ok(0);
    };
    let old = audit_events::table
        .filter(wall!("tenant", audit_events::tenant.eq(tenant)))
        .filter(audit_events::sequence.le(last.sequence));
    let gone = diesel::delete(old).execute(conn)?;
    let old = audit_heads::table
        .filter(wall!("tenant", audit_heads::tenant.eq(tenant)))
        .filter(audit_heads::sequence.lt(last.sequence));
    diesel::delete(old).execute(conn)?;
    drop_head(conn, tenant, newest.head.sequence)?;
    let next = Head { base: last.sequence, base_hash: last.hash, ..newest.head };
    keep_head(conn, signer.sign(next))?;
    Ok(gone)
}
