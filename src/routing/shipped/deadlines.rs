//! Compiling deadlines: each kind has what it needs, and starts at a time.
use super::super::deadline::{Count, Deadline, Named};
use super::super::facts::Kind;
use super::super::rule_dto::DeadlineDocument;
use super::compile::{Names, Place};

impl Names<'_> {
    pub fn deadline(&mut self, place: Place<'_>, entry: &DeadlineDocument) -> Deadline {
        let named = |names: &mut Self, path: Option<&String>, kinds: &[Kind]| {
            let path = path?;
            let (fact, kind, _) = names.fact(place, path);
            if kind.is_some_and(|kind| !kinds.contains(&kind)) {
                names.faults.add(format!("{}: {path} is of the wrong type", place.id));
            }
            Some(Named { fact, path: path.clone() })
        };
        let start = named(self, entry.start.as_ref(), &[Kind::Datetime]);
        let hours = named(self, entry.hours_fact.as_ref(), &[Kind::Count]);
        let days = named(self, entry.days_fact.as_ref(), &[Kind::Count]);
        let count = match entry.count.as_deref() {
            Some("inclusive") => Some(Count::Inclusive),
            Some("exclusive") => Some(Count::Exclusive),
            _ => None,
        };
        let roll = match entry.roll.as_deref() {
            None => Some(false),
            Some("gov_holiday") => Some(true),
            Some(_) => None,
        };
        let numbers = [entry.min_days, entry.max_days, entry.days, entry.hours];
        if numbers.into_iter().flatten().any(|number| !(1..=10_000).contains(&number)) {
            self.faults.add(format!("{}: a number of days or hours is not from 1 to 10,000", place.id));
        }
        let made = match (entry.kind.as_str(), start, count) {
            ("immediate", None, None) => Some(Deadline::Immediate),
            ("asap", None, None) => Some(Deadline::Asap),
            ("unresolved", None, None) => Some(Deadline::Unresolved),
            ("none", None, None) => Some(Deadline::None),
            ("window", Some(start), Some(Count::Inclusive)) => entry
                .min_days
                .zip(entry.max_days)
                .filter(|(min, max)| 1 <= *min && min <= max)
                .map(|(min_days, max_days)| Deadline::Window { start, min_days, max_days }),
            ("calendar_days", Some(start), Some(count)) => {
                entry.days.zip(roll).map(|(days, roll)| Deadline::CalendarDays { start, days, count, roll })
            }
            ("hours", Some(start), None) => entry.hours.map(|hours| Deadline::Hours { start, hours }),
            ("contract", Some(start), Some(Count::Exclusive)) => {
                Some(Deadline::Contract { start, hours, days })
            }
            _ => None,
        };
        made.unwrap_or_else(|| {
            self.faults.add(format!("{}: the deadline is not whole", place.id));
            Deadline::Unresolved
        })
    }
}
