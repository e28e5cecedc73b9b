//! The operations, read from the OpenAPI document: whom they let in, and where an id can stand.
use super::words::{FACTS, Place, Word, word};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tasuke::caller::Scope;
use ureq::http::Method;

/// Operations for which any token will do. Think twice before you add one.
const ANY_TOKEN: &[&str] = &["getWhoAmI"];

/// Whom an operation lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Everybody, and a token changes nothing.
    Open,
    /// Everybody; with a token that holds these scopes, more.
    Visiting(Vec<Scope>),
    /// Nobody without these scopes.
    Needs(Vec<Scope>),
}

pub const FORM: &str = "application/x-www-form-urlencoded";

/// Where an id can stand.
#[derive(Debug, Clone)]
pub struct Position {
    pub place: Place,
    /// The name of the parameter, or a pointer into the body.
    pub at: String,
    pub word: Word,
}

#[derive(Debug, Clone)]
pub struct Operation {
    pub id: String,
    pub method: Method,
    pub path: String,
    pub tag: String,
    pub access: Access,
    /// A token that is narrowed to one client is refused.
    pub for_the_whole_tenant: bool,
    /// The holder of a respondent's link may call it for their own assessment.
    pub for_links: bool,
    pub parameters: Vec<Parameter>,
    pub body: Option<Body>,
    pub positions: Vec<Position>,
    /// The status of a call that went well.
    pub good: u16,
    pub tells_location: bool,
}

#[derive(Debug, Clone)]
pub struct Parameter {
    pub place: &'static str,
    pub name: String,
    pub required: bool,
    pub example: String,
}

#[derive(Debug, Clone)]
pub struct Body {
    pub media_type: String,
    /// What the document gives as an example; of lines, of one line.
    pub example: Value,
}

impl Operation {
    pub fn takes(&self, header: &str) -> bool {
        self.parameters.iter().any(|p| p.place == "header" && p.name.eq_ignore_ascii_case(header))
    }

    pub fn needs(&self) -> &[Scope] {
        match &self.access {
            Access::Open => &[],
            Access::Visiting(scopes) | Access::Needs(scopes) => scopes,
        }
    }

    pub fn writes(&self) -> bool {
        self.method != Method::GET && self.id != "decideRouting"
    }

    pub fn position(&self, place: Place, at: &str) -> Option<&Position> {
        self.positions.iter().find(|position| position.place == place && position.at == at)
    }
}

pub fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().unwrap();
            item.iter().map(move |(method, told)| read(document, method, path, told))
        })
        .collect()
}

fn read(document: &Value, method: &str, path: &str, told: &Value) -> Operation {
    let id = told["operationId"].as_str().unwrap().to_owned();
    let tag = told["tags"][0].as_str().unwrap().to_owned();
    let parameters: Vec<Parameter> =
        told["parameters"].as_array().into_iter().flatten().map(parameter).collect();
    let said: Vec<&Value> = told["parameters"].as_array().into_iter().flatten().collect();
    let (good, answer) =
        told["responses"].as_object().unwrap().iter().find(|(status, _)| status.starts_with('2')).unwrap();
    let mut operation = Operation {
        method: method.to_uppercase().parse().unwrap(),
        path: path.to_owned(),
        access: access(document, told, &id),
        for_links: words(told).contains("the holder of a link"),
        for_the_whole_tenant: words(told).contains("a token that is narrowed to one client may not"),
        body: body(document, told, &id),
        positions: vec![],
        good: good.parse().unwrap(),
        tells_location: !answer["headers"]["location"].is_null(),
        id,
        tag,
        parameters,
    };
    for parameter in said {
        let (name, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
        let place = match parameter["in"].as_str().unwrap() {
            "path" => Place::Path,
            "query" => Place::Query,
            // The headers that carry something have rounds of their own.
            "header" => {
                assert!(["Idempotency-Key", "If-Match"].contains(&name), "{}: {name}", operation.id);
                continue;
            }
            other => panic!("{}: a parameter in {other}", operation.id),
        };
        if place == Place::Path || can_name(document, schema) {
            operation.add(place, name.to_owned(), name);
        }
    }
    // The token endpoint's form names its own client, and is good for nothing else.
    if let Some(body) = operation.body.as_ref().filter(|body| body.media_type != FORM) {
        let mut leaves = vec![];
        if body.media_type == "text/csv" {
            // The headings of the sheet; its other columns are of words and numbers.
            assert_eq!(operation.id, "importClients", "say which columns of {} hold ids", operation.id);
            leaves.push(("/external_id".to_owned(), "external_id".to_owned()));
        } else {
            collect(document, &schema_of(document, told), String::new(), "", &mut leaves);
        }
        for (pointer, name) in leaves {
            operation.add(Place::Body, pointer, &name);
        }
    }
    operation
}

impl Operation {
    fn add(&mut self, place: Place, at: String, name: &str) {
        let word = word(place, name, &self.tag, &self.id);
        if word != Word::Plain {
            self.positions.push(Position { place, at, word });
        }
    }
}

fn words(told: &Value) -> String {
    told["description"].as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn access(document: &Value, told: &Value, id: &str) -> Access {
    let security = told.get("security").unwrap_or(&document["security"]).as_array().unwrap();
    // Under `bearer` a respondent's link will do as well, and has no scopes.
    let Some(needed) = security.iter().find_map(|one| one["oauth2"].as_array()) else {
        assert!(security.is_empty(), "{id}: {security:?}");
        return Access::Open;
    };
    let scopes: Vec<Scope> = needed.iter().map(|scope| scope.as_str().unwrap().parse().unwrap()).collect();
    let any_token = ANY_TOKEN.contains(&id);
    assert!(scopes.is_empty() == any_token, "{id}: its description does not say `Needs ...` which scope");
    if security.contains(&json!({})) { Access::Visiting(scopes) } else { Access::Needs(scopes) }
}

fn parameter(told: &Value) -> Parameter {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Parameter {
        place: match told["in"].as_str().unwrap() {
            "path" => "path",
            "query" => "query",
            _ => "header",
        },
        name: told["name"].as_str().unwrap().to_owned(),
        required: told["required"] == true,
        example: text(&told["example"]),
    }
}

/// The schema of the body; of lines, of one line.
fn schema_of(document: &Value, told: &Value) -> Value {
    let content = told["requestBody"]["content"].as_object().unwrap();
    let (media_type, content) = content.iter().next().unwrap();
    if media_type != "application/x-ndjson" {
        return content["schema"].clone();
    }
    let told = told["requestBody"]["description"].as_str().unwrap();
    let name = told.split('`').nth(1).expect("the description of the lines names their schema");
    assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    schema["$ref"].as_str().map_or(schema, |at| document.pointer(at.trim_start_matches('#')).unwrap())
}

fn body(document: &Value, told: &Value, id: &str) -> Option<Body> {
    let content = told["requestBody"]["content"].as_object()?;
    assert_eq!(content.len(), 1, "{id} takes bodies of several kinds");
    let media_type = content.keys().next().unwrap().clone();
    let schema = schema_of(document, told);
    let example = resolved(document, &schema)["example"].clone();
    Some(Body { media_type, example: if example.is_null() { json!({}) } else { example } })
}

/// Whether the schema accepts what something of a tenant's is called.
fn can_name(document: &Value, schema: &Value) -> bool {
    let mut root = json!({ "allOf": [schema] });
    if schema.to_string().contains("$ref") {
        root["components"] = document["components"].clone();
    }
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .build(&root)
        .unwrap();
    let names = [
        json!("0198c0de-0000-7000-8000-000000000000"),
        json!("own-alpha-1"),
        json!("2026.1"),
        json!(["own-alpha-1"]),
    ];
    names.iter().any(|name| validator.is_valid(name))
}

/// Every place in a body that can hold a name, with the name of its field.
fn collect(
    document: &Value,
    schema: &Value,
    pointer: String,
    name: &str,
    leaves: &mut Vec<(String, String)>,
) {
    if let Some(reference) = schema["$ref"].as_str() {
        if reference.contains(FACTS) {
            return;
        }
        return collect(document, resolved(document, schema), pointer, name, leaves);
    }
    for part in ["oneOf", "anyOf", "allOf"].iter().filter_map(|key| schema[*key].as_array()).flatten() {
        collect(document, part, pointer.clone(), name, leaves);
    }
    if let Some(properties) = schema["properties"].as_object() {
        for (name, schema) in properties {
            collect(document, schema, format!("{pointer}/{name}"), name, leaves);
        }
    } else if schema["items"].is_object() {
        collect(document, &schema["items"], format!("{pointer}/0"), name, leaves);
    } else if schema.get("type").is_some() && can_name(document, schema) {
        leaves.push((pointer, name.to_owned()));
    }
}

/// Fails when two positions of an operation are one, which would hide the second.
pub fn check(operations: &[Operation]) {
    for operation in operations {
        let places: BTreeSet<String> =
            operation.positions.iter().map(|p| format!("{:?} {}", p.place, p.at)).collect();
        assert_eq!(places.len(), operation.positions.len(), "{}: {:?}", operation.id, operation.positions);
    }
}
