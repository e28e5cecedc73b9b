//! Service accounts in the database. A token that is narrowed to one client has no business here: those who
//! ask see to that.
use super::domain::{Account, KeptSecret};
use super::reach::Reach;
use crate::caller::{Scope, Tenant};
use crate::db::{AnyConnection, StoreError};
use crate::schema::service_accounts::{self, dsl};
use crate::schema::used_assertions::{self, dsl as used};
use crate::wall;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = service_accounts, treat_none_as_null = true)]
struct Row {
    tenant: String,
    id: String,
    name: String,
    scopes: String,
    client_id: Option<String>,
    expires_at: Option<NaiveDateTime>,
    addresses: String,
    disabled: i32,
    secrets: String,
    public_keys: String,
    revision: i32,
    created_by: String,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl Row {
    fn of(tenant: &Tenant, account: &Account) -> Result<Self, StoreError> {
        let Account {
            id,
            name,
            reach: Reach { scopes, client, expires_at, addresses },
            disabled,
            secrets,
            public_keys,
            revision,
            created_by,
            created_at,
            updated_at,
        } = account.clone();
        let json = |error: serde_json::Error| StoreError::Broken(error.into());
        let join = |words: Vec<String>| words.join(" ");
        Ok(Self {
            tenant: tenant.slug().to_owned(),
            id,
            name,
            scopes: join(scopes.iter().map(ToString::to_string).collect()),
            client_id: client,
            expires_at: expires_at.map(|at| at.naive_utc()),
            addresses: join(addresses.iter().map(ToString::to_string).collect()),
            disabled: disabled.into(),
            secrets: serde_json::to_string(&secrets).map_err(json)?,
            public_keys: serde_json::to_string(&public_keys).map_err(json)?,
            revision,
            created_by,
            created_at: created_at.naive_utc(),
            updated_at: updated_at.naive_utc(),
        })
    }

    fn read(self) -> Result<Account, StoreError> {
        let corrupt = |what: String| StoreError::corrupt(format!("service account {}: {what}", self.id));
        let scopes = self.scopes.split_whitespace().map(str::parse).collect::<Result<Vec<Scope>, _>>();
        let addresses = self.addresses.split_whitespace().map(str::parse).collect::<Result<Vec<_>, ()>>();
        let secrets: Vec<KeptSecret> =
            serde_json::from_str(&self.secrets).map_err(|error| corrupt(error.to_string()))?;
        let public_keys =
            serde_json::from_str(&self.public_keys).map_err(|error| corrupt(error.to_string()))?;
        let reach = Reach {
            scopes: scopes.map_err(corrupt)?,
            client: self.client_id.clone(),
            expires_at: self.expires_at.map(|at| at.and_utc()),
            addresses: addresses.map_err(|()| corrupt("an address cannot be read".to_owned()))?,
        };
        Ok(Account {
            reach,
            secrets,
            public_keys,
            id: self.id,
            name: self.name,
            disabled: self.disabled != 0,
            revision: self.revision,
            created_by: self.created_by,
            created_at: self.created_at.and_utc(),
            updated_at: self.updated_at.and_utc(),
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = used_assertions)]
struct UsedRow<'a> {
    tenant: &'a str,
    account_id: &'a str,
    jti: &'a str,
    until: NaiveDateTime,
}

/// The accounts of the tenant; the one way into the table.
macro_rules! mine {
    ($tenant:expr) => {{
        let tenant: &Tenant = $tenant;
        dsl::service_accounts.filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
    }};
}

/// Adds an account; `Duplicate` when the name is taken, `Missing` when its client is not there.
pub fn add(conn: &mut AnyConnection, tenant: &Tenant, account: &Account) -> Result<(), StoreError> {
    diesel::insert_into(service_accounts::table).values(Row::of(tenant, account)?).execute(conn)?;
    Ok(())
}

pub fn get(conn: &mut AnyConnection, tenant: &Tenant, id: &str) -> Result<Account, StoreError> {
    mine!(tenant).filter(dsl::id.eq(id)).select(Row::as_select()).first(conn)?.read()
}

pub fn count(conn: &mut AnyConnection, tenant: &Tenant) -> Result<i64, StoreError> {
    Ok(mine!(tenant).count().get_result(conn)?)
}

pub fn page(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Account>, StoreError> {
    let mut query = mine!(tenant).select(Row::as_select()).order(dsl::id).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(dsl::id.gt(after));
    }
    query.load(conn)?.into_iter().map(Row::read).collect()
}

/// Those that are narrowed to this client: they go with it.
pub fn of_client(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    client: &str,
) -> Result<Vec<Account>, StoreError> {
    let narrowed = mine!(tenant).filter(dsl::client_id.eq(client)).order(dsl::id);
    let rows: Vec<Row> = narrowed.select(Row::as_select()).load(conn)?;
    rows.into_iter().map(Row::read).collect()
}

/// Saves the next revision; `Stale` when somebody else saved one first.
pub fn save(conn: &mut AnyConnection, tenant: &Tenant, account: &Account) -> Result<(), StoreError> {
    let before =
        mine!(tenant).filter(dsl::id.eq(&account.id)).filter(dsl::revision.eq(account.revision - 1));
    let saved = diesel::update(before).set(Row::of(tenant, account)?).execute(conn)?;
    if saved == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

pub fn remove(conn: &mut AnyConnection, tenant: &Tenant, account: &Account) -> Result<(), StoreError> {
    let it = mine!(tenant).filter(dsl::id.eq(&account.id)).filter(dsl::revision.eq(account.revision));
    let removed = diesel::delete(it).execute(conn)?;
    if removed == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Notes that an assertion was used; `Duplicate` when it was before. Those that have died are forgotten.
pub fn use_assertion(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    account_id: &str,
    jti: &str,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let of_account = used::used_assertions
        .filter(wall!("tenant", used::tenant.eq(tenant.slug())))
        .filter(used::account_id.eq(account_id));
    diesel::delete(of_account.filter(used::until.lt(now.naive_utc()))).execute(conn)?;
    diesel::insert_into(used_assertions::table)
        .values(UsedRow { tenant: tenant.slug(), account_id, jti, until: until.naive_utc() })
        .execute(conn)?;
    Ok(())
}
