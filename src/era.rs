//! Times that everybody bears: both databases, and clients whose years have four digits.
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};

const YEARS: std::ops::RangeInclusive<i32> = 1970..=2200;

pub fn holds(time: DateTime<Utc>) -> bool {
    YEARS.contains(&time.year())
}

pub fn holds_date(date: NaiveDate) -> bool {
    YEARS.contains(&date.year())
}

/// The rule in words, for a fault: Japanese and English.
pub const RULE: (&str, &str) =
    ("1970年から2200年までの日時にしてください", "must be a time from 1970 to 2200");

/// The code of that fault.
pub const CODE: &str = "out-of-range";
