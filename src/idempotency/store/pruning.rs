//! Letting answers go that are too old to be given again, also those of a tenant that is silent.
use super::super::domain::expired_before;
use crate::db::{AnyConnection, StoreError};
use crate::schema::idempotency_keys::dsl;
use crate::wall;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// Answers that one transaction lets go.
const TOGETHER: i64 = 1000;

/// Lets some of a tenant's go; how many.
pub fn prune(conn: &mut AnyConnection, tenant: &str, now: DateTime<Utc>) -> Result<usize, StoreError> {
    // Second wall (tenant): the answers of every tenant go when they are too old; this makes a step small.
    let old = dsl::idempotency_keys
        .filter(wall!("tenant", dsl::tenant.eq(tenant)))
        .filter(dsl::created_at.lt(expired_before(now).naive_utc()));
    let last: Option<NaiveDateTime> =
        old.order(dsl::created_at).offset(TOGETHER).select(dsl::created_at).first(conn).optional()?;
    Ok(match last {
        Some(last) => diesel::delete(old.filter(dsl::created_at.le(last))).execute(conn)?,
        None => diesel::delete(old).execute(conn)?,
    })
}
