//! The facts of an incident: what may be said (the schema, which is data) and what was said.
use super::words::{Stage, Tri};
use crate::calendar::TOKYO;
use crate::era;
use crate::text::LocalizedText;
use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::Deserialize;
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// What somebody says who does not know.
pub const UNKNOWN: &str = "unknown";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Datetime,
    Date,
    /// One of a closed list.
    Word,
    /// Several of a closed list.
    Words,
    Tri,
    Bool,
    Count,
    Text,
    /// A list of objects; their members are entries of their own, `list[].member`.
    Objects,
}

/// One fact that may be given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Dotted path, as the JSON nests it.
    #[serde(rename = "fact")]
    pub path: String,
    #[serde(rename = "type")]
    pub kind: Kind,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub words: Vec<String>,
    /// Words that mean nothing more beside one of their closer words.
    #[serde(default)]
    pub umbrellas: BTreeMap<String, Vec<String>>,
    /// Words that follow from a major division of the Japan Standard Industrial Classification.
    #[serde(default)]
    pub industries: BTreeMap<String, String>,
    pub pattern: Option<String>,
    /// The largest count.
    pub maximum: Option<u64>,
    pub meaning: LocalizedText,
}

impl Entry {
    /// Whoever does not know may say so, also where no rule asks for that word.
    pub fn may_be_unknown(&self) -> bool {
        self.kind == Kind::Word && !self.required && !self.words.iter().any(|word| word == UNKNOWN)
    }

    /// The largest count: no sum of days or hours leaves the calendar.
    pub fn most(&self) -> u64 {
        self.maximum.unwrap_or(1_000_000_000)
    }
}

/// Every fact that may be given, in order.
#[derive(Debug, Clone, Default)]
pub struct FactSchema {
    pub entries: Vec<Entry>,
}

impl FactSchema {
    pub fn find(&self, path: &str) -> Option<(usize, &Entry)> {
        self.entries.iter().enumerate().find(|(_, entry)| entry.path == path)
    }

    /// The member `name` of the objects in the list with this index.
    pub fn member(&self, list: usize, name: &str) -> Option<(usize, &Entry)> {
        let list = &self.entries.get(list)?.path;
        self.find(&format!("{list}[].{name}"))
    }
}

/// A fact that was given. "unknown" is not: it is the same as not saying anything, except where it
/// is one of the words of a list.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Time(DateTime<FixedOffset>),
    Date(NaiveDate),
    /// A word, a text, a number or a boolean, as it is compared and shown.
    Scalar(String),
    Count(u64),
    Words(Vec<String>),
    Tri(Tri),
}

impl Value {
    pub fn show(&self) -> String {
        self.text().into_owned()
    }

    /// As it is compared and shown.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Time(time) => time.to_rfc3339().into(),
            Self::Date(date) => date.to_string().into(),
            Self::Scalar(text) => text.into(),
            Self::Count(number) => number.to_string().into(),
            Self::Words(words) => words.join(", ").into(),
            Self::Tri(tri) => tri.as_str().into(),
        }
    }

    pub fn date(&self) -> Option<NaiveDate> {
        match self {
            Self::Time(time) => Some(time.date_naive()),
            Self::Date(date) => Some(*date),
            _ => None,
        }
    }
}

/// The members of one object of a list, by index of their entries.
pub type Item = HashMap<usize, Value>;

/// Something that is done already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub contact: String,
    pub action: String,
    pub party: Option<String>,
    pub at: Option<DateTime<FixedOffset>>,
}

/// What was said of an incident.
#[derive(Debug, Clone)]
pub struct Facts {
    pub as_of: DateTime<FixedOffset>,
    pub aware_at: DateTime<FixedOffset>,
    pub stage: Stage,
    pub done: Vec<Done>,
    /// By index of their entries.
    values: Vec<Option<Value>>,
    items: HashMap<usize, Vec<Item>>,
}

/// A fact that cannot be read: where it stands, and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactFault {
    pub pointer: String,
    pub expected: &'static str,
}

impl Facts {
    /// Reads facts from nested JSON; all faults at once.
    pub fn read(schema: &FactSchema, json: &Json) -> Result<Self, Vec<FactFault>> {
        let mut faults = vec![];
        let mut values = vec![None; schema.entries.len()];
        let mut items: HashMap<usize, Vec<Item>> = HashMap::new();
        // Entries of one object stand together: it is looked for once.
        let mut object = ("", Some(json));
        for (index, entry) in schema.entries.iter().enumerate() {
            if entry.path.contains("[]") {
                continue;
            }
            let (path, name) = entry.path.rsplit_once('.').unwrap_or(("", &entry.path));
            if path != object.0 {
                object = (path, steps(path).try_fold(json, |within, name| within.get(name)));
            }
            let pointer = || format!("/{}", entry.path.replace('.', "/"));
            let given = object.1.and_then(|object| object.get(name)).filter(|given| !given.is_null());
            if let (Kind::Objects, Some(given)) = (entry.kind, given) {
                let list = read_items(schema, &entry.path, given, &pointer(), &mut faults);
                items.insert(index, list);
            } else {
                values[index] = read_one(entry, given, pointer, &mut faults);
            }
        }
        let done = read_done(schema, &items);
        let said = |path: &str| schema.find(path).and_then(|(index, _)| values[index].as_ref());
        let time = |path: &str| match said(path) {
            Some(Value::Time(time)) => Some(*time),
            _ => None,
        };
        let stage = match said("incident.stage") {
            Some(Value::Scalar(word)) => Stage::parse(word),
            _ => None,
        };
        match (time("as_of"), time("incident.aware_at"), stage) {
            (Some(as_of), Some(aware_at), Some(stage)) if faults.is_empty() => {
                Ok(Self { as_of, aware_at, stage, done, values, items })
            }
            _ => Err(faults),
        }
    }

    pub fn get(&self, index: usize) -> Option<&Value> {
        self.values.get(index)?.as_ref()
    }

    /// The same with one more thing said.
    pub fn with(&self, index: usize, value: Value) -> Self {
        let mut facts = self.clone();
        facts.values[index] = Some(value);
        facts
    }

    /// The same, with a member said of every item of a list of which it was not.
    pub fn with_member(&self, list: usize, member: usize, value: &Value) -> Self {
        let mut facts = self.clone();
        for item in facts.items.get_mut(&list).into_iter().flatten() {
            item.entry(member).or_insert_with(|| value.clone());
        }
        facts
    }

    pub fn items(&self, list: usize) -> &[Item] {
        self.items.get(&list).map_or(&[], Vec::as_slice)
    }
}

/// The names in a dotted path; none in an empty one.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split('.').filter(|name| !name.is_empty())
}

fn read_items(
    schema: &FactSchema,
    list: &str,
    given: &Json,
    pointer: &str,
    faults: &mut Vec<FactFault>,
) -> Vec<Item> {
    let Some(objects) = given.as_array() else {
        faults.push(FactFault { pointer: pointer.to_owned(), expected: "array" });
        return vec![];
    };
    let prefix = format!("{list}[].");
    objects
        .iter()
        .enumerate()
        .map(|(at, object)| {
            let mut item = Item::new();
            for (index, entry) in schema.entries.iter().enumerate() {
                if let Some(name) = entry.path.strip_prefix(&prefix) {
                    let given = object.get(name).filter(|given| !given.is_null());
                    let pointer = || format!("{pointer}/{at}/{name}");
                    let read = read_one(entry, given, pointer, faults);
                    item.extend(read.map(|value| (index, value)));
                }
            }
            item
        })
        .collect()
}

fn read_one(
    entry: &Entry,
    given: Option<&Json>,
    pointer: impl Fn() -> String,
    faults: &mut Vec<FactFault>,
) -> Option<Value> {
    let read = match given {
        None if entry.required => Err("required"),
        None => Ok(None),
        Some(given) => value(entry, given),
    };
    read.unwrap_or_else(|expected| {
        faults.push(FactFault { pointer: pointer(), expected });
        None
    })
}

fn value(entry: &Entry, given: &Json) -> Result<Option<Value>, &'static str> {
    let text = given.as_str();
    let known = |word: &str| entry.words.iter().any(|w| w == word);
    Ok(Some(match entry.kind {
        Kind::Datetime => {
            let time = text.and_then(|text| DateTime::parse_from_rfc3339(text).ok()).ok_or("date-time")?;
            era::holds(time.to_utc()).then_some(()).ok_or(era::CODE)?;
            Value::Time(time.with_timezone(&TOKYO))
        }
        Kind::Date => {
            let date = text.and_then(|text| text.parse().ok()).ok_or("date")?;
            era::holds_date(date).then_some(()).ok_or(era::CODE)?;
            Value::Date(date)
        }
        Kind::Word if text == Some(UNKNOWN) && entry.may_be_unknown() => return Ok(None),
        Kind::Word => text
            .filter(|word| known(word))
            .map(|word| Value::Scalar(word.to_owned()))
            .ok_or("unknown-value")?,
        Kind::Words => given
            .as_array()
            .and_then(|words| {
                let words = words.iter().map(|w| w.as_str().filter(|w| known(w)));
                words.map(|w| w.map(str::to_owned)).collect()
            })
            .map(Value::Words)
            .ok_or("unknown-value")?,
        Kind::Tri => {
            let tri = Tri::ALL.into_iter().find(|tri| Some(tri.as_str()) == text);
            match tri.ok_or("unknown-value")? {
                Tri::Unknown => return Ok(None),
                known => Value::Tri(known),
            }
        }
        Kind::Bool => given.as_bool().map(|truth| Value::Scalar(truth.to_string())).ok_or("boolean")?,
        Kind::Count => {
            given.as_u64().filter(|count| *count <= entry.most()).map(Value::Count).ok_or("integer")?
        }
        Kind::Text => text.map(|text| Value::Scalar(text.to_owned())).ok_or("string")?,
        Kind::Objects => return Err("array"),
    }))
}

fn read_done(schema: &FactSchema, items: &HashMap<usize, Vec<Item>>) -> Vec<Done> {
    let Some((list, _)) = schema.find("history.done") else {
        return vec![];
    };
    let member = |item: &Item, name: &str| {
        let (index, _) = schema.member(list, name)?;
        item.get(&index).cloned()
    };
    let text = |item: &Item, name: &str| member(item, name).map(|value| value.show());
    items
        .get(&list)
        .into_iter()
        .flatten()
        .filter_map(|item| {
            Some(Done {
                contact: text(item, "contact")?,
                action: text(item, "action")?,
                party: text(item, "ref"),
                at: match member(item, "at") {
                    Some(Value::Time(time)) => Some(time),
                    _ => None,
                },
            })
        })
        .collect()
}
