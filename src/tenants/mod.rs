//! The providers whose data is kept apart, and the key that signs their tokens.
mod domain;
mod store;

pub use domain::{Refusal, SigningKey, Tenancy};
pub use store::{add, exists, signing_key, slugs};
