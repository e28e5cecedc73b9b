//! The answers of several respondents. Only for an assessment that the tenant may see.
use super::super::domain::Assessment;
use super::super::responses::Response;
use crate::caller::Tenant;
use crate::db::{AnyConnection, StoreError};
use crate::schema::assessment_responses::{self, dsl};
use crate::wall;
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = assessment_responses)]
struct Row {
    tenant: String,
    id: String,
    assessment_id: String,
    respondent: String,
    answers: String,
    revision: i32,
    created_by: String,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl Row {
    fn of(tenant: &Tenant, response: &Response) -> Result<Self, StoreError> {
        let Response {
            id,
            assessment_id,
            respondent,
            answers,
            revision,
            created_by,
            created_at,
            updated_at,
        } = response.clone();
        Ok(Self {
            tenant: tenant.slug().to_owned(),
            id,
            assessment_id,
            respondent,
            answers: serde_json::to_string(&answers).map_err(|error| StoreError::Broken(error.into()))?,
            revision,
            created_by,
            created_at: created_at.naive_utc(),
            updated_at: updated_at.naive_utc(),
        })
    }

    fn read(self) -> Result<Response, StoreError> {
        let answers = serde_json::from_str(&self.answers)
            .map_err(|error| StoreError::corrupt(format!("response {}: {error}", self.id)))?;
        Ok(Response {
            id: self.id,
            assessment_id: self.assessment_id,
            respondent: self.respondent,
            answers,
            revision: self.revision,
            created_by: self.created_by,
            created_at: self.created_at.and_utc(),
            updated_at: self.updated_at.and_utc(),
        })
    }
}

/// What the tenant may see of an assessment that it may see; the one way into the table.
macro_rules! mine {
    ($tenant:expr, $of:expr) => {{
        let (tenant, of): (&Tenant, &Assessment) = ($tenant, $of);
        dsl::assessment_responses
            .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
            .filter(dsl::assessment_id.eq(&of.id))
    }};
}

/// Adds a response; `Duplicate` when the respondent has one.
pub fn add(conn: &mut AnyConnection, tenant: &Tenant, response: &Response) -> Result<(), StoreError> {
    diesel::insert_into(assessment_responses::table).values(Row::of(tenant, response)?).execute(conn)?;
    Ok(())
}

pub fn get(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    of: &Assessment,
    id: &str,
) -> Result<Response, StoreError> {
    mine!(tenant, of).filter(dsl::id.eq(id)).select(Row::as_select()).first(conn)?.read()
}

/// All of them, in the order in which they were made: there are never many.
pub fn all(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    of: &Assessment,
) -> Result<Vec<Response>, StoreError> {
    // SQLite would go through all of the tenant's in this order.
    let mut rows: Vec<Row> = mine!(tenant, of).select(Row::as_select()).load(conn)?;
    rows.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    rows.into_iter().map(Row::read).collect()
}

pub fn count(conn: &mut AnyConnection, tenant: &Tenant, of: &Assessment) -> Result<i64, StoreError> {
    Ok(mine!(tenant, of).count().get_result(conn)?)
}

/// Saves the next revision; `Stale` when somebody else saved one first.
pub fn save(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    of: &Assessment,
    response: &Response,
) -> Result<(), StoreError> {
    let before =
        mine!(tenant, of).filter(dsl::id.eq(&response.id)).filter(dsl::revision.eq(response.revision - 1));
    let saved = diesel::update(before).set(Row::of(tenant, response)?).execute(conn)?;
    if saved == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

pub fn remove(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    of: &Assessment,
    response: &Response,
) -> Result<(), StoreError> {
    let it = mine!(tenant, of).filter(dsl::id.eq(&response.id)).filter(dsl::revision.eq(response.revision));
    let removed = diesel::delete(it).execute(conn)?;
    if removed == 1 { Ok(()) } else { Err(StoreError::Stale) }
}
