//! The chain: each event's hash covers everything in it and the hash of the one before.
use super::domain::Entry;
use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, SecondsFormat, Utc};
use std::fmt::Write as _;

/// Before the first event.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// SHA-256 in hexadecimal digits of the event as a JSON list without spaces. The format is public, so that
/// anybody can check the log with other means; another one gets another name at its head.
pub fn hash(previous: &str, tenant: &str, sequence: i64, entry: &Entry) -> String {
    let Entry {
        id,
        at,
        subject,
        account,
        action,
        effect,
        resource,
        resource_id,
        client_id,
        address,
        request_id,
        detail,
    } = entry;
    let list = serde_json::json!([
        "tasuke-audit-1",
        previous,
        tenant,
        sequence,
        id,
        moment(*at),
        subject,
        account,
        action,
        effect,
        resource,
        resource_id,
        client_id,
        address,
        request_id,
        detail
    ]);
    let digest = digest(&SHA256, list.to_string().as_bytes());
    digest.as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A time as it stands in what is hashed and signed.
pub fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
