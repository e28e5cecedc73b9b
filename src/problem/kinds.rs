//! The table of every kind of problem.

/// One kind of problem: `type` is `/problems/<code>`.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    pub code: &'static str,
    pub status: u16,
    pub title_ja: &'static str,
    pub title_en: &'static str,
    /// What has happened.
    pub meaning_ja: &'static str,
    pub meaning_en: &'static str,
    /// Whether sending it again can help.
    pub retry: Retry,
    /// What to do about it.
    pub remedy_ja: &'static str,
    pub remedy_en: &'static str,
}

/// Whether sending a request again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same request again, after `Retry-After`, or after a pause that grows.
    Later,
    /// After something was put right: the request, the token, or what it was based on.
    Changed,
    /// It fails again.
    Never,
}

impl Retry {
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Later => (
                "はい。同じリクエストを、Retry-After の秒数（なければ少しずつ長く）待って送り直せます。作成には同じ Idempotency-Key を付けてください。",
                "Yes: the same request, after Retry-After, or after a pause that grows. What creates carries the same Idempotency-Key.",
            ),
            Self::Changed => (
                "直してからなら。同じリクエストをそのまま送っても、同じ答えになります。",
                "Once it is put right: the same request as it is fails again.",
            ),
            Self::Never => ("いいえ。", "No."),
        }
    }
}

macro_rules! kinds {
    ($($name:ident = $status:literal $code:literal $retry:ident
        { $title_ja:literal $title_en:literal }
        { $meaning_ja:literal $meaning_en:literal }
        { $remedy_ja:literal $remedy_en:literal })*) => {
        $(pub const $name: Kind = Kind {
            code: $code, status: $status, title_ja: $title_ja, title_en: $title_en,
            meaning_ja: $meaning_ja, meaning_en: $meaning_en, retry: Retry::$retry,
            remedy_ja: $remedy_ja, remedy_en: $remedy_en,
        };)*
        /// Every kind, in the order of the table.
        pub const KINDS: &[&Kind] = &[$(&$name,)*];
    };
}

kinds! {
    MALFORMED_BODY = 400 "malformed-body" Changed
        { "リクエスト本文を読み取れません" "The request body cannot be read" }
        { "本文が途中で切れているか、JSONの文法に合わないか、入れ子が深すぎます。detail に場所があります。" "The body is cut short, is no JSON, or is nested too deeply. detail says where." }
        { "本文がUTF-8の正しいJSONか確かめてください。" "Send well-formed JSON in UTF-8." }
    MALFORMED_QUERY = 400 "malformed-query" Changed
        { "クエリ文字列を読み取れません" "The query string cannot be read" }
        { "クエリ文字列のパーセント符号化が壊れているか、UTF-8ではないか、文字 U+0000 があります。" "An escape in the query string is none (%zz), or it is not UTF-8, or holds the character U+0000." }
        { "名前と値をUTF-8にしてからパーセント符号化してください。% そのものは %25 です。" "Percent-encode names and values as UTF-8; % itself is %25." }
    MALFORMED_PATH = 400 "malformed-path" Changed
        { "パスを読み取れません" "The path cannot be read" }
        { "パスのパーセント符号化が壊れているか、不要な符号化があるか、UTF-8ではないか、文字 U+0000 があります。" "An escape in the path is none (%zz) or is not needed (%63), or it is not UTF-8, or holds the character U+0000." }
        { "パスのパーセント符号化を確かめてください。英数字と -._~ はそのまま書きます。" "Check the percent-encoding of the path: letters, digits and -._~ stand for themselves." }
    INVALID_CURSOR = 400 "invalid-cursor" Changed
        { "カーソルが正しくありません" "The cursor is not valid here" }
        { "after の値が、この一覧・この条件・このテナントのものではありません。" "after is not a cursor of this list, with these filters, of this tenant." }
        { "同じ条件の一覧が返した next_cursor をそのまま渡すか、after なしで最初から取得してください。" "Pass next_cursor unchanged, with the same filters, or start again without after." }
    BAD_REQUEST = 400 "bad-request" Changed
        { "リクエストを読み取れません" "The request cannot be read" }
        { "HTTPのリクエストとして正しくありません。" "This is no proper HTTP request." }
        { "リクエストの形式を確かめてください。" "Check the form of the request." }
    UNAUTHENTICATED = 401 "unauthenticated" Changed
        { "有効なアクセストークンが必要です" "A valid access token is needed" }
        { "トークンがないか、期限が切れたか、この発行者のものではないか、取り消されています。どれであるかは示しません。" "There is no token, or it has expired, is not of our issuer, or was revoked. Which one is not told." }
        { "新しいトークンを取得し、Authorization: Bearer で送ってください。" "Get a new token and send it as Authorization: Bearer." }
    FORBIDDEN = 403 "forbidden" Changed
        { "このトークンでは許可されていません" "This token does not allow that" }
        { "トークンは有効ですが、この操作のスコープがないか、一つの顧客に限られています。" "The token is valid, but lacks the scope of this call, or is narrowed to one client." }
        { "必要なスコープを持つトークンを使ってください。" "Use a token that holds the needed scope." }
    NOT_FOUND = 404 "not-found" Never
        { "見つかりません" "There is nothing here" }
        { "そのURLには何もないか、見てよいものではありません。" "There is nothing at this URL, or nothing that you may see." }
        { "URLと識別子を確かめてください。他のテナントのものも同じ答えになります。" "Check the URL and the id. What belongs to another tenant answers the same." }
    METHOD_NOT_ALLOWED = 405 "method-not-allowed" Changed
        { "このメソッドは使えません" "This method is not allowed here" }
        { "URLは正しいですが、このメソッドの操作はありません。" "The URL is right, but nothing can be done there with this method." }
        { "Allow ヘッダーにあるメソッドを使ってください。" "Use one of the methods in the Allow header." }
    BODY_TOO_SLOW = 408 "body-too-slow" Later
        { "リクエスト本文の到着が遅すぎます" "The request body arrives too slowly" }
        { "本文が決められた時間のうちに届きませんでした。何も保存されていません。" "The body did not arrive within the time that is allowed. Nothing was stored." }
        { "接続を確かめ、本文をまとめて送り直してください。" "Check the connection, and send the whole body again." }
    WRONG_STATE = 409 "wrong-state" Changed
        { "今の状態ではできません" "Not possible in the present state" }
        { "対象の状態が、この操作を許すものではありません。detail に今の状態があります。" "What you want to change is in a state that does not allow it. detail says which." }
        { "今の状態を取得し、その状態で許される操作を行ってください。" "Read the present state and do what it allows." }
    DUPLICATE = 409 "duplicate" Never
        { "すでに存在します" "It exists already" }
        { "一つしか許されない名前や識別子が、すでに使われています。" "A name or id that may be there only once is taken." }
        { "既存のものを取得するか、別の値で作成してください。" "Read the existing one, or create it with another value." }
    IN_USE = 409 "in-use" Never
        { "使われているため変更できません" "It is in use and stays as it is" }
        { "ほかのデータがこれを参照しています。" "Other data refers to it." }
        { "新しい版を登録してください。" "Put a new edition beside it." }
    IDEMPOTENCY_KEY_IN_USE = 409 "idempotency-key-in-use" Later
        { "同じキーの処理がまだ終わっていません" "A call with this key is still running" }
        { "同じ Idempotency-Key の先の呼び出しが実行中です。" "An earlier call with the same Idempotency-Key is still at work." }
        { "Retry-After の秒数を待って、同じキーで送り直してください。" "Wait as long as Retry-After says and send it again with the same key." }
    STALE = 412 "stale" Changed
        { "他の更新が先に行われました" "Somebody else changed it first" }
        { "If-Match の ETag は、今のものではありません。上書きしないために止めました。" "The ETag in If-Match is not the present one: going on would undo what somebody else did." }
        { "最新版を取得してからやり直してください。" "Read the latest version and try again." }
    BODY_TOO_LARGE = 413 "body-too-large" Changed
        { "リクエスト本文が大きすぎます" "The request body is too large" }
        { "本文が上限を超えています。" "The body is larger than the limit." }
        { "本文を小さく分けて送ってください。" "Send less in one request." }
    URI_TOO_LONG = 414 "uri-too-long" Changed
        { "URLが長すぎます" "The URL is too long" }
        { "パスとクエリ文字列の長さが上限を超えています。" "Path and query are longer than the limit." }
        { "クエリ文字列を短くしてください。" "Shorten the query string." }
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported-media-type" Changed
        { "この形式の本文は受け付けません" "This kind of body is not accepted" }
        { "Content-Type がこの操作の受け付けるものではないか、本文が圧縮されています。" "The Content-Type is not one that this call takes, or the body is compressed." }
        { "OpenAPI 文書がこの操作に挙げる Content-Type で、Content-Encoding なしで送ってください。" "Send a Content-Type that the OpenAPI document has for this call, and no Content-Encoding." }
    INVALID = 422 "invalid" Changed
        { "リクエストが規則に反しています" "The request breaks a rule" }
        { "読み取れますが、規則に合わない値があります。errors にすべてあります。" "It can be read, but breaks rules. errors lists all of them at once." }
        { "errors の各項目が示す箇所を直してください。何も保存されていません。" "Correct each place that errors points to. Nothing was stored." }
    IDEMPOTENCY_KEY_REUSED = 422 "idempotency-key-reused" Changed
        { "同じキーが別の内容で使われています" "This key was used for something else" }
        { "24時間以内に、同じ Idempotency-Key が別の本文で使われました。" "Within 24 hours the same Idempotency-Key came with another body." }
        { "新しい内容には新しいキーを使ってください。" "Use a new key for a new request." }
    PRECONDITION_REQUIRED = 428 "precondition-required" Changed
        { "If-Match が必要です" "If-Match is needed" }
        { "変更と削除には、読み取ったときの ETag が必要です。" "Changing and deleting need the ETag of what you read." }
        { "先に取得し、その ETag を If-Match で送ってください。" "Read it first, and send its ETag as If-Match." }
    RATE_LIMITED = 429 "rate-limited" Later
        { "リクエストが多すぎます" "Too many requests" }
        { "短い時間に許される回数を超えました。" "More calls came than are allowed in this time." }
        { "Retry-After の秒数を待ち、間隔をあけて送ってください。" "Wait as long as Retry-After says, and send more slowly." }
    HEADERS_TOO_LARGE = 431 "headers-too-large" Changed
        { "リクエストヘッダーが大きすぎます" "The request headers are too large" }
        { "リクエストヘッダーの合計が上限を超えています。" "The request headers together are larger than the limit." }
        { "クッキーなど不要なヘッダーを外してください。" "Leave out headers that are not needed, such as cookies." }
    INTERNAL = 500 "internal" Later
        { "サーバー側で問題が起きました" "Something went wrong on our side" }
        { "サービスの誤りで、リクエストのせいではありません。記録されています。" "A fault of the service, not of your request. It is logged." }
        { "時間をおいてやり直し、続く場合は request_id を添えて連絡してください。" "Try again later; if it stays, tell us the request_id." }
    CONTENDED = 503 "contended" Later
        { "他の処理と競合しました" "Another request was in the way" }
        { "同時に行われた別の処理と重なり、何も保存されませんでした。" "It met another request at the same data, and nothing was stored." }
        { "Retry-After の秒数を待ってやり直してください。" "Wait as long as Retry-After says and try again." }
    UNAVAILABLE = 503 "unavailable" Later
        { "一時的に利用できません" "Not available for the moment" }
        { "データベースに届かないか、停止の途中です。" "The database is out of reach, or the service is about to stop." }
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
            for text in [
                kind.title_ja,
                kind.title_en,
                kind.meaning_ja,
                kind.meaning_en,
                kind.remedy_ja,
                kind.remedy_en,
            ] {
                assert!(!text.is_empty(), "{}", kind.code);
            }
        }
    }
}
