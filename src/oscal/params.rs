//! Parameters: what stands in a text in the place of `{{ insert: param, id }}`.
use super::model::{Catalog, Control, Group, Param, Part};
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

const OPEN: &str = "{{";
const CLOSE: &str = "}}";
/// Bytes between the two, at most: looking further would make reading many `{{` slow.
const LONGEST: usize = 200;
/// A choice may name a parameter whose choice names another; a circle of them ends here.
const DEEPEST: usize = 5;
/// Bytes that parameters may add to a catalog: what goes beyond is left as it was written, because a small
/// catalog can ask for an endless text.
const MOST: usize = 1 << 20;

/// The ids of the parameters that a text wants put in.
pub fn named(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|piece| match piece {
        Piece::Param { id, .. } => Some(id),
        Piece::Text(_) => None,
    })
}

/// Every parameter of a catalog, with where it stands.
pub fn all(catalog: &Catalog) -> Vec<&Param> {
    fn of_controls<'a>(controls: &'a [Control], found: &mut Vec<&'a Param>) {
        for control in controls {
            found.extend(&control.params);
            of_controls(&control.controls, found);
        }
    }
    fn of_groups<'a>(groups: &'a [Group], found: &mut Vec<&'a Param>) {
        for group in groups {
            found.extend(&group.params);
            of_groups(&group.groups, found);
            of_controls(&group.controls, found);
        }
    }
    let mut found: Vec<&Param> = catalog.params.iter().collect();
    of_groups(&catalog.groups, &mut found);
    of_controls(&catalog.controls, &mut found);
    found
}

/// The catalog with its parameters put into its texts: a value where one is given, otherwise in brackets
/// what is to be decided.
pub fn filled(catalog: &Catalog) -> Cow<'_, Catalog> {
    let params: HashMap<&str, &Param> =
        all(catalog).into_iter().map(|param| (param.id.as_str(), param)).collect();
    if params.is_empty() {
        return Cow::Borrowed(catalog);
    }
    let mut catalog = catalog.clone();
    let params = params.into_iter().map(|(id, param)| (id.to_owned(), param.clone())).collect();
    let filler = Filler { params, left: Cell::new(MOST) };
    filler.groups(&mut catalog.groups);
    filler.controls(&mut catalog.controls);
    Cow::Owned(catalog)
}

struct Filler {
    params: HashMap<String, Param>,
    left: Cell<usize>,
}

impl Filler {
    fn groups(&self, groups: &mut [Group]) {
        for group in groups {
            self.parts(&mut group.parts);
            self.groups(&mut group.groups);
            self.controls(&mut group.controls);
        }
    }

    fn controls(&self, controls: &mut [Control]) {
        for control in controls {
            control.title = self.text(&control.title, 0);
            self.parts(&mut control.parts);
            self.controls(&mut control.controls);
        }
    }

    fn parts(&self, parts: &mut [Part]) {
        for part in parts {
            if let Some(prose) = &part.prose {
                part.prose = Some(self.text(prose, 0));
            }
            self.parts(&mut part.parts);
        }
    }

    fn text(&self, text: &str, depth: usize) -> String {
        pieces(text)
            .map(|piece| match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::Param { id, written } => self
                    .params
                    .get(id)
                    .filter(|param| depth < DEEPEST && self.affords(param))
                    .map_or_else(|| written.to_owned(), |param| self.shown(param, depth)),
            })
            .collect()
    }

    /// Pays for a parameter before anything is made of it.
    fn affords(&self, param: &Param) -> bool {
        let choices = param.select.iter().flat_map(|select| &select.choice);
        let said = param.values.iter().chain(choices).chain(&param.label).chain([&param.id]);
        let cost: usize = said.map(String::len).sum();
        let left = self.left.get().checked_sub(cost);
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    fn shown(&self, param: &Param, depth: usize) -> String {
        if !param.values.is_empty() {
            return param.values.join(", ");
        }
        let choices: Vec<String> = param
            .select
            .iter()
            .flat_map(|select| &select.choice)
            .map(|c| self.text(c, depth + 1))
            .collect();
        if choices.is_empty() {
            format!("[{}]", param.label.as_ref().unwrap_or(&param.id))
        } else {
            format!("[{}]", choices.join(" / "))
        }
    }
}

enum Piece<'a> {
    Text(&'a str),
    Param { id: &'a str, written: &'a str },
}

/// A text cut at its insertions; what only looks like one is text.
fn pieces(mut text: &str) -> impl Iterator<Item = Piece<'_>> {
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        if let Some((id, length)) = insertion(text) {
            let (written, rest) = text.split_at(length);
            text = rest;
            return Some(Piece::Param { id, written });
        }
        // From the second character on, so that what only looks like one is passed.
        let next = text.char_indices().skip(1).find(|(at, _)| insertion(&text[*at..]).is_some());
        let (plain, rest) = text.split_at(next.map_or(text.len(), |(at, _)| at));
        text = rest;
        Some(Piece::Text(plain))
    })
}

/// The parameter that is put in at the very start of `text`, and how long the insertion is.
fn insertion(text: &str) -> Option<(&str, usize)> {
    let inner = text.strip_prefix(OPEN)?;
    let end = inner.as_bytes().windows(CLOSE.len()).take(LONGEST).position(|at| at == CLOSE.as_bytes())?;
    let id = inner[..end].trim().strip_prefix("insert:")?.trim().strip_prefix("param,")?.trim();
    (!id.is_empty() && !id.contains(char::is_whitespace)).then_some((id, OPEN.len() + end + CLOSE.len()))
}

#[cfg(test)]
mod tests {
    use super::super::model::CatalogDocument;
    use super::{filled, named};
    use serde_json::json;

    #[test]
    fn a_parameter_is_its_value_or_in_brackets_what_is_to_be_decided() {
        for (text, shown) in [
            ("Every {{ insert: param, days }} days", "Every 30, 60 days"),
            ("{{insert:param,who}} decides", "[the owner] decides"),
            ("{{ insert: param, how }}", "[by mail / by [the owner]]"),
            ("{{ insert: param, bare }}", "[bare]"),
            ("{{ insert: param, gone }}", "{{ insert: param, gone }}"),
            (
                "{{ insert: control, days }} {{ {{ insert: param, days }}",
                "{{ insert: control, days }} {{ 30, 60",
            ),
            ("日本{{ insert: param, days }}語", "日本30, 60語"),
            ("{{ insert: param, round }}", "[[[[[{{ insert: param, round }}]]]]]"),
            ("plain", "plain"),
        ] {
            let document: CatalogDocument = serde_json::from_value(json!({"catalog": {
                "params": [{"id": "days", "label": "x", "values": ["30", "60"]}],
                "groups": [{"title": "g", "params": [{"id": "who", "label": "the owner"}, {"id": "bare"}], "controls": [{
                    "id": "c", "title": "c", "parts": [{"name": "statement", "parts": [{"name": "item", "prose": text}]}],
                    "params": [
                        {"id": "how", "select": {"how-many": "one", "choice": ["by mail", "by {{ insert: param, who }}"]}},
                        {"id": "round", "select": {"choice": ["{{ insert: param, round }}"]}}
                    ]}]}]
            }}))
            .unwrap();
            let filled = filled(&document.catalog);
            let found = filled.groups[0].controls[0].parts[0].parts[0].prose.as_deref();
            assert_eq!(found, Some(shown), "{text}");
        }
    }

    #[test]
    fn a_small_catalog_cannot_ask_for_an_endless_text() {
        let ask = |param: &str| format!("{{{{ insert: param, {param} }}}}").repeat(1000);
        let document: CatalogDocument = serde_json::from_value(json!({"catalog": {
            "params": [{"id": "a", "select": {"choice": [ask("b")]}}, {"id": "b", "select": {"choice": [ask("c")]}},
                {"id": "c", "values": ["x".repeat(1000)]}],
            "controls": [{"id": "c", "title": ask("a")}]
        }}))
        .unwrap();
        let length = filled(&document.catalog).controls[0].title.len();
        assert!((500_000..3_000_000).contains(&length), "{length}");
    }

    #[test]
    fn the_parameters_of_a_text_are_named() {
        let text = "a {{ insert: param, x_1 }} b {{ insert: other, y }} {{ insert: param, z }}";
        assert_eq!(named(text).collect::<Vec<_>>(), ["x_1", "z"]);
    }
}
