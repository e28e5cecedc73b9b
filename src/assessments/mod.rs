//! What a company says it has done: answers, the draft and the submission, the result.
mod domain;
mod dto;
mod http;
mod scoring;
mod store;

pub use domain::{Answer, Assessment, Refusal, Source, State};
pub use http::routes;
pub use scoring::{AssessmentResult, Gap, score};
