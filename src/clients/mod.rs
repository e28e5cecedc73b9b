//! The companies that a provider looks after.
mod applicability;
mod domain;
mod http;
mod sheet;
mod store;
mod words;

pub use domain::{Client, Contracts, Profile};
pub use http::{ClientOut, routes};
pub use store::{Known, by_external_id, get, known, remove};
