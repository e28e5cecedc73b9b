//! What happened to assessments. Only for one that the tenant may see: `of` is asked for with the assessment.
use super::super::domain::Assessment;
use super::super::events::{Detail, Event, FirstAnswers, Kind};
use crate::caller::Tenant;
use crate::db::{AnyConnection, StoreError};
use crate::insert_rows;
use crate::schema::assessment_events::{self, dsl};
use crate::wall;
use chrono::{DateTime, NaiveDateTime, Utc};
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
    fn of(
        tenant: &Tenant,
        of: &Assessment,
        sequence: i32,
        kind: Kind,
        detail: &Detail,
        (by, at): (&str, DateTime<Utc>),
    ) -> Result<Self, StoreError> {
        Ok(Self {
            tenant: tenant.slug().to_owned(),
            assessment_id: of.id.clone(),
            sequence,
            kind: kind.as_str().to_owned(),
            detail: serde_json::to_string(detail).map_err(|error| StoreError::Broken(error.into()))?,
            made_by: by.to_owned(),
            made_at: at.naive_utc(),
        })
    }

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

/// Notes what happened, after everything else that did. The assessment is held, so that no two take the same
/// place.
pub fn add(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    of: &Assessment,
    kind: Kind,
    detail: &Detail,
    (by, at): (&str, DateTime<Utc>),
) -> Result<(), StoreError> {
    let last: Option<i32> = mine!(tenant, of).select(max(dsl::sequence)).first(conn)?;
    let row = Row::of(tenant, of, last.unwrap_or(0) + 1, kind, detail, (by, at))?;
    diesel::insert_into(assessment_events::table).values(row).execute(conn)?;
    Ok(())
}

/// Notes of those that were submitted when they were made that they were.
pub fn begin_submitted(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    all: &[&Assessment],
) -> Result<(), StoreError> {
    let submitted = all.iter().filter(|of| of.submitted.is_some());
    let rows = submitted.map(|of| {
        let made = (of.created_by.as_str(), of.created_at);
        Row::of(tenant, of, 1, Kind::Submitted, &Detail::default(), made)
    });
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    insert_rows!(
        conn,
        assessment_events,
        rows.into_iter(),
        Row { tenant, assessment_id, sequence, kind, detail, made_by, made_at }
    );
    Ok(())
}

/// Whether something like this ever happened to it.
pub fn any(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    of: &Assessment,
    kind: Kind,
) -> Result<bool, StoreError> {
    let found = mine!(tenant, of).filter(dsl::kind.eq(kind.as_str())).count().get_result::<i64>(conn)?;
    Ok(found > 0)
}

/// How many events are looked through at once.
const TOGETHER: i64 = 100;

/// The making of an assessment. It is no row of its own: what there is to say of it follows from the rest.
pub fn making(conn: &mut AnyConnection, tenant: &Tenant, of: &Assessment) -> Result<Event, StoreError> {
    let mut first = FirstAnswers::default();
    let mut after = 0;
    loop {
        let later = page(conn, tenant, of, after, TOGETHER)?;
        let Some(last) = later.last() else { break };
        after = last.sequence;
        first.take_in(&later);
    }
    Ok(Event {
        sequence: 0,
        kind: Kind::Created,
        detail: Detail::of(first.before(&of.answers)),
        by: of.created_by.clone(),
        at: of.created_at,
    })
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
