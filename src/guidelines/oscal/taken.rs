//! Which controls of a catalog are taken in, which of them are asked for, and where they say what they say.
use super::super::domain::Control;
use super::read::{named, text, value};
use super::write::HEADING;
use crate::oscal::{self, Catalog, Prop};
use std::collections::{HashMap, HashSet};

/// The controls of a catalog that are not withdrawn.
#[derive(Debug, Default)]
pub struct Controls {
    pub all: Vec<Control>,
    /// Keys of those that a questionnaire asks for.
    pub asked: HashSet<String>,
}

impl Controls {
    pub fn only_related_to_what_is_there(&mut self) {
        let keys: HashSet<String> = self.all.iter().map(|control| control.key.clone()).collect();
        for control in &mut self.all {
            control.related.retain(|other| keys.contains(other));
        }
    }
}

/// Ids of the parts that hold the statements, by control.
pub fn statements(catalog: &Catalog) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let mut groups: Vec<&oscal::Group> = catalog.groups.iter().collect();
    let mut controls: Vec<&oscal::Control> = catalog.controls.iter().collect();
    while let Some(group) = groups.pop() {
        groups.extend(&group.groups);
        controls.extend(&group.controls);
    }
    while let Some(control) = controls.pop() {
        controls.extend(&control.controls);
        let statement = named(&control.parts, "statement").next();
        if let Some(id) = statement.and_then(|part| part.id.clone()) {
            found.insert(control.id.clone(), id);
        }
    }
    found
}

/// As the catalog's maker marks what it has taken back; the name is only kept.
pub fn is_withdrawn(control: &oscal::Control) -> bool {
    let standard = |prop: &&Prop| prop.ns.as_deref().is_none_or(|ns| ns == NIST);
    let mut props = control.props.iter().filter(standard);
    props.any(|prop| prop.name == "status" && prop.value.eq_ignore_ascii_case("withdrawn"))
}

/// The namespace of what stands in none.
const NIST: &str = "http://csrc.nist.gov/ns/oscal";

/// Whether it is there, or something in it.
fn has_any(control: &oscal::Control) -> bool {
    !is_withdrawn(control) || control.controls.iter().any(has_any)
}

/// Whether a company can say how far it implements this: not of a mere heading of other controls.
pub fn is_asked(control: &oscal::Control) -> bool {
    let says = text(&control.parts, "statement").is_some_and(|said| !said.ja.trim().is_empty());
    let is_heading = value(&control.props, HEADING).is_some();
    says && !is_heading || !control.controls.iter().any(has_any)
}
