//! `/oauth2` and `/.well-known`: how a service account gets a token, and how others check ours.
mod metadata;
mod refusal;
mod token;

pub use refusal::{TokenRefusal, is_answered};

use crate::routes::Routes;

pub fn routes(to: &mut impl Routes) {
    to.service(token::issue_token).service(metadata::show_keys).service(metadata::show_metadata);
}
