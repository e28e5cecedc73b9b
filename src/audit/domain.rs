//! An entry of the log, and what of a thing may stand in it.
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What became of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Created,
    Changed,
    Removed,
}

impl Effect {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// Which thing it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What kind of thing, as the URL calls one.
    pub resource: &'static str,
    pub id: String,
    /// The client company that it belongs to.
    pub client: Option<String>,
}

/// A thing whose changes are in the log. The log outlives the thing and whoever it tells of, so nothing that
/// somebody typed may stand in it: `audited!` says of each field which it is.
pub trait Audited {
    fn named(&self) -> Named;
    /// What of it may be read for ever: numbers and closed words.
    fn words(&self) -> Vec<(&'static str, Value)>;
    /// Names of the fields in which the two differ.
    fn differing(&self, other: &Self) -> Vec<&'static str>;
}

/// A thing that does not know to which client it belongs.
#[derive(Debug)]
pub struct OfClient<'a, T>(pub &'a str, pub &'a T);

impl<T: Audited> Audited for OfClient<'_, T> {
    fn named(&self) -> Named {
        Named { client: Some(self.0.to_owned()), ..self.1.named() }
    }
    fn words(&self) -> Vec<(&'static str, Value)> {
        self.1.words()
    }
    fn differing(&self, other: &Self) -> Vec<&'static str> {
        self.1.differing(other.1)
    }
}

/// Says what of a thing stands in the log: `words` with their value, `veiled` fields by their name when they
/// change, and what is `left` out. A field that is forgotten does not compile.
#[macro_export]
macro_rules! audited {
    ($type:ident as $resource:literal, |$it:ident| ($id:expr, $client:expr);
        words: $($word:ident = $value:expr),*; veiled: $($field:ident),*; left: $($rest:ident),*;) => {
        impl $crate::audit::Audited for $type {
            fn named(&self) -> $crate::audit::Named {
                let $it = self;
                $crate::audit::Named { resource: $resource, id: $id.clone(), client: $client }
            }
            fn words(&self) -> Vec<(&'static str, serde_json::Value)> {
                let $it = self;
                vec![$((stringify!($word), serde_json::json!($value))),*]
            }
            fn differing(&self, other: &Self) -> Vec<&'static str> {
                let Self { $($word: _,)* $($field: _,)* $($rest: _,)* } = self;
                let pairs = [
                    $((stringify!($word), self.$word != other.$word),)*
                    $((stringify!($field), self.$field != other.$field),)*
                ];
                pairs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
            }
        }
    };
}

/// What changed in a thing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// Names of the fields that changed.
    pub fields: Vec<String>,
    /// Closed words and numbers as they were.
    pub before: Option<Map<String, Value>>,
    /// As they are now.
    pub after: Option<Map<String, Value>>,
}

impl Detail {
    pub fn of<T: Audited>(before: Option<&T>, after: Option<&T>) -> Self {
        let words = |thing: &T| -> Map<String, Value> {
            thing.words().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        };
        let fields = match (before, after) {
            (Some(before), Some(after)) => before.differing(after),
            _ => vec![],
        };
        Self {
            fields: fields.into_iter().map(str::to_owned).collect(),
            before: before.map(words),
            after: after.map(words),
        }
    }

    /// With how much of what went away with it.
    pub fn with_counts(mut self, counts: &[(&str, usize)]) -> Self {
        let before = self.before.get_or_insert_default();
        before.extend(counts.iter().map(|(name, count)| ((*name).to_owned(), Value::from(*count))));
        self
    }
}

/// What was done, as it is kept. `detail` is the text that the hash was taken of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: String,
    pub at: DateTime<Utc>,
    pub subject: String,
    pub account: Option<String>,
    pub action: String,
    pub effect: String,
    pub resource: String,
    pub resource_id: String,
    pub client_id: Option<String>,
    pub address: String,
    pub request_id: String,
    pub detail: String,
}

/// An entry in its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub sequence: i64,
    pub entry: Entry,
    pub hash: String,
}
