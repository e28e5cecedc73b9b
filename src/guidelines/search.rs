//! Finding controls by words, whatever their width, case or kana.
use super::domain::Control;
use unicode_normalization::UnicodeNormalization as _;

/// The folded words of a control, by how much a hit in them counts.
#[derive(Debug, Clone)]
pub struct Words {
    key: String,
    title: String,
    category: String,
    text: String,
}

impl Words {
    pub fn of(control: &Control) -> Self {
        let both = |texts: Vec<Option<&crate::text::LocalizedText>>| {
            let lines: Vec<_> =
                texts.into_iter().flatten().flat_map(|text| [fold(&text.ja), fold(&text.en)]).collect();
            lines.join("\n")
        };
        Self {
            key: format!("{}\n{}", fold(&control.key), fold(control.number.as_deref().unwrap_or_default())),
            title: both(vec![Some(&control.title)]),
            category: both(vec![control.category.as_ref()]),
            text: both(vec![
                Some(&control.statement),
                control.guidance.as_ref(),
                control.contact_when.as_ref(),
            ]),
        }
    }
}

/// Words to look for.
#[derive(Debug)]
pub struct Query(Vec<String>);

impl Query {
    pub fn new(q: &str) -> Self {
        Self(fold(q).split_whitespace().map(str::to_owned).collect())
    }

    /// How well the control fits: every word must occur somewhere, and counts by where it stands.
    pub fn rank(&self, words: &Words) -> Option<u32> {
        self.0.iter().map(|word| hit(words, word)).sum()
    }
}

fn hit(words: &Words, word: &str) -> Option<u32> {
    if words.key.lines().any(|key| key == word) {
        return Some(100);
    }
    [(&words.title, 12), (&words.category, 6), (&words.key, 3), (&words.text, 2)]
        .into_iter()
        .find_map(|(text, weight)| whole(text, word).map(|whole| if whole { weight + 1 } else { weight }))
}

/// Whether the word is in the text, and whether it begins where a word of the text begins.
fn whole(text: &str, word: &str) -> Option<bool> {
    let mut at = text.match_indices(word).peekable();
    at.peek()?;
    Some(at.any(|(at, _)| text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric())))
}

/// Full and half width, upper and lower case, hiragana and katakana are the same.
fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).map(hiragana).collect()
}

/// Katakana as the hiragana with the same sound; they stand in the same order in Unicode.
fn hiragana(c: char) -> char {
    match c {
        'ァ'..='ヶ' => char::from_u32(u32::from(c) - 0x60).unwrap_or(c),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{fold, whole};

    #[test]
    fn width_case_and_kana_do_not_matter() {
        for (a, b) in [
            ("パスワード", "ﾊﾟｽﾜｰﾄﾞ"),
            ("パスワード", "ぱすわーど"),
            ("ＵＳＢ", "usb"),
            ("ＶＰＮ", "Vpn"),
            ("①", "1"),
            ("ヴ", "ゔ"),
            ("ﾃﾚﾜｰｸ", "テレワーク"),
        ] {
            assert_eq!(fold(a), fold(b), "{a} {b}");
        }
        assert_ne!(fold("か"), fold("が"));
    }

    #[test]
    fn a_word_that_begins_where_a_word_begins_counts_more() {
        assert_eq!(whole("back up data", "data"), Some(true));
        assert_eq!(whole("metadata", "data"), Some(false));
        assert_eq!(whole("metadata and data", "data"), Some(true));
        assert_eq!(whole("metadata", "date"), None);
    }
}
