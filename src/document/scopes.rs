//! Who may call: the scopes of each operation, where machines look for them.
use super::operations_mut;
use crate::caller::Scope;
use serde_json::{Value, json};

/// Which scopes an operation needs is said once, in its description; from there it goes into `security`, where
/// machines look for it. "Needs `clients:read`" is asked of everybody; "a token that holds `contacts:read`" is
/// said where anybody may call, and sees more with it. Where "the holder of a link" may call, `oauth2` alone says
/// what the others need.
pub fn require(document: &mut Value) {
    let schemes: Vec<String> = ["bearer", "oauth2"]
        .into_iter()
        .filter(|scheme| document["components"]["securitySchemes"].get(scheme).is_some())
        .map(str::to_owned)
        .collect();
    for operation in operations_mut(document) {
        let own = operation.get("security").and_then(Value::as_array).cloned();
        if own.as_ref().is_some_and(|own| !own.iter().any(|one| one.get("bearer").is_some())) {
            continue;
        }
        let open = own.is_some_and(|own| own.contains(&json!({})));
        let told = operation["description"].as_str().unwrap_or_default();
        let words = if open { "a token that holds `" } else { "Needs `" };
        let scopes = scopes_after(words, told);
        let mut security = if open { vec![json!({})] } else { vec![] };
        // A respondent's link is a bearer token without scopes.
        let of_links = words_of(told).contains("the holder of a link");
        security.extend(schemes.iter().map(|scheme| {
            let scopes = if of_links && scheme == "bearer" { &[][..] } else { &scopes };
            json!({ scheme: scopes })
        }));
        operation["security"] = security.into();
    }
}

/// What is told, on one line.
fn words_of(told: &str) -> String {
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The scopes that follow these words, up to the end of what they are about.
fn scopes_after(words: &str, told: &str) -> Vec<&'static str> {
    let told = words_of(told);
    let Some((_, rest)) = told.split_once(words) else {
        return vec![];
    };
    let end = rest.find(['.', ';']).unwrap_or(rest.len());
    let named = rest[..end].split('`').step_by(2);
    named.filter_map(|word| word.parse::<Scope>().ok()).map(Scope::as_str).collect()
}

/// OpenAPI 3.0 knows scopes of no other scheme.
pub fn only_of_oauth2(document: &mut Value) {
    for operation in operations_mut(document) {
        let requirements = operation.get_mut("security").and_then(Value::as_array_mut);
        for (scheme, scopes) in
            requirements.into_iter().flatten().filter_map(Value::as_object_mut).flatten()
        {
            if scheme != "oauth2" {
                *scopes = json!([]);
            }
        }
    }
}
