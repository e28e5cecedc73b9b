//! Calls that can be repeated: with the same `Idempotency-Key` the first answer comes again.
mod domain;
mod http;
mod store;

pub use domain::Created;
pub use http::{Idempotency, answer, answer_once, once, once_all};
pub use store::forget;
pub use store::pruning::prune;
