//! The catalogue of problems for people: a page for each kind, and all of it as one document.
use super::Problem;
use super::faults::RULES;
use super::kinds::{self, KINDS, Kind};
use super::responses::{OfOauth, REFUSALS};
use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::fmt::Write as _;

/// The page behind a problem's `type`.
#[get("/problems/{code}")]
pub async fn show_problem_kind(code: Path<String>) -> Result<HttpResponse, Problem> {
    let kind = KINDS.iter().find(|kind| kind.code == *code).ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(page(kind).into_string()))
}

const STYLE: &str = "body{font:16px/1.6 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem}\
    code{background:#eee;padding:.1em .3em}td,th{text-align:left;vertical-align:top;padding:.2em .6em .2em 0}";

fn page(kind: &Kind) -> Markup {
    let (again_ja, again_en) = kind.retry.words();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (kind.code) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                p { code { (kind.status) } " " code { (kind.code) } }
                section {
                    h1 { (kind.title_en) }
                    p { (kind.meaning_en) }
                    h2 { "What to do" }
                    p { (kind.remedy_en) }
                    h2 { "Send it again?" }
                    p { (again_en) }
                }
                section lang="ja" {
                    h1 { (kind.title_ja) }
                    p { (kind.meaning_ja) }
                    h2 { "対処" }
                    p { (kind.remedy_ja) }
                    h2 { "送り直せるか" }
                    p { (again_ja) }
                }
                @if kind == &kinds::INVALID { (rules()) }
            }
        }
    }
}

/// What `code` says in an entry of `errors`.
fn rules() -> Markup {
    html! {
        h2 { "Codes in " code { "errors" } }
        table {
            @for rule in RULES {
                tr id=(rule.code) {
                    th { code { (rule.code) } }
                    td { (rule.meaning_en) br; span lang="ja" { (rule.meaning_ja) } }
                }
            }
        }
    }
}

/// The whole catalogue as a Markdown document.
pub fn catalogue() -> String {
    let mut all = String::from(
        "# Errors\n\n\
        Every failure is `application/problem+json` (RFC 9457), but for what the token endpoint refuses (below). \
        `code` is stable and is what a program looks at; `title`, `detail` and `message` are for people, in the \
        language of `Accept-Language` (`ja` or `en`). `type` answers a page that says what is said here. Quote `request_id` when you ask for help.\n\n\
        Written by `make openapi` from the table that the service uses.\n\n\
        | status | `code` | what has happened | what to do | send it again? |\n|---|---|---|---|---|\n",
    );
    for kind in KINDS {
        let again = match kind.retry {
            kinds::Retry::Later => "yes, later",
            kinds::Retry::Changed => "once put right",
            kinds::Retry::Never => "no",
        };
        let Kind { status, code, meaning_en, remedy_en, .. } = kind;
        // Writing to a string does not fail.
        let _ = writeln!(all, "| {status} | `{code}` | {meaning_en} | {remedy_en} | {again} |");
    }
    all.push_str(
        "\n\"Yes, later\" is the same request again, after the seconds of `Retry-After`, or after a pause that grows; \
        what creates carries the same `Idempotency-Key`. `duplicate` after a call whose answer never came may be that \
        call's own work: read what is there.\n\n\
        ## The token endpoint\n\n\
        400 and 401 of `POST /oauth2/token` are `application/json` as RFC 6749 has it (5.2): `error` is what a program \
        looks at, `error_description` is for people, in English. Every other status of it is a problem as above.\n\n\
        | status | `error` | what has happened | what to do | send it again? |\n|---|---|---|---|---|\n",
    );
    for OfOauth { status, error, meaning, remedy, .. } in REFUSALS {
        let _ = writeln!(all, "| {status} | `{error}` | {meaning} | {remedy} | once put right |");
    }
    all.push_str(
        "\n## Codes in `errors`\n\n\
        `invalid` lists everything that is wrong at once (500 entries at most), each with a JSON pointer (RFC 6901) into \
        the body, or `/query/<name>`, `/path/<name>` or `/header/<name>`; a fault of an answer has \
        `/answers/<control>`.\n\n\
        | `code` | what is wrong |\n|---|---|\n",
    );
    for rule in RULES {
        let _ = writeln!(all, "| `{}` | {} |", rule.code, rule.meaning_en);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{catalogue, page};
    use crate::problem::{RULES, kinds};

    #[test]
    fn the_page_of_invalid_tells_every_rule_and_the_others_none() {
        let invalid = page(&kinds::INVALID).into_string();
        let other = page(&kinds::STALE).into_string();
        for rule in RULES {
            let row = format!("<tr id=\"{}\">", rule.code);
            assert!(invalid.contains(&row) && !other.contains(&row), "{}", rule.code);
        }
    }

    #[test]
    fn the_document_in_docs_is_the_table() {
        let kept = std::fs::read_to_string("docs/errors.md").unwrap_or_default();
        assert!(kept == catalogue(), "run `make openapi`");
    }
}
