//! Every failure a client can see, as RFC 9457 `application/problem+json`.
//!
//! Which one to use: the request cannot be read at all, 400 `malformed-*`; it can be read but breaks
//! a rule, 422 `invalid` with one `Fault` for each thing wrong; it is right but comes at the wrong
//! time, 409; the thing is not there or not the caller's, 404 and nothing more. What failed inside
//! is logged here, once, and never sent.
mod catalogue;
mod faults;
pub mod kinds;
mod render;
mod responses;

pub use catalogue::{catalogue, show_problem_kind};
pub use faults::{RULES, Rule};
pub use kinds::Kind;
pub use render::finish;
pub use responses::{
    Deciding, Listing, Open, Planning, Probing, Reading, Removing, Stepping, TokenRequest, Updating,
    Visiting, WellKnown, Writing, components,
};

use crate::caller::{MissingScope, NoRespondent};
use crate::db::{Retry, StoreError};
use crate::secret::NoRandomness;
use crate::text::LocalizedText;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// A problem on its way out: which kind, and what is particular to this occurrence.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: &'static Kind,
    /// Boxed, because every handler's result has room for it.
    particulars: Box<Particulars>,
}

#[derive(Debug, Clone, Default)]
struct Particulars {
    detail: Option<LocalizedText>,
    faults: Vec<Fault>,
    headers: Vec<(header::HeaderName, String)>,
}

/// One thing wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// RFC 6901 pointer into the request body, or `/query/<name>`, `/path/<name>` or `/header/<name>`.
    pub pointer: String,
    /// Stable word for the rule that is broken.
    pub code: &'static str,
    pub message: LocalizedText,
}

impl Fault {
    pub fn new(pointer: impl Into<String>, code: &'static str, message: LocalizedText) -> Self {
        Self { pointer: pointer.into(), code, message }
    }

    /// A word that is not among the known ones.
    pub fn unknown_value(pointer: impl Into<String>, known: &[&str]) -> Self {
        let known = known.join(", ");
        Self::new(
            pointer,
            "unknown-value",
            LocalizedText::new(
                format!("次のいずれかにしてください: {known}"),
                format!("must be one of: {known}"),
            ),
        )
    }
}

/// The first of very many faults: more help nobody, and would be an answer larger than any request.
const MOST_FAULTS: usize = 500;

impl Problem {
    pub fn new(kind: &'static Kind) -> Self {
        Self { kind, particulars: Box::default() }
    }

    /// A request that can be read but breaks rules: all of them at once, or the first 500.
    pub fn invalid(mut faults: Vec<Fault>) -> Self {
        let mut problem = Self::new(&kinds::INVALID);
        faults.truncate(MOST_FAULTS);
        problem.particulars.faults = faults;
        problem
    }

    /// The same with one fault more, where it is one of the content.
    pub fn and(mut self, fault: Fault) -> Self {
        if self.kind == &kinds::INVALID {
            self.particulars.faults.push(fault);
            self.particulars.faults.sort_by(|a, b| (&a.pointer, a.code).cmp(&(&b.pointer, b.code)));
        }
        self
    }

    pub fn not_found() -> Self {
        Self::new(&kinds::NOT_FOUND)
    }

    pub fn with_detail(mut self, detail: LocalizedText) -> Self {
        self.particulars.detail = Some(detail);
        self
    }

    pub fn with_header(mut self, name: header::HeaderName, value: impl Into<String>) -> Self {
        self.particulars.headers.push((name, value.into()));
        self
    }

    /// Whether it is the service's own, and none of the caller's doing.
    pub fn is_ours(&self) -> bool {
        self.kind.status >= 500
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing => Self::not_found(),
            StoreError::Duplicate => Self::new(&kinds::DUPLICATE),
            StoreError::Stale => Self::new(&kinds::STALE),
            StoreError::Contended(cause) => {
                tracing::debug!(%cause, "transactions were in each other's way");
                Self::new(&kinds::CONTENDED).with_header(header::RETRY_AFTER, "1")
            }
            StoreError::Unavailable(cause) => {
                tracing::error!(%cause, "the database is not available");
                Self::new(&kinds::UNAVAILABLE).with_header(header::RETRY_AFTER, "2")
            }
            StoreError::Broken(cause) => {
                tracing::error!(%cause, "the database refused a statement");
                Self::new(&kinds::INTERNAL)
            }
        }
    }
}

impl Retry for Problem {
    fn may_help(&self) -> bool {
        self.kind == &kinds::CONTENDED
    }
}

impl From<MissingScope> for Problem {
    fn from(MissingScope(scope): MissingScope) -> Self {
        Self::new(&kinds::FORBIDDEN)
            .with_detail(LocalizedText::new(
                format!("この操作にはスコープ {scope} が必要です。"),
                format!("This call needs the scope {scope}."),
            ))
            .with_header(
                header::WWW_AUTHENTICATE,
                format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""),
            )
    }
}

impl From<NoRespondent> for Problem {
    fn from(why: NoRespondent) -> Self {
        match why {
            NoRespondent::MissingScope(missing) => missing.into(),
            NoRespondent::Elsewhere => Self::not_found(),
        }
    }
}

impl From<NoRandomness> for Problem {
    fn from(error: NoRandomness) -> Self {
        tracing::error!(%error, "no secret can be made");
        Self::new(&kinds::INTERNAL)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.title_en)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// The status and the headers; `finish` adds the document, because only it knows the request's
    /// language and id.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        if self.kind.status == 401 {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        for (name, value) in &self.particulars.headers {
            response.insert_header((name.clone(), value.as_str()));
        }
        let mut response = response.finish();
        response.extensions_mut().insert(self.clone());
        response
    }
}

/// What is wrong with a request, and what to do about it (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/problems/invalid", "title": "The request breaks a rule", "status": 422,
    "detail": null, "instance": "/v1/clients", "code": "invalid",
    "request_id": "0198c0de-0000-7000-8000-000000000000",
    "errors": [{"pointer": "/prefecture", "code": "pattern", "message": "does not have the required form"}]
}))]
pub struct ProblemDocument {
    /// URI of the kind of problem; it answers a page that says what it means and what to do.
    #[schema(example = "/problems/invalid")]
    r#type: String,
    /// Short summary of the kind, in the language asked for.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is particular to this occurrence, in the language asked for.
    detail: Option<String>,
    /// Path of the request.
    instance: String,
    /// Stable word for the kind of problem.
    #[schema(example = "invalid")]
    code: String,
    /// Id of the request, also in `X-Request-Id`: quote it when you ask for help.
    request_id: String,
    /// Everything that is wrong, at once; empty where the problem is not in the content.
    errors: Vec<FaultDocument>,
}

/// One thing wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fault)]
pub struct FaultDocument {
    /// RFC 6901 pointer into the request body; `/query/<name>`, `/path/<name>` or `/header/<name>` for
    /// parameters;
    /// `/answers/<control>` for an answer that is missing.
    pointer: String,
    /// Stable word for the rule that is broken.
    code: String,
    /// The rule in words, in the language asked for.
    message: String,
}
