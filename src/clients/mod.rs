//! The companies that a provider looks after.
mod domain;
mod http;
mod store;

pub use domain::{Client, NewClient};
pub use http::routes;
pub use store::{add, by_external_id, get};
