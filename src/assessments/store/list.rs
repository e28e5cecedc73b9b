//! Lists of assessments, a page at a time. One condition leads to the rows, by an index that has them in the order of
//! the list; the others only look at what it leads to, and where they leave little of much a page takes longer. Which one
//! leads is said here: SQLite, which knows nothing of how many rows a condition leaves, would take one that leaves all of
//! a tenant's for one that leaves a client's.
use super::super::domain::{Listed, State};
use super::Row;
use crate::caller::Tenant;
use crate::db::{AnyConnection, StoreError, coalesce};
use crate::era;
use crate::schema::assessments::{self, dsl};
use crate::wall;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

/// Which assessments of a list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub client_id: Option<String>,
    pub questionnaire: Option<String>,
    pub state: Option<State>,
    pub submitted_from: Option<DateTime<Utc>>,
    pub submitted_to: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = assessments)]
struct ListedRow {
    id: String,
    client_id: String,
    questionnaire: String,
    external_id: Option<String>,
    state: String,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    submitted_at: Option<NaiveDateTime>,
}

impl ListedRow {
    fn read(self) -> Result<Listed, StoreError> {
        let Some(state) = State::parse(&self.state) else {
            return Err(StoreError::corrupt(format!(
                "assessment {}: has the state {}",
                self.id, self.state
            )));
        };
        Ok(Listed {
            id: self.id,
            client_id: self.client_id,
            questionnaire: self.questionnaire,
            external_id: self.external_id,
            state,
            created_at: self.created_at.and_utc(),
            updated_at: self.updated_at.and_utc(),
            submitted_at: self.submitted_at.map(|at| at.and_utc()),
        })
    }
}

/// The condition that leads to the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lead {
    Client,
    Time,
    State,
    Questionnaire,
    Tenant,
}

/// Where a page ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// In a list that is in the order of this time.
    submitted_at: Option<NaiveDateTime>,
    id: String,
}

impl Filter {
    fn lead(&self, is_narrowed: bool) -> Lead {
        match self {
            _ if is_narrowed || self.client_id.is_some() => Lead::Client,
            _ if self.is_by_time() => Lead::Time,
            // Work that waits: of what is asked for there is least of it.
            Self { state: Some(State::Draft | State::ChangesRequested), .. } => Lead::State,
            Self { questionnaire: Some(_), .. } => Lead::Questionnaire,
            Self { state: Some(_), .. } => Lead::State,
            _ => Lead::Tenant,
        }
    }

    /// Whether the list is in the order in which they were submitted, so that what is submitted later comes later;
    /// else it is in the order in which they were made.
    pub fn is_by_time(&self) -> bool {
        self.submitted_from.is_some() || self.submitted_to.is_some()
    }

    /// The place of an assessment in this list, as a cursor holds it.
    pub fn key_of(&self, listed: &Listed) -> String {
        let Listed { id, submitted_at, .. } = listed;
        match submitted_at.filter(|_| self.is_by_time()) {
            Some(at) => format!("{}.{id}", at.timestamp_micros()),
            None => id.clone(),
        }
    }

    /// The place that a cursor holds; none if it is not one of this list.
    pub fn place(&self, key: &str) -> Option<Place> {
        if !self.is_by_time() {
            return Some(Place { submitted_at: None, id: key.to_owned() });
        }
        let (micros, id) = key.split_once('.')?;
        let at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        let is_there = era::holds(at) && self.submitted_from.is_none_or(|from| from <= at);
        is_there.then(|| Place { submitted_at: Some(at.naive_utc()), id: id.to_owned() })
    }
}

/// A time that leads, or one that only looks.
macro_rules! timed {
    ($query:ident, $leads:expr, $compares:ident $time:expr) => {
        if $leads {
            $query.filter(dsl::submitted_at.$compares($time))
        } else {
            $query.filter(coalesce(dsl::submitted_at, dsl::submitted_at).$compares($time))
        }
    };
}

/// Assessments of the list after this place, in its order.
pub fn page(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    filter: &Filter,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<Listed>, StoreError> {
    let Filter { client_id, questionnaire, state, submitted_from, submitted_to } = filter;
    if *state == Some(State::Draft) && filter.is_by_time() {
        // It was not submitted.
        return Ok(vec![]);
    }
    let lead = filter.lead(tenant.is_narrowed());
    let mut query = mine!(tenant).limit(limit);
    if let Some(client_id) = client_id {
        query = query.filter(dsl::client_id.eq(client_id));
    }
    if let Some(asked) = questionnaire {
        query = match lead {
            Lead::Questionnaire => query.filter(dsl::questionnaire.eq(asked)),
            _ => query.filter(dsl::questionnaire.concat("").eq(asked)),
        };
    }
    if let Some(state) = state {
        query = match lead {
            Lead::State => query.filter(dsl::state.eq(state.as_str())),
            _ => query.filter(dsl::state.concat("").eq(state.as_str())),
        };
    }
    let leads = lead == Lead::Time;
    // A later page begins where the one before ended.
    let begin = after.and_then(|after| after.submitted_at);
    if let Some(from) = begin.or(submitted_from.map(|from| from.naive_utc())) {
        query = timed!(query, leads, ge from);
    }
    if let Some(to) = submitted_to {
        query = timed!(query, leads, lt to.naive_utc());
    }
    let submitted_at = coalesce(dsl::submitted_at, dsl::submitted_at);
    if let Some(Place { submitted_at: at, id }) = after {
        query = match at {
            Some(at) => query.filter(submitted_at.gt(at).or(dsl::id.gt(id).nullable())),
            None => query.filter(dsl::id.gt(id)),
        };
    }
    query = match lead {
        Lead::Time => query.order((dsl::submitted_at, dsl::id)),
        // A client's are put in order when they are found.
        _ if filter.is_by_time() => query.order((submitted_at, dsl::id)),
        _ => query.order(dsl::id),
    };
    let found: Vec<ListedRow> = query.select(ListedRow::as_select()).load(conn)?;
    found.into_iter().map(ListedRow::read).collect()
}

#[cfg(test)]
mod tests {
    use super::{Filter, Lead, State};
    use rstest::rstest;

    fn filter(client: bool, questionnaire: bool, state: Option<State>, time: bool) -> Filter {
        Filter {
            client_id: client.then(|| "c".to_owned()),
            questionnaire: questionnaire.then(|| "q".to_owned()),
            state,
            submitted_from: None,
            submitted_to: time.then(chrono::DateTime::default),
        }
    }

    #[rstest]
    #[case(filter(true, true, Some(State::Draft), true), Lead::Client)]
    #[case(filter(false, true, Some(State::Draft), true), Lead::Time)]
    #[case(filter(false, true, Some(State::ChangesRequested), false), Lead::State)]
    #[case(filter(false, true, Some(State::Accepted), false), Lead::Questionnaire)]
    #[case(filter(false, true, None, false), Lead::Questionnaire)]
    #[case(filter(false, false, Some(State::Submitted), false), Lead::State)]
    #[case(filter(false, false, None, false), Lead::Tenant)]
    fn what_leaves_least_leads(#[case] filter: Filter, #[case] lead: Lead) {
        assert_eq!(filter.lead(false), lead);
        assert_eq!(filter.lead(true), Lead::Client, "a narrowed token has one client");
    }

    #[rstest]
    #[case("", false)]
    #[case("0198c0de", false)]
    #[case("x.0198c0de", false)]
    #[case("99999999999999999999.0198c0de", false)]
    #[case("-8000000000000000000.0198c0de", false)]
    #[case("8000000000000000000.0198c0de", false)]
    #[case("1764201600000000.0198c0de", true)]
    fn a_place_in_the_order_of_time_has_a_time(#[case] key: &str, #[case] is_one: bool) {
        assert_eq!(filter(false, false, None, true).place(key).is_some(), is_one);
    }
}
