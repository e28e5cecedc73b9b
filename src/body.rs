//! Reading what a caller sent. Bodies are held against the OpenAPI document, so that what it says of
//! a field is what is enforced, and everything wrong is told at once.
mod arrival;
mod bulk;
mod explain;
mod form;
mod lines;
mod patch;
mod query;
mod values;

pub use bulk::{Bulk, File, Whole};
pub use form::Form;
pub use lines::{ENOUGH, Lines};
pub use patch::Patch;
pub use query::{Query, refuse_unknown};
pub use values::escape;

use crate::answer::fingerprint;
use crate::config::Limits;
use crate::problem::{Fault, Problem, kinds};
use crate::text::LocalizedText;
use actix_web::http::{Method, header};
use actix_web::web::{self, Data};
use actix_web::{FromRequest, HttpRequest, dev};
use jsonschema::Validator;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use utoipa::ToSchema;
use values::{depth, holds_null, plain, shown, without_nulls};

/// A JSON body that obeys the schema of `T`, and a digest of what it said.
#[derive(Debug)]
pub struct Body<T>(pub T, pub String);

/// A JSON body that obeys the schema of `T`, as it stands.
#[derive(Debug)]
pub struct Json<T>(pub Value, pub PhantomData<T>);

/// The schemas of request bodies and query strings, compiled, and the limits of a body.
#[derive(Debug)]
pub struct Schemas {
    bodies: HashMap<String, Validator>,
    queries: query::Queries,
    limits: Limits,
}

impl Schemas {
    /// Compiles every schema that `document` has for a request.
    pub fn of(document: &Value, limits: Limits) -> Result<Self, String> {
        let mut bodies = BTreeMap::new();
        for (_, _, operation) in operations(document) {
            let content = operation["requestBody"]["content"].as_object().into_iter().flatten();
            for (_, content) in content {
                let body = &content["schema"];
                if let Some(reference) = body["$ref"].as_str() {
                    let name = reference.rsplit('/').next().unwrap_or(reference);
                    bodies.insert(name.to_owned(), body.clone());
                }
            }
        }
        let (names, bodies): (Vec<_>, Vec<_>) = bodies.into_iter().unzip();
        let bodies = names.into_iter().zip(compile(&bodies, document)?).collect();
        Ok(Self { bodies, queries: query::Queries::of(document)?, limits })
    }

    pub fn read<T: DeserializeOwned + ToSchema>(&self, bytes: &[u8]) -> Result<(T, String), Problem> {
        self.item(self.parse(bytes)?)
    }

    /// One of many things in a body, and a digest of what it said.
    pub fn item<T: DeserializeOwned + ToSchema>(&self, value: Value) -> Result<(T, String), Problem> {
        let value = self.obeying::<T>(value)?;
        let said = fingerprint(&[value.to_string().as_bytes()]);
        typed(value).map(|body| (body, said))
    }

    /// The value without what is null, if nothing is wrong with it as a `T`.
    fn obeying<T: ToSchema>(&self, mut value: Value) -> Result<Value, Problem> {
        refuse(self.bared::<T>(&mut value)?)?;
        Ok(value)
    }

    /// Takes out of the value what is null, and says everything that is wrong with it as a `T`.
    fn bared<T: ToSchema>(&self, value: &mut Value) -> Result<Vec<Fault>, Problem> {
        let unknown = if holds_null(value) { self.unknown(&T::name(), value)? } else { vec![] };
        without_nulls(value);
        let mut faults = self.faults::<T>(value)?;
        faults.extend(unknown);
        Ok(faults)
    }

    /// The JSON in `bytes`, not too deep, with whole numbers as such.
    pub fn parse(&self, bytes: &[u8]) -> Result<Value, Problem> {
        Self::parse_to(usize::from(self.limits.max_json_depth), bytes)
    }

    /// The same, with at most so many levels.
    fn parse_to(most: usize, bytes: &[u8]) -> Result<Value, Problem> {
        let mut value: Value = serde_json::from_slice(bytes).map_err(|error| {
            Problem::new(&kinds::MALFORMED_BODY).with_detail(LocalizedText::new(
                format!("{} 行 {} 桁でJSONとして読めません。", error.line(), error.column()),
                format!("Not JSON at line {}, column {}.", error.line(), error.column()),
            ))
        })?;
        if depth(&value) > most {
            return Err(Problem::new(&kinds::MALFORMED_BODY).with_detail(LocalizedText::new(
                format!("入れ子は {most} 段までです。"),
                format!("At most {most} levels of nesting are accepted."),
            )));
        }
        plain(&mut value);
        Ok(value)
    }

    /// Everything that is wrong with the value as a `T`.
    fn faults<T: ToSchema>(&self, value: &Value) -> Result<Vec<Fault>, Problem> {
        self.faults_of(&T::name(), value)
    }

    /// The same, by the name of the schema.
    fn faults_of(&self, name: &str, value: &Value) -> Result<Vec<Fault>, Problem> {
        let mut faults = vec![];
        shown(value, &mut faults);
        let Some(validator) = self.bodies.get(name) else {
            tracing::error!(%name, "the document has no schema for this request body");
            return Err(Problem::new(&kinds::INTERNAL));
        };
        told(validator, value, "", &mut faults);
        Ok(faults)
    }

    /// The fields that nobody knows. Where one is null, nothing of it is left to be seen once nulls are taken out.
    fn unknown(&self, name: &str, value: &Value) -> Result<Vec<Fault>, Problem> {
        let mut faults = self.faults_of(name, value)?;
        faults.retain(|fault| fault.code == "unknown-field");
        Ok(faults)
    }
}

/// Every operation of the document: method, path, and what it says.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let item = item.as_object().into_iter().flatten();
        item.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
    })
}

/// Compiles schemas that refer to the components of the document. They share one copy of these: a copy for each
/// would be most of what the service has in memory.
fn compile(schemas: &[Value], document: &Value) -> Result<Vec<Validator>, String> {
    const SHARED: &str = "urn:tasuke:document";
    let draft = jsonschema::Draft::Draft202012;
    let shared = json!({"components": document["components"], "schemas": schemas});
    let registry = jsonschema::Registry::new().draft(draft).add(SHARED, &shared);
    let registry =
        registry.and_then(jsonschema::RegistryBuilder::prepare).map_err(|error| error.to_string())?;
    let one = |at: usize| {
        jsonschema::options()
            .with_draft(draft)
            .with_registry(&registry)
            .should_validate_formats(true)
            .build(&json!({"$ref": format!("{SHARED}#/schemas/{at}")}))
            .map_err(|error| format!("{}: {error}", schemas[at]))
    };
    (0..schemas.len()).map(one).collect()
}

/// Everything that is wrong with `value`.
pub fn held_against(validator: &Validator, value: &Value) -> Vec<Fault> {
    let mut faults = vec![];
    told(validator, value, "", &mut faults);
    faults.sort_by(|a, b| (&a.pointer, a.code).cmp(&(&b.pointer, b.code)));
    faults.dedup();
    faults
}

/// Adds what is wrong with `value`; pointers start at `root`.
fn told(validator: &Validator, value: &Value, root: &str, faults: &mut Vec<Fault>) {
    // To ask whether anything is wrong takes less than to ask what.
    if validator.is_valid(value) {
        return;
    }
    for error in validator.iter_errors(value) {
        let pointer = format!("{root}{}", error.instance_path().as_str());
        explain::explain(&pointer, error.kind(), faults);
    }
}

/// All faults at once, if there are any.
fn refuse(mut faults: Vec<Fault>) -> Result<(), Problem> {
    if faults.is_empty() {
        return Ok(());
    }
    faults.sort_by(|a, b| (&a.pointer, a.code).cmp(&(&b.pointer, b.code)));
    // A number is not one of the words either: the wrong type says it all.
    faults.dedup_by(|next, kept| next == kept || next.pointer == kept.pointer && kept.code == "type");
    Err(Problem::invalid(faults))
}

/// What is found to obey the schema of `T`, as a `T`.
fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|error| {
        // The schema and the type are made from the same words; where they differ, that is ours.
        tracing::error!(%error, "what obeys the document cannot be read");
        Problem::new(&kinds::INTERNAL)
    })
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let arriving = json(request, payload);
        Box::pin(async move {
            let (schemas, bytes) = arriving.await?;
            schemas.read(&bytes).map(|(body, said)| Self(body, said))
        })
    }
}

impl<T: ToSchema + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let arriving = json(request, payload);
        Box::pin(async move {
            let (schemas, bytes) = arriving.await?;
            schemas.obeying::<T>(schemas.parse(&bytes)?).map(|value| Self(value, PhantomData))
        })
    }
}

/// The bytes of a body that says it is JSON.
fn json(
    request: &HttpRequest,
    payload: &mut dev::Payload,
) -> impl Future<Output = Result<(Data<Schemas>, web::BytesMut), Problem>> + use<> {
    let essence = essence(request);
    let is_json = essence.eq_ignore_ascii_case("application/json")
        || request.method() == Method::PATCH
            && essence.eq_ignore_ascii_case("application/merge-patch+json");
    let arriving = collected(request, payload, |limits| limits.max_body_bytes);
    async move {
        if !is_json {
            return Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE));
        }
        arriving.await
    }
}

/// All bytes of the body, at most what `limit` says, and the schemas to hold it against.
fn collected(
    request: &HttpRequest,
    payload: &mut dev::Payload,
    limit: fn(&Limits) -> usize,
) -> impl Future<Output = Result<(Data<Schemas>, web::BytesMut), Problem>> + use<> {
    let schemas = request.app_data::<Data<Schemas>>().cloned();
    let declared =
        request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    let payload = web::Payload::from_request(request, payload);
    let plainly = plainly(request);
    async move {
        plainly?;
        let schemas = schemas.ok_or_else(|| Problem::new(&kinds::INTERNAL))?;
        let payload = payload.await.map_err(|_| Problem::new(&kinds::BAD_REQUEST))?;
        let bytes = arrival::collect(payload, declared, limit(&schemas.limits), &schemas.limits).await?;
        Ok((schemas, bytes))
    }
}

fn content_type(request: &HttpRequest) -> &str {
    request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// The kind of the body, without its parameters.
pub fn essence(request: &HttpRequest) -> String {
    content_type(request).split(';').next().unwrap_or_default().trim().to_owned()
}

/// The encoding of its text, where the caller says it.
fn charset(request: &HttpRequest) -> Option<String> {
    let parameters = content_type(request).split(';').skip(1);
    let mut pairs = parameters.filter_map(|parameter| parameter.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(value.trim().trim_matches('"').to_owned())
}

/// Refuses a body that is packed: read as it comes it would be nonsense, and unpacked larger than any limit.
fn plainly(request: &HttpRequest) -> Result<(), Problem> {
    let codings = request.headers().get_all(header::CONTENT_ENCODING);
    if codings.into_iter().all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    let detail = LocalizedText::new(
        "圧縮した本文は受け付けません。Content-Encoding なしで送ってください。",
        "A compressed body is not accepted; send it without Content-Encoding.",
    );
    Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE)
        .with_detail(detail)
        .with_header(header::ACCEPT_ENCODING, "identity"))
}
