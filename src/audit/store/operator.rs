//! What an operator does on the command line: it stands in the log of the tenant that it is done to.
use super::super::domain::{Audited, Detail, Effect};
use super::rows::InboxRow;
use crate::caller::Author;
use crate::clock;
use crate::db::{AnyConnection, StoreError};
use crate::schema::audit_inbox;
use diesel::prelude::*;

/// Who a command is to the log.
pub fn author(command: &str) -> Author {
    Author { subject: "command-line".to_owned(), action: command.to_owned(), ..Author::default() }
}

/// Notes what a command did to a thing of a tenant: `before` it, and after.
pub fn by_operator<T: Audited>(
    conn: &mut AnyConnection,
    tenant: &str,
    command: &str,
    (before, after): (Option<&T>, Option<&T>),
) -> Result<(), StoreError> {
    let (effect, thing) = match (before, after) {
        (None, Some(thing)) => (Effect::Created, thing),
        (Some(_), Some(thing)) => (Effect::Changed, thing),
        (Some(thing), None) => (Effect::Removed, thing),
        (None, None) => return Ok(()),
    };
    let detail = Detail::of(before, after);
    let (id, now) = (clock::new_id(), clock::now());
    let row = InboxRow::of((tenant, &author(command)), effect, thing.named(), &detail, id, now)?;
    diesel::insert_into(audit_inbox::table).values(row).execute(conn)?;
    Ok(())
}
