//! Everything that is kept of one client: given out whole, and taken away whole.
mod http;

pub use http::routes;
