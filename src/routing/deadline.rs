//! By when: from what a rule says to a date, with every step told. All dates are dates in Tokyo.
use super::condition::{Context, FactRef};
use super::decision::{Due, DueKind};
use super::facts::Value;
use crate::calendar::Holidays;
use crate::text::LocalizedText;
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
    pub fn due(&self, context: &Context<'_>, holidays: &Holidays) -> (Due, Vec<LocalizedText>) {
        match self {
            Self::Immediate => plain(DueKind::Immediate),
            Self::Asap => plain(DueKind::Asap),
            Self::None => plain(DueKind::None),
            Self::Unresolved => (
                Due::of(DueKind::Unresolved),
                vec![LocalizedText::new(
                    "義務はあるが、日数を確認できなかった。至急、人が確認する",
                    "There is a duty, but no number of days could be confirmed: a person must look at once",
                )],
            ),
            Self::Window { start, min_days, max_days } => from(start, context, |date, steps| {
                let target = date + TimeDelta::days(min_days - 1);
                let due = date + TimeDelta::days(max_days - 1);
                steps.push(LocalizedText::new(
                    format!("{date} を1日目として {min_days} 日目の {target} を目安、{max_days} 日目の {due} を期限とする（休日でも繰り延べない）"),
                    format!("{date} is day 1: aim for day {min_days}, {target}; due on day {max_days}, {due} (not moved for holidays)"),
                ));
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

fn plain(kind: DueKind) -> (Due, Vec<LocalizedText>) {
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

fn unknown_start(start: &Named) -> (Due, Vec<LocalizedText>) {
    let path = &start.path;
    let step = LocalizedText::new(
        format!("起算点 {path} が不明のため、期限を計算できない。至急確認する"),
        format!("The start, {path}, is not known, so no date can be counted: find it out at once"),
    );
    (Due::of(DueKind::Unresolved), vec![step])
}

fn start_step(start: &Named, at: DateTime<FixedOffset>) -> LocalizedText {
    let (path, at) = (&start.path, at.format("%Y-%m-%d %H:%M"));
    LocalizedText::new(
        format!("起算点は {path} = {at}（日本時間）"),
        format!("The clock starts at {path} = {at} (Tokyo)"),
    )
}

fn from(
    start: &Named,
    context: &Context<'_>,
    date: impl FnOnce(NaiveDate, &mut Vec<LocalizedText>) -> Due,
) -> (Due, Vec<LocalizedText>) {
    let Some(at) = time(start, context) else {
        return unknown_start(start);
    };
    let mut steps = vec![start_step(start, at)];
    let due = date(at.date_naive(), &mut steps);
    (due, steps)
}

fn counted(date: NaiveDate, days: i64, count: Count, steps: &mut Vec<LocalizedText>) -> NaiveDate {
    let (last, ja, en) = match count {
        Count::Inclusive => {
            (date + TimeDelta::days(days - 1), "初日を1日目として", "counting the first day")
        }
        Count::Exclusive => (date + TimeDelta::days(days), "初日を算入せず", "not counting the first day"),
    };
    steps.push(LocalizedText::new(
        format!("{ja} {days} 日目は {last}"),
        format!("day {days}, {en}, is {last}"),
    ));
    last
}

fn rolled(last: NaiveDate, holidays: &Holidays, steps: &mut Vec<LocalizedText>) -> Due {
    let open = holidays.next_open(last);
    if open != last {
        steps.push(LocalizedText::new(
            format!("{last} は行政機関の休日のため、次の開庁日 {open} まで"),
            format!(
                "{last} is a day on which the authorities are closed: due on the next open day, {open}"
            ),
        ));
    }
    if open > holidays.valid_until {
        let until = holidays.valid_until;
        steps.push(LocalizedText::new(
            format!("祝日の一覧は {until} までしかないため、期限の日が休日でないか確認する"),
            format!("Holidays are known until {until} only: check that the day is none"),
        ));
    }
    Due::on(open)
}

fn hours_after(start: &Named, at: DateTime<FixedOffset>, hours: i64) -> (Due, Vec<LocalizedText>) {
    let due = at + TimeDelta::hours(hours);
    let shown = due.format("%Y-%m-%d %H:%M");
    let step = LocalizedText::new(
        format!("{hours} 時間後は {shown}（日本時間）"),
        format!("{hours} hours later is {shown} (Tokyo)"),
    );
    (Due::at(due), vec![start_step(start, at), step])
}

fn contract(
    start: &Named,
    hours: Option<i64>,
    days: Option<i64>,
    context: &Context<'_>,
) -> (Due, Vec<LocalizedText>) {
    let asap = |ja: &str, en: &str| {
        let step = LocalizedText::new(ja, en);
        (Due::of(DueKind::Asap), vec![step])
    };
    match (time(start, context), hours, days) {
        (None, _, _) => unknown_start(start),
        (Some(at), Some(hours), _) => hours_after(start, at, hours),
        (Some(at), None, Some(days)) => {
            let mut steps = vec![start_step(start, at)];
            let last = counted(at.date_naive(), days, Count::Exclusive, &mut steps);
            steps.push(LocalizedText::new(
                "契約上の最終日であり、連絡は今すぐ行う",
                "That is the last day the contract allows; tell them now",
            ));
            let due = Due { notify_now: true, ..Due::on(last) };
            (due, steps)
        }
        (Some(_), None, None) => asap(
            "契約の日数が分からないため、できるだけ早く連絡する",
            "The contract's number of days is not known: tell them as soon as possible",
        ),
    }
}

#[cfg(test)]
mod tests;
