//! What the service answers: described, with its headers, every field promised.
use super::operations_mut;
use serde_json::{Map, Value, json};

/// utoipa says "no token" as an optional empty requirement; generators read an empty list better.
pub fn open_means_no_security(document: &mut Value) {
    for operation in operations_mut(document) {
        if operation["security"] == json!([{}]) {
            operation["security"] = json!([]);
        }
    }
}

/// OpenAPI asks for a description of every answer; what a good one says stands at the operation.
pub fn describe(document: &mut Value) {
    for operation in operations_mut(document) {
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
            continue;
        };
        for (status, response) in responses {
            let told = response.get("$ref").is_some()
                || response["description"].as_str().is_some_and(|d| !d.is_empty());
            if !told {
                let words = match status.as_str() {
                    "201" => "Created",
                    "204" => "Done; there is nothing to say",
                    _ => "Done",
                };
                response["description"] = json!(words);
            }
        }
    }
}

/// The headers that answers share: name in the components, name on the wire, what it says, an example.
const HEADERS: &[(&str, &str, &str, &str)] = &[
    (
        "RequestId",
        "X-Request-Id",
        "Id of the request: quote it when you ask for help.",
        "0198c0de-0000-7000-8000-000000000000",
    ),
    (
        "RateLimit",
        "RateLimit",
        "Calls that are left, and the seconds until all are there again (draft-ietf-httpapi-ratelimit-headers). Not there \
         where nothing was counted, as with a URL that is too long.",
        "\"tenant\";r=398;t=1",
    ),
    (
        "RateLimitPolicy",
        "RateLimit-Policy",
        "How many calls are allowed, and in how many seconds.",
        "\"tenant\";q=400;w=2",
    ),
    ("RetryAfter", "Retry-After", "Seconds to wait before the same call may be sent again.", "2"),
    (
        "EntityTag",
        "ETag",
        "The state that was read; send it back as `If-Match` to change it, as `If-None-Match` to read it again.",
        "\"3q2-7wAAAAAAAAAA\"",
    ),
    (
        "Authenticate",
        "WWW-Authenticate",
        "How to prove who one is; with 403 the scope that is missing, where it is one (RFC 6750, 3).",
        "Bearer error=\"insufficient_scope\", scope=\"clients:read\"",
    ),
    (
        "IdempotentReplayed",
        "Idempotent-Replayed",
        "`true` where this is the first answer again, and nothing was done. Otherwise it is not there.",
        "true",
    ),
];

/// Tells of the headers of every answer, each described once.
pub fn head(document: &mut Value) {
    for (name, _, description, example) in HEADERS {
        document["components"]["headers"][*name] = json!({
            "description": description, "schema": { "type": "string", "maxLength": 256, "example": example },
        });
    }
    let shared = document["components"]["responses"].as_object_mut();
    for (name, response) in shared.into_iter().flatten() {
        add(response, &["RequestId", "RateLimit", "RateLimitPolicy"]);
        match name.as_str() {
            // Of 409 only `idempotency-key-in-use` has it.
            "Conflict" | "TooManyRequests" | "Unavailable" => add(response, &["RetryAfter"]),
            "Unauthorized" | "Forbidden" | "ClientRefused" => add(response, &["Authenticate"]),
            "NotModified" => add(response, &["EntityTag"]),
            _ => {}
        }
    }
    for operation in operations_mut(document) {
        let parameters = operation["parameters"].as_array();
        let keyed = parameters.is_some_and(|all| all.iter().any(|one| one["name"] == "Idempotency-Key"));
        let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
        let Some(responses) = responses else { continue };
        let (limited, tagged) = (responses.contains_key("429"), responses.contains_key("304"));
        for (_, response) in responses.iter_mut().filter(|(_, response)| response.get("$ref").is_none()) {
            add(response, &["RequestId"]);
            if limited {
                add(response, &["RateLimit", "RateLimitPolicy"]);
            }
            if tagged {
                add(response, &["EntityTag"]);
            }
            if keyed {
                add(response, &["IdempotentReplayed"]);
            }
        }
    }
}

fn add(response: &mut Value, names: &[&str]) {
    let lower: Vec<String> =
        response["headers"].as_object().into_iter().flat_map(Map::keys).map(|k| k.to_lowercase()).collect();
    for (name, header, ..) in HEADERS.iter().filter(|(name, ..)| names.contains(name)) {
        if !lower.contains(&header.to_lowercase()) {
            response["headers"][*header] = json!({ "$ref": format!("#/components/headers/{name}") });
        }
    }
}

/// In an answer every field is there, and clients must bear fields that come later.
pub fn promise_everything(schema: &mut Value) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    schema["required"] = properties.keys().cloned().collect();
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("additionalProperties");
    }
}
