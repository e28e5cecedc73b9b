//! How a date was found, step by step.
use super::Count;
use crate::text::Language;
use chrono::{DateTime, FixedOffset, NaiveDate, Timelike as _};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<'a> {
    /// There is a duty, but no number could be confirmed.
    NoNumber,
    /// The clock starts at this fact.
    Start {
        path: &'a str,
        at: DateTime<FixedOffset>,
    },
    /// The fact that it would start at is not known.
    NoStart {
        path: &'a str,
    },
    Window {
        first: NaiveDate,
        min_days: i64,
        target: NaiveDate,
        max_days: i64,
        due: NaiveDate,
    },
    Counted {
        days: i64,
        count: Count,
        last: NaiveDate,
    },
    /// The authorities are closed on the last day.
    Closed {
        last: NaiveDate,
        open: NaiveDate,
    },
    /// The day is later than the holidays that are known.
    HolidaysUntil(NaiveDate),
    Hours {
        hours: i64,
        due: DateTime<FixedOffset>,
    },
    /// The contract's last day, which nobody is to wait for.
    LastDay,
    /// The contract's number of days is not known.
    NoDays,
}

impl Step<'_> {
    pub fn said(&self, language: Language) -> String {
        match language {
            Language::Ja => self.ja(),
            Language::En => self.en(),
        }
    }

    fn ja(&self) -> String {
        match self {
            Self::NoNumber => "義務はあるが、日数を確認できなかった。至急、人が確認する".to_owned(),
            Self::Start { path, at } => format!("起算点は {path} = {}（日本時間）", minute(at)),
            Self::NoStart { path } => {
                format!("起算点 {path} が不明のため、期限を計算できない。至急確認する")
            }
            Self::Window { first, min_days, target, max_days, due } => format!(
                "{first} を1日目として {min_days} 日目の {target} を目安、{max_days} 日目の {due} を期限とする（休日でも繰り延べない）"
            ),
            Self::Counted { days, count, last } => {
                let count = match count {
                    Count::Inclusive => "初日を1日目として",
                    Count::Exclusive => "初日を算入せず",
                };
                format!("{count} {days} 日目は {last}")
            }
            Self::Closed { last, open } => {
                format!("{last} は行政機関の休日のため、次の開庁日 {open} まで")
            }
            Self::HolidaysUntil(until) => {
                format!("祝日の一覧は {until} までしかないため、期限の日が休日でないか確認する")
            }
            Self::Hours { hours, due } => format!("{hours} 時間後は {}（日本時間）", minute(due)),
            Self::LastDay => "契約上の最終日であり、連絡は今すぐ行う".to_owned(),
            Self::NoDays => "契約の日数が分からないため、できるだけ早く連絡する".to_owned(),
        }
    }

    fn en(&self) -> String {
        match self {
            Self::NoNumber => {
                "There is a duty, but no number of days could be confirmed: a person must look at once"
                    .to_owned()
            }
            Self::Start { path, at } => format!("The clock starts at {path} = {} (Tokyo)", minute(at)),
            Self::NoStart { path } => {
                format!("The start, {path}, is not known, so no date can be counted: find it out at once")
            }
            Self::Window { first, min_days, target, max_days, due } => format!(
                "{first} is day 1: aim for day {min_days}, {target}; due on day {max_days}, {due} (not moved for holidays)"
            ),
            Self::Counted { days, count, last } => {
                let count = match count {
                    Count::Inclusive => "counting the first day",
                    Count::Exclusive => "not counting the first day",
                };
                format!("day {days}, {count}, is {last}")
            }
            Self::Closed { last, open } => format!(
                "{last} is a day on which the authorities are closed: due on the next open day, {open}"
            ),
            Self::HolidaysUntil(until) => {
                format!("Holidays are known until {until} only: check that the day is none")
            }
            Self::Hours { hours, due } => format!("{hours} hours later is {} (Tokyo)", minute(due)),
            Self::LastDay => "That is the last day the contract allows; tell them now".to_owned(),
            Self::NoDays => {
                "The contract's number of days is not known: tell them as soon as possible".to_owned()
            }
        }
    }
}

fn minute(at: &DateTime<FixedOffset>) -> String {
    format!("{} {:02}:{:02}", at.date_naive(), at.hour(), at.minute())
}
