//! Assessments in the database. Every query names its tenant, and with it the one client that a
//! narrowed token may see.
pub mod events;
pub mod links;
pub mod responses;

use super::domain::{Assessment, Review, State, Submission};
use crate::caller::Tenant;
use crate::db::{AnyConnection, StoreError, coalesce};
use crate::insert_columns;
use crate::on_backend;
use crate::schema::assessments::{self, dsl};
use crate::wall;
use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::collections::HashSet;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = assessments, treat_none_as_null = true)]
struct Row {
    tenant: String,
    id: String,
    client_id: String,
    questionnaire: String,
    external_id: Option<String>,
    state: String,
    answers: String,
    fingerprint: String,
    carried_from: Option<String>,
    revision: i32,
    created_by: String,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    submitted_at: Option<NaiveDateTime>,
    submitted_by: Option<String>,
    review: Option<String>,
}

impl Row {
    fn of(tenant: &Tenant, assessment: &Assessment) -> Result<Self, StoreError> {
        let Assessment {
            id,
            client_id,
            questionnaire,
            external_id,
            state,
            answers,
            fingerprint,
            carried_from,
            revision,
            created_by,
            created_at,
            updated_at,
            submitted,
            reviewed,
        } = assessment;
        let json = |error: serde_json::Error| StoreError::Broken(error.into());
        let submitted = submitted.as_ref();
        Ok(Self {
            tenant: tenant.slug().to_owned(),
            id: id.clone(),
            client_id: client_id.clone(),
            questionnaire: questionnaire.clone(),
            external_id: external_id.clone(),
            state: state.as_str().to_owned(),
            answers: serde_json::to_string(answers).map_err(json)?,
            fingerprint: fingerprint.clone(),
            carried_from: carried_from.clone(),
            revision: *revision,
            created_by: created_by.clone(),
            created_at: created_at.naive_utc(),
            updated_at: updated_at.naive_utc(),
            submitted_at: submitted.map(|submitted| submitted.at.naive_utc()),
            submitted_by: submitted.map(|submitted| submitted.by.clone()),
            review: reviewed.as_ref().map(serde_json::to_string).transpose().map_err(json)?,
        })
    }

    fn read(self) -> Result<Assessment, StoreError> {
        let corrupt = |what: String| StoreError::corrupt(format!("assessment {}: {what}", self.id));
        let state =
            State::parse(&self.state).ok_or_else(|| corrupt(format!("has the state {}", self.state)))?;
        let answers = serde_json::from_str(&self.answers).map_err(|error| corrupt(error.to_string()))?;
        let review = self.review.as_deref().map(serde_json::from_str::<Review>).transpose();
        let reviewed = review.map_err(|error| corrupt(error.to_string()))?;
        let submitted =
            self.submitted_at.zip(self.submitted_by).map(|(at, by)| Submission { at: at.and_utc(), by });
        Ok(Assessment {
            id: self.id,
            client_id: self.client_id,
            questionnaire: self.questionnaire,
            external_id: self.external_id,
            state,
            answers,
            fingerprint: self.fingerprint,
            carried_from: self.carried_from,
            revision: self.revision,
            created_by: self.created_by,
            created_at: self.created_at.and_utc(),
            updated_at: self.updated_at.and_utc(),
            submitted,
            reviewed,
        })
    }
}

/// What the tenant may see; the one way into the table.
macro_rules! mine {
    ($tenant:expr) => {{
        let tenant: &Tenant = $tenant;
        let mut query = dsl::assessments
            .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
            .select(Row::as_select())
            .into_boxed();
        if let Some(only) = tenant.only_client() {
            query = query.filter(wall!("client", dsl::client_id.eq(only)));
        }
        query
    }};
}

// It reads by that way as well.
pub mod list;

pub fn get(conn: &mut AnyConnection, tenant: &Tenant, id: &str) -> Result<Assessment, StoreError> {
    mine!(tenant).filter(dsl::id.eq(id)).first(conn)?.read()
}

/// The assessment as it is now, and nobody else changes it before this transaction ends: whoever comes meanwhile
/// waits, and finds what this one made of it.
pub fn held(conn: &mut AnyConnection, tenant: &Tenant, id: &str) -> Result<Assessment, StoreError> {
    let seen = get(conn, tenant, id)?;
    match conn {
        // It is locked as a whole.
        AnyConnection::Sqlite(_) => return Ok(seen),
        AnyConnection::Postgres(c) => {
            // On PostgreSQL only. Second wall (tenant): it is only what was found that is held.
            let row = dsl::assessments
                .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
                .filter(dsl::id.eq(id))
                .select(dsl::id)
                .for_update();
            row.first::<String>(c)?;
        }
    }
    get(conn, tenant, id)
}

pub fn by_external_id(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    client_id: &str,
    external_id: &str,
) -> Result<Assessment, StoreError> {
    // Second wall (client): it is asked only for a client that was found.
    mine!(tenant)
        .filter(dsl::client_id.eq(client_id))
        .filter(dsl::external_id.eq(external_id))
        .first(conn)?
        .read()
}

/// Adds an assessment; `false` when the client has one with this `external_id` already, also one
/// that another transaction is just storing: this one waits for it.
pub fn add(conn: &mut AnyConnection, tenant: &Tenant, assessment: &Assessment) -> Result<bool, StoreError> {
    let insert = diesel::insert_into(assessments::table).values(Row::of(tenant, assessment)?);
    let added = on_backend!(conn, c => insert.on_conflict_do_nothing().execute(c))?;
    Ok(added == 1)
}

#[derive(QueryableByName)]
struct Added {
    #[diesel(sql_type = Text)]
    id: String,
}

/// The same for several; of each whether it was added.
pub fn add_all(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    assessments: &[&Assessment],
) -> Result<Vec<bool>, StoreError> {
    let AnyConnection::Postgres(c) = conn else {
        return assessments.iter().map(|assessment| add(conn, tenant, assessment)).collect();
    };
    let rows: Vec<Row> =
        assessments.iter().map(|assessment| Row::of(tenant, assessment)).collect::<Result<_, _>>()?;
    let insert = insert_columns!(
        assessments,
        &rows,
        Row {
            tenant,
            id,
            client_id,
            questionnaire,
            external_id,
            state,
            answers,
            fingerprint,
            carried_from,
            revision,
            created_by,
            created_at,
            updated_at,
            submitted_at,
            submitted_by,
            review,
        }
    );
    let added: Vec<Added> = insert.text(" ON CONFLICT DO NOTHING RETURNING id").load(c)?;
    let added: HashSet<String> = added.into_iter().map(|added| added.id).collect();
    Ok(assessments.iter().map(|assessment| added.contains(&assessment.id)).collect())
}

/// Saves the next revision; `Stale` when somebody else saved one first.
pub fn save(conn: &mut AnyConnection, tenant: &Tenant, assessment: &Assessment) -> Result<(), StoreError> {
    let before = dsl::assessments
        .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
        .filter(dsl::id.eq(&assessment.id))
        .filter(dsl::revision.eq(assessment.revision - 1));
    let saved = diesel::update(before).set(Row::of(tenant, assessment)?).execute(conn)?;
    if saved == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Takes a draft away; `Stale` when it is not that revision any more.
pub fn remove(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    assessment: &Assessment,
) -> Result<(), StoreError> {
    let it = dsl::assessments
        .filter(wall!("tenant", dsl::tenant.eq(tenant.slug())))
        .filter(dsl::id.eq(&assessment.id))
        .filter(dsl::revision.eq(assessment.revision));
    let removed = diesel::delete(it).execute(conn)?;
    if removed == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Every assessment of a client, oldest first.
pub fn of_client(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    client_id: &str,
) -> Result<Vec<Assessment>, StoreError> {
    let all: Vec<Row> = mine!(tenant).filter(dsl::client_id.eq(client_id)).order(dsl::id).load(conn)?;
    all.into_iter().map(Row::read).collect()
}

/// What counts of a client's assessments with one of these questionnaires: the newest first.
pub fn counting(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    client_id: &str,
    questionnaires: &[String],
    limit: i64,
) -> Result<Vec<Assessment>, StoreError> {
    let states = State::ALL.into_iter().filter(|state| state.counts()).map(State::as_str);
    let submitted_at = coalesce(dsl::submitted_at, dsl::submitted_at);
    // Second wall (client): it is asked only for a client, or the client of an assessment, that was found.
    mine!(tenant)
        .filter(dsl::client_id.eq(client_id))
        .filter(dsl::questionnaire.concat("").eq_any(questionnaires))
        .filter(dsl::state.concat("").eq_any(states))
        .order((submitted_at.desc(), dsl::id.desc()))
        .limit(limit)
        .load(conn)?
        .into_iter()
        .map(Row::read)
        .collect()
}
