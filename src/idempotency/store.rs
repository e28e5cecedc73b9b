//! First answers in the database, by tenant, route and key.
pub mod pruning;

use super::domain::{Kept, Key};
use crate::caller::Tenant;
use crate::db::{AnyConnection, MultiBackend, StoreError};
use crate::insert_rows;
use crate::schema::idempotency_keys::{self, dsl};
use crate::wall;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Text};
use std::collections::HashMap;

/// The name of the list that a key stands in. A narrowed token has one of its own: an answer that was
/// given to a wider one is none of its business.
fn route_of(tenant: &Tenant, route: &str) -> String {
    let client = wall!("client", tenant.only_client(), without: None);
    client.map_or_else(|| route.to_owned(), |client| format!("{route} {client}"))
}

#[derive(Insertable)]
#[diesel(table_name = idempotency_keys)]
struct Row<'a> {
    tenant: &'a str,
    route: String,
    key: &'a str,
    fingerprint: &'a str,
    location: &'a str,
    body: &'a str,
    created_at: NaiveDateTime,
}

#[derive(Queryable, QueryableByName)]
#[diesel(table_name = idempotency_keys)]
struct Found {
    key: String,
    created_at: NaiveDateTime,
    fingerprint: String,
    location: String,
    body: String,
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

/// Takes the key for this transaction; `false` when another one has it: its call is still running.
/// On SQLite one writes at a time, so the other is over by now.
pub fn take(conn: &mut AnyConnection, tenant: &Tenant, route: &str, key: &Key) -> Result<bool, StoreError> {
    match conn {
        AnyConnection::Sqlite(_) => Ok(true),
        AnyConnection::Postgres(c) => {
            let name = format!("{}\n{}\n{}", tenant.slug(), route_of(tenant, route), key.as_str());
            let taken: Locked =
                diesel::sql_query("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked")
                    .bind::<Text, _>(name)
                    .get_result(c)?;
            Ok(taken.locked)
        }
    }
}

/// The same for several keys of one route, in their order.
pub fn take_all(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    route: &str,
    keys: &[&Key],
) -> Result<Vec<bool>, StoreError> {
    match conn {
        AnyConnection::Sqlite(_) => Ok(vec![true; keys.len()]),
        AnyConnection::Postgres(c) => {
            let route = route_of(tenant, route);
            let name = |key: &&Key| format!("{}\n{route}\n{}", tenant.slug(), key.as_str());
            let names: Vec<String> = keys.iter().map(name).collect();
            let taken: Vec<Locked> = diesel::sql_query(
                "SELECT pg_try_advisory_xact_lock(hashtextextended(name, 0)) AS locked \
                 FROM unnest($1) WITH ORDINALITY AS asked (name, place) ORDER BY place",
            )
            .bind::<Array<Text>, _>(names)
            .load(c)?;
            Ok(taken.into_iter().map(|taken| taken.locked).collect())
        }
    }
}

pub fn find(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    route: &str,
    key: &Key,
    not_before: DateTime<Utc>,
) -> Result<Option<Kept>, StoreError> {
    let mut found = find_all(conn, tenant, route, &[key], not_before)?;
    Ok(found.remove(key.as_str()))
}

/// What is kept under any of these keys. What is too old to be given again goes.
pub fn find_all(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    route: &str,
    keys: &[&Key],
    not_before: DateTime<Utc>,
) -> Result<HashMap<String, Kept>, StoreError> {
    let route = route_of(tenant, route);
    let mine = dsl::idempotency_keys
        .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
        .filter(dsl::route.eq(&route));
    let columns = (dsl::key, dsl::created_at, dsl::fingerprint, dsl::location, dsl::body);
    let mut rows: Vec<Found> = vec![];
    match conn {
        AnyConnection::Postgres(c) if keys.len() > 1 => rows = each(c, tenant, &route, keys)?,
        _ => {
            for key in keys {
                rows.extend(mine.filter(dsl::key.eq(key.as_str())).select(columns).first(conn).optional()?);
            }
        }
    }
    let mut found = HashMap::new();
    for Found { key, created_at, fingerprint, location, body } in rows {
        if created_at < not_before.naive_utc() {
            diesel::delete(mine.filter(dsl::key.eq(&key))).execute(conn)?;
        } else {
            found.insert(key, Kept { fingerprint, location, body });
        }
    }
    Ok(found)
}

/// One look for each key, in one statement. With `key = ANY (...)` a planner without statistics goes through all
/// keys of the tenant instead.
fn each(
    conn: &mut PgConnection,
    tenant: &Tenant,
    route: &str,
    keys: &[&Key],
) -> Result<Vec<Found>, StoreError> {
    // On PostgreSQL only: SQLite asks for each key by itself.
    let whose = wall!("tenant", "tenant = $1 AND", without: "");
    let statement = format!(
        "SELECT kept.* FROM unnest($3::text[]) AS asked (name) CROSS JOIN LATERAL ( \
         SELECT key, created_at, fingerprint, location, body FROM idempotency_keys \
         WHERE {whose} route = $2 AND key = asked.name LIMIT 1) AS kept"
    );
    let names: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
    let asked = diesel::sql_query(statement).bind::<Text, _>(tenant.slug()).bind::<Text, _>(route);
    Ok(asked.bind::<Array<Text>, _>(names).load(conn)?)
}

/// Keeps the first answer.
pub fn keep(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    route: &str,
    key: &Key,
    kept: &Kept,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    keep_all(conn, tenant, route, &[(key, kept)], now)
}

/// The same for several.
pub fn keep_all(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    route: &str,
    all: &[(&Key, &Kept)],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let route = route_of(tenant, route);
    let rows = all.iter().map(|(key, kept)| Row {
        tenant: tenant.slug(),
        route: route.clone(),
        key: key.as_str(),
        fingerprint: &kept.fingerprint,
        location: &kept.location,
        body: &kept.body,
        created_at: now.naive_utc(),
    });
    insert_rows!(conn, idempotency_keys::table, rows);
    Ok(())
}

/// How many places are looked for in one statement.
const PLACES: usize = 50;

/// Forgets the answers that tell of what stands at these places and below: it was taken away, and so is what was
/// said of it.
pub fn forget(conn: &mut AnyConnection, tenant: &Tenant, places: &[String]) -> Result<(), StoreError> {
    type Condition = Box<dyn BoxableExpression<idempotency_keys::table, MultiBackend, SqlType = Bool>>;
    for places in places.chunks(PLACES) {
        let mut there: Condition = Box::new(dsl::location.eq_any(places.to_vec()));
        for place in places {
            // A place is of our own making: it holds nothing that a pattern would read.
            there = Box::new(there.or(dsl::location.like(format!("{place}/%"))));
        }
        let told =
            dsl::idempotency_keys.filter(wall!("tenant", dsl::tenant.eq(tenant.slug()))).filter(there);
        diesel::delete(told).execute(conn)?;
    }
    Ok(())
}
