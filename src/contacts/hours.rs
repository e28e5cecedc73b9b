//! When a channel is open, in Tokyo.
use crate::calendar::{Holidays, TOKYO};
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When somebody answers. Times are those of `timezone`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpeningHours {
    /// The only one so far.
    #[serde(default = "tokyo")]
    #[schema(pattern = "^Asia/Tokyo$", example = "Asia/Tokyo")]
    pub timezone: String,
    /// At any time, whatever `weekly` says.
    #[serde(default)]
    pub always: bool,
    #[serde(default)]
    #[schema(max_items = 50)]
    pub weekly: Vec<OpeningSpan>,
    /// Open on national holidays and over the New Year as well.
    #[serde(default)]
    pub open_on_holidays: bool,
}

/// The same span on each of these days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpeningSpan {
    #[schema(min_items = 1, max_items = 7)]
    pub days: Vec<Day>,
    /// `HH:MM`
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "09:00")]
    pub from: String,
    /// `HH:MM`, not included; not later than `from` where it lies on the next day.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "17:00")]
    pub to: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = WeekDay)]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

fn tokyo() -> String {
    "Asia/Tokyo".to_owned()
}

impl Day {
    fn of(date: NaiveDate) -> Self {
        match date.weekday() {
            Weekday::Mon => Self::Mon,
            Weekday::Tue => Self::Tue,
            Weekday::Wed => Self::Wed,
            Weekday::Thu => Self::Thu,
            Weekday::Fri => Self::Fri,
            Weekday::Sat => Self::Sat,
            Weekday::Sun => Self::Sun,
        }
    }
}

impl OpeningSpan {
    fn times(&self) -> Option<(NaiveTime, NaiveTime)> {
        let read = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
        Some((read(&self.from)?, read(&self.to)?))
    }
}

impl OpeningHours {
    pub fn is_whole(&self) -> bool {
        self.timezone == tokyo()
            && (self.always || !self.weekly.is_empty())
            && self.weekly.iter().all(|span| span.times().is_some() && !span.days.is_empty())
    }

    pub fn is_open(&self, at: DateTime<Utc>, holidays: &Holidays) -> bool {
        if self.always {
            return true;
        }
        let at = at.with_timezone(&TOKYO);
        let (today, time) = (at.date_naive(), at.time());
        self.weekly.iter().filter_map(|span| Some((span, span.times()?))).any(|(span, (from, to))| {
            let overnight = to <= from;
            let began = |date| self.opens(span, date, holidays);
            let today_open = began(today) && time >= from && (overnight || time < to);
            today_open || overnight && time < to && today.pred_opt().is_some_and(began)
        })
    }

    /// When it opens next; nothing where that is not within a month.
    pub fn next_opening(&self, at: DateTime<Utc>, holidays: &Holidays) -> Option<DateTime<Utc>> {
        let at = at.with_timezone(&TOKYO);
        (0..31).find_map(|days| {
            let date = at.date_naive() + TimeDelta::days(days);
            let spans = self.weekly.iter().filter(|span| self.opens(span, date, holidays));
            let starts = spans.filter_map(|span| {
                let start = date.and_time(span.times()?.0).and_local_timezone(TOKYO).single()?;
                (start > at).then_some(start)
            });
            starts.min().map(|start| start.to_utc())
        })
    }

    fn opens(&self, span: &OpeningSpan, date: NaiveDate, holidays: &Holidays) -> bool {
        let holiday =
            holidays.dates.contains(&date) || holidays.closures.contains(&(date.month(), date.day()));
        span.days.contains(&Day::of(date)) && (self.open_on_holidays || !holiday)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(days: &[Day], from: &str, to: &str, open_on_holidays: bool) -> OpeningHours {
        let span = OpeningSpan { days: days.to_vec(), from: from.into(), to: to.into() };
        OpeningHours { timezone: tokyo(), always: false, weekly: vec![span], open_on_holidays }
    }

    #[test]
    fn a_channel_is_open_within_its_hours() {
        use Day::{Fri, Mon, Sat, Thu, Tue, Wed};
        let holidays = Holidays {
            dates: ["2026-11-23", "2026-05-04", "2026-05-05", "2026-05-06"]
                .map(|d| d.parse().unwrap())
                .into(),
            closures: [(12, 31), (1, 1)].into(),
            valid_until: "2027-12-31".parse().unwrap(),
        };
        let office = hours(&[Mon, Tue, Wed, Thu, Fri], "08:30", "17:15", false);
        let night = hours(&[Fri, Sat], "22:00", "06:00", false);
        let every_monday = hours(&[Mon], "00:00", "00:00", true);
        for (what, hours, at, open, next) in [
            ("before", &office, "2026-11-24T08:29:59+09:00", false, Some("2026-11-24T08:30:00+09:00")),
            ("at the start", &office, "2026-11-24T08:30:00+09:00", true, Some("2026-11-25T08:30:00+09:00")),
            (
                "the last minute",
                &office,
                "2026-11-24T17:14:59+09:00",
                true,
                Some("2026-11-25T08:30:00+09:00"),
            ),
            ("at the end", &office, "2026-11-24T17:15:00+09:00", false, Some("2026-11-25T08:30:00+09:00")),
            ("in UTC", &office, "2026-11-24T00:00:00Z", true, Some("2026-11-25T08:30:00+09:00")),
            ("Saturday", &office, "2026-11-21T10:00:00+09:00", false, Some("2026-11-24T08:30:00+09:00")),
            ("a holiday", &office, "2026-11-23T10:00:00+09:00", false, Some("2026-11-24T08:30:00+09:00")),
            ("Golden Week", &office, "2026-05-04T10:00:00+09:00", false, Some("2026-05-07T08:30:00+09:00")),
            (
                "the year's end",
                &office,
                "2026-12-31T10:00:00+09:00",
                false,
                Some("2027-01-04T08:30:00+09:00"),
            ),
            (
                "before midnight",
                &night,
                "2026-11-27T23:59:59+09:00",
                true,
                Some("2026-11-28T22:00:00+09:00"),
            ),
            (
                "after midnight",
                &night,
                "2026-11-28T05:59:59+09:00",
                true,
                Some("2026-11-28T22:00:00+09:00"),
            ),
            ("morning", &night, "2026-11-28T06:00:00+09:00", false, Some("2026-11-28T22:00:00+09:00")),
            (
                "Friday's morning",
                &night,
                "2026-11-27T05:00:00+09:00",
                false,
                Some("2026-11-27T22:00:00+09:00"),
            ),
            (
                "all of a holiday",
                &every_monday,
                "2026-11-23T23:59:00+09:00",
                true,
                Some("2026-11-30T00:00:00+09:00"),
            ),
            (
                "then not",
                &every_monday,
                "2026-11-24T00:00:00+09:00",
                false,
                Some("2026-11-30T00:00:00+09:00"),
            ),
        ] {
            let at: DateTime<Utc> = at.parse().unwrap();
            assert_eq!(hours.is_open(at, &holidays), open, "{what}");
            let next = next.map(|next| next.parse::<DateTime<Utc>>().unwrap());
            assert_eq!(hours.next_opening(at, &holidays), next, "{what}");
        }
    }
}
