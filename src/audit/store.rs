//! The log in the database. A command notes what it does in its own transaction; sealing comes after it.
pub mod accepting;
pub mod operator;
pub mod reading;
mod rows;
pub mod sealing;
pub mod verifying;
pub mod waiting;

use super::domain::{Audited, Detail, Effect, Event, Named};
use super::head::Signed;
use crate::caller::{Author, Tenant};
use crate::clock;
use crate::db::{AnyConnection, StoreError};
use crate::schema::audit_inbox;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use rows::InboxRow;

/// Notes that the thing was made.
pub fn created<T: Audited>(conn: &mut AnyConnection, tenant: &Tenant, thing: &T) -> Result<(), StoreError> {
    note(conn, tenant, Effect::Created, thing.named(), &Detail::of(None, Some(thing)))
}

/// Notes of each of several things that it was made, and by whom: all of one tenant.
pub fn created_all<T: Audited>(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    things: &[(&Author, &T)],
) -> Result<(), StoreError> {
    let rows: Vec<InboxRow> = things
        .iter()
        .map(|(author, thing)| {
            let who = (tenant.slug(), *author);
            let detail = Detail::of(None, Some(*thing));
            InboxRow::of(who, Effect::Created, thing.named(), &detail, clock::new_id(), clock::now())
        })
        .collect::<Result<_, _>>()?;
    rows::add_to_inbox(conn, rows)
}

/// Notes that the thing was changed.
pub fn changed<T: Audited>(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    before: &T,
    after: &T,
) -> Result<(), StoreError> {
    note(conn, tenant, Effect::Changed, after.named(), &Detail::of(Some(before), Some(after)))
}

/// Notes that the thing was taken away, and how much of what with it.
pub fn removed<T: Audited>(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    thing: &T,
    with: &[(&str, usize)],
) -> Result<(), StoreError> {
    let detail = Detail::of(Some(thing), None).with_counts(with);
    note(conn, tenant, Effect::Removed, thing.named(), &detail)
}

/// One row, and nothing that another command would wait for. Id and time are taken here, so that a write costs
/// its feature one line.
fn note(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    effect: Effect,
    named: Named,
    detail: &Detail,
) -> Result<(), StoreError> {
    let who = (tenant.slug(), tenant.author());
    let row = InboxRow::of(who, effect, named, detail, clock::new_id(), clock::now())?;
    diesel::insert_into(audit_inbox::table).values(row).execute(conn)?;
    Ok(())
}

/// Which events of a list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub action: Option<String>,
    pub subject: Option<String>,
    pub resource: Option<String>,
    pub resource_id: Option<String>,
    pub client_id: Option<String>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

/// Sealed events, oldest first. What cannot be read is left out, and its number is missing, as where somebody took it
/// away: verifying the log tells which it is.
pub fn page(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    filter: &Filter,
    after: i64,
    limit: i64,
) -> Result<Vec<Event>, StoreError> {
    let places = reading::events(conn, tenant.slug(), filter, (after, i64::MAX), limit)?;
    Ok(places.into_iter().filter_map(|(_, event)| event.ok()).collect())
}

/// The newest signed head.
pub fn newest_head(conn: &mut AnyConnection, tenant: &Tenant) -> Result<Option<Signed>, StoreError> {
    Ok(sealing::newest(conn, tenant.slug())??)
}

/// Signed heads, oldest first, but for what cannot be read.
pub fn heads(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    after: i64,
    limit: i64,
) -> Result<Vec<Signed>, StoreError> {
    let places = reading::heads(conn, tenant.slug(), after, limit)?;
    Ok(places.into_iter().filter_map(|(_, head)| head.ok()).collect())
}
