//! The document in OpenAPI 3.0.3, for generators that know nothing later. Nothing is lost that they
//! could use: what may be null says so in the older way. Examples of bodies are for people, who read the
//! other document.
use super::SCHEMAS;
use serde_json::{Map, Value, json};

/// The same document in the words of OpenAPI 3.0.3.
pub fn lowered(mut document: Value) -> Value {
    document["openapi"] = json!("3.0.3");
    if let Some(license) = document["info"]["license"].as_object_mut() {
        // 3.0 knows no SPDX names; this is where they are explained.
        license.remove("identifier");
        license.insert("url".to_owned(), json!("https://spdx.org/licenses/"));
    }
    super::scopes::only_of_oauth2(&mut document);
    let schemas = document["components"]["schemas"].clone();
    lower(&mut document, &schemas);
    document
}

fn lower(value: &mut Value, schemas: &Value) {
    match value {
        Value::Object(fields) => {
            one_type(fields);
            that_or_null(fields, schemas);
            lone_reference(fields);
            one_example(fields);
            plain_json(fields);
            for (key, value) in fields {
                match (key.as_str(), value) {
                    // Examples are data, whatever they look like.
                    ("example" | "examples", _) => {}
                    // A property may be called as a keyword is.
                    ("properties", Value::Object(properties)) => {
                        properties.values_mut().for_each(|property| lower(property, schemas));
                    }
                    (_, value) => lower(value, schemas),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| lower(item, schemas)),
        _ => {}
    }
}

/// `type: [T, "null"]` is `type: T, nullable: true`.
fn one_type(fields: &mut Map<String, Value>) {
    let Some(kinds) = fields.get("type").and_then(Value::as_array) else {
        return;
    };
    let rest: Vec<Value> = kinds.iter().filter(|kind| **kind != "null").cloned().collect();
    let nullable = rest.len() < kinds.len();
    if let [one] = rest.as_slice() {
        fields.insert("type".to_owned(), one.clone());
        if nullable {
            fields.insert("nullable".to_owned(), json!(true));
        }
    }
}

/// `oneOf: [X, null]` is X that may be null. A reference bears no neighbours, so it goes into `allOf`; and
/// `nullable` counts only beside a `type`, which is that of X.
fn that_or_null(fields: &mut Map<String, Value>, schemas: &Value) {
    let null = json!({ "type": "null" });
    let Some(parts) = fields.get("oneOf").and_then(Value::as_array).filter(|parts| parts.contains(&null))
    else {
        return;
    };
    let rest: Vec<Value> = parts.iter().filter(|part| **part != null).cloned().collect();
    let name = rest.iter().find_map(|part| part["$ref"].as_str()?.strip_prefix(SCHEMAS));
    let kind = name.map_or_else(|| json!("object"), |name| schemas[name]["type"].clone());
    fields.remove("oneOf");
    let key = if rest.len() == 1 { "allOf" } else { "oneOf" };
    fields.insert(key.to_owned(), json!(rest));
    fields.insert("type".to_owned(), kind);
    fields.insert("nullable".to_owned(), json!(true));
}

/// What stands beside a reference is ignored in 3.0, and some readers refuse it.
fn lone_reference(fields: &mut Map<String, Value>) {
    if fields.get("$ref").is_some_and(Value::is_string) {
        fields.retain(|key, _| key == "$ref");
    }
}

/// A schema has one example, not a list of them. Those of a body are left out: they may hold null where a
/// reference may be null, which readers of 3.0 do not agree on.
fn one_example(fields: &mut Map<String, Value>) {
    if let Some(Value::Array(many)) = fields.get("examples") {
        let first = many.first().cloned();
        fields.remove("examples");
        fields.extend(first.map(|example| ("example".to_owned(), example)));
    } else if fields.contains_key("schema") {
        fields.remove("examples");
    }
}

/// A merge patch may be sent as JSON, and older generators know no other JSON.
fn plain_json(fields: &mut Map<String, Value>) {
    if let Some(content) = fields.remove("application/merge-patch+json") {
        fields.insert("application/json".to_owned(), content);
    }
}

#[cfg(test)]
mod tests {
    use super::lowered;
    use serde_json::json;

    #[test]
    fn each_word_of_3_1_has_one_in_3_0() {
        let cases = [
            (json!({"type": ["string", "null"]}), json!({"type": "string", "nullable": true})),
            (json!({"type": "string"}), json!({"type": "string"})),
            (
                json!({"oneOf": [{"$ref": "#/components/schemas/A"}, {"type": "null"}], "description": "d"}),
                json!({"type": "string", "allOf": [{"$ref": "#/components/schemas/A"}], "nullable": true, "description": "d"}),
            ),
            (
                json!({"oneOf": [{"$ref": "#/a"}, {"$ref": "#/b"}, {"type": "null"}]}),
                json!({"type": "object", "oneOf": [{"$ref": "#/a"}, {"$ref": "#/b"}], "nullable": true}),
            ),
            (json!({"$ref": "#/a", "description": "d"}), json!({"$ref": "#/a"})),
            (json!({"type": "object", "examples": [1, 2]}), json!({"type": "object", "example": 1})),
            // Data is left alone, whatever it looks like.
            (json!({"example": {"type": ["x", "null"]}}), json!({"example": {"type": ["x", "null"]}})),
            (json!({"schema": {}, "examples": {"a": {"value": 1}}}), json!({"schema": {}})),
            (
                json!({"application/merge-patch+json": {"schema": {}}}),
                json!({"application/json": {"schema": {}}}),
            ),
            // A property may be called as a keyword is.
            (
                json!({"properties": {"example": {"type": ["string", "null"]}}}),
                json!({"properties": {"example": {"type": "string", "nullable": true}}}),
            ),
        ];
        for (new, old) in cases {
            let made = lowered(json!({
                "x": new, "info": {"license": {"name": "n", "identifier": "i"}},
                "components": {"schemas": {"A": {"type": "string"}}},
            }));
            assert_eq!(made["x"], old, "{new}");
            assert_eq!(made["info"]["license"]["identifier"], json!(null));
        }
    }
}
