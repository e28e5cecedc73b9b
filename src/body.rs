//! Reading what a caller sent. Bodies are held against the OpenAPI document, so that what it says of
//! a field is what is enforced, and everything wrong is told at once.
use crate::problem::{Fault, Problem, kinds};
use crate::text::LocalizedText;
use actix_web::http::header;
use actix_web::web::{self, Data};
use actix_web::{FromRequest, HttpRequest, dev};
use jsonschema::Validator;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use utoipa::ToSchema;

/// A JSON body that obeys the schema of `T`.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// The schemas of request bodies, compiled, and how long a body may be.
#[derive(Debug)]
pub struct Schemas {
    validators: HashMap<String, Validator>,
    max_bytes: usize,
}

impl Schemas {
    /// Compiles every schema that `document` names for a request body.
    pub fn of(document: &Value, max_bytes: usize) -> Result<Self, String> {
        let mut validators = HashMap::new();
        for operation in document["paths"]
            .as_object()
            .into_iter()
            .flat_map(|paths| paths.values())
            .filter_map(Value::as_object)
            .flat_map(|item| item.values())
        {
            let Some(reference) =
                operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str()
            else {
                continue;
            };
            let root =
                serde_json::json!({ "$ref": reference, "components": document["components"] });
            let validator = jsonschema::options()
                .with_draft(jsonschema::Draft::Draft202012)
                .should_validate_formats(true)
                .build(&root)
                .map_err(|error| format!("{reference}: {error}"))?;
            let name = reference.rsplit('/').next().unwrap_or(reference);
            validators.insert(name.to_owned(), validator);
        }
        Ok(Self {
            validators,
            max_bytes,
        })
    }

    fn read<T: DeserializeOwned + ToSchema>(&self, bytes: &[u8]) -> Result<T, Problem> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| {
            Problem::new(&kinds::MALFORMED_BODY).with_detail(LocalizedText::new(
                format!(
                    "{} 行 {} 桁でJSONとして読めません。",
                    error.line(),
                    error.column()
                ),
                format!(
                    "Not JSON at line {}, column {}.",
                    error.line(),
                    error.column()
                ),
            ))
        })?;
        let mut faults = vec![];
        no_nul(&value, "", &mut faults);
        let name = T::name();
        match self.validators.get(name.as_ref()) {
            Some(validator) => {
                for error in validator.iter_errors(&value) {
                    explain(error.instance_path().as_str(), error.kind(), &mut faults);
                }
            }
            // Every body type stands in the document, or the route table could not name it.
            None => tracing::error!(%name, "no schema for a request body"),
        }
        if !faults.is_empty() {
            faults.sort_by(|a, b| a.pointer.cmp(&b.pointer));
            return Err(Problem::invalid(faults));
        }
        serde_json::from_value(value).map_err(|error| {
            let text = error.to_string();
            Problem::invalid(vec![Fault::new(
                "",
                "schema",
                LocalizedText::new(text.clone(), text),
            )])
        })
    }
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let schemas = request.app_data::<Data<Schemas>>().cloned();
        let json = is_json(request);
        let declared = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
        let payload = web::Payload::from_request(request, payload);
        Box::pin(async move {
            let Some(schemas) = schemas else {
                return Err(Problem::new(&kinds::INTERNAL));
            };
            if !json {
                return Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE));
            }
            let limit = schemas.max_bytes;
            let too_large = || {
                Problem::new(&kinds::BODY_TOO_LARGE).with_detail(LocalizedText::new(
                    format!("上限は {limit} バイトです。"),
                    format!("At most {limit} bytes are accepted."),
                ))
            };
            if declared.is_some_and(|length| length > limit) {
                return Err(too_large());
            }
            let payload = payload
                .await
                .map_err(|_| Problem::new(&kinds::BAD_REQUEST))?;
            let bytes = payload
                .to_bytes_limited(limit)
                .await
                .map_err(|_| too_large())?
                .map_err(|_| Problem::new(&kinds::BAD_REQUEST))?;
            schemas.read(&bytes).map(Self)
        })
    }
}

/// A query string that obeys `T`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let read = serde_html_form::from_str(request.query_string());
        ready(read.map(Self).map_err(|error| {
            let reason = error.to_string();
            Problem::new(&kinds::MALFORMED_QUERY).with_detail(LocalizedText::new(
                format!("クエリ文字列の誤り: {reason}"),
                format!("In the query string: {reason}"),
            ))
        }))
    }
}

fn is_json(request: &HttpRequest) -> bool {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// PostgreSQL cannot store U+0000 in a text, so nobody may send it.
fn no_nul(value: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    let fault = |pointer: &str| {
        Fault::new(
            pointer,
            "nul-character",
            LocalizedText::new(
                "文字 U+0000 は使えません",
                "must not contain the character U+0000",
            ),
        )
    };
    match value {
        Value::String(text) if text.contains('\0') => faults.push(fault(pointer)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                no_nul(item, &format!("{pointer}/{index}"), faults);
            }
        }
        Value::Object(fields) => {
            for (name, item) in fields {
                no_nul(item, &format!("{pointer}/{}", escape(name)), faults);
            }
        }
        _ => {}
    }
}

/// A name as one step of an RFC 6901 pointer.
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn explain(pointer: &str, kind: &ValidationErrorKind, faults: &mut Vec<Fault>) {
    use ValidationErrorKind as K;
    let mut fault = |pointer: String, code, ja: String, en: String| {
        faults.push(Fault::new(pointer, code, LocalizedText::new(ja, en)));
    };
    let at = pointer.to_owned();
    match kind {
        K::Required { property } => fault(
            format!(
                "{pointer}/{}",
                escape(property.as_str().unwrap_or_default())
            ),
            "required",
            "必須です".into(),
            "is required".into(),
        ),
        K::AdditionalProperties { unexpected } => {
            for name in unexpected {
                fault(
                    format!("{pointer}/{}", escape(name)),
                    "unknown-field",
                    "知らない項目です".into(),
                    "is not a known field".into(),
                );
            }
        }
        K::Enum { options } => fault(
            at,
            "unknown-value",
            format!("次のいずれかにしてください: {}", words(options)),
            format!("must be one of: {}", words(options)),
        ),
        K::Type { kind } => {
            let wanted = types(kind);
            fault(
                at,
                "type",
                format!("型が違います（{wanted}）"),
                format!("must be of type {wanted}"),
            );
        }
        K::Format { format } => fault(
            at,
            "format",
            format!("{format} の形式ではありません"),
            format!("is not a {format}"),
        ),
        K::Pattern { pattern } => fault(
            at,
            "pattern",
            format!("形式 {pattern} に合いません"),
            format!("does not match {pattern}"),
        ),
        K::MinLength { limit } => fault(
            at,
            "too-short",
            format!("{limit} 文字以上にしてください"),
            format!("must have at least {limit} characters"),
        ),
        K::MaxLength { limit } => fault(
            at,
            "too-long",
            format!("{limit} 文字以下にしてください"),
            format!("must have at most {limit} characters"),
        ),
        K::Minimum { limit } => fault(
            at,
            "too-small",
            format!("{limit} 以上にしてください"),
            format!("must be at least {limit}"),
        ),
        K::Maximum { limit } => fault(
            at,
            "too-large",
            format!("{limit} 以下にしてください"),
            format!("must be at most {limit}"),
        ),
        K::MinItems { limit } => fault(
            at,
            "too-few",
            format!("{limit} 件以上にしてください"),
            format!("must have at least {limit} items"),
        ),
        K::MaxItems { limit } => fault(
            at,
            "too-many",
            format!("{limit} 件以下にしてください"),
            format!("must have at most {limit} items"),
        ),
        // "null, or that": what is wrong with "that" is what the caller wants to know.
        K::OneOfNotValid { context } | K::AnyOf { context } => {
            let meant = context
                .iter()
                .find(|branch| !branch.iter().any(|e| is_null_expected(e.kind())));
            for error in meant.into_iter().flatten() {
                explain(error.instance_path().as_str(), error.kind(), faults);
            }
        }
        other => fault(
            at,
            "schema",
            format!("規則 {} に反しています", other.keyword()),
            format!("breaks the rule {}", other.keyword()),
        ),
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
