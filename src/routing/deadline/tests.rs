//! Counting days: every way of counting, over year ends, Golden Week, weekends and midnight.
use super::*;
use crate::routing::decision::Due;
use crate::routing::facts::Facts;
use crate::routing::tests::{facts, is_said_in_both, ruleset};
use serde_json::json;

/// The due of `deadline` for facts that were known at `aware_at`.
fn due(deadline: &Deadline, aware_at: &str, more: &serde_json::Value) -> (Due, usize) {
    let facts = aware(aware_at, more);
    let context = Context { facts: &facts, derived: &[], item: None };
    let (due, steps) = deadline.due(&context, &ruleset().holidays);
    assert!(steps.iter().all(|step| is_said_in_both(|l| step.said(l))));
    (due, steps.len())
}

fn aware(at: &str, more: &serde_json::Value) -> Facts {
    let mut json = json!({
        "as_of": at, "incident": {"types": ["ransomware"], "stage": "initial", "aware_at": at},
    });
    for (name, value) in more.as_object().unwrap() {
        json[name] = value.clone();
    }
    facts(&json)
}

fn named(path: &str) -> Named {
    let (index, _) = ruleset().schema.find(path).unwrap();
    Named { fact: FactRef::Given(index), path: path.into() }
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn calendar_days_are_counted_and_moved_off_closed_days() {
    use Count::{Exclusive, Inclusive};
    for (aware_at, days, count, roll, expected) in [
        // The first day counts, or not.
        ("2026-06-01T09:00:00+09:00", 30, Inclusive, false, "2026-06-30"),
        ("2026-06-01T09:00:00+09:00", 30, Exclusive, false, "2026-07-01"),
        ("2026-06-01T09:00:00+09:00", 1, Inclusive, false, "2026-06-01"),
        // The day is that of Tokyo: 15:00 UTC is midnight there.
        ("2026-05-31T14:59:59Z", 30, Inclusive, false, "2026-06-29"),
        ("2026-05-31T15:00:00Z", 30, Inclusive, false, "2026-06-30"),
        // Saturday and Sunday move to Monday, unless the rule does not move.
        ("2026-11-06T09:00:00+09:00", 30, Inclusive, true, "2026-12-07"),
        ("2026-11-07T09:00:00+09:00", 30, Inclusive, true, "2026-12-07"),
        ("2026-11-06T09:00:00+09:00", 30, Inclusive, false, "2026-12-05"),
        // The turn of the year: December 29 to January 3, and the weekend that may follow.
        ("2026-11-29T09:00:00+09:00", 30, Inclusive, true, "2026-12-28"),
        ("2026-11-30T09:00:00+09:00", 30, Inclusive, true, "2027-01-04"),
        ("2026-12-04T09:00:00+09:00", 30, Inclusive, true, "2027-01-04"),
        ("2026-12-05T09:00:00+09:00", 30, Inclusive, true, "2027-01-04"),
        ("2026-12-06T09:00:00+09:00", 30, Inclusive, true, "2027-01-04"),
        // Golden Week 2026: the 2nd is a Saturday, the 6th is the substitute holiday.
        ("2026-04-01T09:00:00+09:00", 30, Inclusive, true, "2026-04-30"),
        ("2026-04-02T09:00:00+09:00", 30, Inclusive, true, "2026-05-01"),
        ("2026-04-03T09:00:00+09:00", 30, Inclusive, true, "2026-05-07"),
        ("2026-04-07T09:00:00+09:00", 30, Inclusive, true, "2026-05-07"),
        // September 22, 2026 is a citizens' holiday between two others.
        ("2026-08-23T09:00:00+09:00", 30, Inclusive, true, "2026-09-24"),
        ("2026-08-22T09:00:00+09:00", 60, Inclusive, true, "2026-10-20"),
    ] {
        let deadline = Deadline::CalendarDays { start: named("incident.aware_at"), days, count, roll };
        let (due, _) = due(&deadline, aware_at, &json!({}));
        assert_eq!(due, Due::on(date(expected)), "{aware_at} {days} {count:?} {roll}");
    }
}

#[test]
fn a_window_has_a_day_to_aim_for_and_is_never_moved() {
    let deadline = Deadline::Window { start: named("incident.aware_at"), min_days: 3, max_days: 5 };
    for (aware_at, target, last) in [
        ("2026-11-24T08:10:00+09:00", "2026-11-26", "2026-11-28"),
        ("2026-12-30T23:59:59+09:00", "2027-01-01", "2027-01-03"),
        ("2028-02-26T00:00:00+09:00", "2028-02-28", "2028-03-01"),
    ] {
        let expected = Due { target: Some(date(target)), ..Due::on(date(last)) };
        assert_eq!(due(&deadline, aware_at, &json!({})).0, expected, "{aware_at}");
    }
}

#[test]
fn hours_run_through_the_night_and_are_not_moved() {
    let deadline = Deadline::Hours { start: named("incident.aware_at"), hours: 72 };
    let (due, _) = due(&deadline, "2026-12-30T23:30:00+09:00", &json!({}));
    assert_eq!(due.at.unwrap().to_rfc3339(), "2027-01-02T23:30:00+09:00");
}

#[test]
fn a_contract_sets_hours_or_days_or_nothing() {
    let days = "contracts.cyber_insurance.notice_days";
    let insured = |days: serde_json::Value| json!({"contracts": {"cyber_insurance": {"enrolled": true, "notice_days": days}}});
    let deadline =
        Deadline::Contract { start: named("incident.aware_at"), hours: None, days: Some(named(days)) };
    let at = "2026-11-26T11:30:00+09:00";
    let (dated, _) = due(&deadline, at, &insured(json!(30)));
    let expected = Due { notify_now: true, ..Due::on(date("2026-12-26")) };
    assert_eq!(dated, expected);
    let (open, steps) = due(&deadline, at, &insured(json!(null)));
    assert_eq!((open, steps), (Due::of(DueKind::Asap), 1));
}

#[test]
fn a_clock_whose_start_is_not_known_needs_a_person() {
    let deadline = Deadline::CalendarDays {
        start: named("impact.money_transferred_at"),
        days: 30,
        count: Count::Exclusive,
        roll: false,
    };
    let (due, steps) = due(&deadline, "2026-11-26T11:30:00+09:00", &json!({}));
    assert_eq!((due, steps), (Due::of(DueKind::Unresolved), 1));
}

#[test]
fn a_date_beyond_the_known_holidays_says_so() {
    let deadline = Deadline::CalendarDays {
        start: named("incident.aware_at"),
        days: 60,
        count: Count::Inclusive,
        roll: true,
    };
    let near = due(&deadline, "2027-10-01T09:00:00+09:00", &json!({})).1;
    let far = due(&deadline, "2027-12-01T09:00:00+09:00", &json!({})).1;
    // The year's last days are closed: the date moves, and past the list.
    let moved = due(&deadline, "2027-10-31T09:00:00+09:00", &json!({})).1;
    assert_eq!((near, far, moved), (2, 4, 4));
}
