//! Reading the knowledge that ships with the program. Everything wrong with the files is collected,
//! so that one run tells it all.
use crate::text::LocalizedText;
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use std::fmt;

/// What is wrong with the shipped files.
#[derive(Debug, Default)]
pub struct Faults(Vec<String>);

impl Faults {
    pub fn add(&mut self, fault: impl Into<String>) {
        self.0.push(fault.into());
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Parses one YAML file; a file that cannot be parsed is one fault.
    pub fn parse<T: DeserializeOwned + Default>(&mut self, file: &str, text: &str) -> T {
        serde_saphyr::from_str(text).unwrap_or_else(|error| {
            self.add(format!("{file}: {error}"));
            T::default()
        })
    }

    /// Notes a text that lacks a language.
    pub fn whole(&mut self, place: &str, text: &LocalizedText) {
        if !text.is_whole() {
            self.add(format!("{place}: a language is missing"));
        }
    }

    /// Notes keys that occur twice.
    pub fn unique<'a>(&mut self, place: &str, keys: impl IntoIterator<Item = &'a str>) {
        let mut seen = HashSet::new();
        for key in keys {
            if !seen.insert(key) {
                self.add(format!("{place}: {key} stands there twice"));
            }
        }
    }

    /// Notes a key that is not among the known ones.
    pub fn known<'a>(&mut self, place: &str, key: &str, known: impl IntoIterator<Item = &'a str>) {
        if !known.into_iter().any(|k| k == key) {
            self.add(format!("{place}: {key} is not known"));
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

/// Keys are `[a-z0-9.-]`, so that they stand in a URL as they are.
pub fn is_slug(key: &str) -> bool {
    !key.is_empty()
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b))
}
