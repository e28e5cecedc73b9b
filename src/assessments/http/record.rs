//! All that is kept of an assessment.
use super::super::dto::AssessmentOut;
use super::super::store;
use super::change::EventOut;
use super::respond::ResponseOut;
use crate::caller::Tenant;
use crate::db::{AnyConnection, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

/// An assessment with what happened to it and what each respondent said.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssessmentRecord {
    assessment: AssessmentOut,
    /// Oldest first.
    events: Vec<EventOut>,
    responses: Vec<ResponseOut>,
    /// How many links there are to it: they say nothing that is worth keeping.
    #[serde(skip)]
    links: i64,
}

impl AssessmentRecord {
    /// Where it stands.
    pub fn location(&self) -> String {
        format!("/v1/assessments/{}", self.assessment.id())
    }

    /// How many respondents' links go with it.
    pub fn links(&self) -> usize {
        usize::try_from(self.links).unwrap_or_default()
    }
}

/// Every assessment of a client, oldest first.
pub fn records(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    client_id: &str,
) -> Result<Vec<AssessmentRecord>, StoreError> {
    let all = store::of_client(conn, tenant, client_id)?;
    all.into_iter()
        .map(|assessment| {
            let made = store::events::making(conn, tenant, &assessment)?;
            let later = store::events::page(conn, tenant, &assessment, 0, i64::MAX)?;
            let responses = store::responses::all(conn, tenant, &assessment)?;
            Ok(AssessmentRecord {
                events: std::iter::once(made).chain(later).map(EventOut::from).collect(),
                responses: responses.into_iter().map(ResponseOut::from).collect(),
                links: store::links::count(conn, tenant, &assessment)?,
                assessment: assessment.into(),
            })
        })
        .collect()
}
