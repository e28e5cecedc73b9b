//! Letting answers go that are too old to be given again.
use super::super::domain::expired_before;
use crate::db::{AnyConnection, StoreError};
use crate::schema::idempotency_keys::dsl;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// Answers that one transaction lets go.
const TOGETHER: i64 = 1000;

/// Lets some go, whosever they are; how many.
pub fn prune(conn: &mut AnyConnection, now: DateTime<Utc>) -> Result<usize, StoreError> {
    // Of everybody: what is too old is nobody's any more.
    let old = dsl::idempotency_keys.filter(dsl::created_at.lt(expired_before(now).naive_utc()));
    let last: Option<NaiveDateTime> =
        old.order(dsl::created_at).offset(TOGETHER).select(dsl::created_at).first(conn).optional()?;
    Ok(match last {
        Some(last) => diesel::delete(old.filter(dsl::created_at.le(last))).execute(conn)?,
        None => diesel::delete(old).execute(conn)?,
    })
}
