//! What a tenant is.
use crate::audited;
use chrono::{DateTime, Utc};

/// A provider: the owner of clients, assessments and everything below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenancy {
    pub slug: String,
    pub name: String,
    pub created_at: DateTime<Utc>,
}

audited! {
    Tenancy as "tenant", |tenancy| (tenancy.slug, None);
    words: slug = tenancy.slug;
    veiled: name;
    left: created_at;
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("a slug has 1 to 40 characters of a-z, 0-9 and -, and starts with a letter")]
    Slug,
    #[error("a name has 1 to 200 characters")]
    Name,
}

impl Tenancy {
    pub fn new(slug: &str, name: &str, now: DateTime<Utc>) -> Result<Self, Refusal> {
        if !is_slug(slug) {
            return Err(Refusal::Slug);
        }
        if !(1..=200).contains(&name.trim().chars().count()) {
            return Err(Refusal::Name);
        }
        Ok(Self { slug: slug.to_owned(), name: name.trim().to_owned(), created_at: now })
    }
}

/// Whether a tenant could be called so.
pub fn is_slug(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 40
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_short_and_plain() {
        for (slug, good) in [
            ("acme", true),
            ("a1-b", true),
            ("", false),
            ("1a", false),
            ("Acme", false),
            ("a b", false),
            ("a\0", false),
            ("お助け", false),
            (&"a".repeat(40), true),
            (&"a".repeat(41), false),
        ] {
            let made = Tenancy::new(slug, "name", DateTime::UNIX_EPOCH);
            assert_eq!(made.is_ok(), good, "{slug:?}");
        }
    }
}
