//! Writes down what the service said: short, and the same each time.
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::fs;

/// The answers of a tag, by operation and name.
type File<'a> = BTreeMap<&'a str, Map<String, Value>>;

/// Of a list, as many items show its form.
const ITEMS: usize = 2;
/// Of a text, as many characters.
const CHARACTERS: usize = 800;

pub fn write(folder: &str, told: &BTreeMap<&str, File<'_>>) {
    let mut seen = HashMap::new();
    for (tag, file) in told {
        let mut file = serde_json::to_value(file).unwrap();
        shorten(&mut file);
        settle(&mut file, &mut seen);
        fs::write(format!("{folder}/{tag}.json"), serde_json::to_string_pretty(&file).unwrap() + "\n")
            .unwrap();
    }
}

fn shorten(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.truncate(ITEMS);
            items.iter_mut().for_each(shorten);
        }
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        Value::String(text) if text.chars().count() > CHARACTERS => {
            *text = text.chars().take(CHARACTERS).chain(['…']).collect();
        }
        _ => {}
    }
}

/// Ids and times that are new in each run become the same ones.
fn settle(value: &mut Value, seen: &mut HashMap<String, String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| settle(item, seen)),
        Value::Object(fields) => fields.values_mut().for_each(|item| settle(item, seen)),
        // No secret of ours, and nothing that looks like one to a scanner.
        Value::String(text) if text.starts_with("tsk_") || text.starts_with("eyJ") => {
            let end = if text.starts_with("eyJ") { 3 } else { text.rfind('_').map_or(0, |at| at + 1) };
            text.truncate(end);
            text.push_str("...");
        }
        Value::String(text) => {
            let just_now = DateTime::parse_from_rfc3339(text)
                .is_ok_and(|time| (Utc::now() - time.with_timezone(&Utc)).abs() < TimeDelta::minutes(10));
            if just_now {
                "2026-11-24T01:30:00Z".clone_into(text);
            }
            // Ids also stand within paths and calendars.
            for at in (0..text.len().saturating_sub(35)).rev() {
                let Some(id) = text.get(at..at + 36).map(str::to_owned) else { continue };
                if uuid::Uuid::parse_str(&id).is_ok_and(|id| id.get_version_num() == 7)
                    && !id.starts_with("0198c0de")
                {
                    let next = seen.len() + 1;
                    let settled =
                        seen.entry(id).or_insert_with(|| format!("0198c0de-0000-7000-8000-{next:012}"));
                    text.replace_range(at..at + 36, settled);
                }
            }
        }
        _ => {}
    }
}
