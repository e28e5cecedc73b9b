//! Letting a log go on that is not as it was left.
use super::super::acceptance::{ACTION, Acceptance};
use super::super::domain::{Audited as _, Detail, Effect};
use super::super::head::{Head, Signed, Signer};
use super::operator::author;
use super::reading;
use super::rows::InboxRow;
use super::sealing::{add_after, alone, beginning, goes_on, keep_head};
use crate::db::{AnyConnection, StoreError};
use crate::schema::{audit_events, audit_heads};
use crate::wall;
use chrono::{DateTime, Utc};
use diesel::prelude::*;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepting {
    /// The log goes on after this event, which says so.
    GoesOn { sequence: i64 },
    /// Nothing holds it up.
    NotStuck,
    /// Another replica is at it.
    Busy,
}

/// Adds the acceptance after all that is there, and signs a head for it. No event is touched. Heads that the key did
/// not sign, or that cannot be read, go: sealing would stop at the last of them, and pruning at each. The acceptance
/// names them.
pub fn accept(
    conn: &mut AnyConnection,
    signer: &Signer,
    acceptance: &Acceptance,
    now: DateTime<Utc>,
) -> Result<Accepting, StoreError> {
    if !alone(conn)? {
        return Ok(Accepting::Busy);
    }
    let tenant = acceptance.tenant.as_str();
    let all = reading::heads(conn, tenant, i64::MIN, i64::MAX)?;
    let count = all.len();
    let heads = all.into_iter().filter_map(|(_, head)| head.ok());
    let ours: Vec<Signed> = heads.filter(|signed| signer.made(signed)).collect();
    let newest = ours.last().map(|signed| signed.head.clone());
    let signed_up_to = newest.as_ref().map_or(0, |head| head.sequence);
    if ours.len() == count && !goes_on(conn, tenant, signed_up_to)? {
        return Ok(Accepting::NotStuck);
    }
    let others = audit_heads::table
        .filter(wall!("tenant", audit_heads::tenant.eq(tenant)))
        .filter(audit_heads::sequence.ne_all(ours.iter().map(|signed| signed.head.sequence)));
    diesel::delete(others).execute(conn)?;
    let start = end(conn, newest.unwrap_or_else(|| beginning(tenant, now)))?;
    let detail = Detail::of(None, Some(acceptance));
    let who = (tenant, &author(ACTION));
    let row = InboxRow::of(who, Effect::Created, acceptance.named(), &detail, acceptance.id.clone(), now)?;
    let head = add_after(conn, &[row], &start, now)?;
    let sequence = head.sequence;
    keep_head(conn, signer.sign(head))?;
    Ok(Accepting::GoesOn { sequence })
}

/// Where the log ends: with its last event, or where the newest head says that there was one.
fn end(conn: &mut AnyConnection, newest: Head) -> Result<Head, StoreError> {
    let last: Option<(i64, String)> = audit_events::table
        .filter(wall!("tenant", audit_events::tenant.eq(&newest.tenant)))
        .filter(audit_events::sequence.le(i64::MAX))
        .order(audit_events::sequence.desc())
        .select((audit_events::sequence, audit_events::hash))
        .first(conn)
        .optional()?;
    Ok(match last {
        Some((sequence, hash)) if sequence >= newest.sequence => Head { sequence, hash, ..newest },
        _ => newest,
    })
}
