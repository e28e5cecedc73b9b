//! The OpenAPI document: the one the routes make, brought into the form that client generators and
//! our own request checks want.
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const SCHEMAS: &str = "#/components/schemas/";

/// Brings the document into its final form.
///
/// What goes both ways is two schemas, because a request may leave out what an answer always has:
/// `Profile` in answers, `ProfileInput` in requests.
pub fn shape(mut document: Value) -> Value {
    open_means_no_security(&mut document);
    describe_answers(&mut document);
    tidy(&mut document["components"]["schemas"]);
    flatten(&mut document);
    patches(&mut document);
    let asked = reachable(&document, json_body);
    let answered = reachable(&document, |operation| operation.get("responses"));
    split(&mut document, &asked, &answered);
    for name in reachable(&document, json_body) {
        close(&mut document["components"]["schemas"][name]);
    }
    for name in &answered {
        promise_everything(&mut document["components"]["schemas"][name]);
    }
    document
}

/// What is one object in JSON is one in the document: generators read `allOf` each in their own way.
fn flatten(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let mut merged = BTreeSet::new();
    let all = document["components"]["schemas"].as_object_mut();
    for schema in all.into_iter().flat_map(Map::values_mut) {
        let Some(parts) = schema.get("allOf").and_then(Value::as_array).cloned() else {
            continue;
        };
        let mut properties = Map::new();
        for part in &parts {
            let name = part["$ref"].as_str().and_then(|reference| reference.strip_prefix(SCHEMAS));
            merged.extend(name.map(str::to_owned));
            let part = name.map_or(part, |name| &schemas[name]);
            properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        }
        let description = schema["description"].take();
        *schema = json!({ "type": "object", "description": description, "properties": properties });
    }
    // What was only a part of others is nothing by itself.
    let told = document.to_string();
    if let Some(all) = document["components"]["schemas"].as_object_mut() {
        all.retain(|name, _| !merged.contains(name) || told.contains(&format!("\"{SCHEMAS}{name}\"")));
    }
}

/// OpenAPI asks for a description of every answer; what a good one says stands at the operation.
fn describe_answers(document: &mut Value) {
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

const FORM: &str = "application/x-www-form-urlencoded";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// A patch to a `NewThing` is a `ThingPatch`: the same fields, none of them required.
fn patches(document: &mut Value) {
    let mut made = vec![];
    for operation in operations_mut(document) {
        let body = operation.pointer_mut("/requestBody/content");
        let schema = body.and_then(|content| content.get_mut(MERGE_PATCH));
        let Some(reference) = schema.and_then(|content| content.pointer_mut("/schema/$ref")) else {
            continue;
        };
        if let Some(name) =
            reference.as_str().and_then(|text| text.strip_prefix(SCHEMAS)).map(str::to_owned)
        {
            let patch = format!("{}Patch", name.strip_prefix("New").unwrap_or(&name));
            *reference = json!(format!("{SCHEMAS}{patch}"));
            made.push((name, patch));
        }
    }
    for (name, patch) in made {
        let mut schema = document["components"]["schemas"][&name].clone();
        if let Some(fields) = schema.as_object_mut() {
            fields.remove("required");
            fields.remove("example");
            fields.insert(
                "description".to_owned(),
                json!("A JSON merge patch: what is left out stays, what is null goes away."),
            );
        }
        document["components"]["schemas"][patch] = schema;
    }
}

/// utoipa says "no token" as an optional empty requirement; generators read an empty list better.
fn open_means_no_security(document: &mut Value) {
    for operation in operations_mut(document) {
        if operation["security"] == json!([{}]) {
            operation["security"] = json!([]);
        }
    }
}

/// Takes out what trips generators up: defaults in bodies, and that names of properties are strings.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let is_schema = ["type", "oneOf", "$ref"].iter().any(|k| fields.contains_key(*k));
            if is_schema {
                fields.remove("default");
            }
            fields.remove("propertyNames");
            fields.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn operations_mut(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    document["paths"]
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut)
}

/// What an operation reads, but for forms: OAuth has it that what is not known in them is ignored.
fn json_body(operation: &Value) -> Option<&Value> {
    operation.get("requestBody").filter(|body| body["content"].get(FORM).is_none())
}

/// Names of the schemas that a part of the operations leads to.
fn reachable<'a>(document: &'a Value, part: impl Fn(&'a Value) -> Option<&'a Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&Value> = document["paths"]
        .as_object()
        .into_iter()
        .flat_map(Map::values)
        .filter_map(Value::as_object)
        .flat_map(Map::values)
        .filter_map(part)
        .collect();
    while let Some(value) = next.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.trim_start_matches('#');
                    let first_time =
                        reference.strip_prefix(SCHEMAS).is_none_or(|name| found.insert(name.to_owned()));
                    if first_time {
                        next.extend(document.pointer(pointer));
                    }
                }
                // Examples are data, not schemas.
                let schemas = fields.iter().filter(|(key, _)| !key.starts_with("example"));
                next.extend(schemas.map(|(_, value)| value));
            }
            Value::Array(items) => next.extend(items),
            _ => {}
        }
    }
    found
}

fn split(document: &mut Value, asked: &BTreeSet<String>, answered: &BTreeSet<String>) {
    let schemas = &document["components"]["schemas"];
    let twice: BTreeSet<String> = asked
        .intersection(answered)
        .filter(|name| schemas[name.as_str()]["type"] == "object")
        .cloned()
        .collect();
    for name in &twice {
        let mut input = document["components"]["schemas"][name].clone();
        point_to_inputs(&mut input, &twice);
        document["components"]["schemas"][format!("{name}Input")] = input;
    }
    for name in asked.difference(answered) {
        point_to_inputs(&mut document["components"]["schemas"][name], &twice);
    }
    for operation in operations_mut(document) {
        if let Some(body) = operation.get_mut("requestBody") {
            point_to_inputs(body, &twice);
        }
    }
}

fn point_to_inputs(value: &mut Value, twice: &BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                let name = value.as_str().and_then(|text| text.strip_prefix(SCHEMAS));
                match name {
                    Some(name) if key == "$ref" && twice.contains(name) => {
                        *value = json!(format!("{SCHEMAS}{name}Input"));
                    }
                    _ => point_to_inputs(value, twice),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|v| point_to_inputs(v, twice)),
        _ => {}
    }
}

/// A request says nothing that nobody reads.
fn close(schema: &mut Value) {
    if schema.get("properties").is_some() {
        schema["additionalProperties"] = json!(false);
    }
}

/// In an answer every field is there, and clients must bear fields that come later.
fn promise_everything(schema: &mut Value) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    schema["required"] = properties.keys().cloned().collect();
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("additionalProperties");
    }
}
