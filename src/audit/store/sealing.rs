//! Sealing: what commands have noted gets its number, its hash and a signed head. It goes on for the tenants of
//! everybody, apart from the commands, so that no command waits for another one's place in the log.
use super::super::chain::{GENESIS, hash};
use super::super::domain::Event;
use super::super::head::{Head, Signed, Signer};
use super::reading::{Unreadable, heads_of, readable};
use super::rows::{self, EventRow, HeadRow, InboxRow};
use super::waiting::{self, Stopper, TOGETHER, Whose};
use crate::db::{AnyConnection, StoreError};
use crate::schema::{audit_events, audit_heads, audit_inbox, audit_keys};
use crate::wall;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// Any number, the same in every replica: whoever holds it seals.
const LOCK: &str = "SELECT pg_try_advisory_xact_lock(7461737581) AS locked";

/// How far a round of sealing came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Round {
    /// Nothing is left.
    Done,
    /// There is more.
    More,
    /// Another replica is at it.
    Busy,
    /// The log of this tenant is not as it was left, or cannot be read: to go on from there would put our name under
    /// what somebody else has written. There may be more of others.
    Stuck { tenant: String },
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

/// Whoever seals does so alone. It is tried, never waited for: a transaction that waits here could hold what
/// the other one needs.
pub fn alone(conn: &mut AnyConnection) -> Result<bool, StoreError> {
    match conn {
        // A transaction that writes is alone there.
        AnyConnection::Sqlite(_) => Ok(true),
        AnyConnection::Postgres(c) => {
            let taken: Locked = diesel::sql_query(LOCK).get_result(c)?;
            Ok(taken.locked)
        }
    }
}

/// Seals some of what is in the inbox.
pub fn seal(
    conn: &mut AnyConnection,
    signer: &Signer,
    whose: &Whose,
    now: DateTime<Utc>,
) -> Result<Round, StoreError> {
    if !alone(conn)? {
        return Ok(Round::Busy);
    }
    let noted = match waiting::entries(conn, whose)? {
        Ok(noted) => noted,
        Err(Stopper { tenant, .. }) => return Ok(Round::Stuck { tenant }),
    };
    let mut round = if noted.len() < usize::try_from(TOGETHER).unwrap_or(usize::MAX) {
        Round::Done
    } else {
        Round::More
    };
    for rows in noted.chunk_by(|one, next| one.tenant == next.tenant) {
        let Some(tenant) = rows.first().map(|row| row.tenant.clone()) else { continue };
        // Where a head stands that cannot be read, nobody knows where to go on.
        let Ok(before) = newest(conn, &tenant)? else {
            round = Round::Stuck { tenant };
            continue;
        };
        let good = before.as_ref().is_none_or(|signed| signer.made(signed));
        let end = before.as_ref().map_or(0, |signed| signed.head.sequence);
        if good && !goes_on(conn, &tenant, end)? {
            seal_of(conn, signer, (&tenant, rows), before, now)?;
        } else {
            round = Round::Stuck { tenant };
        }
    }
    Ok(round)
}

/// Whether the log has events after this one.
pub fn goes_on(conn: &mut AnyConnection, tenant: &str, end: i64) -> Result<bool, StoreError> {
    let next: Option<i64> = audit_events::table
        .filter(wall!("tenant", audit_events::tenant.eq(tenant)))
        .filter(audit_events::sequence.gt(end))
        .filter(audit_events::sequence.le(i64::MAX))
        .select(audit_events::sequence)
        .first(conn)
        .optional()?;
    Ok(next.is_some())
}

/// Seals entries of one tenant, in their order, after its newest head.
fn seal_of(
    conn: &mut AnyConnection,
    signer: &Signer,
    (tenant, rows): (&str, &[InboxRow]),
    before: Option<Signed>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    // From the head, not from the last event: where the end was cut off, the gap shows.
    let start = before.as_ref().map_or_else(|| beginning(tenant, now), |signed| signed.head.clone());
    let head = add_after(conn, rows, &start, now)?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let done = audit_inbox::table
        .filter(wall!("tenant", audit_inbox::tenant.eq(tenant)))
        .filter(audit_inbox::id.eq_any(ids));
    diesel::delete(done).execute(conn)?;
    if before.is_some() && start.at.date_naive() == now.date_naive() {
        // Of each day, the last one stays.
        drop_head(conn, tenant, start.sequence)?;
    }
    keep_head(conn, signer.sign(head))
}

/// Adds entries of one tenant after a head; gives the head that is to be signed then.
pub fn add_after(
    conn: &mut AnyConnection,
    rows: &[InboxRow],
    start: &Head,
    now: DateTime<Utc>,
) -> Result<Head, StoreError> {
    let mut head = Head { at: now, ..start.clone() };
    let mut sealed = vec![];
    for row in rows {
        let entry = row.entry();
        let next = head.sequence.checked_add(1);
        head.sequence = next.ok_or_else(|| StoreError::corrupt("no number is left for the next event"))?;
        head.hash = hash(&head.hash, &head.tenant, head.sequence, &entry);
        let event = Event { sequence: head.sequence, entry, hash: head.hash.clone() };
        sealed.push(EventRow::of(&head.tenant, event));
    }
    rows::add_events(conn, sealed)?;
    Ok(head)
}

/// Before the first event.
pub fn beginning(tenant: &str, now: DateTime<Utc>) -> Head {
    Head {
        tenant: tenant.to_owned(),
        sequence: 0,
        hash: GENESIS.to_owned(),
        base: 0,
        base_hash: GENESIS.to_owned(),
        at: now,
    }
}

/// The newest head of a tenant, where what stands there is one.
pub fn newest(
    conn: &mut AnyConnection,
    tenant: &str,
) -> Result<Result<Option<Signed>, Unreadable>, StoreError> {
    let newest = heads_of(tenant).order(audit_heads::sequence.desc()).select(HeadRow::as_select());
    let row = newest.first::<HeadRow>(conn).optional();
    Ok(readable(row)?.map(|row| row.map(HeadRow::read)))
}

pub fn drop_head(conn: &mut AnyConnection, tenant: &str, sequence: i64) -> Result<(), StoreError> {
    let head = audit_heads::table
        .filter(wall!("tenant", audit_heads::tenant.eq(tenant)))
        .filter(audit_heads::sequence.eq(sequence));
    diesel::delete(head).execute(conn)?;
    Ok(())
}

pub fn keep_head(conn: &mut AnyConnection, signed: Signed) -> Result<(), StoreError> {
    diesel::insert_into(audit_heads::table).values(HeadRow::of(signed)).execute(conn)?;
    Ok(())
}

const SLOT: &str = "current";

/// The key that signs heads, or `fresh` when there is none yet: the first start of a new database.
pub fn signing_key(
    conn: &mut AnyConnection,
    fresh: impl FnOnce() -> Option<Vec<u8>>,
    now: DateTime<Utc>,
) -> Result<Signer, StoreError> {
    let unreadable = || StoreError::corrupt("the key of the audit log is no Ed25519 key");
    let kept: Option<String> = audit_keys::table
        .filter(audit_keys::slot.eq(SLOT))
        .select(audit_keys::pkcs8)
        .first(conn)
        .optional()?;
    if let Some(kept) = kept {
        let pkcs8 = STANDARD.decode(kept).map_err(|_| unreadable())?;
        return Signer::of(&pkcs8).ok_or_else(unreadable);
    }
    let pkcs8 = fresh().ok_or_else(|| StoreError::corrupt("no key for the audit log could be made"))?;
    let signer = Signer::of(&pkcs8).ok_or_else(unreadable)?;
    diesel::insert_into(audit_keys::table)
        .values((
            audit_keys::slot.eq(SLOT),
            audit_keys::key_id.eq(signer.key_id()),
            audit_keys::pkcs8.eq(STANDARD.encode(pkcs8)),
            audit_keys::created_at.eq(now.naive_utc()),
        ))
        .execute(conn)?;
    Ok(signer)
}
