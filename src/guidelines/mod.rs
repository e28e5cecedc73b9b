//! What a guideline asks for: its editions and their controls, shipped and checked at start.
mod catalogue;
mod domain;
mod http;
mod search;
mod shipped;

pub use catalogue::Catalogue;
pub use domain::Source;
pub use http::routes;
