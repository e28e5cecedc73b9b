//! `/oauth2` and `/.well-known`: how a service account gets a token, and how others check ours.
mod metadata;
mod refusal;
mod token;

pub use refusal::{TokenRefusal, is_answered};

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(token::issue_token).service(metadata::show_keys).service(metadata::show_metadata);
}
