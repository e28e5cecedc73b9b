//! The directory of whom to turn to: shipped expert bodies, authorities and kinds of contract partners.
mod directory;
mod domain;
mod helpers;
mod hours;
mod http;
mod own;
mod store;

pub use directory::Directory;
pub use domain::{ChannelType, Confidence, Contact, ContactSource};
pub use helpers::{generalists, helpers};
pub use http::routes;
pub use store::directory_of;
