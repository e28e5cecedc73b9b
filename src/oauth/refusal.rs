//! Why no token is given, as RFC 6749 has it (section 5.2) and as its clients read it.
use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use utoipa::ToSchema;

/// Why no token is given (RFC 6749, 5.2).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TokenRefusal {
    /// `invalid_request`, `invalid_client`, `invalid_scope` or `unsupported_grant_type`.
    #[schema(example = "invalid_client")]
    error: &'static str,
    error_description: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Request(&'static str),
    Client,
    Scope(&'static str),
    GrantType,
}

/// That an answer is whole as it is: no problem document takes its place.
struct Answered;

/// Whether a failure was answered in the words of OAuth.
pub fn is_answered(response: &HttpResponse) -> bool {
    response.extensions().contains::<Answered>()
}

impl Refusal {
    pub fn answer(self) -> HttpResponse {
        let (error, error_description) = match self {
            Self::Request(why) => ("invalid_request", why),
            // Which part of it is not told: it would help to guess.
            Self::Client => ("invalid_client", "the client is not known, or has not proved itself"),
            Self::Scope(why) => ("invalid_scope", why),
            Self::GrantType => ("unsupported_grant_type", "only client_credentials is supported"),
        };
        let mut response = match self {
            Self::Client => {
                let mut response = HttpResponse::Unauthorized();
                response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"tasuke\""));
                response
            }
            _ => HttpResponse::BadRequest(),
        };
        let mut response = not_kept(&mut response).json(TokenRefusal { error, error_description });
        response.extensions_mut().insert(Answered);
        response
    }
}

/// Nobody keeps a copy of an answer about tokens.
pub fn not_kept(response: &mut HttpResponseBuilder) -> &mut HttpResponseBuilder {
    response.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::PRAGMA, "no-cache"))
}
