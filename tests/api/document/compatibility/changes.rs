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

/// What a schema is, without "or null".
struct Shape<'a> {
    value: &'a Value,
    name: Option<&'a str>,
    nullable: bool,
    kind: &'a str,
}

fn shape<'a>(document: &'a Value, schema: &'a Value) -> Shape<'a> {
    let parts = schema["oneOf"].as_array();
    let inner = parts.and_then(|parts| parts.iter().find(|part| part["type"] != "null")).unwrap_or(schema);
    let value = resolve(document, inner);
    let kinds: Vec<&str> = match &value["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    Shape {
        value,
        name: inner["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()),
        nullable: parts.is_some() || kinds.contains(&"null"),
        kind: kinds.into_iter().find(|kind| *kind != "null").unwrap_or_default(),
    }
}

impl<'a> Comparison<'a> {
    fn breaks(&mut self, at: &str, what: &str) {
        self.broken.insert(format!("{at}: {what}"));
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
        let still = !before.is_empty() && before.iter().all(|way| after.contains(way));
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
            if let (Some(old), Some(new)) = (old.get(key), new.get(key))
                && old.is_object()
            {
                self.schema(&format!("{at}[]"), old, new, way);
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
