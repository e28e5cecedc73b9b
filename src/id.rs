//! Ids as callers write them: a UUID means the same in either case, and ours are lower case.
use serde::{Deserialize, Deserializer, Serialize};
use std::ops::Deref;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Id(String);

impl From<String> for Id {
    /// An id that we made: it is lower case already.
    fn from(id: String) -> Self {
        Self(id)
    }
}

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
