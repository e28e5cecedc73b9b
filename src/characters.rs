//! Characters that nobody may send: what PostgreSQL cannot store, and what neither XML nor a spreadsheet can show.
use std::borrow::Cow;

/// Why a text is refused: the code, and the rule in both languages.
pub type Refused = (&'static str, &'static str, &'static str);

const NUL: Refused = ("nul-character", "文字 U+0000 は使えません", "must not contain the character U+0000");
const CONTROL: Refused = (
    "control-character",
    "改行とタブのほかの制御文字と、文字でない符号位置は使えません",
    "must not contain control characters but line ends and tabs, nor code points that are no characters",
);

/// What is wrong with the characters of `text`.
pub fn refused(text: &str) -> Option<Refused> {
    if text.contains('\0') { Some(NUL) } else { text.contains(|c| !is_shown(c)).then_some(CONTROL) }
}

/// The text without what cannot be shown: it may have been stored before it was refused.
pub fn shown(text: &str) -> Cow<'_, str> {
    if refused(text).is_none() { text.into() } else { text.chars().filter(|c| is_shown(*c)).collect() }
}

/// Whether every program that shows text can show it.
const fn is_shown(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => true,
        '\0'..='\u{1f}' | '\u{fdd0}'..='\u{fdef}' => false,
        // The last two of every plane are no characters.
        c => c as u32 & 0xfffe != 0xfffe,
    }
}

#[cfg(test)]
mod tests {
    use super::{refused, shown};

    #[test]
    fn what_cannot_be_shown_is_refused_and_left_out() {
        for (text, code, left) in [
            ("", None, ""),
            ("髙橋😀\t\r\n\u{7f}\u{fffd}", None, "髙橋😀\t\r\n\u{7f}\u{fffd}"),
            ("a\0\u{1}b", Some("nul-character"), "ab"),
            ("a\u{8}b", Some("control-character"), "ab"),
            ("a\u{1f}b", Some("control-character"), "ab"),
            ("a\u{fdd0}\u{fdef}b", Some("control-character"), "ab"),
            ("a\u{fffe}b", Some("control-character"), "ab"),
            ("a\u{ffff}b", Some("control-character"), "ab"),
            ("a\u{10ffff}b", Some("control-character"), "ab"),
        ] {
            assert_eq!(refused(text).map(|(code, ..)| code), code, "{text:?}");
            assert_eq!(shown(text), left, "{text:?}");
        }
    }
}
