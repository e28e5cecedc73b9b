//! Reading a whole log to see whether it is the one that was sealed, and letting its old end go.
use super::super::check::{Checker, Finding};
use super::super::head::{Head, Signed, Signer};
use super::Filter;
use super::reading::{self, heads_of, readable};
use super::rows::HeadRow;
use super::sealing::{alone, drop_head, keep_head, newest};
use super::waiting::{self, Stopper, Whose};
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
    /// The newest head in the database that can be read.
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
        let before = base(conn, tenant)?;
        let verified = read_through(conn, signer, tenant, kept)?;
        // Where its beginning was pruned meanwhile, what was missing says nothing.
        if base(conn, tenant)? == before {
            return Ok(verified);
        }
    }
}

/// After which event the log begins, as its newest head says.
fn base(conn: &mut AnyConnection, tenant: &str) -> Result<Option<i64>, StoreError> {
    let newest = heads_of(tenant).order(audit_heads::sequence.desc()).select(audit_heads::base);
    Ok(newest.first(conn).optional()?)
}

fn read_through(
    conn: &mut AnyConnection,
    signer: &Signer,
    tenant: &str,
    kept: &[Signed],
) -> Result<Verified, StoreError> {
    // Before the log: what is sealed meanwhile is seen here or there.
    let waiting = waiting::entries(conn, &Whose::Only(tenant.to_owned()))?;
    // First where the log ends, then its heads: what is sealed in between is in neither.
    // Second wall (tenant): this says how far at most; whose events are read is said below.
    let last: Option<i64> = audit_events::table
        .filter(wall!("tenant", audit_events::tenant.eq(tenant)))
        .filter(audit_events::sequence.le(i64::MAX))
        .select(max(audit_events::sequence))
        .first(conn)?;
    let (mut stored, mut unreadable) = (vec![], vec![]);
    for (sequence, head) in reading::heads(conn, tenant, i64::MIN, i64::MAX)? {
        match head {
            Ok(head) => stored.push(head),
            Err(why) => unreadable.push(Finding::UnreadableHead { sequence, why: why.0 }),
        }
    }
    let head = stored.last().cloned();
    let end = last.unwrap_or(0).max(head.as_ref().map_or(0, |signed| signed.head.sequence));
    let mut checker = Checker::new(tenant, stored, kept.to_vec(), signer);
    let waits = match waiting {
        Ok(entries) => !entries.is_empty(),
        Err(Stopper { id, why, .. }) => {
            unreadable.push(Finding::UnreadableEntry { id, why: why.0 });
            true
        }
    };
    checker.found(unreadable);
    let (mut events, mut after) = (0, i64::MIN);
    loop {
        let page = reading::events(conn, tenant, &Filter::default(), (after, end), TOGETHER)?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        for (sequence, event) in page {
            match event {
                Ok(event) => checker.read(&event),
                Err(why) => checker.unreadable(sequence, why.0),
            }
            events += 1;
        }
    }
    Ok(Verified { events, head, findings: checker.findings(waits) })
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
    // What is not signed, or cannot be read, stays for whoever verifies the log.
    let Ok(Some(newest)) = newest(conn, tenant)? else { return Ok(0) };
    if !signer.made(&newest) {
        return Ok(0);
    }
    // Up to the end of a day on which everything is old enough: one day at a time, so that nobody waits long.
    let row = heads_of(tenant)
        .filter(audit_heads::at.lt(before.naive_utc()))
        .filter(audit_heads::sequence.le(newest.head.sequence))
        .filter(audit_heads::sequence.gt(newest.head.base))
        .order(audit_heads::sequence)
        .select(HeadRow::as_select())
        .first::<HeadRow>(conn)
        .optional();
    let Ok(Some(row)) = readable(row)? else { return Ok(0) };
    let last = row.read();
    if !signer.made(&last) {
        return Ok(0);
    }
    let last = last.head;
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
