//! The parts of a guideline that can be answered: items, answer scale, bands.
mod domain;
mod http;
mod shipped;

pub use domain::{Band, Effort, ItemRef, Questionnaire, Questionnaires, Status};
pub use http::routes;
