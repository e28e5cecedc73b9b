//! What was done to the data, by whom, when and from where: a log that shows when somebody has tampered with it.
mod acceptance;
mod chain;
mod check;
mod domain;
mod head;
mod http;
mod store;

pub use acceptance::{Acceptance, Reference};
pub use check::Finding;
pub use domain::{Audited, Event, Named, OfClient};
pub use head::{Head, Signed, Signer, fresh_key};
pub use http::{HeadOut, routes};
pub use store::accepting::{Accepting, accept};
pub use store::operator::by_operator;
pub use store::reading::Unreadable;
pub use store::sealing::{Round, newest as newest_head, seal, signing_key};
pub use store::verifying::{Verified, prune, tenants, verify};
pub use store::waiting::{Whose, inbox_is_empty};
pub use store::{changed, created, created_all, removed};
