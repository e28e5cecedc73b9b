//! What of the difference of two documents breaks a client that was generated from the first.
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Who makes the value. What a client sends may be asked for less; what it is answered may say more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Sent,
    Answered,
}

/// Every break: where, and what.
pub fn breaking(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison { old, new, broken: BTreeSet::new(), seen: BTreeSet::new() };
    comparison.whole();
    comparison.operations();
    comparison.broken.into_iter().collect()
}

struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    broken: BTreeSet<String>,
    /// References that were compared already.
    seen: BTreeSet<(String, String, Way)>,
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|reference| document.pointer(&reference[1..]));
    target.unwrap_or(value)
}

fn texts(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether everything that was said is said still, but for words to people.
fn says_all(before: &Value, after: &Value) -> bool {
    match before {
        Value::Object(fields) => {
            let mut told = fields.iter().filter(|(name, _)| *name != "description" && *name != "scopes");
            told.all(|(name, before)| says_all(before, &after[name]))
                && fields.get("scopes").is_none_or(|scopes| {
                    self::fields(scopes).all(|(scope, _)| after["scopes"].get(scope).is_some())
                })
        }
        before => before == after,
    }
}

/// What a schema is, without "or null".
struct Shape<'a> {
    value: &'a Value,
    name: Option<&'a str>,
    nullable: bool,
    kind: &'a str,
}

/// How a parameter is put into words: its style, and whether a list says its name each time.
fn written(parameter: &Value) -> (&str, bool) {
    let usual =
        if matches!(parameter["in"].as_str(), Some("query" | "cookie")) { "form" } else { "simple" };
    let style = parameter["style"].as_str().unwrap_or(usual);
    (style, parameter["explode"].as_bool().unwrap_or(style == "form"))
}

/// What a value is one of, but for null.
fn branches(schema: &Value) -> Vec<&Value> {
    schema["oneOf"].as_array().into_iter().flatten().filter(|part| part["type"] != "null").collect()
}

fn shape<'a>(document: &'a Value, schema: &'a Value) -> Shape<'a> {
    let parts = schema["oneOf"].as_array();
    // One, or null, is that one; of several each is looked at by itself.
    let inner = match branches(schema).as_slice() {
        [one] => one,
        _ => schema,
    };
    let value = resolve(document, inner);
    let kinds: Vec<&str> = match &value["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    Shape {
        value,
        name: inner["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()),
        nullable: parts.is_some_and(|parts| parts.iter().any(|part| part["type"] == "null"))
            || kinds.contains(&"null"),
        kind: kinds.into_iter().find(|kind| *kind != "null").unwrap_or_default(),
    }
}

impl<'a> Comparison<'a> {
    fn breaks(&mut self, at: &str, what: &str) {
        self.broken.insert(format!("{at}: {what}"));
    }

    /// Where the service is, and how one proves who one is.
    fn whole(&mut self) {
        let (old, new) = (self.old, self.new);
        let at = |document: &Value| -> Vec<Value> {
            document["servers"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|server| server["url"].clone())
                .collect()
        };
        let urls = at(new);
        for url in at(old).iter().filter(|url| !urls.contains(url)) {
            self.breaks("servers", &format!("{url} is gone"));
        }
        for (name, before) in fields(&old["components"]["securitySchemes"]) {
            let after = &new["components"]["securitySchemes"][name];
            if !says_all(before, after) {
                self.breaks(&format!("the scheme {name}"), "is another");
            }
        }
    }

    fn operations(&mut self) {
        let (old, new) = (self.old, self.new);
        for (path, item) in fields(&old["paths"]) {
            for (method, before) in fields(item) {
                let at = format!("{method} {path}");
                match new["paths"].get(path).and_then(|item| item.get(method)) {
                    Some(after) => self.operation(&at, before, after),
                    None => self.breaks(&at, "is gone"),
                }
            }
        }
    }

    fn operation(&mut self, at: &str, old: &'a Value, new: &'a Value) {
        for key in ["operationId", "tags"] {
            if old[key] != new[key] {
                self.breaks(at, &format!("{key} was {}", old[key]));
            }
        }
        self.security(at, old, new);
        self.parameters(at, old, new);
        self.request(at, old, new);
        self.answers(at, old, new);
    }

    /// Every way that was good enough still is.
    fn security(&mut self, at: &str, old: &'a Value, new: &'a Value) {
        let ways = |document: &'a Value, operation: &'a Value| {
            operation
                .get("security")
                .unwrap_or(&document["security"])
                .as_array()
                .cloned()
                .unwrap_or_default()
        };
        let (before, after) = (ways(self.old, old), ways(self.new, new));
        let open = after.is_empty() || after.iter().any(|way| way.as_object().is_some_and(Map::is_empty));
        // Fewer scopes are no other token.
        let is_enough = |before: &Value, after: &Value| {
            fields(after).all(|(scheme, scopes)| {
                before.get(scheme).is_some_and(|held| texts(scopes).is_subset(&texts(held)))
            })
        };
        let still = !before.is_empty()
            && before.iter().all(|before| after.iter().any(|after| is_enough(before, after)));
        if !open && !still {
            self.breaks(at, "needs another token");
        }
    }

    fn parameters(&mut self, at: &str, old: &'a Value, new: &'a Value) {
        let list = |operation: &'a Value| operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let same = |a: &Value, b: &Value| a["name"] == b["name"] && a["in"] == b["in"];
        for before in list(old) {
            let at = format!("{at} {}", before["name"].as_str().unwrap_or_default());
            let Some(after) = list(new).iter().find(|after| same(before, after)) else {
                self.breaks(&at, "is gone");
                continue;
            };
            if after["required"] == true && before["required"] != true {
                self.breaks(&at, "is needed now");
            }
            if written(before) != written(after) {
                self.breaks(&at, "is written in another way");
            }
            if before["schema"]["default"] != after["schema"]["default"] {
                self.breaks(&at, &format!("without it, it was {}", before["schema"]["default"]));
            }
            self.schema(&at, &before["schema"], &after["schema"], Way::Sent);
        }
        let added = list(new).iter().filter(|after| !list(old).iter().any(|before| same(before, after)));
        for parameter in added.filter(|parameter| parameter["required"] == true) {
            self.breaks(&format!("{at} {}", parameter["name"]), "is new and needed");
        }
    }

    fn request(&mut self, at: &str, old: &'a Value, new: &'a Value) {
        let at = format!("{at} request");
        if new["requestBody"]["required"] == true && old["requestBody"]["required"] != true {
            self.breaks(&at, "is needed now");
        }
        self.content(&at, &old["requestBody"], &new["requestBody"], Way::Sent);
    }

    fn answers(&mut self, at: &str, old: &'a Value, new: &'a Value) {
        for (status, before) in fields(&old["responses"]) {
            let at = format!("{at} {status}");
            let (Some(after), before) = (new["responses"].get(status), resolve(self.old, before)) else {
                // A failure that no longer happens hurts nobody.
                if status.as_str() < "400" {
                    self.breaks(&at, "is gone");
                }
                continue;
            };
            let after = resolve(self.new, after);
            for (header, _) in fields(&before["headers"]) {
                let still = fields(&after["headers"]).any(|(name, _)| name.eq_ignore_ascii_case(header));
                if !still {
                    self.breaks(&at, &format!("the header {header} is gone"));
                }
            }
            self.content(&at, before, after, Way::Answered);
        }
    }

    fn content(&mut self, at: &str, old: &'a Value, new: &'a Value, way: Way) {
        for (kind, before) in fields(&old["content"]) {
            match new["content"].get(kind) {
                Some(after) => self.schema(at, &before["schema"], &after["schema"], way),
                None => self.breaks(at, &format!("is no longer {kind}")),
            }
        }
    }

    fn schema(&mut self, at: &str, old: &'a Value, new: &'a Value, way: Way) {
        let (before, after) = (shape(self.old, old), shape(self.new, new));
        if before.name != after.name {
            self.breaks(at, &format!("is called {} now", after.name.unwrap_or("nothing")));
        }
        if before.kind != after.kind {
            self.breaks(at, &format!("was {}, is {}", before.kind, after.kind));
        }
        let lost = if way == Way::Sent {
            before.nullable && !after.nullable
        } else {
            !before.nullable && after.nullable
        };
        if lost {
            self.breaks(at, if way == Way::Sent { "may not be null any more" } else { "may be null now" });
        }
        if let (Some(before), Some(after)) = (before.name, after.name)
            && !self.seen.insert((before.to_owned(), after.to_owned(), way))
        {
            return;
        }
        let at = before.name.unwrap_or(at);
        let (old, new) = (before.value, after.value);
        self.words(at, old, new, way);
        self.bounds(at, old, new, way);
        self.properties(at, old, new, way);
        for key in ["items", "additionalProperties"] {
            match (&old[key], &new[key]) {
                (old @ Value::Object(_), new @ Value::Object(_)) => {
                    self.schema(&format!("{at}[]"), old, new, way);
                }
                // What is sent may be anything now; what is answered may not.
                (Value::Object(_), new) if way == Way::Answered || *new == false => {
                    self.breaks(at, "what lies within is not told any more");
                }
                _ => {}
            }
        }
        self.branches(at, old, new, way);
    }

    /// Of several that a value may be: what was taken is taken, what is answered is known.
    fn branches(&mut self, at: &str, old: &'a Value, new: &'a Value, way: Way) {
        let (before, after) = (branches(old), branches(new));
        let name = |branch: &'a Value| branch["$ref"].as_str().unwrap_or_default();
        let (must, among) = if way == Way::Sent { (&before, &after) } else { (&after, &before) };
        for branch in must.iter().filter(|branch| among.iter().all(|other| name(other) != name(branch))) {
            let what = if way == Way::Sent { "is no longer taken" } else { "may be answered now" };
            self.breaks(at, &format!("{} {what}", name(branch)));
        }
        for (before, after) in before.iter().flat_map(|b| after.iter().map(move |a| (b, a))) {
            if name(before) == name(after) {
                self.schema(at, before, after, way);
            }
        }
    }

    fn words(&mut self, at: &str, old: &'a Value, new: &'a Value, way: Way) {
        let (before, after) = (texts(&old["enum"]), texts(&new["enum"]));
        let (was_closed, is_closed) = (old.get("enum").is_some(), new.get("enum").is_some());
        match way {
            Way::Sent if is_closed && (!was_closed || !before.is_subset(&after)) => {
                self.breaks(at, "takes fewer words");
            }
            Way::Answered if was_closed && (!is_closed || !after.is_subset(&before)) => {
                self.breaks(at, "says words that clients do not know");
            }
            _ => {}
        }
    }

    /// Bounds are for what is sent; a width or a format is how a value is read as well.
    fn bounds(&mut self, at: &str, old: &'a Value, new: &'a Value, way: Way) {
        if old["format"] != new["format"] {
            self.breaks(at, &format!("format was {}, is {}", old["format"], new["format"]));
        }
        if way == Way::Answered {
            return;
        }
        for key in ["maxLength", "maximum", "maxItems"] {
            let (before, after) = (old[key].as_f64(), new[key].as_f64());
            if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
                self.breaks(at, &format!("{key} is less"));
            }
        }
        for key in ["minLength", "minimum", "minItems"] {
            let (before, after) = (old[key].as_f64(), new[key].as_f64());
            if after.is_some_and(|after| before.is_none_or(|before| after > before)) {
                self.breaks(at, &format!("{key} is more"));
            }
        }
        if !new["pattern"].is_null() && old["pattern"] != new["pattern"] {
            self.breaks(at, "another form is asked for");
        }
    }

    fn properties(&mut self, at: &str, old: &'a Value, new: &'a Value, way: Way) {
        let (needed_before, needed_now) = (texts(&old["required"]), texts(&new["required"]));
        for (name, before) in fields(&old["properties"]) {
            let at = format!("{at}/{name}");
            match new["properties"].get(name) {
                Some(after) => self.schema(&at, before, after, way),
                None => self.breaks(&at, "is gone"),
            }
        }
        match way {
            Way::Sent => {
                for name in needed_now.difference(&needed_before) {
                    self.breaks(&format!("{at}/{name}"), "is needed now");
                }
                let closed = |schema: &Value| schema["additionalProperties"] == false;
                if closed(new) && !closed(old) {
                    self.breaks(at, "refuses what it let be");
                }
            }
            Way::Answered => {
                for name in needed_before.difference(&needed_now) {
                    self.breaks(&format!("{at}/{name}"), "may be missing now");
                }
            }
        }
    }
}
