//! Ids as callers write them: a UUID means the same in either case, and ours are lower case.
use serde::{Deserialize, Deserializer};
use std::ops::Deref;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Id(String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.to_ascii_lowercase()))
    }
}

impl Deref for Id {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}
