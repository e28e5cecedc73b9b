//! What waits to be sealed.
use super::reading::{Unreadable, readable};
use super::rows::InboxRow;
use crate::db::{AnyConnection, MultiBackend, StoreError};
use crate::schema::audit_inbox;
use crate::wall;
use diesel::prelude::*;

/// Entries that one transaction seals: few enough that nobody waits long behind it.
pub const TOGETHER: i64 = 250;

/// Whose entries to seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    Only(String),
    EverybodyBut(Vec<String>),
}

/// An entry that cannot be read.
#[derive(Debug)]
pub struct Stopper {
    pub tenant: String,
    pub id: String,
    pub why: Unreadable,
}

pub fn inbox_is_empty(conn: &mut AnyConnection) -> Result<bool, StoreError> {
    // Of everybody: it says nothing of anybody.
    let first: Option<String> =
        audit_inbox::table.select(audit_inbox::id).limit(1).first(conn).optional()?;
    Ok(first.is_none())
}

/// The first entries that wait, or one of them that cannot be read.
pub fn entries(
    conn: &mut AnyConnection,
    whose: &Whose,
) -> Result<Result<Vec<InboxRow>, Stopper>, StoreError> {
    loop {
        let rows = first(whose).limit(TOGETHER).select(InboxRow::as_select()).load::<InboxRow>(conn);
        if let Ok(rows) = readable(rows)? {
            return Ok(Ok(rows));
        }
        // One by one. Where none is found, it has gone meanwhile.
        for place in 0..TOGETHER {
            let alone = || first(whose).limit(1).offset(place);
            let row = alone().select(InboxRow::as_select()).load::<InboxRow>(conn);
            if let Err(why) = readable(row)? {
                let name = alone().select((audit_inbox::tenant, audit_inbox::id));
                let Some((tenant, id)) = name.load::<(String, String)>(conn)?.pop() else { break };
                return Ok(Err(Stopper { tenant, id, why }));
            }
        }
    }
}

fn first(whose: &Whose) -> audit_inbox::BoxedQuery<'_, MultiBackend> {
    // Of everybody: each entry is sealed into the log of the tenant that it names.
    let query = audit_inbox::table.order((audit_inbox::tenant, audit_inbox::id)).into_boxed();
    match whose {
        Whose::Only(tenant) => query.filter(wall!("tenant", audit_inbox::tenant.eq(tenant))),
        // Of everybody else: one log that is stuck holds up nobody.
        Whose::EverybodyBut(stuck) => query.filter(audit_inbox::tenant.ne_all(stuck)),
    }
}
