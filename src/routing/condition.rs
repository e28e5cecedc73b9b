//! Conditions over facts: Kleene's logic, and why a condition came out as it did.
use super::facts::{Facts, Item, Value};
use super::words::{Tri, Truth};
use chrono::{Datelike as _, NaiveDate};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Where a fact is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactRef {
    /// Given by the caller; index of its entry.
    Given(usize),
    /// Member of the list item that a rule is repeated for.
    Member(usize),
    /// Derived from other facts; index of the derivation.
    Derived(usize),
}

#[derive(Debug, Clone)]
pub enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Test(Test),
}

/// One question to one fact.
#[derive(Debug, Clone)]
pub struct Test {
    pub fact: FactRef,
    /// As the rule names it.
    pub path: String,
    pub op: Op,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    Present,
    /// Only certainty that it is so makes this false.
    NotConfirmed,
    Absent,
    Established,
    NotEstablished,
    IsUnknown,
    Eq(String),
    Ne(String),
    In(Vec<String>),
    AnyOf(Vec<String>),
    NoneOf(Vec<String>),
    /// Something else than these is said, or nothing is. A word that only sums up a closer one does
    /// not count beside it.
    OtherThan {
        words: Vec<String>,
        umbrellas: BTreeMap<String, Vec<String>>,
    },
    /// It is later, or more, than the other fact.
    Exceeds(FactRef),
    /// The number stands in this order to the value.
    Compare(&'static [Ordering], u64),
    IsTrue,
    IsFalse,
    Exists,
    NotExists,
    DaysSinceGt(i64),
    MonthsSinceGte(i32),
    AsOfOnOrAfter(NaiveDate),
    DoneContains {
        contact: String,
        action: String,
    },
}

/// What a condition is held against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub facts: &'a Facts,
    /// The facts derived so far, with their conditions.
    pub derived: &'a [Tri],
    pub item: Option<&'a Item>,
}

/// A fact and its value, for explanations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding<'a> {
    pub fact: &'a str,
    pub value: Cow<'static, str>,
}

impl<'a> Context<'a> {
    /// What is known of the fact.
    pub fn given(&self, fact: FactRef) -> Option<&'a Value> {
        match fact {
            FactRef::Given(index) => self.facts.get(index),
            FactRef::Member(index) => self.item?.get(&index),
            FactRef::Derived(index) => match self.derived.get(index)? {
                Tri::Unknown => None,
                Tri::Confirmed => Some(&Value::Tri(Tri::Confirmed)),
                Tri::Suspected => Some(&Value::Tri(Tri::Suspected)),
                Tri::RuledOut => Some(&Value::Tri(Tri::RuledOut)),
            },
        }
    }
}

impl Condition {
    pub fn truth(&self, context: &Context<'_>) -> Truth {
        match self {
            Self::All(parts) => parts.iter().map(|part| part.truth(context)).min().unwrap_or(Truth::Yes),
            Self::Any(parts) => parts.iter().map(|part| part.truth(context)).max().unwrap_or(Truth::No),
            Self::Not(part) => part.truth(context).not(),
            Self::Test(test) => test.truth(context),
        }
    }

    /// The tests that make the condition come out as it does.
    pub fn deciding<'a>(&'a self, context: &Context<'_>) -> Vec<&'a Test> {
        let mut tests = vec![];
        self.gather(context, &mut tests);
        tests
    }

    fn gather<'a>(&'a self, context: &Context<'_>, tests: &mut Vec<&'a Test>) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                let outcome = self.truth(context);
                for part in parts.iter().filter(|part| part.truth(context) == outcome) {
                    part.gather(context, tests);
                }
            }
            Self::Not(part) => part.gather(context, tests),
            Self::Test(test) => tests.push(test),
        }
    }

    /// The same as findings, each once.
    pub fn findings(&self, context: &Context<'_>) -> Vec<Finding<'_>> {
        let mut findings = vec![];
        for test in self.deciding(context) {
            let finding = Finding { fact: &test.path, value: test.shown(context) };
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        findings
    }
}

impl Test {
    fn shown(&self, context: &Context<'_>) -> Cow<'static, str> {
        if let Op::DoneContains { contact, action } = &self.op {
            let what = format!("{contact}/{action}");
            return if self.truth(context) == Truth::Yes { what } else { format!("{what} is not done") }
                .into();
        }
        match context.given(self.fact) {
            None => Cow::Borrowed("unknown"),
            Some(Value::Tri(tri)) => Cow::Borrowed(tri.as_str()),
            Some(value) => Cow::Owned(value.show()),
        }
    }

    fn truth(&self, context: &Context<'_>) -> Truth {
        let value = context.given(self.fact);
        match &self.op {
            Op::Present => tri(value, Truth::Yes, Truth::Yes, Truth::No),
            Op::NotConfirmed => (!matches!(value, Some(Value::Tri(Tri::Confirmed)))).into(),
            Op::Absent => tri(value, Truth::No, Truth::No, Truth::Yes),
            Op::Established => is_established(value).into(),
            Op::NotEstablished => (!is_established(value)).into(),
            Op::Eq(wanted) => among(value, std::slice::from_ref(wanted)),
            Op::Ne(wanted) => among(value, std::slice::from_ref(wanted)).not(),
            Op::In(wanted) => among(value, wanted),
            Op::AnyOf(wanted) => intersects(value, wanted).into(),
            Op::NoneOf(wanted) => (!intersects(value, wanted)).into(),
            Op::OtherThan { words, umbrellas } => says_other_than(value, words, umbrellas).into(),
            Op::Exceeds(other) => exceeds(value, context.given(*other)),
            Op::Compare(orders, limit) => match value {
                Some(Value::Count(number)) => orders.contains(&number.cmp(limit)).into(),
                _ => Truth::Unknown,
            },
            Op::IsTrue => is_true(value).into(),
            Op::IsFalse => (!is_true(value)).into(),
            Op::Exists => value.is_some().into(),
            Op::IsUnknown | Op::NotExists => value.is_none().into(),
            Op::DaysSinceGt(days) => match value.and_then(Value::date) {
                Some(date) => {
                    let today = context.facts.as_of.date_naive();
                    ((today - date).num_days() > *days).into()
                }
                None => Truth::Unknown,
            },
            Op::MonthsSinceGte(months) => match value.and_then(Value::date) {
                Some(date) => {
                    let aware = context.facts.aware_at.date_naive();
                    (whole_months(date, aware) >= *months).into()
                }
                None => Truth::Unknown,
            },
            Op::AsOfOnOrAfter(date) => (context.facts.as_of.date_naive() >= *date).into(),
            Op::DoneContains { contact, action } => context
                .facts
                .done
                .iter()
                .any(|done| done.contact == *contact && done.action == *action)
                .into(),
        }
    }
}

fn tri(value: Option<&Value>, confirmed: Truth, suspected: Truth, ruled_out: Truth) -> Truth {
    match value {
        Some(Value::Tri(Tri::Confirmed)) => confirmed,
        Some(Value::Tri(Tri::Suspected)) => suspected,
        Some(Value::Tri(Tri::RuledOut)) => ruled_out,
        _ => Truth::Unknown,
    }
}

fn is_established(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Tri(Tri::Confirmed | Tri::Suspected)))
}

fn is_true(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Scalar(text)) if text == "true")
}

/// A missing value and the word "unknown" are unknown, unless "unknown" is itself asked for.
fn among(value: Option<&Value>, wanted: &[String]) -> Truth {
    let value = value.map_or(Cow::Borrowed("unknown"), Value::text);
    if wanted.iter().any(|word| *word == value) {
        Truth::Yes
    } else if value == "unknown" {
        Truth::Unknown
    } else {
        Truth::No
    }
}

fn intersects(value: Option<&Value>, wanted: &[String]) -> bool {
    matches!(value, Some(Value::Words(words)) if words.iter().any(|word| wanted.contains(word)))
}

fn says_other_than(
    value: Option<&Value>,
    words: &[String],
    umbrellas: &BTreeMap<String, Vec<String>>,
) -> bool {
    let said = match value {
        Some(Value::Words(said)) => said.as_slice(),
        _ => &[],
    };
    let sums_up = |word: &String| {
        umbrellas.get(word).is_some_and(|closer| closer.iter().any(|closer| said.contains(closer)))
    };
    said.is_empty() || said.iter().any(|word| !words.contains(word) && !sums_up(word))
}

fn exceeds(value: Option<&Value>, other: Option<&Value>) -> Truth {
    match (value, other) {
        (Some(Value::Time(value)), Some(Value::Time(other))) => (value > other).into(),
        (Some(Value::Date(value)), Some(Value::Date(other))) => (value > other).into(),
        (Some(Value::Count(value)), Some(Value::Count(other))) => (value > other).into(),
        _ => Truth::Unknown,
    }
}

/// Whole calendar months from one date to a later one; negative when it is earlier.
fn whole_months(from: NaiveDate, to: NaiveDate) -> i32 {
    let months = |date: NaiveDate| date.year() * 12 + i32::try_from(date.month0()).unwrap_or(0);
    let difference = months(to) - months(from);
    if to.day() < from.day() && !is_last_day(to) { difference - 1 } else { difference }
}

/// Six months from August 31 end on the last day of February: there is no day with the same number.
fn is_last_day(date: NaiveDate) -> bool {
    date.succ_opt().is_none_or(|next| next.day() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_whole_only_when_the_day_is_reached() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (from, to, months) in [
            ("2026-04-01", "2026-10-01", 6),
            ("2026-04-02", "2026-10-01", 5),
            ("2026-04-01", "2026-09-30", 5),
            ("2026-08-31", "2027-02-28", 6),
            ("2026-08-31", "2027-02-27", 5),
            ("2026-10-01", "2026-04-01", -6),
        ] {
            assert_eq!(whole_months(date(from), date(to)), months, "{from} to {to}");
        }
    }

    #[test]
    fn a_missing_word_is_unknown_unless_unknown_is_asked_for() {
        let word = |text: &str| Some(Value::Scalar(text.into()));
        let wanted = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (value, words, truth) in [
            (word("a"), wanted(&["a", "b"]), Truth::Yes),
            (word("c"), wanted(&["a", "b"]), Truth::No),
            (word("unknown"), wanted(&["a"]), Truth::Unknown),
            (None, wanted(&["a"]), Truth::Unknown),
            (None, wanted(&["a", "unknown"]), Truth::Yes),
            (word("unknown"), wanted(&["unknown"]), Truth::Yes),
        ] {
            assert_eq!(among(value.as_ref(), &words), truth, "{value:?} in {words:?}");
        }
    }

    #[test]
    fn each_question_to_a_tri_state_has_its_row() {
        use Truth::{No, Unknown, Yes};
        let given = [
            Some(Value::Tri(Tri::Confirmed)),
            Some(Value::Tri(Tri::Suspected)),
            Some(Value::Tri(Tri::RuledOut)),
            None,
        ];
        let row = |of: &dyn Fn(Option<&Value>) -> Truth| given.each_ref().map(|v| of(v.as_ref()));
        assert_eq!(row(&|v| tri(v, Yes, Yes, No)), [Yes, Yes, No, Unknown]);
        assert_eq!(row(&|v| tri(v, No, No, Yes)), [No, No, Yes, Unknown]);
        assert_eq!(row(&|v| is_established(v).into()), [Yes, Yes, No, No]);
    }
}
