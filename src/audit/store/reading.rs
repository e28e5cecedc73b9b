//! Reading events and heads of which some may be none: whoever has the database can put there what cannot be read, and
//! hides nothing else by it.
use super::super::domain::Event;
use super::super::head::Signed;
use super::Filter;
use super::rows::{EventRow, HeadRow};
use crate::db::{AnyConnection, MultiBackend, StoreError, coalesce};
use crate::schema::{audit_events, audit_heads};
use crate::wall;
use diesel::prelude::*;
use diesel::result::Error as DieselError;

/// Rows that are held in memory at once.
const TOGETHER: i64 = 1000;

/// Why what stands in the database is not what belongs there.
#[derive(Debug)]
pub struct Unreadable(pub String);

impl From<Unreadable> for StoreError {
    fn from(Unreadable(why): Unreadable) -> Self {
        Self::corrupt(why)
    }
}

/// What a query gave, or that a row of it cannot be read. Whatever else goes wrong is no row's fault.
pub fn readable<T>(given: QueryResult<T>) -> Result<Result<T, Unreadable>, StoreError> {
    match given {
        // It may be shown on a terminal, and tell what somebody has put there.
        Err(DieselError::DeserializationError(cause)) => {
            let plain = |c: char| if c.is_control() { '?' } else { c };
            Ok(Err(Unreadable(cause.to_string().chars().map(plain).collect())))
        }
        other => Ok(Ok(other?)),
    }
}

/// A number of the log, and what stands there.
pub type Place<T> = (i64, Result<T, Unreadable>);

/// Events of a tenant after the first number, up to the second one: so many that can be read, in their order.
pub fn events(
    conn: &mut AnyConnection,
    tenant: &str,
    filter: &Filter,
    (after, up_to): (i64, i64),
    wanted: i64,
) -> Result<Vec<Place<Event>>, StoreError> {
    let load = |conn: &mut AnyConnection, after: i64, limit: i64| -> QueryResult<Vec<(i64, Event)>> {
        let query = events_of(tenant, filter, (after, up_to)).limit(limit).select(EventRow::as_select());
        let rows: Vec<EventRow> = query.load(conn)?;
        Ok(rows.into_iter().map(EventRow::read).map(|event| (event.sequence, event)).collect())
    };
    let next = |conn: &mut AnyConnection, after: i64| -> QueryResult<Option<i64>> {
        events_of(tenant, filter, (after, up_to)).select(audit_events::sequence).first(conn).optional()
    };
    places(conn, (after, wanted), load, next)
}

/// Heads of a tenant after this number: so many that can be read, in their order.
pub fn heads(
    conn: &mut AnyConnection,
    tenant: &str,
    after: i64,
    wanted: i64,
) -> Result<Vec<Place<Signed>>, StoreError> {
    let query =
        |after: i64| heads_of(tenant).filter(audit_heads::sequence.gt(after)).order(audit_heads::sequence);
    let load = |conn: &mut AnyConnection, after: i64, limit: i64| -> QueryResult<Vec<(i64, Signed)>> {
        let rows: Vec<HeadRow> = query(after).limit(limit).select(HeadRow::as_select()).load(conn)?;
        Ok(rows.into_iter().map(HeadRow::read).map(|signed| (signed.head.sequence, signed)).collect())
    };
    let next = |conn: &mut AnyConnection, after: i64| -> QueryResult<Option<i64>> {
        query(after).select(audit_heads::sequence).first(conn).optional()
    };
    places(conn, (after, wanted), load, next)
}

/// The heads of a tenant. What has no number is none: in SQLite a text can stand there, and is more than any number.
pub fn heads_of(tenant: &str) -> audit_heads::BoxedQuery<'_, MultiBackend> {
    audit_heads::table
        .filter(wall!("tenant", audit_heads::tenant.eq(tenant)))
        .filter(audit_heads::sequence.le(i64::MAX))
        .into_boxed()
}

fn events_of<'a>(
    tenant: &'a str,
    filter: &'a Filter,
    (after, up_to): (i64, i64),
) -> audit_events::BoxedQuery<'a, MultiBackend> {
    let Filter { action, subject, resource, resource_id, client_id, from, to } = filter;
    let mut query = audit_events::table
        .filter(wall!("tenant", audit_events::tenant.eq(tenant)))
        .filter(audit_events::sequence.gt(after))
        .order(audit_events::sequence)
        .into_boxed();
    // Two bounds seem to leave less than one thing does that has an index of its own, and led through the whole log.
    // What has a text for a number stays out either way.
    query = if resource_id.is_some() || client_id.is_some() {
        query.filter(coalesce(audit_events::sequence, audit_events::sequence).le(up_to))
    } else {
        query.filter(audit_events::sequence.le(up_to))
    };
    if let Some(action) = action {
        query = query.filter(audit_events::action.eq(action));
    }
    if let Some(subject) = subject {
        query = query.filter(audit_events::subject.eq(subject));
    }
    if let Some(resource) = resource {
        query = query.filter(audit_events::resource.eq(resource));
    }
    if let Some(resource_id) = resource_id {
        query = query.filter(audit_events::resource_id.eq(resource_id));
    }
    if let Some(client_id) = client_id {
        query = match resource_id {
            // One thing of a client leaves less than all of the client's.
            Some(_) => query.filter(audit_events::client_id.concat("").eq(client_id)),
            None => query.filter(audit_events::client_id.eq(client_id)),
        };
    }
    if let Some(from) = from {
        query = query.filter(audit_events::at.ge(from.naive_utc()));
    }
    if let Some(to) = to {
        query = query.filter(audit_events::at.lt(to.naive_utc()));
    }
    query
}

/// Reads in steps, which get shorter until the row that cannot be read stands alone, and longer again after it.
/// `load` gives some rows after a number, `next` the number of the first of them.
fn places<T>(
    conn: &mut AnyConnection,
    (mut after, wanted): (i64, i64),
    load: impl Fn(&mut AnyConnection, i64, i64) -> QueryResult<Vec<(i64, T)>>,
    next: impl Fn(&mut AnyConnection, i64) -> QueryResult<Option<i64>>,
) -> Result<Vec<Place<T>>, StoreError> {
    let (mut places, mut left, mut step) = (vec![], wanted, TOGETHER);
    while left > 0 {
        let limit = step.min(left);
        match readable(load(conn, after, limit))? {
            Ok(rows) => {
                let read = i64::try_from(rows.len()).unwrap_or(i64::MAX);
                after = rows.last().map_or(after, |(place, _)| *place);
                places.extend(rows.into_iter().map(|(place, row)| (place, Ok(row))));
                if read < limit {
                    break;
                }
                (left, step) = (left - read, TOGETHER.min(step.saturating_mul(2)));
            }
            Err(_) if limit > 1 => step = limit / 2,
            Err(why) => {
                // Where it is gone meanwhile, so is what cannot be read.
                let Some(place) = next(conn, after)? else { break };
                places.push((place, Err(why)));
                after = place;
            }
        }
    }
    Ok(places)
}
