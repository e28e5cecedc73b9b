//! The parts of a guideline that can be answered: items, answer scale, bands.
mod domain;
mod http;
mod shipped;

pub use domain::{
    Band, Effort, Item, ItemRef, Questionnaire, Questionnaires, Scale, Scoring, Section, Status,
};
pub use http::routes;
