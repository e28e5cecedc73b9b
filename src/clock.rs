//! Where the time and new ids come from: the web side asks here and hands them in as arguments.
use chrono::{DateTime, SubsecRound as _, Utc};

/// Now, to the microsecond: what both databases keep.
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// A new id (UUIDv7): ids sort in the order they were made.
pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
