//! The failures that operations share, for `responses(...)`: each stands once in the document, with an
//! example of every kind of problem that has its status.
use super::kinds::{self, KINDS, Kind};
use super::{Fault, Problem};
use crate::caller::{MissingScope, Scope};
use crate::text::{Language, LocalizedText};
use serde_json::{Value, json};
use utoipa::IntoResponses;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder, ResponsesBuilder, Schema};

type Named = (u16, &'static str, &'static str);

const SHARED: &[Named] = &[
    (304, "NotModified", "The copy you have is current"),
    (400, "BadRequest", "The request cannot be read"),
    (401, "Unauthorized", "No valid access token"),
    (403, "Forbidden", "The token lacks the scope that is needed"),
    (404, "NotFound", "Not there, or not yours"),
    (408, "RequestTimeout", "The request body arrives too slowly"),
    (409, "Conflict", "Clashes with what is stored, or comes at the wrong time"),
    (412, "PreconditionFailed", "Somebody else changed it first"),
    (413, "PayloadTooLarge", "The request body is too large"),
    (414, "UriTooLong", "Path and query are too long"),
    (415, "UnsupportedMediaType", "The request body is of a kind that is not taken here"),
    (422, "Unprocessable", "The request breaks rules; errors lists all of them"),
    (428, "PreconditionRequired", "If-Match is needed"),
    (429, "TooManyRequests", "Too many requests; see Retry-After and RateLimit"),
    (431, "HeadersTooLarge", "The request headers are too large"),
    (500, "InternalError", "Something went wrong on our side"),
    (503, "Unavailable", "Not available for the moment; see Retry-After"),
];

/// What the token endpoint refuses, in the words of OAuth.
const OF_OAUTH: &[Named] = &[
    (400, "TokenRequestRefused", "The request, its scopes or its grant type are refused (RFC 6749, 5.2)"),
    (401, "ClientRefused", "The client has not proved itself (RFC 6749, 5.2)"),
];

/// A refusal of the token endpoint: as it would come, what has happened, and what to do.
pub struct OfOauth {
    pub status: u16,
    pub error: &'static str,
    pub description: &'static str,
    pub meaning: &'static str,
    pub remedy: &'static str,
}

/// Every refusal of the token endpoint.
pub const REFUSALS: &[OfOauth] = &[
    OfOauth {
        status: 400,
        error: "invalid_request",
        description: "grant_type is missing",
        meaning: "The form cannot be read, or a field of it is missing, wrong or given twice.",
        remedy: "Correct what error_description says.",
    },
    OfOauth {
        status: 400,
        error: "invalid_scope",
        description: "the account does not have all of these scopes",
        meaning: "A scope is not one of the account's.",
        remedy: "Ask for less, or for nothing: then the token has all that the account has.",
    },
    OfOauth {
        status: 400,
        error: "unsupported_grant_type",
        description: "only client_credentials is supported",
        meaning: "grant_type is not client_credentials.",
        remedy: "Send grant_type=client_credentials.",
    },
    OfOauth {
        status: 401,
        error: "invalid_client",
        description: "the client is not known, or has not proved itself",
        meaning: "The account, its secret or its assertion is wrong, revoked or expired. Which one is not told.",
        remedy: "Check client_id, and use a secret or a key that the account has now; sign each assertion anew.",
    },
];

/// Every shared response under its name, for the document's components.
pub fn components() -> impl Iterator<Item = (String, RefOr<Response>)> {
    let problems = SHARED.iter().map(|(status, name, description)| {
        let mut response = ResponseBuilder::new().description(*description);
        if *status >= 400 {
            let body = body_of("Problem").examples_from_iter(examples(*status)).build();
            response = response.content("application/problem+json", body);
        }
        ((*name).to_owned(), response.build().into())
    });
    let of_oauth = OF_OAUTH.iter().map(|(status, name, description)| {
        let told = REFUSALS.iter().filter(|refusal| refusal.status == *status).map(|refusal| {
            let value = json!({ "error": refusal.error, "error_description": refusal.description });
            (refusal.error.to_owned(), ExampleBuilder::new().value(Some(value)).build())
        });
        let body = body_of("TokenRefusal").examples_from_iter(told).build();
        let response = ResponseBuilder::new().description(*description);
        let response = response.content("application/json", body);
        ((*name).to_owned(), response.build().into())
    });
    problems.chain(of_oauth)
}

fn body_of(schema: &str) -> ContentBuilder {
    ContentBuilder::new().schema(Some(RefOr::<Schema>::Ref(Ref::from_schema_name(schema))))
}

/// Every kind of problem with this status, as it would come; what breaks a rule in Japanese as well.
fn examples(status: u16) -> impl Iterator<Item = (String, Example)> {
    let kinds = KINDS.iter().filter(move |kind| kind.status == status);
    let english = kinds.map(|kind| (kind.code.to_owned(), example(kind, Language::En)));
    let japanese = (status == kinds::INVALID.status)
        .then(|| ("invalid-ja".to_owned(), example(&kinds::INVALID, Language::Ja)));
    english.chain(japanese)
}

fn example(kind: &'static Kind, language: Language) -> Example {
    let problem = if kind == &kinds::INVALID {
        Problem::invalid(vec![
            Fault::new(
                "/name",
                "too-short",
                LocalizedText::new("1 文字以上にしてください", "must have at least 1 characters"),
            ),
            Fault::new(
                "/prefecture",
                "pattern",
                LocalizedText::new(
                    "形式 ^(0[1-9]|[1-3][0-9]|4[0-7])$ に合いません",
                    "does not match ^(0[1-9]|[1-3][0-9]|4[0-7])$",
                ),
            ),
        ])
    } else if kind == &kinds::FORBIDDEN {
        MissingScope(Scope::ClientsWrite).into()
    } else {
        Problem::new(kind)
    };
    let document =
        problem.document(language, "/v1/clients".into(), "0198c0de-0000-7000-8000-000000000000".into());
    let value = serde_json::to_value(document).unwrap_or(Value::Null);
    let summary = match language {
        Language::Ja => kind.title_ja,
        Language::En => kind.title_en,
    };
    ExampleBuilder::new().summary(summary).value(Some(value)).build()
}

macro_rules! sets {
    ($($(#[$doc:meta])* $name:ident = $($status:literal)* $(and $more:ident)?;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;
        impl IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<String, RefOr<Response>> {
                let mut all = ResponsesBuilder::new();
                let shared = SHARED.iter().filter(|s| [$($status),*].contains(&s.0));
                for (status, name, _) in shared$(.chain($more))? {
                    let reference: RefOr<Response> = RefOr::Ref(Ref::from_response_name(*name));
                    all = all.response(status.to_string(), reference);
                }
                all.build().responses.into_iter().collect()
            }
        }
    )*};
}

sets! {
    /// What reading open content can fail with.
    Open = 304 400 404 414 422 429 431 500 503;
    /// What reading content can fail with that is open, and with a token the tenant's own as well.
    Visiting = 304 400 401 404 414 422 429 431 500 503;
    /// What reading tenant data can fail with.
    Reading = 304 400 401 403 404 414 422 429 431 500 503;
    /// The same for what may not be there to read yet.
    Planning = 304 400 401 403 404 409 414 422 429 431 500 503;
    /// What a list of tenant data can fail with.
    Listing = 400 401 403 414 422 429 431 500 503;
    /// What a probe can fail with.
    Probing = 414 431 500 503;
    /// What a decision that stores nothing can fail with.
    Deciding = 400 401 403 408 413 414 415 422 429 431 500 503;
    /// What a patch can fail with.
    Updating = 400 401 403 404 408 409 412 413 414 415 422 428 429 431 500 503;
    /// What taking something away can fail with.
    Removing = 400 401 403 404 409 412 414 422 428 429 431 500 503;
    /// What a step from one state to the next can fail with.
    Stepping = 400 401 403 404 408 409 412 413 414 415 422 429 431 500 503;
    /// What a well-known page can fail with.
    WellKnown = 414 429 431 500;
    /// What a request for a token can fail with.
    TokenRequest = 408 413 414 429 431 500 503 and OF_OAUTH;
    /// What an operation with a body can fail with.
    Writing = 400 401 403 404 408 409 413 414 415 422 429 431 500 503;
}
