//! What NIST's schema cannot say of a catalog: that names are unique, and that what is pointed to is there.
use super::model::{Catalog, Control, Group, Link, Param, Part};
use super::params;
use crate::text::LocalizedText;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One thing wrong with a catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// RFC 6901 pointer, from the document that holds the catalog.
    pub pointer: String,
    pub code: &'static str,
    pub message: LocalizedText,
}

/// Relations in which a control must not lead back to itself.
const ONE_WAY: &[&str] = &["required", "incorporated-into", "moved-to"];

/// Where the catalog stands in its document.
const ROOT: &str = "/catalog";

/// Everything wrong with a catalog that its schema does not see.
pub fn check(catalog: &Catalog) -> Vec<Flaw> {
    let mut found = Found::default();
    found.catalog(catalog);
    found.settle()
}

#[derive(Default)]
struct Found {
    flaws: Vec<Flaw>,
    /// Ids of groups, controls and parts, which share one space, by where each first stands.
    ids: BTreeMap<String, String>,
    uuids: BTreeMap<String, String>,
    roles: BTreeSet<String>,
    parties: BTreeSet<String>,
    /// Where something points within the document: pointer, and what to.
    references: Vec<(String, String)>,
    /// Parameters by where each first stands, and where a text wants one put in.
    params: BTreeMap<String, String>,
    insertions: Vec<(String, String)>,
    /// Which control leads to which, where it must not come back.
    one_way: HashMap<String, Vec<String>>,
}

impl Found {
    fn flaw(&mut self, pointer: &str, code: &'static str, ja: String, en: String) {
        let pointer = format!("{ROOT}{pointer}");
        self.flaws.push(Flaw { pointer, code, message: LocalizedText::new(ja, en) });
    }

    fn catalog(&mut self, catalog: &Catalog) {
        let version = &catalog.metadata.oscal_version;
        if !["1.0.", "1.1.", "1.2."].iter().any(|known| version.starts_with(known)) {
            self.flaw(
                "/metadata/oscal-version",
                "oscal-version",
                format!("OSCAL {version} は受け付けません。1.0、1.1、1.2 のいずれかにしてください"),
                format!("OSCAL {version} is not accepted; it must be 1.0, 1.1 or 1.2"),
            );
        }
        self.uuid("/uuid", &catalog.uuid);
        let metadata = &catalog.metadata;
        for (at, role) in metadata.roles.iter().enumerate() {
            if !self.roles.insert(role.id.clone()) {
                self.twice(&format!("/metadata/roles/{at}/id"), &role.id, "/metadata/roles");
            }
        }
        for (at, party) in metadata.parties.iter().enumerate() {
            self.uuid(&format!("/metadata/parties/{at}/uuid"), &party.uuid);
            self.parties.insert(party.uuid.clone());
        }
        for (at, responsible) in metadata.responsible_parties.iter().enumerate() {
            let pointer = format!("/metadata/responsible-parties/{at}");
            if !self.roles.contains(&responsible.role_id) {
                self.dangling(&format!("{pointer}/role-id"), &responsible.role_id);
            }
            for (n, party) in responsible.party_uuids.iter().enumerate() {
                if !self.parties.contains(party) {
                    self.dangling(&format!("{pointer}/party-uuids/{n}"), party);
                }
            }
        }
        for (at, resource) in catalog.back_matter.iter().flat_map(|back| &back.resources).enumerate() {
            self.uuid(&format!("/back-matter/resources/{at}/uuid"), &resource.uuid);
        }
        self.links("/metadata", &metadata.links, None);
        self.params("", &catalog.params);
        self.groups("", &catalog.groups);
        self.controls("", &catalog.controls);
    }

    fn groups(&mut self, parent: &str, groups: &[Group]) {
        for (at, group) in groups.iter().enumerate() {
            let pointer = format!("{parent}/groups/{at}");
            if let Some(id) = &group.id {
                self.id(&format!("{pointer}/id"), id);
            }
            self.links(&pointer, &group.links, None);
            self.params(&pointer, &group.params);
            self.parts(&pointer, &group.parts);
            self.groups(&pointer, &group.groups);
            self.controls(&pointer, &group.controls);
        }
    }

    fn controls(&mut self, parent: &str, controls: &[Control]) {
        for (at, control) in controls.iter().enumerate() {
            let pointer = format!("{parent}/controls/{at}");
            self.id(&format!("{pointer}/id"), &control.id);
            self.links(&pointer, &control.links, Some(&control.id));
            self.params(&pointer, &control.params);
            self.text(&format!("{pointer}/title"), &control.title);
            self.parts(&pointer, &control.parts);
            self.controls(&pointer, &control.controls);
        }
    }

    fn parts(&mut self, parent: &str, parts: &[Part]) {
        for (at, part) in parts.iter().enumerate() {
            let pointer = format!("{parent}/parts/{at}");
            if let Some(id) = &part.id {
                self.id(&format!("{pointer}/id"), id);
            }
            self.links(&pointer, &part.links, None);
            self.text(&format!("{pointer}/prose"), part.prose.as_deref().unwrap_or_default());
            self.parts(&pointer, &part.parts);
        }
    }

    fn params(&mut self, parent: &str, params: &[Param]) {
        for (at, param) in params.iter().enumerate() {
            let pointer = format!("{parent}/params/{at}");
            let place = format!("{pointer}/id");
            let first = self.params.entry(param.id.clone()).or_insert_with(|| place.clone()).clone();
            if first != place {
                self.twice(&place, &param.id, &first);
            }
            for (n, choice) in param.select.iter().flat_map(|select| &select.choice).enumerate() {
                self.text(&format!("{pointer}/select/choice/{n}"), choice);
            }
        }
    }

    /// Notes which parameters a text wants.
    fn text(&mut self, pointer: &str, text: &str) {
        self.insertions.extend(params::named(text).map(|id| (pointer.to_owned(), id.to_owned())));
    }

    fn links(&mut self, parent: &str, links: &[Link], of: Option<&str>) {
        for (at, link) in links.iter().enumerate() {
            // Only what points into the document itself can be looked up here.
            let Some(target) = link.href.strip_prefix('#') else { continue };
            self.references.push((format!("{parent}/links/{at}/href"), target.to_owned()));
            let one_way = link.rel.as_deref().is_some_and(|rel| ONE_WAY.contains(&rel));
            if let Some(control) = of.filter(|_| one_way) {
                self.one_way.entry(control.to_owned()).or_default().push(target.to_owned());
            }
        }
    }

    fn id(&mut self, pointer: &str, id: &str) {
        let first = self.ids.entry(id.to_owned()).or_insert_with(|| pointer.to_owned()).clone();
        if first != pointer {
            self.twice(pointer, id, &first);
        }
    }

    fn uuid(&mut self, pointer: &str, uuid: &str) {
        let first = self.uuids.entry(uuid.to_lowercase()).or_insert_with(|| pointer.to_owned()).clone();
        if first != pointer {
            self.twice(pointer, uuid, &first);
        }
    }

    fn twice(&mut self, pointer: &str, id: &str, first: &str) {
        self.flaw(
            pointer,
            "duplicate-id",
            format!("{id} は {ROOT}{first} ですでに使われています"),
            format!("{id} is used already at {ROOT}{first}"),
        );
    }

    fn dangling(&mut self, pointer: &str, target: &str) {
        self.flaw(
            pointer,
            "dangling-reference",
            format!("{target} はこの文書にありません"),
            format!("{target} is not in this document"),
        );
    }

    /// What could only be seen once everything was read.
    fn settle(mut self) -> Vec<Flaw> {
        for (pointer, target) in std::mem::take(&mut self.references) {
            let known = self.ids.contains_key(&target) || self.uuids.contains_key(&target.to_lowercase());
            if !known {
                self.dangling(&pointer, &target);
            }
        }
        for (pointer, param) in std::mem::take(&mut self.insertions) {
            if !self.params.contains_key(&param) {
                self.dangling(&pointer, &param);
            }
        }
        let loops: Vec<Vec<String>> = loops(&self.one_way);
        for way in loops {
            let pointer = self.ids.get(&way[0]).cloned().unwrap_or_default();
            let told = way.join(" → ");
            self.flaw(
                pointer.trim_end_matches("/id"),
                "cycle",
                format!("参照が循環しています: {told}"),
                format!("leads back to itself: {told}"),
            );
        }
        self.flaws.sort_by(|a, b| (&a.pointer, a.code).cmp(&(&b.pointer, b.code)));
        self.flaws
    }
}

/// Loops, each told from one of its ids on: never two that share an id, and so never more than there are
/// ids. Follows the ways one by one with a stack of its own, because a chain of references may be as long as
/// the document.
fn loops(ways: &HashMap<String, Vec<String>>) -> Vec<Vec<String>> {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let mut found = vec![];
    let mut starts: Vec<&String> = ways.keys().collect();
    starts.sort();
    for start in starts {
        let mut path: Vec<(&str, usize)> = vec![(start, 0)];
        let mut places: HashMap<&str, usize> = HashMap::from([(start.as_str(), 0)]);
        while let Some((at, next)) = path.last().copied() {
            let target = ways.get(at).and_then(|targets| targets.get(next)).filter(|_| !done.contains(at));
            let Some(target) = target else {
                done.insert(at);
                places.remove(at);
                path.pop();
                continue;
            };
            if let Some(last) = path.last_mut() {
                last.1 += 1;
            }
            if let Some(from) = places.get(target.as_str()) {
                let ids = path[*from..].iter().map(|(id, _)| *id);
                if !ids.clone().any(|id| told.contains(id)) {
                    told.extend(ids.clone());
                    found.push(way(ids, target));
                }
            } else if !done.contains(target.as_str()) {
                places.insert(target, path.len());
                path.push((target, 0));
            }
        }
    }
    found
}

/// The way of a loop, or of a long one its beginning.
fn way<'a>(ids: impl Iterator<Item = &'a str>, back_to: &str) -> Vec<String> {
    let mut way: Vec<String> = ids.take(MOST_TOLD + 1).map(str::to_owned).collect();
    if way.len() > MOST_TOLD {
        way.truncate(MOST_TOLD);
        way.push("…".to_owned());
    }
    way.push(back_to.to_owned());
    way
}

/// So much of a loop is told.
const MOST_TOLD: usize = 8;

#[cfg(test)]
mod tests;
