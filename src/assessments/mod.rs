//! What a company says it has done: answers, the draft and the submission, the result.
mod advisers;
mod comparison;
mod domain;
mod dto;
mod events;
mod history;
mod http;
mod links;
mod oscal;
mod plan;
mod report;
mod responses;
mod scoring;
mod standing;
mod store;
mod unlocks;

pub use http::{AssessmentRecord, records, routes};
pub use links::LINK_PREFIX;
pub use store::links::link_of;
