//! What a guideline asks for: its editions, controls and changes, shipped and checked at start, and a
//! tenant's own beside them.
mod catalogue;
mod changes;
mod domain;
mod edition;
mod http;
mod mapping;
mod oscal;
mod own;
mod search;
mod shipped;
mod store;

pub use catalogue::{Catalogue, Held};
pub use domain::{Control, Source, Threshold};
pub use http::routes;
pub use own::{OwnSummary, PREFIX as OWN_PREFIX};
pub use store::{own_edition, own_statements, summaries as own_summaries, take_into_use};
