//! What is done with all of a JSON value, however deep things lie in it.
use crate::characters;
use crate::problem::Fault;
use crate::text::LocalizedText;
use serde_json::Value;

/// How many lists and objects lie within each other. The parser stops at 128 by itself, so this ends.
pub fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

pub fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(holds_null),
        Value::Object(fields) => fields.values().any(holds_null),
        _ => false,
    }
}

/// A field that is null is one that is left out; only a patch means something else by it.
pub fn without_nulls(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        _ => {}
    }
}

/// What means the same becomes the same: 45.0 is 45.
pub fn plain(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Object(fields) => fields.values_mut().for_each(plain),
        Value::Number(number) if !number.is_i64() && !number.is_u64() => {
            let whole = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() <= 9_007_199_254_740_992.0);
            if let Some(whole) = whole.and_then(|n| format!("{n:.0}").parse::<i64>().ok()) {
                *value = whole.into();
            }
        }
        _ => {}
    }
}

fn can_be_shown(value: &Value) -> bool {
    match value {
        Value::String(text) => characters::refused(text).is_none(),
        Value::Array(items) => items.iter().all(can_be_shown),
        Value::Object(fields) => fields.values().all(can_be_shown),
        _ => true,
    }
}

/// Adds a fault for every text within `value` that holds what cannot be stored or shown.
pub fn shown(value: &Value, faults: &mut Vec<Fault>) {
    // Places are written out only where something is wrong: that takes longer than to look.
    if !can_be_shown(value) {
        within(value, "", faults);
    }
}

fn within(value: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    match value {
        Value::String(text) => {
            let told = characters::refused(text);
            faults.extend(told.map(|(code, ja, en)| Fault::new(pointer, code, LocalizedText::new(ja, en))));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                within(item, &format!("{pointer}/{index}"), faults);
            }
        }
        Value::Object(fields) => {
            for (name, item) in fields {
                within(item, &format!("{pointer}/{}", escape(name)), faults);
            }
        }
        _ => {}
    }
}

/// A name as one step of an RFC 6901 pointer.
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
