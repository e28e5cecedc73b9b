//! Own contacts in the database. Every query names its tenant; they are no client's, so a narrowed
//! token may read them too.
use super::directory::Directory;
use super::own::OwnContact;
use crate::caller::Tenant;
use crate::db::{AnyConnection, StoreError};
use crate::schema::own_contacts::{self, dsl};
use crate::wall;
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = own_contacts, treat_none_as_null = true)]
struct Row {
    tenant: String,
    id: String,
    said: String,
    shipped: Option<String>,
    revision: i32,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl Row {
    fn of(tenant: &Tenant, own: &OwnContact) -> Result<Self, StoreError> {
        let OwnContact { said, shipped, revision, created_at, updated_at } = own.clone();
        Ok(Self {
            tenant: tenant.slug().to_owned(),
            id: said.id.clone(),
            said: serde_json::to_string(&said).map_err(|error| StoreError::Broken(error.into()))?,
            shipped: shipped.map(|shipped| shipped.to_string()),
            revision,
            created_at: created_at.naive_utc(),
            updated_at: updated_at.naive_utc(),
        })
    }

    fn read(self) -> Result<OwnContact, StoreError> {
        let corrupt = |error| StoreError::corrupt(format!("contact {}: {error}", self.id));
        Ok(OwnContact {
            said: serde_json::from_str(&self.said).map_err(corrupt)?,
            shipped: self.shipped.as_deref().map(serde_json::from_str).transpose().map_err(corrupt)?,
            revision: self.revision,
            created_at: self.created_at.and_utc(),
            updated_at: self.updated_at.and_utc(),
        })
    }
}

/// What the tenant may see; the one way into the table.
macro_rules! mine {
    ($tenant:expr) => {{
        let tenant: &Tenant = $tenant;
        dsl::own_contacts.filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
    }};
}

pub fn add(conn: &mut AnyConnection, tenant: &Tenant, own: &OwnContact) -> Result<(), StoreError> {
    diesel::insert_into(own_contacts::table).values(Row::of(tenant, own)?).execute(conn)?;
    Ok(())
}

pub fn get(conn: &mut AnyConnection, tenant: &Tenant, id: &str) -> Result<OwnContact, StoreError> {
    mine!(tenant).filter(dsl::id.eq(id)).select(Row::as_select()).first(conn)?.read()
}

pub fn all(conn: &mut AnyConnection, tenant: &Tenant) -> Result<Vec<OwnContact>, StoreError> {
    let rows = mine!(tenant).order(dsl::id).select(Row::as_select()).load(conn)?;
    rows.into_iter().map(Row::read).collect()
}

pub fn count(conn: &mut AnyConnection, tenant: &Tenant) -> Result<i64, StoreError> {
    Ok(mine!(tenant).count().get_result(conn)?)
}

/// Saves the next revision; `Stale` when somebody else saved one first.
pub fn save(conn: &mut AnyConnection, tenant: &Tenant, own: &OwnContact) -> Result<(), StoreError> {
    let before = dsl::own_contacts
        .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
        .filter(dsl::id.eq(&own.said.id))
        .filter(dsl::revision.eq(own.revision - 1));
    let saved = diesel::update(before).set(Row::of(tenant, own)?).execute(conn)?;
    if saved == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

pub fn remove(conn: &mut AnyConnection, tenant: &Tenant, own: &OwnContact) -> Result<(), StoreError> {
    let it = mine!(tenant).filter(dsl::id.eq(&own.said.id)).filter(dsl::revision.eq(own.revision));
    let removed = diesel::delete(it).execute(conn)?;
    if removed == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// The directory as the tenant sees it.
pub fn directory_of(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    shipped: &Directory,
) -> Result<Directory, StoreError> {
    let own = all(conn, tenant)?;
    Ok(shipped.with(&own))
}
