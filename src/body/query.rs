//! Reading query strings: held against the parameters that the document has for the operation.
use super::{Schemas, compile, operations, refuse, told, typed};
use crate::problem::{Fault, Problem, kinds};
use crate::request::template;
use crate::text::LocalizedText;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpRequest, ResponseError as _, dev};
use jsonschema::Validator;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::future::{Ready, ready};

/// A query string that obeys the document.
#[derive(Debug)]
pub struct Query<T>(pub T);

/// The parameters of every operation that has some.
#[derive(Debug)]
pub struct Queries(HashMap<(String, String), Parameters>);

#[derive(Debug)]
struct Parameters {
    validator: Validator,
    /// The types, by name.
    kinds: HashMap<String, String>,
}

impl Queries {
    pub fn of(document: &Value) -> Result<Self, String> {
        let (mut routes, mut schemas) = (vec![], vec![]);
        for (method, path, operation) in operations(document) {
            let mut kinds = HashMap::new();
            let mut properties = Map::new();
            let mut required = vec![];
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            for parameter in parameters.filter(|p| p["in"] == "query") {
                let (name, schema) = (parameter["name"].as_str().unwrap_or_default(), &parameter["schema"]);
                kinds.insert(name.to_owned(), kind(schema).to_owned());
                properties.insert(name.to_owned(), schema.clone());
                if parameter["required"] == true {
                    required.push(name);
                }
            }
            schemas.push(json!({
                "type": "object", "properties": properties, "required": required, "additionalProperties": false
            }));
            routes.push(((method.to_uppercase(), path.to_owned()), kinds));
        }
        let compiled = compile(&schemas, document)?;
        let parameters = |((route, kinds), validator)| (route, Parameters { validator, kinds });
        Ok(Self(routes.into_iter().zip(compiled).map(parameters).collect()))
    }

    fn read<T: DeserializeOwned>(&self, request: &HttpRequest) -> Result<T, Problem> {
        let route = (request.method().to_string(), template(request).unwrap_or_default().to_string());
        let Some(parameters) = self.0.get(&route) else {
            tracing::error!(?route, "the document does not have this operation");
            return Err(Problem::new(&kinds::INTERNAL));
        };
        let pairs: Vec<(String, String)> = serde_html_form::from_str(request.query_string())
            .map_err(|_| Problem::new(&kinds::MALFORMED_QUERY))?;
        let mut faults = vec![];
        let value = parameters.gather(pairs, &mut faults);
        told(&parameters.validator, &value, "/query", &mut faults);
        refuse(faults)?;
        typed(value)
    }
}

impl Queries {
    /// Refuses a query for an operation that has no parameters in it: what nobody reads is a mistake.
    fn none_unknown(&self, request: &ServiceRequest) -> Result<(), Problem> {
        let route =
            (request.method().to_string(), template(request.request()).unwrap_or_default().to_string());
        let bare = self.0.get(&route).is_some_and(|parameters| parameters.kinds.is_empty());
        if !bare || request.query_string().is_empty() || !request.path().starts_with("/v1/") {
            return Ok(());
        }
        let pairs: Vec<(String, String)> = serde_html_form::from_str(request.query_string())
            .map_err(|_| Problem::new(&kinds::MALFORMED_QUERY))?;
        let unknown = |name: &String| {
            let text = LocalizedText::new("知らない項目です", "is not a known field");
            Fault::new(format!("/query/{}", super::escape(name)), "unknown-field", text)
        };
        Err(Problem::invalid(pairs.iter().map(|(name, _)| unknown(name)).collect()))
    }
}

/// Middleware: no query where the document has none.
pub async fn refuse_unknown(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let schemas = request.app_data::<Data<Schemas>>().cloned();
    match schemas.map_or(Ok(()), |schemas| schemas.queries.none_unknown(&request)) {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
        Err(problem) => Ok(request.into_response(problem.error_response())),
    }
}

impl Parameters {
    /// The pairs as one object, in the types that the document says.
    fn gather(&self, pairs: Vec<(String, String)>, faults: &mut Vec<Fault>) -> Value {
        let mut fields = Map::new();
        for (name, text) in pairs {
            let pointer = format!("/query/{name}");
            if text.is_empty() {
                // An empty variable of a script must not turn a filter off.
                let rule = LocalizedText::new("空にはできません", "must not be empty");
                faults.push(Fault::new(pointer, "too-short", rule));
                continue;
            }
            let kind = self.kinds.get(&name).map(String::as_str);
            let value = match (kind, text.parse::<i64>()) {
                (Some("integer"), Ok(number)) => number.into(),
                (Some("boolean"), _) if text == "true" || text == "false" => (text == "true").into(),
                _ => Value::String(text),
            };
            match (kind, fields.get_mut(&name)) {
                (Some("array"), Some(Value::Array(items))) => items.push(value),
                (Some("array"), _) => {
                    fields.insert(name, json!([value]));
                }
                (_, Some(_)) => {
                    let rule = LocalizedText::new("一度だけ指定してください", "must be given once");
                    faults.push(Fault::new(pointer, "repeated", rule));
                }
                (_, None) => {
                    fields.insert(name, value);
                }
            }
        }
        Value::Object(fields)
    }
}

/// The type of a parameter that is not null.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|k| *k != "null").unwrap_or_default()
        }
        _ => "",
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let schemas = request.app_data::<Data<Schemas>>();
        ready(match schemas {
            Some(schemas) => schemas.queries.read(request).map(Self),
            None => Err(Problem::new(&kinds::INTERNAL)),
        })
    }
}
