//! First answers in the database, by tenant, route and key.
pub mod pruning;

use super::domain::{Kept, Key};
use crate::caller::Tenant;
use crate::db::{AnyConnection, Statement, StoreError};
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
    place: &'a str,
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

/// Takes the key for this transaction; `false` when another one has it: its call is still running. Locks are the
/// database's: their names say in which schema.
/// On SQLite one writes at a time, so the other is over by now.
pub fn take(conn: &mut AnyConnection, tenant: &Tenant, route: &str, key: &Key) -> Result<bool, StoreError> {
    match conn {
        AnyConnection::Sqlite(_) => Ok(true),
        AnyConnection::Postgres(c) => {
            let name = format!("{}\n{}\n{}", tenant.slug(), route_of(tenant, route), key.as_str());
            let lock = Statement::default()
                .text("SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || ")
                .value(name.into_sql::<Text>())
                .text(", 0)) AS locked");
            let taken: Locked = lock.get_result(c)?;
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
            let locks = Statement::default()
                .text(
                    "SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || name, 0)) AS locked \
                     FROM unnest(",
                )
                .value(names.into_sql::<Array<Text>>())
                .text("::text[]) WITH ORDINALITY AS asked (name, place) ORDER BY place");
            let taken: Vec<Locked> = locks.load(c)?;
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
    let names: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
    // On PostgreSQL only: SQLite asks for each key by itself.
    let whose = wall!("tenant", "WHERE (tenant = ", without: "WHERE (TRUE OR tenant = ");
    let looks = Statement::default()
        .text("SELECT kept.* FROM unnest(")
        .value(names.into_sql::<Array<Text>>())
        .text(
            "::text[]) AS asked (name) CROSS JOIN LATERAL ( \
             SELECT key, created_at, fingerprint, location, body FROM ( \
             SELECT * FROM idempotency_keys ",
        )
        .text(whose)
        .value(tenant.slug().into_sql::<Text>())
        .text(")) AS mine WHERE route = ")
        .value(route.into_sql::<Text>())
        .text(" AND key = asked.name LIMIT 1) AS kept");
    Ok(looks.load(conn)?)
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
        place: place_of(&kept.location),
    });
    insert_rows!(
        conn,
        idempotency_keys,
        rows,
        Row { tenant, route, key, fingerprint, location, body, created_at, place }
    );
    Ok(())
}

/// What an answer tells of, whatever of it: `/v1/assessments/{id}` of `/v1/assessments/{id}/responses/{id}`.
fn place_of(location: &str) -> &str {
    location.match_indices('/').nth(3).map_or(location, |(end, _)| &location[..end])
}

/// How many places are looked for in one statement.
const PLACES: usize = 500;

/// Forgets the answers that tell of what stands at these places: it was taken away, and so is what was said of it.
pub fn forget(conn: &mut AnyConnection, tenant: &Tenant, places: &[String]) -> Result<(), StoreError> {
    for places in places.chunks(PLACES) {
        let told = dsl::idempotency_keys
            .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
            .filter(dsl::place.eq_any(places));
        diesel::delete(told).execute(conn)?;
        forget_unplaced(conn, tenant, places)?;
    }
    Ok(())
}

/// The same of answers that a replica of an earlier version has kept since the place was brought in.
fn forget_unplaced(conn: &mut AnyConnection, tenant: &Tenant, places: &[String]) -> Result<(), StoreError> {
    // Second wall (tenant): of what is found only its own is taken away.
    let unplaced = dsl::idempotency_keys
        .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
        .filter(dsl::place.eq(""))
        .filter(dsl::location.ne(""))
        .select((dsl::route, dsl::key, dsl::location));
    for (route, key, location) in unplaced.load::<(String, String, String)>(conn)? {
        if places.iter().any(|place| *place == place_of(&location)) {
            let it = dsl::idempotency_keys
                .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
                .filter(dsl::route.eq(route))
                .filter(dsl::key.eq(key));
            diesel::delete(it).execute(conn)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::place_of;
    use rstest::rstest;

    #[rstest]
    #[case("/v1/assessments/a-1", "/v1/assessments/a-1")]
    #[case("/v1/assessments/a-1/responses/r-1", "/v1/assessments/a-1")]
    #[case("/v1/assessments/a-1/", "/v1/assessments/a-1")]
    #[case("", "")]
    fn an_answer_tells_of_one_thing(#[case] location: &str, #[case] place: &str) {
        assert_eq!(place_of(location), place);
    }
}
