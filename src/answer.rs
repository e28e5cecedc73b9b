//! Answers that a client may keep: strong `ETag`s, `304`, `Cache-Control`. `shelf` has the open ones.
use crate::problem::{Problem, kinds};
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

/// One resource of a tenant, tagged by what it says: a tag outlives no change of the representation.
pub fn private<T: Serialize>(request: &HttpRequest, value: &T) -> Result<HttpResponse, Problem> {
    let body = bytes(value)?;
    let tag = fingerprint(&[&body]);
    Ok(conditional(request, &tag, "private, no-cache", "application/json", body))
}

/// The same for something that is no JSON.
pub fn private_bytes(request: &HttpRequest, kind: &'static str, body: Vec<u8>) -> HttpResponse {
    let tag = fingerprint(&[&body]);
    conditional(request, &tag, "private, no-cache", kind, body)
}

/// What a call has just written, with the tag that reading it will have.
pub fn written<T: Serialize>(response: HttpResponseBuilder, value: &T) -> Result<HttpResponse, Problem> {
    bytes(value).map(|body| tagged(response, body))
}

/// The same for a body that was written before.
pub fn tagged(mut response: HttpResponseBuilder, body: Vec<u8>) -> HttpResponse {
    response.insert_header(etag(&fingerprint(&[&body]))).content_type("application/json").body(body)
}

/// The body of what a call has created.
pub fn text<T: Serialize>(value: &T) -> Result<String, Problem> {
    let body = bytes(value)?;
    String::from_utf8(body).map_err(|_| Problem::new(&kinds::INTERNAL))
}

pub fn bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, Problem> {
    roomy(value, 512)
}

/// The same for what is known to take some room: it need not be made larger and larger while it is written.
pub fn roomy<T: Serialize>(value: &T, room: usize) -> Result<Vec<u8>, Problem> {
    let mut body = Vec::with_capacity(room);
    serde_json::to_writer(&mut body, value).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written");
        Problem::new(&kinds::INTERNAL)
    })?;
    Ok(body)
}

/// An `ETag` header value for `tag`.
pub fn etag(tag: &str) -> (header::HeaderName, String) {
    (header::ETAG, format!("\"{tag}\""))
}

/// A short digest of `parts`, for tags and cursors.
pub fn fingerprint(parts: &[&[u8]]) -> String {
    let mut all = Vec::new();
    for part in parts {
        all.extend_from_slice(&(part.len() as u64).to_be_bytes());
        all.extend_from_slice(part);
    }
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, &all).as_ref()[..12])
}

/// Whether the caller has a copy whose tag `fits`.
pub fn knows(request: &HttpRequest, fits: impl Fn(&str) -> bool) -> bool {
    request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|candidate| candidate.trim().trim_start_matches("W/"))
        .any(|candidate| candidate == "*" || quoted(candidate).is_some_and(&fits))
}

/// A tag without its quotes, which it must have (RFC 9110, 8.8.3).
fn quoted(tag: &str) -> Option<&str> {
    tag.strip_prefix('"')?.strip_suffix('"')
}

/// What a caller has seen, by its `If-Match`.
#[derive(Debug, Clone)]
pub struct Precondition(Vec<String>);

/// The caller's `If-Match`, which must be there.
pub fn precondition(request: &HttpRequest) -> Result<Precondition, Problem> {
    let given = condition(request);
    if given.0.is_empty() { Err(Problem::new(&kinds::PRECONDITION_REQUIRED)) } else { Ok(given) }
}

/// The caller's `If-Match`, if it gives one: without it everything holds.
pub fn condition(request: &HttpRequest) -> Precondition {
    // What is no text is no tag of ours.
    let given = request.headers().get_all(header::IF_MATCH).map(|value| value.to_str().unwrap_or_default());
    Precondition(given.flat_map(|value| value.split(',')).map(|tag| tag.trim().to_owned()).collect())
}

impl Precondition {
    /// Whether that is what is there now. A weak tag never matches (RFC 9110, 13.1.1).
    pub fn holds<T: Serialize>(&self, value: &T) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        let tag = fingerprint(&[&bytes(value)?]);
        let matches = self.0.iter().any(|seen| seen == "*" || quoted(seen) == Some(tag.as_str()));
        if matches { Ok(()) } else { Err(Problem::new(&kinds::STALE)) }
    }
}

fn conditional(
    request: &HttpRequest,
    tag: &str,
    cache: &'static str,
    kind: &'static str,
    body: Vec<u8>,
) -> HttpResponse {
    let known = knows(request, |candidate| candidate == tag);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header(etag(tag))
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static(cache)));
    if known { response.finish() } else { response.content_type(kind).body(body) }
}
