//! Rows of the three tables, and what they are as values.
use super::super::domain::{Event, Incident};
use super::super::referral::{Referral, ReferralState};
use crate::caller::Tenant;
use crate::db::StoreError;
use crate::schema::{incident_events, incident_referrals, incidents};
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = incidents, treat_none_as_null = true)]
pub struct Row {
    tenant: String,
    id: String,
    client_id: String,
    external_id: Option<String>,
    title: String,
    facts: String,
    revision: i32,
    created_by: String,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl Row {
    pub fn of(tenant: &Tenant, incident: &Incident) -> Self {
        let Incident {
            id,
            client_id,
            external_id,
            title,
            facts,
            revision,
            created_by,
            created_at,
            updated_at,
        } = incident.clone();
        Self {
            tenant: tenant.slug().to_owned(),
            id,
            client_id,
            external_id,
            title,
            facts: facts.to_string(),
            revision,
            created_by,
            created_at: created_at.naive_utc(),
            updated_at: updated_at.naive_utc(),
        }
    }

    pub fn read(self) -> Result<Incident, StoreError> {
        let facts = serde_json::from_str(&self.facts)
            .map_err(|error| StoreError::corrupt(format!("incident {}: {error}", self.id)))?;
        Ok(Incident {
            id: self.id,
            client_id: self.client_id,
            external_id: self.external_id,
            title: self.title,
            facts,
            revision: self.revision,
            created_by: self.created_by,
            created_at: self.created_at.and_utc(),
            updated_at: self.updated_at.and_utc(),
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = incident_events)]
pub struct EventRow {
    tenant: String,
    incident_id: String,
    id: String,
    client_id: String,
    at: NaiveDateTime,
    subject: String,
    what: String,
}

impl EventRow {
    pub fn of(tenant: &Tenant, event: &Event) -> Result<Self, StoreError> {
        let Event { id, incident_id, client_id, at, by, what } = event.clone();
        Ok(Self {
            tenant: tenant.slug().to_owned(),
            incident_id,
            id,
            client_id,
            at: at.naive_utc(),
            subject: by,
            what: serde_json::to_string(&what).map_err(|error| StoreError::Broken(error.into()))?,
        })
    }

    pub fn read(self) -> Result<Event, StoreError> {
        let what = serde_json::from_str(&self.what)
            .map_err(|error| StoreError::corrupt(format!("event {}: {error}", self.id)))?;
        Ok(Event {
            id: self.id,
            incident_id: self.incident_id,
            client_id: self.client_id,
            at: self.at.and_utc(),
            by: self.subject,
            what,
        })
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = incident_referrals, treat_none_as_null = true)]
pub struct ReferralRow {
    tenant: String,
    incident_id: String,
    id: String,
    client_id: String,
    contact: String,
    action: Option<String>,
    party: Option<String>,
    state: String,
    note: Option<String>,
    outcome: Option<String>,
    revision: i32,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl ReferralRow {
    pub fn of(tenant: &Tenant, referral: &Referral) -> Self {
        let Referral {
            id,
            incident_id,
            client_id,
            contact,
            action,
            party,
            state,
            note,
            outcome,
            revision,
            created_at,
            updated_at,
        } = referral.clone();
        Self {
            tenant: tenant.slug().to_owned(),
            incident_id,
            id,
            client_id,
            contact,
            action,
            party,
            state: state.as_str().to_owned(),
            note,
            outcome,
            revision,
            created_at: created_at.naive_utc(),
            updated_at: updated_at.naive_utc(),
        }
    }

    pub fn read(self) -> Result<Referral, StoreError> {
        let state = ReferralState::parse(&self.state)
            .ok_or_else(|| StoreError::corrupt(format!("referral {}: state {}", self.id, self.state)))?;
        Ok(Referral {
            id: self.id,
            incident_id: self.incident_id,
            client_id: self.client_id,
            contact: self.contact,
            action: self.action,
            party: self.party,
            state,
            note: self.note,
            outcome: self.outcome,
            revision: self.revision,
            created_at: self.created_at.and_utc(),
            updated_at: self.updated_at.and_utc(),
        })
    }
}
