//! By when: from what a rule says to a date, with every step told. All dates are dates in Tokyo.
mod steps;

pub use steps::Step;

use super::condition::{Context, FactRef};
use super::decision::{Due, DueKind};
use super::facts::Value;
use crate::calendar::Holidays;
use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta};

/// A fact that a clock starts at, or a number that a contract sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub fact: FactRef,
    pub path: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deadline {
    /// 直ちに
    Immediate,
    /// 速やかに, 遅滞なく: no number.
    Asap,
    /// A guideline of so many to so many days; never moved to a working day.
    Window {
        start: Named,
        min_days: i64,
        max_days: i64,
    },
    CalendarDays {
        start: Named,
        days: i64,
        count: Count,
        /// A day on which the authorities are closed moves the date to the next open one.
        roll: bool,
    },
    Hours {
        start: Named,
        hours: i64,
    },
    /// Hours or days that the company's own contract sets; as soon as possible where it sets none.
    Contract {
        start: Named,
        hours: Option<Named>,
        days: Option<Named>,
    },
    /// There is a duty, but no number could be confirmed: as if immediate, and a person must look.
    Unresolved,
    None,
}

/// Whether the first day counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// The start is day 1.
    Inclusive,
    /// The start is not counted (Civil Code art. 140).
    Exclusive,
}

impl Deadline {
    /// When it is due, and how that was found.
    pub fn due(&self, context: &Context<'_>, holidays: &Holidays) -> (Due, Vec<Step<'_>>) {
        match self {
            Self::Immediate => plain(DueKind::Immediate),
            Self::Asap => plain(DueKind::Asap),
            Self::None => plain(DueKind::None),
            Self::Unresolved => (Due::of(DueKind::Unresolved), vec![Step::NoNumber]),
            Self::Window { start, min_days, max_days } => from(start, context, |date, steps| {
                let target = date + TimeDelta::days(min_days - 1);
                let due = date + TimeDelta::days(max_days - 1);
                let (min_days, max_days) = (*min_days, *max_days);
                steps.push(Step::Window { first: date, min_days, target, max_days, due });
                Due { target: Some(target), ..Due::on(due) }
            }),
            Self::CalendarDays { start, days, count, roll } => from(start, context, |date, steps| {
                let last = counted(date, *days, *count, steps);
                if *roll { rolled(last, holidays, steps) } else { Due::on(last) }
            }),
            Self::Hours { start, hours } => match time(start, context) {
                Some(at) => hours_after(start, at, *hours),
                None => unknown_start(start),
            },
            Self::Contract { start, hours, days } => {
                contract(start, number(hours.as_ref(), context), number(days.as_ref(), context), context)
            }
        }
    }

    /// Facts that would fix the date.
    pub fn open_questions(&self, context: &Context<'_>) -> Option<&str> {
        let (Self::Window { start, .. }
        | Self::CalendarDays { start, .. }
        | Self::Hours { start, .. }
        | Self::Contract { start, .. }) = self
        else {
            return None;
        };
        time(start, context).is_none().then_some(&start.path)
    }
}

fn plain<'a>(kind: DueKind) -> (Due, Vec<Step<'a>>) {
    (Due::of(kind), vec![])
}

fn time(start: &Named, context: &Context<'_>) -> Option<DateTime<FixedOffset>> {
    match context.given(start.fact) {
        Some(Value::Time(time)) => Some(*time),
        _ => None,
    }
}

fn number(named: Option<&Named>, context: &Context<'_>) -> Option<i64> {
    match context.given(named?.fact) {
        Some(Value::Count(number)) => i64::try_from(*number).ok(),
        _ => None,
    }
}

fn unknown_start(start: &Named) -> (Due, Vec<Step<'_>>) {
    (Due::of(DueKind::Unresolved), vec![Step::NoStart { path: &start.path }])
}

fn start_step(start: &Named, at: DateTime<FixedOffset>) -> Step<'_> {
    Step::Start { path: &start.path, at }
}

fn from<'a>(
    start: &'a Named,
    context: &Context<'_>,
    date: impl FnOnce(NaiveDate, &mut Vec<Step<'a>>) -> Due,
) -> (Due, Vec<Step<'a>>) {
    let Some(at) = time(start, context) else {
        return unknown_start(start);
    };
    let mut steps = vec![start_step(start, at)];
    let due = date(at.date_naive(), &mut steps);
    (due, steps)
}

fn counted(date: NaiveDate, days: i64, count: Count, steps: &mut Vec<Step<'_>>) -> NaiveDate {
    let last = match count {
        Count::Inclusive => date + TimeDelta::days(days - 1),
        Count::Exclusive => date + TimeDelta::days(days),
    };
    steps.push(Step::Counted { days, count, last });
    last
}

fn rolled(last: NaiveDate, holidays: &Holidays, steps: &mut Vec<Step<'_>>) -> Due {
    let open = holidays.next_open(last);
    if open != last {
        steps.push(Step::Closed { last, open });
    }
    if open > holidays.valid_until {
        steps.push(Step::HolidaysUntil(holidays.valid_until));
    }
    Due::on(open)
}

fn hours_after(start: &Named, at: DateTime<FixedOffset>, hours: i64) -> (Due, Vec<Step<'_>>) {
    let due = at + TimeDelta::hours(hours);
    (Due::at(due), vec![start_step(start, at), Step::Hours { hours, due }])
}

fn contract<'a>(
    start: &'a Named,
    hours: Option<i64>,
    days: Option<i64>,
    context: &Context<'_>,
) -> (Due, Vec<Step<'a>>) {
    match (time(start, context), hours, days) {
        (None, _, _) => unknown_start(start),
        (Some(at), Some(hours), _) => hours_after(start, at, hours),
        (Some(at), None, Some(days)) => {
            let mut steps = vec![start_step(start, at)];
            let last = counted(at.date_naive(), days, Count::Exclusive, &mut steps);
            steps.push(Step::LastDay);
            let due = Due { notify_now: true, ..Due::on(last) };
            (due, steps)
        }
        (Some(_), None, None) => (Due::of(DueKind::Asap), vec![Step::NoDays]),
    }
}

#[cfg(test)]
mod tests;
