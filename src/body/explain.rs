//! What a broken schema rule means, in the words of a fault.
use super::escape;
use crate::problem::Fault;
use crate::text::LocalizedText;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;
use std::fmt::Display;

/// What a text for people is held against, so that it says something. An empty one is too short already.
const NOT_BLANK: &str = r"^$|\S";

/// Adds the faults that one broken rule stands for.
pub fn explain(pointer: &str, kind: &ValidationErrorKind, faults: &mut Vec<Fault>) {
    use ValidationErrorKind as K;
    let field = |name: &str| format!("{pointer}/{}", escape(name));
    match kind {
        K::Required { property } => faults.push(Fault::new(
            field(property.as_str().unwrap_or_default()),
            "required",
            LocalizedText::new("必須です", "is required"),
        )),
        K::AdditionalProperties { unexpected } => {
            faults.extend(unexpected.iter().map(|name| {
                let text = LocalizedText::new("知らない項目です", "is not a known field");
                Fault::new(field(name), "unknown-field", text)
            }));
        }
        // "null, or that": what is wrong with "that" is what the caller wants to know.
        K::OneOfNotValid { context } | K::AnyOf { context } => {
            // Of several forms, the one that fits furthest in is the one that was meant.
            let depth = |errors: &Vec<jsonschema::ValidationError<'_>>| {
                errors.iter().map(|error| error.instance_path().as_str().matches('/').count()).max()
            };
            let branches =
                context.iter().filter(|branch| !branch.iter().any(|e| is_null_expected(e.kind())));
            let meant = branches.rev().max_by_key(|branch| depth(branch));
            for error in meant.into_iter().flatten() {
                explain(error.instance_path().as_str(), error.kind(), faults);
            }
        }
        other => {
            let (code, ja, en) = value_fault(other);
            faults.push(Fault::new(pointer, code, LocalizedText::new(ja, en)));
        }
    }
}

/// What is wrong with a value by itself: code, and the rule in Japanese and English.
fn value_fault(kind: &ValidationErrorKind) -> (&'static str, String, String) {
    use ValidationErrorKind as K;
    let told = |code, ja: &str, en: &str, limit: &dyn Display| {
        let fill = |text: &str| text.replace("{}", &limit.to_string());
        (code, fill(ja), fill(en))
    };
    match kind {
        K::Enum { options } => {
            told("unknown-value", "次のいずれかにしてください: {}", "must be one of: {}", &words(options))
        }
        K::Type { kind } => told("type", "型が違います（{}）", "must be of type {}", &types(kind)),
        K::Format { format } => told("format", "{} の形式ではありません", "is not a {}", format),
        K::Pattern { pattern } if pattern == NOT_BLANK => {
            told("pattern", "空白だけにはできません", "must not be blank", &"")
        }
        K::Pattern { pattern } => told("pattern", "形式 {} に合いません", "does not match {}", pattern),
        K::MinLength { limit } => {
            told("too-short", "{} 文字以上にしてください", "must have at least {} characters", limit)
        }
        K::MaxLength { limit } => {
            told("too-long", "{} 文字以下にしてください", "must have at most {} characters", limit)
        }
        K::Minimum { limit } => told("too-small", "{} 以上にしてください", "must be at least {}", limit),
        K::Maximum { limit } => told("too-large", "{} 以下にしてください", "must be at most {}", limit),
        K::MinItems { limit } => {
            told("too-few", "{} 件以上にしてください", "must have at least {} items", limit)
        }
        K::MaxItems { limit } => {
            told("too-many", "{} 件以下にしてください", "must have at most {} items", limit)
        }
        other => told("schema", "規則 {} に反しています", "breaks the rule {}", &other.keyword()),
    }
}

fn is_null_expected(kind: &ValidationErrorKind) -> bool {
    matches!(kind, ValidationErrorKind::Type { kind } if types(kind) == "null")
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(many) => {
            let names: Vec<_> = many.iter().map(|one| one.to_string()).collect();
            names.join(" / ")
        }
    }
}

fn words(options: &Value) -> String {
    let words: Vec<_> = options
        .as_array()
        .into_iter()
        .flatten()
        .map(|o| o.as_str().map_or_else(|| o.to_string(), str::to_owned))
        .collect();
    words.join(", ")
}
