//! Tenants and the signing key in the database. Nothing here belongs to a tenant yet, so no function
//! takes one.
use super::domain::{SigningKey, Tenancy};
use crate::db::{AnyConnection, StoreError};
use crate::schema::{signing_keys, tenants};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDateTime;
use diesel::prelude::*;

pub fn add(conn: &mut AnyConnection, tenancy: &Tenancy) -> Result<(), StoreError> {
    diesel::insert_into(tenants::table)
        .values((
            tenants::slug.eq(&tenancy.slug),
            tenants::name.eq(&tenancy.name),
            tenants::created_at.eq(tenancy.created_at.naive_utc()),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn exists(conn: &mut AnyConnection, slug: &str) -> Result<bool, StoreError> {
    let found: Option<String> =
        tenants::table.filter(tenants::slug.eq(slug)).select(tenants::slug).first(conn).optional()?;
    Ok(found.is_some())
}

/// Every tenant there is.
pub fn slugs(conn: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    Ok(tenants::table.select(tenants::slug).order(tenants::slug).load(conn)?)
}

const SLOT: &str = "current";

/// The signing key that is kept, or `fresh` when none is: the first start of a new database.
pub fn signing_key(
    conn: &mut AnyConnection,
    fresh: impl FnOnce() -> Result<SigningKey, StoreError>,
) -> Result<SigningKey, StoreError> {
    if let Some(kept) = kept_key(conn)? {
        return Ok(kept);
    }
    let key = fresh()?;
    diesel::insert_into(signing_keys::table)
        .values((
            signing_keys::slot.eq(SLOT),
            signing_keys::kid.eq(&key.kid),
            signing_keys::pkcs8.eq(STANDARD.encode(&key.pkcs8)),
            signing_keys::created_at.eq(key.created_at.naive_utc()),
        ))
        .execute(conn)?;
    Ok(key)
}

fn kept_key(conn: &mut AnyConnection) -> Result<Option<SigningKey>, StoreError> {
    let row: Option<(String, String, NaiveDateTime)> = signing_keys::table
        .filter(signing_keys::slot.eq(SLOT))
        .select((signing_keys::kid, signing_keys::pkcs8, signing_keys::created_at))
        .first(conn)
        .optional()?;
    row.map(|(kid, pkcs8, created_at)| {
        let pkcs8 =
            STANDARD.decode(pkcs8).map_err(|_| StoreError::corrupt("the signing key is not base64"))?;
        Ok(SigningKey { kid, pkcs8, created_at: created_at.and_utc() })
    })
    .transpose()
}
