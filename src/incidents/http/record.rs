//! All that is kept of an incident.
use super::super::dto::{IncidentOut, ReferralOut, TimelineEntry};
use super::super::store;
use crate::caller::Tenant;
use crate::db::{AnyConnection, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

/// An incident with what happened and to whom it was handed on.
#[derive(Serialize, ToSchema)]
pub struct IncidentRecord {
    incident: IncidentOut,
    /// In the order in which it happened.
    timeline: Vec<TimelineEntry>,
    referrals: Vec<ReferralOut>,
}

impl IncidentRecord {
    /// Where it stands.
    pub fn location(&self) -> String {
        format!("/v1/incidents/{}", self.incident.id)
    }
}

/// Every incident of a client, oldest first.
pub fn records(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    client_id: &str,
) -> Result<Vec<IncidentRecord>, StoreError> {
    let all = store::page(conn, tenant, Some(client_id), None, None, i64::MAX)?;
    all.into_iter()
        .map(|incident| {
            let timeline = store::events(conn, tenant, &incident.id)?;
            let referrals = store::referrals(conn, tenant, &incident.id)?;
            Ok(IncidentRecord {
                timeline: timeline.into_iter().map(TimelineEntry::from).collect(),
                referrals: referrals.into_iter().map(ReferralOut::from).collect(),
                incident: incident.into(),
            })
        })
        .collect()
}
