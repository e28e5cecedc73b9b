//! The companies that a provider looks after.
mod applicability;
mod domain;
mod http;
mod store;

pub use http::routes;
pub use store::{by_external_id, get};
