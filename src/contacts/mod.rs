//! The directory of whom to turn to: shipped expert bodies, authorities and kinds of contract partners.
mod directory;
mod domain;
mod http;

pub use directory::Directory;
pub use domain::{ChannelType, Confidence, ContactSource};
pub use http::routes;
