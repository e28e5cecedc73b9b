//! Questionnaires of the tenant's own guidelines.
use super::domain::{Questionnaire, Questionnaires};
use super::own::{names, questionnaire};
use crate::caller::Tenant;
use crate::db::{AnyConnection, StoreError};
use crate::guidelines::{self, OwnSummary};
use chrono::{DateTime, Utc};
use std::borrow::Cow;

/// The questionnaire with this id, shipped or the tenant's own; `Missing` where there is none.
pub fn find<'a>(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    shipped: &'a Questionnaires,
    id: &str,
) -> Result<Cow<'a, Questionnaire>, StoreError> {
    if let Some(shipped) = shipped.get(id) {
        return Ok(Cow::Borrowed(shipped));
    }
    let (guideline, edition) = names(id).ok_or(StoreError::Missing)?;
    let held = guidelines::own_edition(conn, tenant, guideline, edition)?;
    Ok(Cow::Owned(questionnaire(&held)))
}

/// Notes that an assessment answers the questionnaire: an own guideline then stays as it is.
pub fn take_into_use(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    id: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    match names(id) {
        Some((guideline, edition)) => guidelines::take_into_use(conn, tenant, guideline, edition, now),
        None => Ok(()),
    }
}

/// Every questionnaire of the tenant's own guidelines: guideline and what is known of it without reading its
/// catalog.
pub fn own(conn: &mut AnyConnection, tenant: &Tenant) -> Result<Vec<(String, OwnSummary)>, StoreError> {
    guidelines::own_summaries(conn, tenant)
}
