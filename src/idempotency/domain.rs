//! What a key is, and what is kept under it.
use chrono::{DateTime, TimeDelta, Utc};

/// A key as a caller chose it: 1 to 255 printable characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// Reads the header's value: quoted, as the draft standard has it, or bare.
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
        let printable = bare.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'"');
        (printable && (1..=255).contains(&bare.len())).then(|| Self(bare.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How long the first answer is given again.
pub fn expired_before(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::hours(24)
}

/// The answer to a call that created something: where it is, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    pub location: String,
    pub body: String,
    /// It was there already.
    pub replayed: bool,
}

/// What was said under a key, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub fingerprint: String,
    pub location: String,
    pub body: String,
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn a_key_is_quoted_or_bare_and_printable() {
        let long = "x".repeat(255);
        let too_long = "x".repeat(256);
        for (value, key) in [
            ("abc", Some("abc")),
            ("\"abc\"", Some("abc")),
            ("  8e03978e-40d5 ", Some("8e03978e-40d5")),
            ("two words", Some("two words")),
            (long.as_str(), Some(long.as_str())),
            (too_long.as_str(), None),
            ("", None),
            ("\"\"", None),
            ("\"half", None),
            ("日本", None),
            ("tab\there", None),
        ] {
            assert_eq!(Key::parse(value).as_ref().map(Key::as_str), key, "{value:?}");
        }
    }
}
