//! What to do first: tiers, moved by what presses and what can wait.
use super::decision::{Action, Due, DueKind, Status};
use super::words::Obligation;
use crate::calendar::TOKYO;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, TimeDelta};

/// Urgent duties stand at least as high as cover and evidence.
const URGENT_TIER: u8 = 2;
/// Calendar items: nothing to do today.
const SCHEDULED_TIER: u8 = 8;
const SCHEDULED_AFTER_DAYS: i64 = 14;

/// Sets tier and status of each action and sorts them.
pub fn order<'a>(actions: &mut [Action<'a>], as_of: DateTime<FixedOffset>) {
    for action in actions.iter_mut() {
        action.status = status(&action.due, as_of);
        if presses(action, as_of) {
            action.tier = action.tier.min(URGENT_TIER);
        } else if action.schedulable && is_far(&action.due, as_of) {
            action.tier = SCHEDULED_TIER;
        }
    }
    let key = |action: &Action<'a>| {
        let (rank, at) = due_rank(&action.due);
        let rank = if presses(action, as_of) { 0 } else { rank };
        (action.tier, rank, action.obligation, at, action.priority)
    };
    let name = |action: &Action<'a>| (action.contact, action.action);
    actions.sort_by(|a, b| {
        key(a).cmp(&key(b)).then_with(|| name(a).cmp(&name(b))).then_with(|| a.party.cmp(&b.party))
    });
}

/// How soon: the kind of due first, then the moment.
pub fn due_rank(due: &Due) -> (u8, Option<DateTime<FixedOffset>>) {
    let rank = match due.kind {
        DueKind::Immediate | DueKind::Unresolved => 0,
        DueKind::Asap => 1,
        DueKind::Date if due.notify_now => 1,
        DueKind::Date | DueKind::DateTime => 2,
        DueKind::None => 3,
    };
    (rank, moment(due))
}

/// The last moment; a date ends with its day.
fn moment(due: &Due) -> Option<DateTime<FixedOffset>> {
    due.at.or_else(|| due.date.and_then(end_of))
}

fn end_of(date: NaiveDate) -> Option<DateTime<FixedOffset>> {
    let last = NaiveTime::from_hms_opt(23, 59, 0)?;
    date.and_time(last).and_local_timezone(TOKYO).single()
}

/// A duty with no time left: to be done at once, within a day, or late already.
fn presses(action: &Action<'_>, as_of: DateTime<FixedOffset>) -> bool {
    action.obligation == Obligation::Must
        && match action.due.kind {
            DueKind::Immediate | DueKind::Unresolved => true,
            _ => moment(&action.due).is_some_and(|due| due <= as_of + TimeDelta::hours(24)),
        }
}

fn is_far(due: &Due, as_of: DateTime<FixedOffset>) -> bool {
    let date = due.date.or_else(|| due.at.map(|at| at.date_naive()));
    date.is_some_and(|date| (date - as_of.date_naive()).num_days() > SCHEDULED_AFTER_DAYS)
}

/// A date is due today until its day ends; a moment is open until it has passed.
fn status(due: &Due, as_of: DateTime<FixedOffset>) -> Status {
    let today = as_of.date_naive();
    match (due.date, due.at) {
        (Some(date), _) if date < today => Status::Overdue,
        (Some(date), _) if date == today => Status::DueToday,
        (_, Some(at)) if at < as_of => Status::Overdue,
        _ => Status::Open,
    }
}
