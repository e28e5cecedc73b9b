//! What every request has: an id, a language, and `HEAD` wherever there is `GET`.
use crate::caller::Author;
use crate::document::Operations;
use crate::limits::Meters;
use crate::problem::{Problem, kinds};
use crate::text::Language;
use crate::watchdog::Watched;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest, ResponseError as _};
use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tracing::Instrument as _;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Name of a request in answers and logs: the caller's own, where it is a sane one.
#[derive(Debug, Clone)]
pub struct RequestId(String);

impl RequestId {
    fn of(request: &ServiceRequest) -> Self {
        let sane = |id: &&str| {
            (1..=128).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        request
            .headers()
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(sane)
            .map_or_else(|| Self(uuid::Uuid::now_v7().to_string()), |id| Self(id.to_owned()))
    }
}

impl RequestId {
    /// The name of a request that has one by now.
    pub fn name(request: &HttpRequest) -> String {
        request.extensions().get::<Self>().map(Self::to_string).unwrap_or_default()
    }
}

impl Author {
    /// What a request says of its author, but for what its token says.
    pub fn of(request: &HttpRequest) -> Self {
        let meters = request.app_data::<Data<Meters>>();
        let address = meters.and_then(|meters| meters.address(request.headers(), request.peer_addr()));
        Self {
            action: operation(request),
            address: address.map_or_else(String::new, |address| address.to_string()),
            request_id: RequestId::name(request),
            ..Self::default()
        }
    }
}

/// The `operationId` of what is called: the document knows it by method and path.
fn operation(request: &HttpRequest) -> String {
    let path = template(request).unwrap_or_default();
    let method = method_label(request.method());
    let operations = request.app_data::<Data<Operations>>();
    let named = operations.and_then(|operations| operations.name(&path, method).map(str::to_owned));
    named.unwrap_or_else(|| format!("{method} {path}"))
}

/// The template of the route that the path fits, as the middleware found it.
pub fn template(request: &HttpRequest) -> Option<Arc<str>> {
    let found = request.extensions().get::<Template>().map(|template| template.0.clone());
    found.unwrap_or_else(|| route(request))
}

/// That of an operation, or of a page.
fn route(request: &HttpRequest) -> Option<Arc<str>> {
    let operations = request.app_data::<Data<Operations>>();
    let template = operations.and_then(|operations| operations.template(request.path()));
    template.or_else(|| request.match_pattern().map(Arc::from))
}

struct Template(Option<Arc<str>>);

/// The method, for logs and metrics: what a caller makes up is no word of ours.
pub fn method_label(method: &Method) -> &'static str {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    const NAMES: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.iter().zip(NAMES).find(|(known, _)| *known == method).map_or("other", |(_, name)| name)
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Middleware: gives the request its id, logs it once, and answers `HEAD` as `GET` without a body.
pub async fn identify(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let _busy = request.conn_data::<Arc<Watched>>().map(Watched::begin);
    let id = RequestId::of(&request);
    request.extensions_mut().insert(id.clone());
    let route = route(request.request());
    request.extensions_mut().insert(Template(route.clone()));
    let method = request.method().clone();
    if method == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let started = std::time::Instant::now();
    let span = tracing::info_span!("request", request_id = %id, trace_id = trace_id(&request));
    join_trace(&span, &request);
    let mut response = next.call(request).instrument(span.clone()).await?.map_into_boxed_body();
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    // The template, not the path: an id in a log is data of a tenant.
    let route = route.as_deref().unwrap_or("none");
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    span.in_scope(|| {
        tracing::info!(
            method = method_label(&method),
            route,
            status = response.status().as_u16(),
            micros,
            "answered"
        );
    });
    let connection = response.request().conn_data::<Arc<Watched>>().cloned();
    if let (BodySize::Stream, Some(connection)) = (response.response().body().size(), connection) {
        response = response.map_body(|_, body| BoxBody::new(Streaming { body, connection }));
    }
    if method == Method::HEAD {
        response = response.map_body(|_, body| BoxBody::new(OnlySize(body.size())));
    }
    Ok(response)
}

/// The trace that the caller is in (W3C Trace Context), for the log.
fn trace_id(request: &ServiceRequest) -> Option<&str> {
    let value = request.headers().get("traceparent")?.to_str().ok()?;
    let mut parts = value.split('-');
    let (version, trace, parent) = (parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let zero = |text: &str| text.bytes().all(|b| b == b'0');
    let valid = hex(version, 2) && version != "ff" && hex(trace, 32) && hex(parent, 16);
    (valid && !zero(trace) && !zero(parent)).then_some(trace)
}

/// The caller's trace goes on in ours.
#[cfg(feature = "otlp")]
fn join_trace(span: &tracing::Span, request: &ServiceRequest) {
    use opentelemetry::propagation::TextMapPropagator as _;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;
    let Some(parent) = request.headers().get("traceparent").and_then(|value| value.to_str().ok()) else {
        return;
    };
    let carrier = std::collections::HashMap::from([("traceparent".to_owned(), parent.to_owned())]);
    let context = opentelemetry_sdk::propagation::TraceContextPropagator::new().extract(&carrier);
    if let Err(error) = span.set_parent(context) {
        tracing::debug!(?error, "the caller's trace cannot be joined");
    }
}

#[cfg(not(feature = "otlp"))]
fn join_trace(_: &tracing::Span, _: &ServiceRequest) {}

/// Middleware: paths and queries are UTF-8, rightly escaped: read loosely, a filter would be another one. No text
/// may hold U+0000, because PostgreSQL cannot; bodies are checked where they are read. And a path has one spelling:
/// the router reads `%63` as `c`, but what the path is called, allowed, noted and remembered by would not. A query
/// outside `/v1` is read by nobody.
pub async fn refuse_misspelt(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let kind = if is_unreadable(request.path()) || escapes_needlessly(request.path()) {
        &kinds::MALFORMED_PATH
    } else if request.path().starts_with("/v1/") && is_unreadable(request.query_string()) {
        &kinds::MALFORMED_QUERY
    } else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    Ok(request.into_response(Problem::new(kind).error_response()))
}

/// Whether an escape in it is none, or stands for what is no text.
fn is_unreadable(text: &str) -> bool {
    if !text.contains(['%', '\0']) {
        return false;
    }
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let escape =
            part.split_at_checked(2).filter(|(digits, _)| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some((Ok(byte), rest)) = escape.map(|(digits, rest)| (u8::from_str_radix(digits, 16), rest))
        else {
            return true;
        };
        bytes.push(byte);
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes.contains(&0) || std::str::from_utf8(&bytes).is_err()
}

/// Whether a path escapes what stands for itself (the unreserved characters of RFC 3986, 2.3). All fixed parts of
/// our paths are made of those.
fn escapes_needlessly(path: &str) -> bool {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let unreserved = |code: u32| {
        char::from_u32(code)
            .is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~'))
    };
    path.as_bytes().windows(3).any(|part| match part {
        [b'%', high, low] => {
            digit(*high).zip(digit(*low)).is_some_and(|(high, low)| unreserved(high * 16 + low))
        }
        _ => false,
    })
}

/// A body that is made while it is sent: as long as somebody takes it, its connection is not stuck.
struct Streaming {
    body: BoxBody,
    connection: Arc<Watched>,
}

impl MessageBody for Streaming {
    type Error = <BoxBody as MessageBody>::Error;
    fn size(&self) -> BodySize {
        BodySize::Stream
    }
    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.connection.touch();
        Pin::new(&mut self.body).poll_next(context)
    }
}

/// A body that tells its size, for `Content-Length`, and has nothing in it.
struct OnlySize(BodySize);

impl MessageBody for OnlySize {
    type Error = Infallible;
    fn size(&self) -> BodySize {
        self.0
    }
    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(None)
    }
}

impl Language {
    pub fn of(request: &HttpRequest) -> Self {
        request
            .headers()
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .map_or_else(Self::default, Self::preferred)
    }
}

impl FromRequest for Language {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

#[cfg(test)]
mod tests {
    use super::{escapes_needlessly, is_unreadable};

    #[test]
    fn what_is_escaped_is_text() {
        for (text, unreadable) in [
            ("", false),
            ("/v1/clients", false),
            ("external_id=a+b%20c%25", false),
            ("external_id=%E9%AB%98", false),
            ("external_id=%e9%ab%98%", true),
            ("external_id=%E9%AB", true),
            ("external_id=%ff", true),
            ("external_id=%C0%80", true),
            ("external_id=%ED%A0%80", true),
            ("external_id=%zz", true),
            ("external_id=%+1", true),
            ("external_id=%4", true),
            ("external_id=%4高", true),
            ("external_id=%00", true),
            // An escaped escape is a text.
            ("external_id=%2500", false),
        ] {
            assert_eq!(is_unreadable(text), unreadable, "{text}");
        }
    }

    #[test]
    fn what_stands_for_itself_is_not_escaped() {
        for (path, needless) in [
            ("/v1/clients", false),
            ("/v1/%63lients", true),
            ("/v1/routing%2drules", true),
            ("/v1/routing%2Drules", true),
            ("/v1/%%63lients", true),
            ("/%2e%2e/livez", true),
            ("/v1/contacts/%7E", true),
            ("/v1/contacts/%5f", true),
            // What needs an escape, and what is none.
            ("/v1/contacts/%E9%AB%98", false),
            ("/v1/contacts/a%2Fb%25c%2Bd%20e%3A", false),
            ("/v1/%2563lients", false),
            ("/v1/%6", false),
            ("/v1/%+63", false),
            ("/v1/%g3", false),
            ("", false),
        ] {
            assert_eq!(escapes_needlessly(path), needless, "{path}");
        }
    }
}
