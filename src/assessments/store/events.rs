//! What happened to assessments. Only for one that the tenant may see: `of` is asked for with the assessment.
use super::super::domain::Assessment;
use super::super::events::{Detail, Event, Kind};
use crate::caller::Tenant;
use crate::db::{AnyConnection, StoreError};
use crate::schema::assessment_events::{self, dsl};
use crate::wall;
use chrono::NaiveDateTime;
use diesel::dsl::max;
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = assessment_events)]
struct Row {
    tenant: String,
    assessment_id: String,
    sequence: i32,
    kind: String,
    detail: String,
    made_by: String,
    made_at: NaiveDateTime,
}

impl Row {
    fn read(self) -> Result<Event, StoreError> {
        let corrupt = |what: String| {
            StoreError::corrupt(format!("event {} of {}: {what}", self.sequence, self.assessment_id))
        };
        Ok(Event {
            sequence: self.sequence,
            kind: Kind::parse(&self.kind).ok_or_else(|| corrupt(self.kind.clone()))?,
            detail: serde_json::from_str(&self.detail).map_err(|error| corrupt(error.to_string()))?,
            by: self.made_by,
            at: self.made_at.and_utc(),
        })
    }
}

/// What the tenant may see of an assessment that it may see; the one way into the table.
macro_rules! mine {
    ($tenant:expr, $of:expr) => {{
        let (tenant, of): (&Tenant, &Assessment) = ($tenant, $of);
        dsl::assessment_events
            .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
            .filter(dsl::assessment_id.eq(&of.id))
    }};
}

/// Notes what happened, after everything else that did. The assessment is saved in the same transaction,
/// where only one can win, so that no two take the same place.
pub fn add(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    of: &Assessment,
    kind: Kind,
    detail: &Detail,
    by: &str,
) -> Result<(), StoreError> {
    let last: Option<i32> = mine!(tenant, of).select(max(dsl::sequence)).first(conn)?;
    let row = Row {
        tenant: tenant.slug().to_owned(),
        assessment_id: of.id.clone(),
        sequence: last.unwrap_or(0) + 1,
        kind: kind.as_str().to_owned(),
        detail: serde_json::to_string(detail).map_err(|error| StoreError::Broken(error.into()))?,
        made_by: by.to_owned(),
        made_at: of.updated_at.naive_utc(),
    };
    diesel::insert_into(assessment_events::table).values(row).execute(conn)?;
    Ok(())
}

/// A page of what happened, oldest first.
pub fn page(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    of: &Assessment,
    after: i32,
    limit: i64,
) -> Result<Vec<Event>, StoreError> {
    let rows: Vec<Row> = mine!(tenant, of)
        .filter(dsl::sequence.gt(after))
        .order(dsl::sequence)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::read).collect()
}
