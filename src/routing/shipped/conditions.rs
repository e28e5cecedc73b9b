//! Compiling conditions: each fact can be asked what its type allows, with words that it knows.
use super::super::condition::{Condition, Op, Test};
use super::super::facts::Kind;
use super::compile::{Names, Place};
use super::documents::plain;
use super::files::ConditionEntry;
use std::cmp::Ordering::{Equal, Greater, Less};

impl Names<'_> {
    pub fn condition(&mut self, place: Place<'_>, entry: &ConditionEntry) -> Condition {
        let mut several =
            |parts: &[ConditionEntry]| parts.iter().map(|p| self.condition(place, p)).collect();
        match entry {
            ConditionEntry { all: Some(parts), any: None, not: None, fact: None, .. } => {
                Condition::All(several(parts))
            }
            ConditionEntry { all: None, any: Some(parts), not: None, fact: None, .. } => {
                Condition::Any(several(parts))
            }
            ConditionEntry { all: None, any: None, not: Some(part), fact: None, .. } => {
                Condition::Not(Box::new(self.condition(place, part)))
            }
            ConditionEntry { all: None, any: None, not: None, fact: Some(path), op: Some(op), .. } => {
                Condition::Test(self.test(place, path, op, entry))
            }
            _ => {
                self.faults
                    .add(format!("{}: a condition is one of all, any, not, or fact with op", place.id));
                Condition::All(vec![])
            }
        }
    }

    fn test(&mut self, place: Place<'_>, path: &str, op: &str, entry: &ConditionEntry) -> Test {
        let (fact, kind, words) = self.fact(place, path);
        let compiled = match op {
            "other_than" => self.other_than(path, entry),
            "exceeds" => self.exceeds(place, kind, entry),
            _ => operator(op, entry),
        };
        let op = if let Some((op, kinds)) = compiled {
            if kind.is_some_and(|kind| !kinds.contains(&kind)) {
                self.faults.add(format!("{}: {path} cannot be asked {op:?}", place.id));
            }
            op
        } else {
            self.faults.add(format!("{}: {op} with this value is no operator", place.id));
            Op::Exists
        };
        if let Op::Eq(_) | Op::Ne(_) | Op::In(_) | Op::AnyOf(_) | Op::NoneOf(_) | Op::OtherThan { .. } = &op
            && matches!(kind, Some(Kind::Word | Kind::Words))
        {
            for word in values(entry) {
                let known = words.iter().map(String::as_str);
                self.faults.known(place.id, &word, known);
            }
        }
        if let Op::DoneContains { contact, .. } = &op {
            self.contact(place.id, contact);
        }
        Test { fact, path: path.to_owned(), op }
    }

    fn other_than(&self, path: &str, entry: &ConditionEntry) -> Option<(Op, &'static [Kind])> {
        let umbrellas = self.entry(path)?.umbrellas.clone();
        Some((Op::OtherThan { words: values(entry), umbrellas }, &[Kind::Words]))
    }

    fn exceeds(
        &mut self,
        place: Place<'_>,
        kind: Option<Kind>,
        entry: &ConditionEntry,
    ) -> Option<(Op, &'static [Kind])> {
        let other = entry.value.as_ref()?.as_str()?;
        let (other, of, _) = self.fact(place, other);
        (of == kind).then_some((Op::Exceeds(other), &[Kind::Datetime, Kind::Date, Kind::Count]))
    }
}

fn values(entry: &ConditionEntry) -> Vec<String> {
    match &entry.value {
        Some(serde_json::Value::Array(values)) => values.iter().map(plain).collect(),
        Some(value) => vec![plain(value)],
        None => vec![],
    }
}

/// The operator, and the types of fact that it can be asked of.
fn operator(op: &str, entry: &ConditionEntry) -> Option<(Op, &'static [Kind])> {
    use Kind::{Bool, Count, Date, Datetime, Objects, Text, Tri, Word, Words};
    const TRI: &[Kind] = &[Tri];
    const SCALAR: &[Kind] = &[Word, Text, Bool, Count];
    const LIST: &[Kind] = &[Words];
    const NUMBER: &[Kind] = &[Count];
    const TIME: &[Kind] = &[Datetime, Date];
    const ANY: &[Kind] = &[Word, Text, Bool, Count, Datetime, Date, Tri];
    let one = || values(entry).into_iter().next();
    let number = || entry.value.as_ref()?.as_u64();
    let signed = || entry.value.as_ref()?.as_i64();
    Some(match op {
        "present" => (Op::Present, TRI),
        "not_confirmed" => (Op::NotConfirmed, TRI),
        "absent" => (Op::Absent, TRI),
        "established" => (Op::Established, TRI),
        "not_established" => (Op::NotEstablished, TRI),
        "is_unknown" => (Op::IsUnknown, ANY),
        "eq" => (Op::Eq(one()?), SCALAR),
        "ne" => (Op::Ne(one()?), SCALAR),
        "in" => (Op::In(values(entry)), SCALAR),
        "any_of" => (Op::AnyOf(values(entry)), LIST),
        "none_of" => (Op::NoneOf(values(entry)), LIST),
        "gt" => (Op::Compare(&[Greater], number()?), NUMBER),
        "gte" => (Op::Compare(&[Greater, Equal], number()?), NUMBER),
        "lt" => (Op::Compare(&[Less], number()?), NUMBER),
        "lte" => (Op::Compare(&[Less, Equal], number()?), NUMBER),
        "is_true" => (Op::IsTrue, &[Bool]),
        "is_false" => (Op::IsFalse, &[Bool]),
        "exists" => (Op::Exists, ANY),
        "not_exists" => (Op::NotExists, ANY),
        "days_since_gt" => (Op::DaysSinceGt(signed()?), TIME),
        "months_since_gte" => (Op::MonthsSinceGte(i32::try_from(signed()?).ok()?), TIME),
        "as_of_on_or_after" => (Op::AsOfOnOrAfter(one()?.parse().ok()?), TIME),
        "done_contains" => {
            let text = |name: &str| Some(entry.value.as_ref()?.get(name)?.as_str()?.to_owned());
            let done = Op::DoneContains { contact: text("contact")?, action: text("action")? };
            (done, &[Objects])
        }
        _ => return None,
    })
}
