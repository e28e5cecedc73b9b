//! The table of every kind of problem.

/// One kind of problem: `type` is `/problems/<code>`.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    pub code: &'static str,
    pub status: u16,
    pub title_ja: &'static str,
    pub title_en: &'static str,
    /// What to do about it.
    pub remedy_ja: &'static str,
    pub remedy_en: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $status:literal $code:literal
        { $title_ja:literal $title_en:literal } { $remedy_ja:literal $remedy_en:literal })*) => {
        $(pub const $name: Kind = Kind {
            code: $code, status: $status, title_ja: $title_ja, title_en: $title_en,
            remedy_ja: $remedy_ja, remedy_en: $remedy_en,
        };)*
        /// Every kind, in the order of the table.
        pub const KINDS: &[&Kind] = &[$(&$name,)*];
    };
}

kinds! {
    MALFORMED_BODY = 400 "malformed-body"
        { "リクエスト本文を読み取れません" "The request body cannot be read" }
        { "本文がUTF-8の正しいJSONか確かめてください。" "Send well-formed JSON in UTF-8." }
    MALFORMED_QUERY = 400 "malformed-query"
        { "クエリ文字列を読み取れません" "The query string cannot be read" }
        { "パラメーターの名前・型・重複を確かめてください。" "Check the names and types of the parameters, and that none is given twice." }
    MALFORMED_PATH = 400 "malformed-path"
        { "パスを読み取れません" "The path cannot be read" }
        { "パスのパーセント符号化を確かめてください。" "Check the percent-encoding of the path." }
    INVALID_CURSOR = 400 "invalid-cursor"
        { "カーソルが正しくありません" "The cursor is not valid here" }
        { "同じ条件の一覧が返した next_cursor をそのまま渡すか、after なしで最初から取得してください。" "Pass next_cursor unchanged, with the same filters, or start again without after." }
    BAD_REQUEST = 400 "bad-request"
        { "リクエストを読み取れません" "The request cannot be read" }
        { "リクエストの形式を確かめてください。" "Check the form of the request." }
    UNAUTHENTICATED = 401 "unauthenticated"
        { "有効なアクセストークンが必要です" "A valid access token is needed" }
        { "新しいトークンを取得し、Authorization: Bearer で送ってください。" "Get a new token and send it as Authorization: Bearer." }
    FORBIDDEN = 403 "forbidden"
        { "このトークンでは許可されていません" "This token does not allow that" }
        { "必要なスコープを持つトークンを使ってください。" "Use a token that holds the needed scope." }
    NOT_FOUND = 404 "not-found"
        { "見つかりません" "There is nothing here" }
        { "URLと識別子を確かめてください。他のテナントのものも同じ答えになります。" "Check the URL and the id. What belongs to another tenant answers the same." }
    METHOD_NOT_ALLOWED = 405 "method-not-allowed"
        { "このメソッドは使えません" "This method is not allowed here" }
        { "Allow ヘッダーにあるメソッドを使ってください。" "Use one of the methods in the Allow header." }
    BODY_TOO_SLOW = 408 "body-too-slow"
        { "リクエスト本文の到着が遅すぎます" "The request body arrives too slowly" }
        { "接続を確かめ、本文をまとめて送り直してください。" "Check the connection, and send the whole body again." }
    WRONG_STATE = 409 "wrong-state"
        { "今の状態ではできません" "Not possible in the present state" }
        { "今の状態を取得し、その状態で許される操作を行ってください。" "Read the present state and do what it allows." }
    DUPLICATE = 409 "duplicate"
        { "すでに存在します" "It exists already" }
        { "既存のものを取得するか、別の値で作成してください。" "Read the existing one, or create it with another value." }
    IN_USE = 409 "in-use"
        { "使われているため変更できません" "It is in use and stays as it is" }
        { "新しい版を登録してください。" "Put a new edition beside it." }
    IDEMPOTENCY_KEY_IN_USE = 409 "idempotency-key-in-use"
        { "同じキーの処理がまだ終わっていません" "A call with this key is still running" }
        { "Retry-After の秒数を待って、同じキーで送り直してください。" "Wait as long as Retry-After says and send it again with the same key." }
    STALE = 412 "stale"
        { "他の更新が先に行われました" "Somebody else changed it first" }
        { "最新版を取得してからやり直してください。" "Read the latest version and try again." }
    BODY_TOO_LARGE = 413 "body-too-large"
        { "リクエスト本文が大きすぎます" "The request body is too large" }
        { "本文を小さく分けて送ってください。" "Send less in one request." }
    URI_TOO_LONG = 414 "uri-too-long"
        { "URLが長すぎます" "The URL is too long" }
        { "クエリ文字列を短くしてください。" "Shorten the query string." }
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported-media-type"
        { "この形式の本文は受け付けません" "This kind of body is not accepted" }
        { "Content-Type: application/json で送ってください。" "Send Content-Type: application/json." }
    INVALID = 422 "invalid"
        { "リクエストが規則に反しています" "The request breaks a rule" }
        { "errors の各項目が示す箇所を直してください。何も保存されていません。" "Correct each place that errors points to. Nothing was stored." }
    IDEMPOTENCY_KEY_REUSED = 422 "idempotency-key-reused"
        { "同じキーが別の内容で使われています" "This key was used for something else" }
        { "新しい内容には新しいキーを使ってください。" "Use a new key for a new request." }
    PRECONDITION_REQUIRED = 428 "precondition-required"
        { "If-Match が必要です" "If-Match is needed" }
        { "先に取得し、その ETag を If-Match で送ってください。" "Read it first, and send its ETag as If-Match." }
    RATE_LIMITED = 429 "rate-limited"
        { "リクエストが多すぎます" "Too many requests" }
        { "Retry-After の秒数を待ち、間隔をあけて送ってください。" "Wait as long as Retry-After says, and send more slowly." }
    HEADERS_TOO_LARGE = 431 "headers-too-large"
        { "リクエストヘッダーが大きすぎます" "The request headers are too large" }
        { "クッキーなど不要なヘッダーを外してください。" "Leave out headers that are not needed, such as cookies." }
    INTERNAL = 500 "internal"
        { "サーバー側で問題が起きました" "Something went wrong on our side" }
        { "時間をおいてやり直し、続く場合は request_id を添えて連絡してください。" "Try again later; if it stays, tell us the request_id." }
    CONTENDED = 503 "contended"
        { "他の処理と競合しました" "Another request was in the way" }
        { "Retry-After の秒数を待ってやり直してください。" "Wait as long as Retry-After says and try again." }
    UNAVAILABLE = 503 "unavailable"
        { "一時的に利用できません" "Not available for the moment" }
        { "Retry-After の秒数を待ってやり直してください。" "Wait as long as Retry-After says and try again." }
}

impl Kind {
    /// The general kind for a status that a framework answered by itself.
    pub fn of_status(status: u16) -> &'static Self {
        match status {
            401 => &UNAUTHENTICATED,
            403 => &FORBIDDEN,
            404 => &NOT_FOUND,
            405 => &METHOD_NOT_ALLOWED,
            408 => &BODY_TOO_SLOW,
            413 => &BODY_TOO_LARGE,
            414 => &URI_TOO_LONG,
            415 => &UNSUPPORTED_MEDIA_TYPE,
            429 => &RATE_LIMITED,
            431 => &HEADERS_TOO_LARGE,
            400..=499 => &BAD_REQUEST,
            503 => &UNAVAILABLE,
            _ => &INTERNAL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::KINDS;
    use std::collections::HashSet;

    #[test]
    fn every_kind_is_told_in_both_languages_under_a_code_of_its_own() {
        let codes: HashSet<_> = KINDS.iter().map(|k| k.code).collect();
        assert_eq!(codes.len(), KINDS.len());
        for kind in KINDS {
            assert!((400..600).contains(&kind.status), "{}", kind.code);
            for text in [kind.title_ja, kind.title_en, kind.remedy_ja, kind.remedy_en] {
                assert!(!text.is_empty(), "{}", kind.code);
            }
        }
    }
}
