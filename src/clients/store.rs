//! Clients in the database. Every query names its tenant, and with it the one client that a narrowed
//! token may see.
use super::domain::Client;
use crate::caller::Tenant;
use crate::db::{AnyConnection, Statement, StoreError};
use crate::schema::clients::{self, dsl};
use crate::wall;
use chrono::NaiveDateTime;
use diesel::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(treat_none_as_null = true)]
#[diesel(table_name = clients)]
struct Row {
    tenant: String,
    id: String,
    external_id: Option<String>,
    name: String,
    industry: Option<String>,
    employees: Option<i32>,
    prefecture: Option<String>,
    profile: String,
    contracts: String,
    revision: i32,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl Row {
    fn of(tenant: &Tenant, client: &Client) -> Result<Self, StoreError> {
        let Client {
            id,
            external_id,
            name,
            industry,
            employees,
            prefecture,
            profile,
            contracts,
            revision,
            created_at,
            updated_at,
        } = client.clone();
        let broken = |error: serde_json::Error| StoreError::Broken(error.into());
        Ok(Self {
            tenant: tenant.slug().to_owned(),
            id,
            external_id,
            name,
            industry,
            employees,
            prefecture,
            profile: serde_json::to_string(&profile).map_err(broken)?,
            contracts: serde_json::to_string(&contracts).map_err(broken)?,
            revision,
            created_at: created_at.naive_utc(),
            updated_at: updated_at.naive_utc(),
        })
    }

    fn read(self) -> Result<Client, StoreError> {
        let corrupt = |error| StoreError::corrupt(format!("client {}: {error}", self.id));
        Ok(Client {
            profile: serde_json::from_str(&self.profile).map_err(corrupt)?,
            contracts: serde_json::from_str(&self.contracts).map_err(corrupt)?,
            id: self.id,
            external_id: self.external_id,
            name: self.name,
            industry: self.industry,
            employees: self.employees,
            prefecture: self.prefecture,
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
        let mut query = dsl::clients
            .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
            .select(Row::as_select())
            .into_boxed();
        if let Some(only) = tenant.only_client() {
            query = query.filter(wall!("client", dsl::id.eq(only)));
        }
        query
    }};
}

pub fn add(conn: &mut AnyConnection, tenant: &Tenant, client: &Client) -> Result<(), StoreError> {
    diesel::insert_into(clients::table).values(Row::of(tenant, client)?).execute(conn)?;
    Ok(())
}

/// Saves the next revision; `Stale` when somebody else saved one first.
pub fn save(conn: &mut AnyConnection, tenant: &Tenant, client: &Client) -> Result<(), StoreError> {
    let before = dsl::clients
        .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
        .filter(dsl::id.eq(&client.id))
        .filter(dsl::revision.eq(client.revision - 1));
    let saved = diesel::update(before).set(Row::of(tenant, client)?).execute(conn)?;
    if saved == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Takes the client away, and with it everything that is kept of it.
pub fn remove(conn: &mut AnyConnection, tenant: &Tenant, client: &Client) -> Result<(), StoreError> {
    let it = dsl::clients
        .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
        .filter(dsl::id.eq(&client.id))
        .filter(dsl::revision.eq(client.revision));
    let removed = diesel::delete(it).execute(conn)?;
    if removed == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

pub fn get(conn: &mut AnyConnection, tenant: &Tenant, id: &str) -> Result<Client, StoreError> {
    mine!(tenant).filter(dsl::id.eq(id)).first(conn)?.read()
}

pub fn by_external_id(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    external_id: &str,
) -> Result<Client, StoreError> {
    mine!(tenant).filter(dsl::external_id.eq(external_id)).first(conn)?.read()
}

/// A client, and what the provider calls it.
#[derive(Queryable, QueryableByName)]
#[diesel(table_name = clients)]
pub struct Known {
    pub id: String,
    pub external_id: Option<String>,
}

/// Those with one of these ids or names of the provider's own.
pub fn known(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    ids: &[&str],
    external_ids: &[&str],
) -> Result<Vec<Known>, StoreError> {
    let mut found = vec![];
    match conn {
        AnyConnection::Postgres(c) => {
            found.extend(each(c, tenant, "id", ids)?);
            found.extend(each(c, tenant, "external_id", external_ids)?);
        }
        AnyConnection::Sqlite(_) => {
            let columns = (dsl::id, dsl::external_id);
            for id in ids {
                let by_id = mine!(tenant).filter(dsl::id.eq(id)).select(columns);
                found.extend(by_id.first::<Known>(conn).optional()?);
            }
            for name in external_ids {
                let by_name = mine!(tenant).filter(dsl::external_id.eq(name)).select(columns);
                found.extend(by_name.first::<Known>(conn).optional()?);
            }
        }
    }
    Ok(found)
}

/// One look for each, in one statement. With `id = ANY (...)` the planner goes through all clients of a tenant that has
/// more than the others.
fn each(
    conn: &mut PgConnection,
    tenant: &Tenant,
    column: &'static str,
    asked: &[&str],
) -> Result<Vec<Known>, StoreError> {
    if asked.is_empty() {
        return Ok(vec![]);
    }
    // On PostgreSQL only: SQLite asks for each by itself.
    let whose = wall!("tenant", "WHERE (tenant = ", without: "WHERE (TRUE OR tenant = ");
    let mut looks = Statement::default()
        .text("SELECT known.* FROM unnest(")
        .value(asked.into_sql::<Array<Text>>())
        .text(
            "::text[]) AS asked (name) CROSS JOIN LATERAL ( \
             SELECT id, external_id FROM (SELECT id, external_id FROM clients ",
        )
        .text(whose)
        .value(tenant.slug().into_sql::<Text>())
        .text(")");
    if let Some(only) = tenant.only_client() {
        // On PostgreSQL only.
        let own = wall!("client", " AND (id = ", without: " AND (TRUE OR id = ");
        looks = looks.text(own).value(only.into_sql::<Text>()).text(")");
    }
    let looks = looks.text(") AS mine WHERE ").text(column).text(" = asked.name LIMIT 1) AS known");
    Ok(looks.load(conn)?)
}

pub fn page(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    external_id: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Client>, StoreError> {
    let mut query = mine!(tenant).limit(limit);
    query = match external_id {
        // There is at most one: with an order PostgreSQL would go along that.
        Some(external_id) => query.filter(dsl::external_id.eq(external_id)),
        None => query.order(dsl::id),
    };
    if let Some(after) = after {
        query = query.filter(dsl::id.gt(after));
    }
    query.load(conn)?.into_iter().map(Row::read).collect()
}
