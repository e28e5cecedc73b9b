//! Text for people, in both languages, and the choice between them.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The same text in Japanese and in English.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ja": "脆弱性対策", "en": "Vulnerability management"}))]
pub struct LocalizedText {
    #[schema(max_length = 5000)]
    pub ja: String,
    #[schema(max_length = 5000)]
    pub en: String,
}

/// A language we answer in. English is what a caller gets who does not ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    Ja,
    #[default]
    En,
}

impl Language {
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }

    /// The best of our languages for an `Accept-Language` header; English when none fits.
    /// Of two languages with the same weight the first one named wins (RFC 9110, 12.5.4).
    pub fn preferred(accept: &str) -> Self {
        let mut best = (0.0_f32, Self::En);
        for range in accept.split(',') {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let language = match tag.split('-').next() {
                Some("ja") => Self::Ja,
                Some("en" | "*") => Self::En,
                _ => continue,
            };
            let weight = parts
                .find_map(|p| p.trim().strip_prefix("q="))
                .map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }
}

impl LocalizedText {
    pub fn new(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ja: ja.into(), en: en.into() }
    }

    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Ja => &self.ja,
            Language::En => &self.en,
        }
    }

    /// Both languages are there.
    pub fn is_whole(&self) -> bool {
        !self.ja.trim().is_empty() && !self.en.trim().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, En, Ja};

    #[test]
    fn the_language_asked_for_most_is_chosen() {
        for (accept, chosen) in [
            ("", En),
            ("ja", Ja),
            ("ja-JP,ja;q=0.9,en;q=0.8", Ja),
            ("en-US,en;q=0.9,ja;q=0.8", En),
            ("en;q=0.5, ja", Ja),
            ("fr, de", En),
            ("ja;q=0", En),
            ("*", En),
            ("ja;q=nonsense, en", En),
        ] {
            assert_eq!(Language::preferred(accept), chosen, "{accept:?}");
        }
    }
}
