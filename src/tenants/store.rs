//! Tenants and the signing keys in the database. Nothing here belongs to a tenant yet, so no function
//! takes one.
use super::domain::Tenancy;
use super::keys::{Rotation, SigningKey, UnderWay, followed};
use crate::db::{AnyConnection, StoreError};
use crate::schema::{signing_keys, tenants};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDateTime, Utc};
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

/// The slot of the first key, so that two replicas that start at once agree on one. A later key stands
/// under its own name.
const FIRST: &str = "current";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys)]
struct KeyRow {
    slot: String,
    kid: String,
    pkcs8: String,
    created_at: NaiveDateTime,
    signs_from: Option<NaiveDateTime>,
    checks_until: Option<NaiveDateTime>,
}

impl KeyRow {
    fn of(slot: &str, key: &SigningKey) -> Self {
        Self {
            slot: slot.to_owned(),
            kid: key.kid.clone(),
            pkcs8: STANDARD.encode(&key.pkcs8),
            created_at: key.created_at.naive_utc(),
            signs_from: Some(key.signs_from.naive_utc()),
            checks_until: key.checks_until.map(|until| until.naive_utc()),
        }
    }

    fn read(self) -> Result<SigningKey, StoreError> {
        let pkcs8 = STANDARD
            .decode(self.pkcs8)
            .map_err(|_| StoreError::corrupt("the signing key is not base64"))?;
        Ok(SigningKey {
            kid: self.kid,
            pkcs8,
            created_at: self.created_at.and_utc(),
            // A key from before keys followed each other signs since it was made.
            signs_from: self.signs_from.unwrap_or(self.created_at).and_utc(),
            checks_until: self.checks_until.map(|until| until.and_utc()),
        })
    }
}

/// The signing keys, oldest first; `fresh` when there is none yet: the first start of a new database.
pub fn signing_keys(
    conn: &mut AnyConnection,
    fresh: impl FnOnce() -> Result<SigningKey, StoreError>,
) -> Result<Vec<SigningKey>, StoreError> {
    let kept = kept_keys(conn)?;
    if !kept.is_empty() {
        return Ok(kept);
    }
    let key = fresh()?;
    diesel::insert_into(signing_keys::table).values(KeyRow::of(FIRST, &key)).execute(conn)?;
    Ok(vec![key])
}

fn kept_keys(conn: &mut AnyConnection) -> Result<Vec<SigningKey>, StoreError> {
    let rows: Vec<KeyRow> = signing_keys::table
        .select(KeyRow::as_select())
        .order((signing_keys::created_at, signing_keys::slot))
        .load(conn)?;
    rows.into_iter().map(KeyRow::read).collect()
}

/// Lets `fresh` follow the keys that are there; the key as it then stands.
pub fn rotate(
    conn: &mut AnyConnection,
    fresh: &SigningKey,
    rotation: Rotation,
    now: DateTime<Utc>,
) -> Result<Result<SigningKey, UnderWay>, StoreError> {
    let before = kept_keys(conn)?;
    let after = match followed(before, fresh.clone(), rotation, now) {
        Ok(after) => after,
        Err(under_way) => return Ok(Err(under_way)),
    };
    let stay: Vec<&str> = after.iter().map(|key| key.kid.as_str()).collect();
    diesel::delete(signing_keys::table.filter(signing_keys::kid.ne_all(stay))).execute(conn)?;
    let mut new = fresh.clone();
    for key in after {
        if key.kid == fresh.kid {
            diesel::insert_into(signing_keys::table).values(KeyRow::of(&key.kid, &key)).execute(conn)?;
            new = key;
        } else {
            diesel::update(signing_keys::table.filter(signing_keys::kid.eq(&key.kid)))
                .set(signing_keys::checks_until.eq(key.checks_until.map(|until| until.naive_utc())))
                .execute(conn)?;
        }
    }
    Ok(Ok(new))
}
