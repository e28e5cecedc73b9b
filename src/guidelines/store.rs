//! Own guidelines in the database. Every query names its tenant; they are no client's, so a narrowed
//! token may read them too.
use super::catalogue::Held;
use super::own::{OwnEdition, OwnSummary};
use crate::caller::Tenant;
use crate::db::{AnyConnection, StoreError};
use crate::schema::own_guidelines::{self, dsl};
use crate::wall;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use std::collections::HashMap;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = own_guidelines)]
struct Row {
    tenant: String,
    guideline: String,
    edition: String,
    summary: String,
    catalog: String,
    fingerprint: String,
    created_by: String,
    created_at: NaiveDateTime,
    used_at: Option<NaiveDateTime>,
}

impl Row {
    fn of(tenant: &Tenant, own: &OwnEdition) -> Result<Self, StoreError> {
        let OwnEdition {
            guideline,
            edition,
            summary,
            catalog,
            fingerprint,
            created_by,
            created_at,
            used_at,
        } = own.clone();
        let broken = |error: serde_json::Error| StoreError::Broken(error.into());
        Ok(Self {
            tenant: tenant.slug().to_owned(),
            guideline,
            edition,
            summary: serde_json::to_string(&summary).map_err(broken)?,
            catalog: catalog.to_string(),
            fingerprint,
            created_by,
            created_at: created_at.naive_utc(),
            used_at: used_at.map(|at| at.naive_utc()),
        })
    }

    fn read(self) -> Result<OwnEdition, StoreError> {
        let corrupt =
            |error| StoreError::corrupt(format!("guideline {} {}: {error}", self.guideline, self.edition));
        Ok(OwnEdition {
            summary: serde_json::from_str(&self.summary).map_err(corrupt)?,
            catalog: serde_json::from_str(&self.catalog).map_err(corrupt)?,
            guideline: self.guideline,
            edition: self.edition,
            fingerprint: self.fingerprint,
            created_by: self.created_by,
            created_at: self.created_at.and_utc(),
            used_at: self.used_at.map(|at| at.and_utc()),
        })
    }
}

/// What the tenant may see; the one way into the table.
macro_rules! mine {
    ($tenant:expr) => {{
        let tenant: &Tenant = $tenant;
        dsl::own_guidelines.filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
    }};
}

pub fn add(conn: &mut AnyConnection, tenant: &Tenant, own: &OwnEdition) -> Result<(), StoreError> {
    diesel::insert_into(own_guidelines::table).values(Row::of(tenant, own)?).execute(conn)?;
    Ok(())
}

pub fn get(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    guideline: &str,
    edition: &str,
) -> Result<OwnEdition, StoreError> {
    mine!(tenant)
        .filter(dsl::guideline.eq(guideline))
        .filter(dsl::edition.eq(edition))
        .select(Row::as_select())
        .first(conn)?
        .read()
}

pub fn count(conn: &mut AnyConnection, tenant: &Tenant) -> Result<i64, StoreError> {
    Ok(mine!(tenant).count().get_result(conn)?)
}

/// Every edition's guideline and summary, by guideline, in the order in which they were put there.
pub fn summaries(
    conn: &mut AnyConnection,
    tenant: &Tenant,
) -> Result<Vec<(String, OwnSummary)>, StoreError> {
    let rows: Vec<(String, String)> = mine!(tenant)
        .order((dsl::guideline, dsl::created_at, dsl::edition))
        .select((dsl::guideline, dsl::summary))
        .load(conn)?;
    rows.into_iter()
        .map(|(guideline, summary)| {
            let summary = serde_json::from_str(&summary)
                .map_err(|error| StoreError::corrupt(format!("guideline {guideline}: {error}")))?;
            Ok((guideline, summary))
        })
        .collect()
}

/// Notes that an assessment uses the edition: from now on it stays as it is.
pub fn take_into_use(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    guideline: &str,
    edition: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    // Also where it is in use already: the row is then locked against being taken away meanwhile.
    let own = mine!(tenant).filter(dsl::guideline.eq(guideline)).filter(dsl::edition.eq(edition));
    let first: Option<NaiveDateTime> = own.select(dsl::used_at).first(conn)?;
    let used_at = first.unwrap_or_else(|| now.naive_utc());
    match diesel::update(own).set(dsl::used_at.eq(used_at)).execute(conn)? {
        0 => Err(StoreError::Missing),
        _ => Ok(()),
    }
}

/// Takes an edition away that nothing uses; `Stale` where something does.
pub fn remove(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    guideline: &str,
    edition: &str,
) -> Result<(), StoreError> {
    let own = mine!(tenant).filter(dsl::guideline.eq(guideline)).filter(dsl::edition.eq(edition));
    match diesel::delete(own.filter(dsl::used_at.is_null())).execute(conn)? {
        0 => Err(StoreError::Stale),
        _ => Ok(()),
    }
}

/// One of the tenant's own editions as it is served.
pub fn own_edition(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    guideline: &str,
    edition: &str,
) -> Result<Held, StoreError> {
    served(&get(conn, tenant, guideline, edition)?)
}

/// Ids of the parts of one of the tenant's own catalogs that hold the statements, by control.
pub fn own_statements(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    guideline: &str,
    edition: &str,
) -> Result<HashMap<String, String>, StoreError> {
    get(conn, tenant, guideline, edition)?
        .statements()
        .map_err(|error| StoreError::corrupt(format!("guideline {guideline} {edition}: {error}")))
}

fn served(own: &OwnEdition) -> Result<Held, StoreError> {
    own.held().map_err(|error| {
        StoreError::corrupt(format!("guideline {} {}: {error}", own.guideline, own.edition))
    })
}
