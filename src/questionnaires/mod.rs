//! The parts of a guideline that can be answered: items, answer scale, bands.
mod ciso_assistant;
mod domain;
mod http;
mod own;
mod profile;
mod shipped;
mod store;

pub use domain::{
    Band, Condition, Effort, Item, ItemRef, Method, ProfileField, Questionnaire, Questionnaires, Scoring,
    Status,
};
pub use http::routes;
pub use own::names as named_own;
pub use store::{find, own, take_into_use};
