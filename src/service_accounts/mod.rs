//! Machines that call for a provider: what they may do, and the secrets and keys they prove themselves by.
mod domain;
mod http;
mod reach;
mod store;

pub use domain::{Account, KeptSecret, MOST, NewServiceAccount, Refusal, accept, of_key};
pub use http::{SECRET_PREFIX, routes};
pub use reach::Reach;
pub use store::{add, get, of_client, page, remove, use_assertion};
