//! Reading the bytes of a body: no more than the limit, and no slower than the rate. The framework
//! has no deadline for bodies, so a caller could hold a connection with one byte a minute.
use crate::config::Limits;
use crate::problem::{Problem, kinds};
use crate::text::LocalizedText;
use actix_web::web::{BytesMut, Payload};
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Before the rate counts: the first packets of a slow line.
const GRACE: Duration = Duration::from_secs(2);

/// All bytes of a body, at most `limit`; `declared` is its announced length.
pub async fn collect(
    mut payload: Payload,
    declared: Option<usize>,
    limit: usize,
    limits: &Limits,
) -> Result<BytesMut, Problem> {
    if declared.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let started = Instant::now();
    let mut bytes = BytesMut::with_capacity(declared.unwrap_or(0));
    loop {
        let chunk = match timeout_at(deadline(started, bytes.len(), limits), payload.next()).await {
            Err(_) => return Err(Problem::new(&kinds::BODY_TOO_SLOW)),
            Ok(None) => return Ok(bytes),
            Ok(Some(chunk)) => chunk.map_err(|_| Problem::new(&kinds::BAD_REQUEST))?,
        };
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
}

/// Until when more has to come, of what began to come at `started`.
pub fn deadline(started: Instant, bytes: usize, limits: &Limits) -> Instant {
    let earned = (bytes as u64).saturating_mul(1000) / limits.min_body_rate.max(1);
    let last = started + Duration::from_secs(limits.max_body_seconds);
    (started + GRACE + Duration::from_millis(earned)).min(last)
}

fn too_large(limit: usize) -> Problem {
    Problem::new(&kinds::BODY_TOO_LARGE).with_detail(LocalizedText::new(
        format!("上限は {limit} バイトです。"),
        format!("At most {limit} bytes are accepted."),
    ))
}
