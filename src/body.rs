//! Reading what a caller sent. Bodies are held against the OpenAPI document, so that what it says of
//! a field is what is enforced, and everything wrong is told at once.
mod explain;

use crate::problem::{Fault, Problem, kinds};
use crate::text::LocalizedText;
use actix_web::http::header;
use actix_web::web::{self, Data};
use actix_web::{FromRequest, HttpRequest, dev};
use jsonschema::Validator;
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
            let root = serde_json::json!({ "$ref": reference, "components": document["components"] });
            let validator = jsonschema::options()
                .with_draft(jsonschema::Draft::Draft202012)
                .should_validate_formats(true)
                .build(&root)
                .map_err(|error| format!("{reference}: {error}"))?;
            let name = reference.rsplit('/').next().unwrap_or(reference);
            validators.insert(name.to_owned(), validator);
        }
        Ok(Self { validators, max_bytes })
    }

    fn read<T: DeserializeOwned + ToSchema>(&self, bytes: &[u8]) -> Result<T, Problem> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| {
            Problem::new(&kinds::MALFORMED_BODY).with_detail(LocalizedText::new(
                format!("{} 行 {} 桁でJSONとして読めません。", error.line(), error.column()),
                format!("Not JSON at line {}, column {}.", error.line(), error.column()),
            ))
        })?;
        let mut faults = vec![];
        no_nul(&value, "", &mut faults);
        let name = T::name();
        let Some(validator) = self.validators.get(name.as_ref()) else {
            tracing::error!(%name, "the document has no schema for this request body");
            return Err(Problem::new(&kinds::INTERNAL));
        };
        for error in validator.iter_errors(&value) {
            explain::explain(error.instance_path().as_str(), error.kind(), &mut faults);
        }
        if !faults.is_empty() {
            faults.sort_by(|a, b| (&a.pointer, a.code).cmp(&(&b.pointer, b.code)));
            // A number is not one of the words either: the wrong type says it all.
            faults.dedup_by(|next, kept| next.pointer == kept.pointer && kept.code == "type");
            return Err(Problem::invalid(faults));
        }
        serde_json::from_value(value).map_err(|error| {
            let text = error.to_string();
            Problem::invalid(vec![Fault::new("", "schema", LocalizedText::new(text.clone(), text))])
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
            let payload = payload.await.map_err(|_| Problem::new(&kinds::BAD_REQUEST))?;
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
    let content_type =
        request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// PostgreSQL cannot store U+0000 in a text, so nobody may send it.
fn no_nul(value: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    let fault = |pointer: &str| {
        Fault::new(
            pointer,
            "nul-character",
            LocalizedText::new("文字 U+0000 は使えません", "must not contain the character U+0000"),
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
