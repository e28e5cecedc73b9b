//! Japanese days: which of them the authorities are closed on. Time is counted in Tokyo.
use chrono::{Datelike as _, FixedOffset, NaiveDate, Weekday};
use std::collections::HashSet;

/// Japan Standard Time has no summer time: all dates are dates there.
pub const TOKYO: FixedOffset = match FixedOffset::east_opt(9 * 3600) {
    Some(offset) => offset,
    None => unreachable!(),
};

/// Days on which the authorities are closed: weekends, national holidays, the turn of the year.
#[derive(Debug, Clone, Default)]
pub struct Holidays {
    pub dates: HashSet<NaiveDate>,
    /// (month, day) of every year.
    pub closures: HashSet<(u32, u32)>,
    /// The dates are known until here.
    pub valid_until: NaiveDate,
}

impl Holidays {
    pub fn is_closed(&self, date: NaiveDate) -> bool {
        matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
            || self.dates.contains(&date)
            || self.closures.contains(&(date.month(), date.day()))
    }

    pub fn next_open(&self, mut date: NaiveDate) -> NaiveDate {
        while self.is_closed(date) {
            let Some(next) = date.succ_opt() else { break };
            date = next;
        }
        date
    }
}
