//! The table of every rule that a field can break: the `code` of an entry of `errors`.

/// One rule. A fault names it by its code.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    pub code: &'static str,
    pub meaning_ja: &'static str,
    pub meaning_en: &'static str,
}

macro_rules! rules {
    ($($code:literal $ja:literal $en:literal)*) => {
        /// Every rule, in the order of the table.
        pub const RULES: &[Rule] = &[$(Rule { code: $code, meaning_ja: $ja, meaning_en: $en },)*];
    };
}

rules! {
    "required" "必要な項目がありません。" "A field that is needed is missing."
    "unknown-field" "知らない項目です。綴りを確かめてください。" "No such field is known; check its spelling."
    "unknown-value" "決められた値ではありません。message に使える値があります。" "Not one of the known values; message lists them."
    "type" "型が違います。" "Of the wrong type."
    "format" "日時、日付、URL などの形式に合いません。" "Not in the form of a time, a date, a URL or the like."
    "pattern" "文字の並びが決められた形に合いません。" "The characters do not have the form that is asked for."
    "too-short" "文字が足りないか、空です。" "Too few characters, or none."
    "too-long" "文字が多すぎます。" "Too many characters."
    "too-small" "数が小さすぎます。" "The number is too small."
    "too-large" "数が大きすぎます。" "The number is too large."
    "too-few" "件数が足りません。" "Too few items."
    "too-many" "件数が多すぎます。" "Too many items."
    "out-of-range" "1970年から2200年までの日時ではありません。" "Not a time from 1970 to 2200."
    "in-the-future" "まだ来ていない日時です。" "A time that is still to come."
    "past" "もう過ぎた日時です。" "A time that is over, where one to come is needed."
    "too-far" "先すぎる日時です。message に限りがあります。" "Further in the future than is allowed; message says how far."
    "beyond-caller" "自分が持たない権限は与えられません。" "Gives more than the caller has itself."
    "weak-key" "使えない公開鍵です。message に理由があります。" "A public key that is not taken; message says why."
    "nul-character" "文字 U+0000 が含まれています。" "Holds the character U+0000."
    "control-character" "改行とタブのほかの制御文字か、文字でない符号位置が含まれています。" "Holds a control character other than line ends and tabs, or a code point that is no character."
    "repeated" "一度だけのものが二度あります。" "Given twice where once is allowed."
    "one-of" "二つのうち、ちょうど一つが必要です。" "Exactly one of two fields is needed."
    "fixed" "作成したあとは変えられません。" "Cannot be changed once it is there."
    "incomplete" "一緒に必要な項目が足りません。" "Something that belongs to it is missing."
    "contradiction" "ほかの項目と同時には成り立ちません。" "Cannot be so together with another field."
    "schema" "そのほかの規則に反しています。message に規則があります。" "Breaks another rule, which message names."
    "unknown-client" "この顧客はありません。" "There is no such client."
    "unknown-assessment" "この評価はないか、別の顧客のものです。" "There is no such assessment, or it is another client's."
    "unknown-control" "この管理策はありません。" "There is no such control."
    "other-questionnaire" "別の質問票の項目です。" "It is asked in another questionnaire."
    "duplicate-answer" "同じ管理策にもう一つ回答があります。" "The same control is answered twice."
    "missing-answer" "提出には、この項目の回答も必要です。" "A submission needs an answer to this item too."
    "wrong-state" "今の状態ではできません。" "Not possible in its present state."
    "only-draft" "下書きのときだけ指定できます。" "Only a draft may have it."
    "nothing-in-common" "二つの評価に共通の項目がありません。" "The two assessments have no control in common."
    "not-in-plan" "計画にこの行動はありません。" "The plan has no such action."
    "encoding" "UTF-8 でも CP932 でもないか、名乗った文字コードと違うか、CSV として読めません。" "Neither UTF-8 nor CP932, not in the encoding that it says, or no CSV."
    "unclosed-quote" "引用符が閉じていません。" "A quote is not closed."
    "too-many-cells" "見出しより多いセルがある行です。" "The row has more cells than there are headings."
    "oscal-version" "受け付けない OSCAL の版です。" "A version of OSCAL that is not accepted."
    "duplicate-id" "同じ id が二度使われています。" "The same id is used twice."
    "dangling-reference" "指している先がカタログの中にありません。" "Points to something that is not in the catalog."
    "cycle" "たどると自分に戻ります。" "Leads back to itself."
    "control-id" "管理策の id に使えない文字があるか、長すぎます。" "The id of a control is too long or has characters that are not allowed."
    "control-count" "管理策がないか、多すぎます。" "No control, or too many."
}

#[cfg(test)]
mod tests {
    use super::RULES;
    use std::collections::HashSet;

    #[test]
    fn every_rule_is_told_in_both_languages_under_a_code_of_its_own() {
        let codes: HashSet<_> = RULES.iter().map(|rule| rule.code).collect();
        assert_eq!(codes.len(), RULES.len());
        for rule in RULES {
            assert!(!rule.meaning_ja.is_empty() && rule.meaning_en.ends_with('.'), "{}", rule.code);
        }
    }
}
