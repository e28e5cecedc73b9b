//! A call to an operation, made from the document and somebody's world.
use super::operations::{Access, Body, FORM, Operation};
use super::words::{Place, Word};
use super::world::{INSURER, World};
use crate::support::{Answer, Caller};
use serde_json::{Value, json};

/// What a call says otherwise than its caller's own world would have it.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// Position of the operation, and what stands there.
    pub swaps: Vec<(usize, String)>,
    pub query: Vec<(&'static str, String)>,
    /// `If-Match`; any tag when left out.
    pub tag: Option<String>,
    pub key: Option<String>,
}

impl Said {
    pub fn with(swaps: Vec<(usize, String)>) -> Self {
        Self { swaps, ..Self::default() }
    }
}

pub fn call(caller: &Caller<'_>, operation: &Operation, world: &World<'_>, said: &Said) -> Answer {
    let path = path(operation, world, said);
    let mut headers = vec![];
    if operation.takes("If-Match") {
        headers.push(("if-match", said.tag.clone().unwrap_or_else(|| "*".to_owned())));
    }
    let needs_key =
        operation.parameters.iter().any(|p| p.required && p.name.eq_ignore_ascii_case("Idempotency-Key"));
    if let Some(key) = &said.key {
        headers.push(("idempotency-key", key.clone()));
    } else if needs_key {
        headers.push(("idempotency-key", world.fresh(super::words::Kind::ClientName)));
    }
    let body = operation.body.as_ref().map(|body| {
        headers.push(("content-type", body.media_type.clone()));
        bytes(operation, body, world, said)
    });
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    caller.send(&operation.method, &path, &headers, body.as_deref())
}

/// The path and the query.
pub fn path(operation: &Operation, world: &World<'_>, said: &Said) -> String {
    let swapped = |place: Place, at: &str| {
        let index = operation.positions.iter().position(|p| p.place == place && p.at == at)?;
        said.swaps.iter().find(|(swap, _)| *swap == index).map(|(_, value)| value.clone())
    };
    let own =
        |place: Place, name: &str, example: &str| match operation.position(place, name).map(|p| p.word) {
            // What is open shows what ships; in queries as well there must be something that fits the rest.
            Some(Word::Is(kind))
                if operation.access != Access::Open && (place == Place::Path || !kind.is_shared()) =>
            {
                world.get(kind)
            }
            _ => example.to_owned(),
        };
    let mut path = operation.path.clone();
    let mut query: Vec<(String, String)> =
        said.query.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    for parameter in &operation.parameters {
        match parameter.place {
            "path" => {
                let name = &parameter.name;
                let value = swapped(Place::Path, name)
                    .unwrap_or_else(|| own(Place::Path, name, &parameter.example));
                path = path.replace(&format!("{{{name}}}"), &value);
            }
            "query" => {
                let name = &parameter.name;
                let value = swapped(Place::Query, name);
                let needed = || parameter.required.then(|| own(Place::Query, name, &parameter.example));
                query.extend(value.or_else(needed).map(|value| (name.clone(), value)));
            }
            _ => {}
        }
    }
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

fn bytes(operation: &Operation, body: &Body, world: &World<'_>, said: &Said) -> Vec<u8> {
    let mut value = said_of(operation, body, world);
    for (index, position) in operation.positions.iter().enumerate() {
        if position.place != Place::Body {
            continue;
        }
        let swap = said.swaps.iter().find(|(swap, _)| *swap == index).map(|(_, value)| value.clone());
        let is_there = value.pointer(&position.at).is_some();
        let own = || match position.word {
            Word::Is(kind) if !kind.is_shared() => Some(world.get(kind)),
            Word::Gives(kind) => Some(world.fresh(kind)),
            _ => None,
        };
        let Some(text) = swap.clone().or_else(|| if is_there { own() } else { None }) else {
            continue;
        };
        if swap.is_some() {
            alone(&mut value, &position.at);
            // The answers of the example are to another questionnaire.
            if let Some(parent) = position.at.strip_suffix("/questionnaire") {
                put(&mut value, &format!("{parent}/answers"), json!([]));
            }
        }
        put(&mut value, &position.at, json!(text));
    }
    match body.media_type.as_str() {
        FORM => {
            let (id, secret) = world.credentials();
            let proof =
                [("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)];
            serde_html_form::to_string(proof).unwrap().into_bytes()
        }
        "text/csv" => {
            let name = value["external_id"].as_str().unwrap();
            format!("name,external_id\n{} imported,{name}\n", world.label).into_bytes()
        }
        "application/x-ndjson" => format!("{value}\n").into_bytes(),
        _ => serde_json::to_vec(&value).unwrap(),
    }
}

/// A body with which the call can be done: the example of the document, unless that fits no world.
fn said_of(operation: &Operation, body: &Body, world: &World<'_>) -> Value {
    let label = world.label;
    match operation.id.as_str() {
        "completeAction" => {
            json!({"contact": "insurer", "action": "notify", "party": INSURER, "note": label})
        }
        "createServiceAccount" => {
            json!({"name": "", "scopes": ["admin"]})
        }
        "decideRouting" => json!({"as_of": "2026-11-02T09:00:00+09:00", "incident": {
            "types": ["ransomware"], "stage": "initial", "aware_at": "2026-11-02T08:10:00+09:00"}}),
        "importClients" => json!({"external_id": ""}),
        "updateClient" => json!({"name": format!("{label} renamed")}),
        "updateContact" => json!({"notes": {"ja": label, "en": label}}),
        "updateServiceAccount" => json!({"disabled": true}),
        "updateIncident" => json!({"title": format!("{label} renamed")}),
        "updateReferral" => json!({"note": format!("{label} renamed")}),
        _ => body.example.clone(),
    }
}

/// A client is named in one way only.
fn alone(value: &mut Value, pointer: &str) {
    for (one, other) in [("client_id", "client_external_id"), ("client_external_id", "client_id")] {
        if let Some(parent) = pointer.strip_suffix(&format!("/{one}"))
            && let Some(fields) = value.pointer_mut(parent).and_then(Value::as_object_mut)
        {
            fields.remove(other);
        }
    }
}

/// Puts `leaf` at `pointer`, with whatever it lies in.
fn put(value: &mut Value, pointer: &str, leaf: Value) {
    let Some(rest) = pointer.strip_prefix('/') else {
        *value = leaf;
        return;
    };
    let (step, rest) = rest.split_once('/').map_or((rest, String::new()), |(s, r)| (s, format!("/{r}")));
    if step == "0" {
        if !value.is_array() {
            *value = json!([null]);
        }
        put(&mut value[0], &rest, leaf);
    } else {
        put(&mut value[step], &rest, leaf);
    }
}
