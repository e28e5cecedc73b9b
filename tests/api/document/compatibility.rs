//! What has been released stays true. The document is compared with the last released one, by what it means
//! for a client that was generated from that: what it sends must still be taken, and what it is answered must
//! still be read. A change that breaks clients needs a version that says so.
mod changes;

use changes::breaking;
use serde_json::{Value, json};

fn released() -> Value {
    serde_json::from_str(&std::fs::read_to_string("openapi/released.json").unwrap()).unwrap()
}

/// Whether going from one version to the next may break clients: a new major one, or a minor one before 1.0.
fn announces_a_break(old: &str, new: &str) -> bool {
    let parts =
        |version: &str| -> Vec<u64> { version.split('.').map(|part| part.parse().unwrap()).collect() };
    let (old, new) = (parts(old), parts(new));
    new[0] > old[0] || old[0] == 0 && new[0] == 0 && new[1] > old[1]
}

#[test]
fn clients_of_the_last_release_go_on_working_or_the_version_says_that_they_do_not() {
    let (old, new) = (released(), super::document());
    let broken = breaking(&old, &new);
    let version = |document: &Value| document["info"]["version"].as_str().unwrap().to_owned();
    assert!(
        broken.is_empty() || announces_a_break(&version(&old), &version(&new)),
        "clients generated from openapi/released.json break:\n{}\nCan it be said without breaking them? If not, \
         raise the version (a minor one before 1.0, a major one after) and tell in CHANGELOG.md.",
        broken.join("\n")
    );
}

#[test]
fn only_a_version_of_its_own_may_break() {
    for (old, new, may) in [
        ("0.1.0", "0.1.0", false),
        ("0.1.0", "0.1.1", false),
        ("0.1.9", "0.2.0", true),
        ("0.9.0", "1.0.0", true),
        ("1.2.3", "1.3.0", false),
        ("1.2.3", "2.0.0", true),
        ("2.0.0", "1.9.0", false),
    ] {
        assert_eq!(announces_a_break(old, new), may, "{old} to {new}");
    }
}

/// A small document with everything that the comparison looks at.
fn small() -> Value {
    let id = json!({"name": "thing", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}});
    let limit = json!({"name": "limit", "in": "query", "schema": {"type": "integer", "format": "int32", "maximum": 100, "default": 20}});
    let union = json!({"oneOf": [{"$ref": "#/components/schemas/Part"}, {"$ref": "#/components/schemas/Bolt"}, {"$ref": "#/components/schemas/Nut"}]});
    let token = json!({"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/token", "scopes": {"read": "Read", "write": "Write"}}}});
    json!({
        "openapi": "3.1.0", "info": {"version": "0.1.0"}, "security": [{"bearer": []}],
        "servers": [{"url": "/", "description": "Here"}],
        "paths": {
            "/things": {"post": {
                "operationId": "createThing", "tags": ["things"],
                "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewThing"}}}},
                "responses": {
                    "201": {"description": "", "headers": {"ETag": {"schema": {"type": "string"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                    "422": {"$ref": "#/components/responses/Unprocessable"},
                },
            }},
            "/things/{thing}": {"get": {
                "operationId": "getThing", "tags": ["things"], "security": [], "parameters": [id, limit],
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
            }},
        },
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}, "oauth2": token},
            "responses": {"Unprocessable": {"description": "", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}},
            "schemas": {
                "NewThing": {"type": "object", "additionalProperties": false, "required": ["name"], "properties": {
                    "name": {"type": "string", "minLength": 1, "maxLength": 100},
                    "kind": {"type": "string", "enum": ["a", "b"]},
                    "note": {"type": ["string", "null"]},
                    "either": union,
                    "sizes": {"type": "object", "additionalProperties": {"type": "integer", "format": "int32", "minimum": 0}},
                    "parts": {"type": "array", "maxItems": 5, "items": {"$ref": "#/components/schemas/PartInput"}},
                }},
                "PartInput": {"type": "object", "additionalProperties": false, "properties": {"size": {"type": "integer", "format": "int32", "minimum": 0}}},
                "Thing": {"type": "object", "required": ["id", "name", "kind", "note", "parts", "made", "either", "sizes"], "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "name": {"type": "string"},
                    "kind": {"type": "string", "enum": ["a", "b"]},
                    "note": {"type": ["string", "null"]},
                    "made": {"oneOf": [{"$ref": "#/components/schemas/Part"}, {"type": "null"}]},
                    "either": union,
                    "sizes": {"type": "object", "additionalProperties": {"type": "integer", "format": "int32"}},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
                }},
                "Part": {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer", "format": "int32"}}},
                "Bolt": {"type": "object", "required": ["length"], "properties": {"length": {"type": "integer", "format": "int32"}}},
                "Nut": {"type": "object", "required": ["width"], "properties": {"width": {"type": "integer", "format": "int32"}}},
                "Problem": {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}},
            },
        },
    })
}

const NEW: &str = "/components/schemas/NewThing";
const THING: &str = "/components/schemas/Thing";
const POST: &str = "/paths/~1things/post";
const FLOW: &str = "/components/securitySchemes/oauth2/flows/clientCredentials";
const GET: &str = "/paths/~1things~1{thing}/get";

/// The small document with one place changed; null takes it away.
fn changed(pointer: &str, value: &Value) -> Value {
    let mut document = small();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
    let key = key.replace("~1", "/");
    match parent {
        Value::Array(items) => {
            let at: usize = key.parse().unwrap();
            if value.is_null() {
                items.remove(at);
            } else if at == items.len() {
                items.push(value.clone());
            } else {
                items[at] = value.clone();
            }
        }
        Value::Object(fields) if value.is_null() => {
            fields.remove(&key);
        }
        parent => parent[key] = value.clone(),
    }
    document
}

#[test]
#[allow(clippy::too_many_lines)] // A table.
fn what_breaks_a_client_is_seen() {
    let header =
        json!({"name": "If-Match", "in": "header", "required": true, "schema": {"type": "string"}});
    let table: &[(&str, String, Value)] = &[
        ("a path goes away", "/paths/~1things".into(), Value::Null),
        ("an operation goes away", GET.into(), Value::Null),
        ("an operation is renamed", format!("{GET}/operationId"), json!("readThing")),
        ("an operation moves to another class", format!("{GET}/tags"), json!(["stuff"])),
        ("an open operation needs a token", format!("{GET}/security"), Value::Null),
        ("an operation needs a scope", format!("{POST}/security"), json!([{"bearer": ["admin"]}])),
        ("the service moves", "/servers/0/url".into(), json!("/v2")),
        ("a way to prove who one is goes away", "/components/securitySchemes/bearer".into(), Value::Null),
        (
            "tokens are sent in another way",
            "/components/securitySchemes/bearer/scheme".into(),
            json!("basic"),
        ),
        ("tokens come from elsewhere", format!("{FLOW}/tokenUrl"), json!("/other")),
        ("a scope goes away", format!("{FLOW}/scopes/read"), Value::Null),
        (
            "a parameter is written in another style",
            format!("{GET}/parameters/1/style"),
            json!("pipeDelimited"),
        ),
        ("a list is written as one", format!("{GET}/parameters/1/explode"), json!(false)),
        ("what is left out means something else", format!("{GET}/parameters/1/schema/default"), json!(50)),
        (
            "a map of an answer may hold anything",
            format!("{THING}/properties/sizes/additionalProperties"),
            Value::Null,
        ),
        (
            "a map of a request holds less",
            format!("{NEW}/properties/sizes/additionalProperties/minimum"),
            json!(1),
        ),
        (
            "a map of a request holds nothing",
            format!("{NEW}/properties/sizes/additionalProperties"),
            json!(false),
        ),
        ("one of several loses a field", "/components/schemas/Bolt/properties/length".into(), Value::Null),
        ("one of several is no longer taken", format!("{NEW}/properties/either/oneOf/2"), Value::Null),
        (
            "another one is answered",
            format!("{THING}/properties/either/oneOf/3"),
            json!({"$ref": "#/components/schemas/Problem"}),
        ),
        (
            "one of several may be null",
            format!("{THING}/properties/either/oneOf/3"),
            json!({"type": "null"}),
        ),
        ("a parameter goes away", format!("{GET}/parameters/1"), Value::Null),
        ("a needed parameter is added", format!("{GET}/parameters/2"), header),
        ("a parameter becomes needed", format!("{GET}/parameters/1/required"), json!(true)),
        ("a parameter takes less", format!("{GET}/parameters/1/schema/maximum"), json!(50)),
        (
            "a body is of another kind",
            format!("{POST}/requestBody/content"),
            json!({"text/csv": {"schema": {"type": "string"}}}),
        ),
        ("a needed field is added to a request", format!("{NEW}/required"), json!(["name", "note"])),
        ("a field of a request goes away", format!("{NEW}/properties/note"), Value::Null),
        ("a field of a request has another type", format!("{NEW}/properties/name/type"), json!("integer")),
        ("null is no longer taken", format!("{NEW}/properties/note/type"), json!("string")),
        ("a word is no longer taken", format!("{NEW}/properties/kind/enum"), json!(["a"])),
        ("any word becomes one of a few", format!("{NEW}/properties/name/enum"), json!(["a"])),
        ("less text is taken", format!("{NEW}/properties/name/maxLength"), json!(50)),
        ("more text is needed", format!("{NEW}/properties/name/minLength"), json!(2)),
        ("a form is asked for", format!("{NEW}/properties/name/pattern"), json!("^a")),
        ("a bound is new", format!("{NEW}/properties/note/maxLength"), json!(50)),
        ("fewer items are taken", format!("{NEW}/properties/parts/maxItems"), json!(2)),
        (
            "an inner bound is tighter",
            "/components/schemas/PartInput/properties/size/minimum".into(),
            json!(1),
        ),
        ("a field of an answer goes away", format!("{THING}/properties/name"), Value::Null),
        (
            "a field of an answer may be missing",
            format!("{THING}/required"),
            json!(["id", "name", "kind", "note", "parts", "either", "sizes"]),
        ),
        (
            "a field of an answer may be null",
            format!("{THING}/properties/name/type"),
            json!(["string", "null"]),
        ),
        (
            "an object of an answer may be null",
            format!("{THING}/properties/parts/items"),
            json!({"oneOf": [{"$ref": "#/components/schemas/Part"}, {"type": "null"}]}),
        ),
        ("a field of an answer has another type", format!("{THING}/properties/id/type"), json!("integer")),
        ("a number grows wider", "/components/schemas/Part/properties/size/format".into(), json!("int64")),
        ("an answer knows a word more", format!("{THING}/properties/kind/enum"), json!(["a", "b", "c"])),
        ("closed words are opened", format!("{THING}/properties/kind/enum"), Value::Null),
        (
            "success has another status",
            format!("{POST}/responses"),
            json!({"200": small()["paths"]["/things"]["post"]["responses"]["201"]}),
        ),
        (
            "an answer is of another kind",
            format!("{POST}/responses/201/content"),
            json!({"text/csv": {"schema": {"type": "string"}}}),
        ),
        ("a header of an answer goes away", format!("{POST}/responses/201/headers"), Value::Null),
        ("a problem loses a field", "/components/schemas/Problem/properties/code".into(), Value::Null),
    ];
    for (what, pointer, value) in table {
        assert!(!breaking(&small(), &changed(pointer, value)).is_empty(), "{what}");
    }
    assert!(table.len() >= 25);
    let open = changed(&format!("{NEW}/additionalProperties"), &Value::Null);
    assert!(!breaking(&open, &small()).is_empty(), "unknown fields are refused");
    // A schema that is renamed is another class.
    let text =
        small().to_string().replace("schemas/Thing\"", "schemas/Item\"").replace("\"Thing\":", "\"Item\":");
    assert!(!breaking(&small(), &serde_json::from_str(&text).unwrap()).is_empty(), "a schema is renamed");
}

#[test]
fn what_breaks_nobody_is_let_be() {
    let optional = json!({"name": "q", "in": "query", "schema": {"type": "string"}});
    let table: &[(&str, String, Value)] = &[
        (
            "an operation is added",
            "/paths/~1more".into(),
            json!({"get": {"operationId": "listMore", "tags": ["more"], "responses": {}}}),
        ),
        ("a field is added to a request", format!("{NEW}/properties/colour"), json!({"type": "string"})),
        ("a field of a request need not be there any more", format!("{NEW}/required"), json!([])),
        ("a field is added to an answer", format!("{THING}/properties/colour"), json!({"type": "string"})),
        ("a parameter is added that may be left out", format!("{GET}/parameters/2"), optional),
        ("a request takes a word more", format!("{NEW}/properties/kind/enum"), json!(["a", "b", "c"])),
        ("a request takes more text", format!("{NEW}/properties/name/maxLength"), json!(200)),
        ("a request takes null", format!("{NEW}/properties/name/type"), json!(["string", "null"])),
        ("an answer is never null any more", format!("{THING}/properties/note/type"), json!("string")),
        ("an answer gives up a word", format!("{THING}/properties/kind/enum"), json!(["a"])),
        ("words for people change", format!("{THING}/description"), json!("Something else")),
        (
            "another failure is told",
            format!("{POST}/responses/409"),
            json!({"$ref": "#/components/responses/Unprocessable"}),
        ),
        ("an operation no longer needs a token", format!("{POST}/security"), json!([])),
        ("another way to prove who one is", "/security".into(), json!([{"bearer": []}, {"oauth2": []}])),
        ("the service stands elsewhere too", "/servers/1".into(), json!({"url": "/v2"})),
        (
            "a scheme is told in other words",
            "/components/securitySchemes/bearer/description".into(),
            json!("A token"),
        ),
        ("a scope is added", format!("{FLOW}/scopes/admin"), json!("Everything")),
        ("what is usual is said", format!("{GET}/parameters/1/style"), json!("form")),
        (
            "another one is taken",
            format!("{NEW}/properties/either/oneOf/3"),
            json!({"$ref": "#/components/schemas/PartInput"}),
        ),
        ("one fewer is answered", format!("{THING}/properties/either/oneOf/2"), Value::Null),
    ];
    for (what, pointer, value) in table {
        assert_eq!(breaking(&small(), &changed(pointer, value)), Vec::<String>::new(), "{what}");
    }
    assert!(table.len() >= 9);
    let needs = |scopes: &[&str]| changed(&format!("{POST}/security"), &json!([{"bearer": scopes}]));
    assert_eq!(
        breaking(&needs(&["a", "b"]), &needs(&["a"])),
        Vec::<String>::new(),
        "fewer scopes are needed"
    );
    assert_eq!(breaking(&small(), &small()), Vec::<String>::new());
}
