//! Respondents' links. But for the one that a token names, only of an assessment that the tenant may see.
use super::super::domain::Assessment;
use super::super::links::Link;
use crate::caller::Tenant;
use crate::db::{AnyConnection, StoreError};
use crate::schema::assessment_links::{self, dsl};
use crate::wall;
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = assessment_links)]
struct Row {
    tenant: String,
    id: String,
    assessment_id: String,
    client_id: String,
    respondent: String,
    secret: String,
    created_by: String,
    created_at: NaiveDateTime,
    expires_at: NaiveDateTime,
}

impl Row {
    fn of(tenant: &Tenant, link: &Link) -> Self {
        let Link { id, assessment_id, client_id, respondent, secret, created_by, created_at, expires_at } =
            link.clone();
        Self {
            tenant: tenant.slug().to_owned(),
            id,
            assessment_id,
            client_id,
            respondent,
            secret,
            created_by,
            created_at: created_at.naive_utc(),
            expires_at: expires_at.naive_utc(),
        }
    }

    fn read(self) -> Link {
        Link {
            id: self.id,
            assessment_id: self.assessment_id,
            client_id: self.client_id,
            respondent: self.respondent,
            secret: self.secret,
            created_by: self.created_by,
            created_at: self.created_at.and_utc(),
            expires_at: self.expires_at.and_utc(),
        }
    }
}

/// The links of an assessment that the tenant may see.
macro_rules! mine {
    ($tenant:expr, $of:expr) => {{
        let (tenant, of): (&Tenant, &Assessment) = ($tenant, $of);
        dsl::assessment_links
            .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
            .filter(dsl::assessment_id.eq(&of.id))
    }};
}

/// The link whose token has this digest: who holds it calls, and nothing more is known of them yet.
pub fn link_of(conn: &mut AnyConnection, tenant: &Tenant, digest: &str) -> Result<Link, StoreError> {
    let link = dsl::assessment_links
        .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
        .filter(dsl::secret.eq(digest));
    let row: Row = link.select(Row::as_select()).first(conn)?;
    Ok(row.read())
}

pub fn add(conn: &mut AnyConnection, tenant: &Tenant, link: &Link) -> Result<(), StoreError> {
    diesel::insert_into(assessment_links::table).values(Row::of(tenant, link)).execute(conn)?;
    Ok(())
}

pub fn get(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    of: &Assessment,
    id: &str,
) -> Result<Link, StoreError> {
    let row: Row = mine!(tenant, of).filter(dsl::id.eq(id)).select(Row::as_select()).first(conn)?;
    Ok(row.read())
}

/// All of them, in the order in which they were made: there are never many.
pub fn all(conn: &mut AnyConnection, tenant: &Tenant, of: &Assessment) -> Result<Vec<Link>, StoreError> {
    let rows: Vec<Row> = mine!(tenant, of).order(dsl::id).select(Row::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Row::read).collect())
}

pub fn count(conn: &mut AnyConnection, tenant: &Tenant, of: &Assessment) -> Result<i64, StoreError> {
    Ok(mine!(tenant, of).count().get_result(conn)?)
}

pub fn remove(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    of: &Assessment,
    link: &Link,
) -> Result<(), StoreError> {
    let removed = diesel::delete(mine!(tenant, of).filter(dsl::id.eq(&link.id))).execute(conn)?;
    if removed == 1 { Ok(()) } else { Err(StoreError::Missing) }
}
