//! How much one caller may ask: the size of a request, and how many in a time.
use crate::config::Limits;
use crate::problem::{Kind, Problem, kinds};
use crate::text::LocalizedText;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpRequest, ResponseError as _};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The rate limits, shared by all workers of this process.
#[derive(Debug)]
pub struct Meters {
    tenants: Meter,
    addresses: Meter,
    limits: Limits,
}

type Keyed = RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

#[derive(Debug)]
struct Meter {
    name: &'static str,
    rate: u32,
    burst: u32,
    policy: Arc<str>,
    limiter: Keyed,
    /// Calls since keys were forgotten that have been silent for long.
    calls: AtomicU32,
}

/// How many calls there are between two rounds of forgetting.
const FORGET_AFTER: u32 = 10_000;

/// Where a caller stands with one meter, as the `RateLimit` field tells it.
#[derive(Debug, Clone)]
struct Standing {
    policy: Arc<str>,
    left: String,
}

impl Meters {
    pub fn new(limits: &Limits) -> Self {
        Self {
            tenants: Meter::new("tenant", limits.tenant_rate, limits.tenant_burst),
            addresses: Meter::new("address", limits.address_rate, limits.address_burst),
            limits: limits.clone(),
        }
    }

    /// Counts a call of a tenant whose token was checked.
    pub fn count_tenant(&self, request: &HttpRequest, slug: &str) -> Result<(), Problem> {
        let standing = self.tenants.count(slug)?;
        request.extensions_mut().insert(standing);
        Ok(())
    }

    /// The address of the caller: that of the connection, or the one that the trusted proxies tell.
    pub fn address(&self, headers: &HeaderMap, peer: Option<SocketAddr>) -> Option<IpAddr> {
        let forwarded: Vec<&[u8]> = headers
            .get_all(header::X_FORWARDED_FOR)
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .collect();
        let trusted = usize::from(self.limits.trusted_proxies);
        let told = forwarded.len().checked_sub(trusted).and_then(|at| forwarded.get(at));
        let told = told.and_then(|bytes| std::str::from_utf8(bytes).ok()).and_then(read_address);
        told.or_else(|| peer.map(|peer| peer.ip())).map(|address| address.to_canonical())
    }
}

/// An address as proxies write it: with a port or without.
fn read_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// Whom an address stands for: of IPv6, everybody has a whole /64.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

impl Meter {
    fn new(name: &'static str, rate: u32, burst: u32) -> Self {
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(rate)).allow_burst(at_least_one(burst));
        Self {
            name,
            rate,
            burst,
            policy: format!("\"{name}\";q={burst};w={}", burst.div_ceil(rate)).into(),
            limiter: RateLimiter::dashmap(quota).with_middleware(),
            calls: AtomicU32::new(0),
        }
    }

    fn count(&self, key: &str) -> Result<Standing, Problem> {
        if self.calls.fetch_add(1, Ordering::Relaxed) % FORGET_AFTER == FORGET_AFTER - 1 {
            self.limiter.retain_recent();
        }
        let policy = self.policy.clone();
        match self.limiter.check_key(&key.to_owned()) {
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                let refill = (self.burst - left.min(self.burst)).div_ceil(self.rate);
                Ok(Standing { policy, left: format!("\"{}\";r={left};t={refill}", self.name) })
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
                Err(Problem::new(&kinds::RATE_LIMITED)
                    .with_header(header::RETRY_AFTER, wait.to_string())
                    .with_header(RATE_LIMIT_POLICY, &*policy)
                    .with_header(RATE_LIMIT, format!("\"{}\";r=0;t={wait}", self.name)))
            }
        }
    }
}

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Middleware: refuses what is too long or too often before anything looks at it, and tells callers
/// where they stand.
pub async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(meters) = request.app_data::<Data<Meters>>().cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let standing = match meters.admit(&request) {
        Ok(standing) => standing,
        Err(problem) => return Ok(request.into_response(problem.error_response())),
    };
    let mut response = next.call(request).await?.map_into_boxed_body();
    let of_tenant = response.request().extensions().get::<Standing>().cloned();
    if let Some(standing) = of_tenant.or(standing) {
        let headers = response.headers_mut();
        for (name, value) in [(RATE_LIMIT_POLICY, &*standing.policy), (RATE_LIMIT, &standing.left)] {
            if let (false, Ok(value)) = (headers.contains_key(&name), HeaderValue::from_str(value)) {
                headers.insert(name, value);
            }
        }
    }
    Ok(response)
}

impl Meters {
    fn admit(&self, request: &ServiceRequest) -> Result<Option<Standing>, Problem> {
        let uri = request.uri().path_and_query().map_or(0, |uri| uri.as_str().len());
        within(uri, self.limits.max_uri_bytes, &kinds::URI_TOO_LONG)?;
        let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
        within(headers.sum(), self.limits.max_header_bytes, &kinds::HEADERS_TOO_LARGE)?;
        // Whoever asks whether the process lives must hear it also when it is busy.
        if matches!(request.path(), "/livez" | "/readyz") {
            return Ok(None);
        }
        let address = self.address(request.headers(), request.peer_addr());
        self.addresses.count(&address.map_or_else(String::new, network)).map(Some)
    }
}

fn within(length: usize, limit: usize, kind: &'static Kind) -> Result<(), Problem> {
    if length <= limit {
        return Ok(());
    }
    Err(Problem::new(kind).with_detail(LocalizedText::new(
        format!("上限は {limit} バイトです。"),
        format!("At most {limit} bytes are accepted."),
    )))
}

#[cfg(test)]
mod tests {
    use super::{network, read_address};

    #[test]
    fn an_address_stands_for_its_network() {
        for (text, counted) in [
            ("203.0.113.7", Some("203.0.113.7")),
            (" 203.0.113.7:4711", Some("203.0.113.7")),
            ("::ffff:203.0.113.7", Some("203.0.113.7")),
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1:2::/64")),
            ("[2001:db8:1:2::9]:443", Some("2001:db8:1:2::/64")),
            ("[2001:db8::1]", Some("2001:db8:0:0::/64")),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(read_address(text).map(network).as_deref(), counted, "{text:?}");
        }
    }
}
