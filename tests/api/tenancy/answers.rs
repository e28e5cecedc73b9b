//! Whether two answers say the same, but for what they were asked about.
use crate::support::Answer;
use chrono::DateTime;
use serde_json::Value;
use uuid::Uuid;

/// Headers that differ between any two answers, or tell of the connection.
const PASSING: &[&str] =
    &["connection", "content-length", "date", "ratelimit", "ratelimit-policy", "x-request-id"];

/// Everything that the answer tells, without the name it was asked for. What a call has just made has an id and a
/// time of its own; these are left out too.
pub fn told(answer: &Answer, names: &[&str]) -> String {
    assert!(answer.status < 500, "{:#}", answer.json);
    let made = answer.status < 300;
    let mut lines = vec![answer.status.to_string()];
    for (name, value) in &answer.headers {
        if !(PASSING.contains(&name.as_str()) || made && name == "etag") {
            lines.push(format!("{name}: {}", value.to_str().unwrap()));
        }
    }
    lines[1..].sort();
    let text = match &answer.json {
        Value::Null => String::from_utf8_lossy(&answer.bytes).into_owned(),
        // Lines of JSON are text to the harness.
        Value::String(text) => text.lines().map(|line| plain(line, made)).collect::<Vec<_>>().join("\n"),
        value => plain(&value.to_string(), made),
    };
    lines.push(text);
    let mut all = lines.join("\n");
    let mut names = names.to_vec();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        all = all.replace(name, "NAME");
    }
    if made { all.split_inclusive(['/', '\n']).map(step).collect() } else { all }
}

/// A step of a path, where it is an id without it.
fn step(text: &str) -> &str {
    let end = text.trim_end_matches(['/', '\n']);
    if is_id(end) { &text[end.len()..] } else { text }
}

fn plain(text: &str, made: bool) -> String {
    serde_json::from_str(text).map_or_else(
        |_| text.to_owned(),
        |mut value: Value| {
            forget(&mut value, made);
            value.to_string()
        },
    )
}

fn forget(value: &mut Value, made: bool) {
    match value {
        Value::Object(fields) => {
            fields.remove("request_id");
            fields.values_mut().for_each(|value| forget(value, made));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| forget(value, made)),
        Value::String(text) if made && (is_id(text) || is_new(text)) => *value = "ID".into(),
        Value::String(text) if made && DateTime::parse_from_rfc3339(text).is_ok() => *value = "TIME".into(),
        _ => {}
    }
}

/// A secret that was made, or an account's name, which is its tenant's and its id.
fn is_new(text: &str) -> bool {
    text.starts_with("tsk_") || text.split_once('.').is_some_and(|(_, id)| is_id(id))
}

fn is_id(text: &str) -> bool {
    Uuid::parse_str(text).is_ok()
}
