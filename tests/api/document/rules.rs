//! What generators of clients do not bear, as rules over the document. Each has a name, and says where it is
//! broken. Found by running small documents through a dozen generators.
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Where a rule is broken.
type Faults = Vec<String>;

/// The name of a rule, and how its faults are found.
type Rule = (&'static str, fn(&Value) -> Faults);

pub const RULES: &[Rule] = &[
    ("3.1 without webhooks", version),
    ("operationId: lowerCamelCase, unique", operation_ids),
    ("one declared ASCII tag", tags),
    ("summary of at most 60 characters, and a description", told),
    ("one good answer of one kind", one_good_answer),
    ("failures are shared, and one problem", shared_failures),
    ("security is said", security),
    ("answers promise every field", promised),
    ("answers bear new fields", open_answers),
    ("requests refuse unknown fields", closed_requests),
    ("words are plain, and closed in answers only where they cannot grow", words),
    ("unions are objects with a type, or something or null", unions),
    ("no keyword that trips generators", keywords),
    ("one type, or one and null", types),
    ("schema names", schema_names),
    ("what is inline takes no name", inline_names),
    ("property names", property_names),
    ("parameter names and words", parameters),
    ("descriptions do not end comments", descriptions),
    ("numbers have a width and fit a double", numbers),
    ("downloads are binary, and nothing is multipart", downloads),
    ("what a caller sends is bounded", bounds),
    ("what a query says is not empty", no_empty_queries),
    ("references lead somewhere, and everything is used", references),
];

fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let item = item.as_object().into_iter().flatten();
        item.map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

fn schemas(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    document["components"]["schemas"].as_object().into_iter().flatten()
}

/// Calls `visit` with every schema within `value`, itself included, and where it stands.
fn walk(value: &Value, at: &str, visit: &mut impl FnMut(&str, &Map<String, Value>)) {
    let Value::Object(fields) = value else { return };
    visit(at, fields);
    for (name, property) in fields.get("properties").and_then(Value::as_object).into_iter().flatten() {
        walk(property, &format!("{at}/{name}"), visit);
    }
    for key in ["items", "additionalProperties", "not"] {
        fields.get(key).into_iter().for_each(|inner| walk(inner, &format!("{at}/{key}"), visit));
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        for inner in fields.get(key).and_then(Value::as_array).into_iter().flatten() {
            walk(inner, &format!("{at}/{key}"), visit);
        }
    }
}

/// Where something stands that has no name: `post /v1/things answer`, or the name of a parameter instead.
const ANSWER: &str = " answer";
const REQUEST: &str = " request";

fn in_parameter(at: &str) -> bool {
    at.contains(' ') && !at.contains(ANSWER) && !at.contains(REQUEST)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn in_schemas(
    document: &Value,
    mut rule: impl FnMut(&str, &Map<String, Value>) -> Option<String>,
) -> Faults {
    let mut faults = vec![];
    for (name, schema) in schemas(document) {
        walk(schema, name, &mut |at, fields| {
            faults.extend(rule(at, fields).map(|why| format!("{at}: {why}")));
        });
    }
    for (name, operation) in operations(document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let parameters = parameters.map(|one| (format!("{name} {}", text(&one["name"])), one));
        let bodies = operation["responses"].as_object().into_iter().flat_map(Map::values);
        let bodies = bodies.map(|body| (ANSWER, body)).chain([(REQUEST, &operation["requestBody"])]);
        let contents = bodies.flat_map(|(of, body)| {
            let kinds = body["content"].as_object().into_iter().flat_map(Map::values);
            kinds.map(move |content| (of, content))
        });
        let contents = contents.map(|(of, content)| (format!("{name}{of}"), content));
        for (at, part) in contents.chain(parameters) {
            walk(&part["schema"], &at, &mut |at, fields| {
                faults.extend(rule(at, fields).map(|why| format!("{at}: {why}")));
            });
        }
    }
    faults
}

/// Names of the schemas that these parts of the operations lead to.
fn reached(document: &Value, parts: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&Value> =
        operations(document).flat_map(|(_, o)| parts.iter().filter_map(|part| o.get(*part))).collect();
    while let Some(value) = next.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                    let schema = reference.strip_prefix("#/components/schemas/");
                    if schema.is_none_or(|name| found.insert(name.to_owned())) {
                        next.extend(document.pointer(&reference[1..]));
                    }
                }
                next.extend(fields.iter().filter(|(key, _)| !key.starts_with("example")).map(|(_, v)| v));
            }
            Value::Array(items) => next.extend(items),
            _ => {}
        }
    }
    found
}

fn asked(document: &Value) -> BTreeSet<String> {
    reached(document, &["requestBody", "parameters"])
}

fn answered(document: &Value) -> BTreeSet<String> {
    reached(document, &["responses"])
}

fn version(document: &Value) -> Faults {
    let good = document["openapi"] == "3.1.0" && document.get("webhooks").is_none();
    if good { vec![] } else { vec![format!("openapi {}", document["openapi"])] }
}

fn operation_ids(document: &Value) -> Faults {
    let mut seen = BTreeSet::new();
    let is_camel = |id: &str| {
        id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.chars().all(|c| c.is_ascii_alphanumeric())
            && id.chars().any(|c| c.is_ascii_uppercase())
    };
    operations(document)
        .filter(|(_, o)| {
            let id = o["operationId"].as_str().unwrap_or_default();
            !is_camel(id) || !seen.insert(id.to_lowercase())
        })
        .map(|(name, o)| format!("{name}: {}", o["operationId"]))
        .collect()
}

fn tags(document: &Value) -> Faults {
    let declared: Vec<_> =
        document["tags"].as_array().into_iter().flatten().map(|tag| &tag["name"]).collect();
    operations(document)
        .filter(|(_, o)| {
            let tags = o["tags"].as_array().map_or(&[][..], Vec::as_slice);
            !matches!(tags, [one] if declared.contains(&one) && one.as_str().is_some_and(str::is_ascii))
        })
        .map(|(name, o)| format!("{name}: {}", o["tags"]))
        .collect()
}

fn told(document: &Value) -> Faults {
    operations(document)
        .filter(|(_, o)| {
            let summary = o["summary"].as_str().unwrap_or_default().chars().count();
            !(1..=60).contains(&summary) || o["description"].as_str().is_none_or(str::is_empty)
        })
        .map(|(name, _)| name)
        .collect()
}

fn one_good_answer(document: &Value) -> Faults {
    let mut faults = vec![];
    for (name, operation) in operations(document) {
        let responses = operation["responses"].as_object();
        let good: Vec<_> =
            responses.into_iter().flatten().filter(|(status, _)| status.starts_with('2')).collect();
        let kinds = |body: &Value| body["content"].as_object().map_or(0, Map::len);
        match good.as_slice() {
            [(status, body)] if (status.as_str() == "204") == (kinds(body) == 0) && kinds(body) <= 1 => {}
            _ => faults.push(name.clone()),
        }
        if operation.get("requestBody").is_some_and(|body| kinds(body) != 1) {
            faults.push(format!("{name}: the request"));
        }
    }
    faults
}

fn shared_failures(document: &Value) -> Faults {
    let mut faults = vec![];
    for (name, operation) in operations(document) {
        for (status, response) in operation["responses"].as_object().into_iter().flatten() {
            if status.as_str() >= "300" && !response["$ref"].is_string() {
                faults.push(format!("{name} {status}"));
            }
        }
    }
    for (name, response) in document["components"]["responses"].as_object().into_iter().flatten() {
        let schema = response.pointer("/content/application~1problem+json/schema/$ref");
        // The token endpoint refuses in the words of OAuth, which its clients know.
        let of_oauth = response.pointer("/content/application~1json/schema/$ref");
        let problem = schema.is_some_and(|schema| schema == "#/components/schemas/Problem")
            || of_oauth.is_some_and(|schema| schema == "#/components/schemas/TokenRefusal");
        if response.get("content").is_some() && !problem {
            faults.push(name.clone());
        }
    }
    faults
}

/// Where any token will do.
const ANY_TOKEN: &str = "getWhoAmI";

/// What needs a token says in both schemes which scopes it must hold, the same as in its description. The holder of
/// a respondent's link has none: where one may call, any bearer token may.
fn security(document: &Value) -> Faults {
    let schemes = |of: &Value| -> BTreeSet<String> {
        of.as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .flat_map(Map::keys)
            .cloned()
            .collect()
    };
    let known: BTreeSet<String> = document["components"]["securitySchemes"]
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .cloned()
        .collect();
    let mut faults = vec![];
    if known.is_empty() || schemes(&document["security"]) != known {
        faults.push("the whole".to_owned());
    }
    for (name, operation) in operations(document) {
        let Some(security) = operation["security"].as_array() else {
            faults.push(name);
            continue;
        };
        if security.is_empty() {
            continue;
        }
        let told = text(&operation["description"]).split_whitespace().collect::<Vec<_>>().join(" ");
        let of_links = told.contains("the holder of a link");
        let any = operation["operationId"] == ANY_TOKEN;
        let requirements = security.iter().filter_map(Value::as_object).flatten();
        let good = requirements.into_iter().all(|(scheme, scopes)| {
            let scopes = scopes.as_array().map_or(&[][..], Vec::as_slice);
            let bare = any || of_links && scheme == "bearer";
            let names = |scope: &Value| told.is_empty() || told.contains(&format!("`{}`", text(scope)));
            scopes.is_empty() == bare && scopes.iter().all(names)
        });
        if schemes(&operation["security"]) != known || !good {
            faults.push(name);
        }
    }
    faults
}

fn promised(document: &Value) -> Faults {
    let answered = answered(document);
    let mut faults = vec![];
    for (name, schema) in schemas(document).filter(|(name, _)| answered.contains(*name)) {
        walk(schema, name, &mut |at, fields| {
            let properties = fields.get("properties").and_then(Value::as_object).map_or(0, Map::len);
            let required = fields.get("required").and_then(Value::as_array).map_or(0, Vec::len);
            if properties != required {
                faults.push(at.to_owned());
            }
        });
    }
    faults
}

fn open_answers(document: &Value) -> Faults {
    let answered = answered(document);
    in_schemas(document, |at, fields| {
        let schema = at.split('/').next().unwrap_or_default();
        let closed = fields.get("additionalProperties") == Some(&Value::Bool(false));
        (closed && answered.contains(schema)).then(|| "closed".to_owned())
    })
}

fn closed_requests(document: &Value) -> Faults {
    let asked = asked(document);
    // OAuth has the token endpoint ignore what it does not know (RFC 6749, 3.2).
    let forms: BTreeSet<&str> = operations(document)
        .filter_map(|(_, o)| {
            o.pointer("/requestBody/content/application~1x-www-form-urlencoded/schema/$ref")
        })
        .filter_map(|reference| reference.as_str()?.rsplit('/').next())
        .collect();
    schemas(document)
        .filter(|(name, schema)| asked.contains(*name) && schema.get("properties").is_some())
        .filter(|(name, _)| !forms.contains(name.as_str()))
        .filter(|(_, schema)| schema["additionalProperties"] != Value::Bool(false))
        .map(|(name, _)| name.clone())
        .collect()
}

/// Lists of words that answers close: what they speak of leaves no room for another.
const NEVER_GROW: &[&str] = &[
    "AnswerStatus",
    "Applies",
    "Confidence",
    "Effort",
    "FactState",
    "IncidentStage",
    "Obligation",
    "SourceKind",
    "Verification",
    "WeekDay",
];

fn words(document: &Value) -> Faults {
    let answered = answered(document);
    let plain = |word: &Value| {
        word.as_str().is_some_and(|word| {
            word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        })
    };
    in_schemas(document, |at, fields| {
        let words = fields.get("enum")?.as_array()?;
        let closed = answered.contains(at.split('/').next().unwrap_or_default());
        if !words.iter().all(plain) {
            return Some("not plain".to_owned());
        }
        (closed && !NEVER_GROW.contains(&at)).then(|| "may grow".to_owned())
    })
}

fn unions(document: &Value) -> Faults {
    let is_tagged = |part: &Value| {
        let target = part["$ref"].as_str().and_then(|reference| document.pointer(&reference[1..]));
        target.is_some_and(|schema| {
            schema["properties"]["type"]["enum"].as_array().is_some_and(|e| e.len() == 1)
                && schema["required"].as_array().is_some_and(|required| required.contains(&"type".into()))
        })
    };
    in_schemas(document, |_, fields| {
        let parts = fields.get("oneOf")?.as_array()?;
        let rest: Vec<_> = parts.iter().filter(|part| part["type"] != "null").collect();
        let nullable = rest.len() == 1 && parts.len() == 2 && rest[0]["$ref"].is_string();
        (!nullable && !rest.iter().all(|part| is_tagged(part))).then(|| "not told apart".to_owned())
    })
}

fn keywords(document: &Value) -> Faults {
    const TRIPS: &[&str] = &[
        "anyOf",
        "allOf",
        "not",
        "$defs",
        "prefixItems",
        "uniqueItems",
        "default",
        "propertyNames",
        "const",
        "if",
        "patternProperties",
        "unevaluatedProperties",
        "dependentSchemas",
        "contentEncoding",
        "nullable",
    ];
    let mut faults = in_schemas(document, |at, fields| {
        let found = TRIPS
            .iter()
            .find(|key| fields.contains_key(**key) && !(in_parameter(at) && **key == "default"))?;
        Some((*found).to_owned())
    });
    for (name, schema) in schemas(document) {
        faults.extend(schema.is_boolean().then(|| format!("{name}: a schema that is true or false")));
    }
    faults
}

fn types(document: &Value) -> Faults {
    in_schemas(document, |_, fields| match fields.get("type") {
        Some(Value::Array(kinds)) => {
            let nullable = kinds.len() == 2 && kinds.contains(&Value::from("null"));
            (!nullable).then(|| "several types".to_owned())
        }
        None if !fields.contains_key("$ref") && !fields.contains_key("oneOf") => Some("no type".to_owned()),
        _ => None,
    })
}

fn schema_names(document: &Value) -> Faults {
    const TAKEN: &[&str] = &[
        "Configuration",
        "String",
        "Set",
        "Map",
        "Date",
        "List",
        "Object",
        "Error",
        "Response",
        "Request",
        "File",
        "Client",
        "Model",
        "Type",
    ];
    let is_camel = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric())
    };
    schemas(document)
        .map(|(name, _)| name.clone())
        .filter(|n| !is_camel(n) || TAKEN.contains(&n.as_str()))
        .collect()
}

/// Generators call an object that has no name after where it stands; one of that name goes away, and every
/// operation that leads to it.
fn inline_names(document: &Value) -> Faults {
    let taken: BTreeSet<&String> = schemas(document).map(|(name, _)| name).collect();
    let camel = |name: &str| -> String {
        let words = name.split('_').filter(|word| !word.is_empty());
        words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
    };
    let mut faults = vec![];
    for (name, schema) in schemas(document) {
        for (property, inner) in schema["properties"].as_object().into_iter().flatten() {
            let called = format!("{name}{}", camel(property));
            let inline = inner["type"] == "object" || inner["items"]["type"] == "object";
            if inline && (taken.contains(&called) || taken.contains(&format!("{called}Item"))) {
                faults.push(called);
            }
        }
    }
    faults
}

fn property_names(document: &Value) -> Faults {
    let is_snake = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    in_schemas(document, |_, fields| {
        let properties = fields.get("properties")?.as_object()?;
        properties.keys().find(|name| !is_snake(name)).cloned()
    })
}

fn parameters(document: &Value) -> Faults {
    let mut faults = vec![];
    for (name, operation) in operations(document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let word = parameter["name"].as_str().unwrap_or_default();
            let described = parameter["description"].as_str().is_some_and(|text| !text.is_empty());
            let nullable =
                parameter["schema"]["type"].is_array() || parameter["schema"]["oneOf"].is_array();
            if word.is_empty() || word == "headers" || !described || nullable {
                faults.push(format!("{name}: {word}"));
            }
        }
    }
    faults
}

fn descriptions(document: &Value) -> Faults {
    fn look(value: &Value, at: &str, faults: &mut Faults) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    let at = format!("{at}/{key}");
                    if let (true, Some(text)) =
                        (["description", "summary"].contains(&key.as_str()), value.as_str())
                    {
                        let control = text.chars().any(|c| c.is_control() && c != '\n');
                        faults.extend((control || text.contains("*/")).then(|| at.clone()));
                    }
                    if !key.starts_with("example") {
                        look(value, &at, faults);
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| look(item, at, faults)),
            _ => {}
        }
    }
    let mut faults = vec![];
    look(document, "", &mut faults);
    faults
}

fn numbers(document: &Value) -> Faults {
    const MOST: i64 = 9_007_199_254_740_992;
    in_schemas(document, |_, fields| {
        let of = |wanted: &str| match fields.get("type")? {
            Value::String(kind) => (kind == wanted).then_some(()),
            Value::Array(kinds) => kinds.contains(&Value::from(wanted)).then_some(()),
            _ => None,
        };
        if of("number").is_some() {
            return Some("a number that is not whole: say it as a string".to_owned());
        }
        of("integer")?;
        let format = fields.get("format").and_then(Value::as_str);
        if !matches!(format, Some("int32" | "int64")) {
            return Some("no width".to_owned());
        }
        let bounds =
            ["minimum", "maximum"].into_iter().filter_map(|key| fields.get(key).and_then(Value::as_i64));
        bounds.into_iter().any(|bound| bound.abs() > MOST).then(|| "beyond 2^53".to_owned())
    })
}

fn downloads(document: &Value) -> Faults {
    let mut faults = vec![];
    for (name, operation) in operations(document) {
        let good = operation["responses"].as_object().into_iter().flat_map(Map::values);
        let bodies = good.chain([&operation["requestBody"]]).filter_map(|body| body["content"].as_object());
        for (kind, content) in bodies.flatten() {
            let text = kind.starts_with("text/")
                || kind.ends_with("json")
                || kind.ends_with("yaml")
                || kind.ends_with("xml")
                || kind.ends_with("urlencoded");
            let binary = content["schema"]["format"] == "binary" && content["schema"]["type"] == "string";
            if kind.starts_with("multipart/") || !text && !binary {
                faults.push(format!("{name}: {kind}"));
            }
        }
    }
    faults
}

fn bounds(document: &Value) -> Faults {
    let asked = asked(document);
    in_schemas(document, |at, fields| {
        // A file or a stream is as long as it is; the limits of bodies hold it.
        if !in_parameter(at) && !asked.contains(at.split('/').next().unwrap_or_default()) {
            return None;
        }
        let of = |kind: &str| match fields.get("type") {
            Some(Value::String(one)) => one == kind,
            Some(Value::Array(many)) => many.contains(&Value::from(kind)),
            _ => false,
        };
        let has = |names: &[&str]| names.iter().any(|name| fields.contains_key(*name));
        if of("string") && !has(&["maxLength", "enum", "format", "pattern"]) {
            return Some("endless text".to_owned());
        }
        if of("array") && !has(&["maxItems"]) {
            return Some("endless list".to_owned());
        }
        let both = has(&["minimum"]) && has(&["maximum"]);
        (of("integer") && !both).then(|| "endless number".to_owned())
    })
}

/// An empty text in a query is refused, whatever it is for.
fn no_empty_queries(document: &Value) -> Faults {
    let mut faults = vec![];
    for (name, operation) in operations(document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
            let schema = &parameter["schema"];
            let schema = if schema["type"] == "array" { &schema["items"] } else { schema };
            let says =
                ["minLength", "format", "pattern", "enum"].iter().any(|key| schema.get(*key).is_some());
            if schema["type"] == "string" && !says {
                faults.push(format!("{name}: {}", parameter["name"]));
            }
        }
    }
    faults
}

fn references(document: &Value) -> Faults {
    fn look(value: &Value, used: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                used.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields
                    .iter()
                    .filter(|(key, _)| !key.starts_with("example"))
                    .for_each(|(_, v)| look(v, used));
            }
            Value::Array(items) => items.iter().for_each(|item| look(item, used)),
            _ => {}
        }
    }
    let mut used = BTreeSet::new();
    look(document, &mut used);
    let mut faults: Faults =
        used.iter().filter(|reference| document.pointer(&reference[1..]).is_none()).cloned().collect();
    for part in ["schemas", "responses", "headers"] {
        for name in document["components"][part].as_object().into_iter().flat_map(Map::keys) {
            let reference = format!("#/components/{part}/{name}");
            faults.extend((!used.contains(&reference)).then_some(reference));
        }
    }
    faults
}
