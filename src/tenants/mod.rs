//! The providers whose data is kept apart, and the keys that sign their tokens.
mod domain;
mod keys;
mod store;

pub use domain::{Refusal, Tenancy, is_slug};
pub use keys::{Rotation, SigningKey, UnderWay, signing};
pub use store::{add, exists, rotate, signing_keys, slugs};
