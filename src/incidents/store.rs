//! Incidents in the database. Every query names its tenant, and with it the one client that a
//! narrowed token may see.
mod rows;

use super::domain::{Event, Incident};
use super::referral::Referral;
use crate::caller::Tenant;
use crate::db::{AnyConnection, StoreError};
use crate::schema::{incident_events, incident_referrals, incidents};
use crate::wall;
use diesel::prelude::*;
use rows::{EventRow, ReferralRow, Row};

/// What the tenant may see of a table; the one way into it.
macro_rules! mine {
    ($table:ident, $row:ty, $tenant:expr) => {{
        let tenant: &Tenant = $tenant;
        let mut query = $table::table
            .filter(wall!("tenant", $table::tenant.eq(tenant.slug())))
            .select(<$row>::as_select())
            .into_boxed();
        if let Some(only) = tenant.only_client() {
            query = query.filter(wall!("client", $table::client_id.eq(only)));
        }
        query
    }};
}

pub fn add(conn: &mut AnyConnection, tenant: &Tenant, incident: &Incident) -> Result<(), StoreError> {
    diesel::insert_into(incidents::table).values(Row::of(tenant, incident)).execute(conn)?;
    Ok(())
}

pub fn get(conn: &mut AnyConnection, tenant: &Tenant, id: &str) -> Result<Incident, StoreError> {
    mine!(incidents, Row, tenant).filter(incidents::id.eq(id)).first(conn)?.read()
}

/// Saves the next revision; `Stale` when somebody else saved one first.
pub fn save(conn: &mut AnyConnection, tenant: &Tenant, incident: &Incident) -> Result<(), StoreError> {
    let before = incidents::table
        .filter(wall!("tenant", incidents::tenant.eq(tenant.slug())))
        .filter(incidents::id.eq(&incident.id))
        .filter(incidents::revision.eq(incident.revision - 1));
    let saved = diesel::update(before).set(Row::of(tenant, incident)).execute(conn)?;
    if saved == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

pub fn page(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    client_id: Option<&str>,
    external_id: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Incident>, StoreError> {
    let mut query = mine!(incidents, Row, tenant).order(incidents::id).limit(limit);
    if let Some(client_id) = client_id {
        query = query.filter(incidents::client_id.eq(client_id));
    }
    if let Some(external_id) = external_id {
        query = query.filter(incidents::external_id.eq(external_id));
    }
    if let Some(after) = after {
        query = query.filter(incidents::id.gt(after));
    }
    query.load(conn)?.into_iter().map(Row::read).collect()
}

pub fn note(conn: &mut AnyConnection, tenant: &Tenant, event: &Event) -> Result<(), StoreError> {
    diesel::insert_into(incident_events::table).values(EventRow::of(tenant, event)?).execute(conn)?;
    Ok(())
}

/// Everything that happened to the incident, in its order.
pub fn events(conn: &mut AnyConnection, tenant: &Tenant, incident: &str) -> Result<Vec<Event>, StoreError> {
    // Second wall (client): it is asked only for an incident that was found.
    let rows = mine!(incident_events, EventRow, tenant)
        .filter(incident_events::incident_id.eq(incident))
        .order(incident_events::id)
        .load(conn)?;
    rows.into_iter().map(EventRow::read).collect()
}

pub fn add_referral(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    referral: &Referral,
) -> Result<(), StoreError> {
    diesel::insert_into(incident_referrals::table)
        .values(ReferralRow::of(tenant, referral))
        .execute(conn)?;
    Ok(())
}

pub fn referral(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    incident: &str,
    id: &str,
) -> Result<Referral, StoreError> {
    mine!(incident_referrals, ReferralRow, tenant)
        .filter(incident_referrals::incident_id.eq(incident))
        .filter(incident_referrals::id.eq(id))
        .first(conn)?
        .read()
}

pub fn referrals(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    incident: &str,
) -> Result<Vec<Referral>, StoreError> {
    // Second wall (client): it is asked only for an incident that was found.
    let rows = mine!(incident_referrals, ReferralRow, tenant)
        .filter(incident_referrals::incident_id.eq(incident))
        .order(incident_referrals::id)
        .load(conn)?;
    rows.into_iter().map(ReferralRow::read).collect()
}

/// Saves the next revision; `Stale` when somebody else saved one first.
pub fn save_referral(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    referral: &Referral,
) -> Result<(), StoreError> {
    let before = incident_referrals::table
        .filter(wall!("tenant", incident_referrals::tenant.eq(tenant.slug())))
        .filter(incident_referrals::incident_id.eq(&referral.incident_id))
        .filter(incident_referrals::id.eq(&referral.id))
        .filter(incident_referrals::revision.eq(referral.revision - 1));
    let saved = diesel::update(before).set(ReferralRow::of(tenant, referral)).execute(conn)?;
    if saved == 1 { Ok(()) } else { Err(StoreError::Stale) }
}
