//! Incidents of clients: the facts over time, the plan they imply, what was done and by whom.
mod domain;
mod dto;
mod export;
mod facts;
mod http;
mod plan;
mod referral;
mod store;

pub use http::{IncidentRecord, records, routes};
