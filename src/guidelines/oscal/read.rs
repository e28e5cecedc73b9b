//! A catalog as an edition: our own come back as they were; of others we take what OSCAL says, and the
//! same text stands for both languages.
use super::super::domain::{Change, Control, Source, SourceKind, Term, Threshold, Verification};
use super::super::edition::{
    Appendix, Coverage, Edition, EditionChange, EditionChangeKind, EditionStatus, Group, Origin,
};
use super::taken::{Controls, is_asked, is_withdrawn};
use super::write::FRONT_MATTER;
use crate::oscal::{self, Catalog, Link, Part, Prop, Resource};
use crate::text::LocalizedText;
use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// The edition that a catalog holds, under the name that it is to have here.
pub fn edition(catalog: &Catalog, guideline: &str, edition: &str) -> (Edition, Controls) {
    let catalog = &*oscal::filled(catalog);
    let sources = catalog.back_matter.iter().flat_map(|back| &back.resources);
    let reader = Reader {
        guideline,
        edition,
        sources: sources.map(|resource| (resource.uuid.to_lowercase(), source(resource))).collect(),
    };
    let mut controls = Controls::default();
    let mut groups = vec![];
    let mut parts = vec![];
    let own: Vec<&oscal::Group> = catalog.groups.iter().filter(|g| !is_front_matter(g)).collect();
    for (at, group) in own.into_iter().enumerate() {
        let key = key_of(group).unwrap_or_else(|| format!("group-{}", at + 1));
        let before = controls.all.len();
        reader.group(group, &key, &key, &mut parts, &mut controls);
        groups.push(Group {
            title: titled(&group.title, &group.props),
            key,
            controls: controls.all.len() - before,
        });
    }
    if !catalog.controls.is_empty() {
        let title = LocalizedText::new("その他", "Others");
        groups.push(Group { key: "others".to_owned(), title: title.clone(), controls: 0 });
        parts.push(Term { key: "others".to_owned(), title });
        let before = controls.all.len();
        for control in &catalog.controls {
            reader.control(control, "others", "others", None, &mut controls);
        }
        if let Some(last) = groups.last_mut() {
            last.controls = controls.all.len() - before;
        }
    }
    controls.only_related_to_what_is_there();
    let front = catalog.groups.iter().find(|group| is_front_matter(group));
    (reader.about(catalog, front, groups, parts, controls.all.len()), controls)
}

/// The name of a group: ours, or its id.
fn key_of(group: &oscal::Group) -> Option<String> {
    value(&group.props, "key").map(str::to_owned).or_else(|| group.id.clone())
}

/// Ours alone: a group of the same class that holds anything else is a group.
fn is_front_matter(group: &oscal::Group) -> bool {
    group.class.as_deref() == Some(FRONT_MATTER)
        && group.controls.is_empty()
        && group.groups.is_empty()
        && !group.parts.is_empty()
        && group.parts.iter().all(is_own)
}

fn is_own(part: &Part) -> bool {
    part.ns.as_deref() == Some(oscal::NS)
}

struct Reader<'a> {
    guideline: &'a str,
    edition: &'a str,
    /// By lower-case uuid of the resource.
    sources: HashMap<String, Source>,
}

pub fn value<'a>(props: &'a [Prop], name: &str) -> Option<&'a str> {
    props.iter().find(|prop| prop.is_own(name)).map(|prop| prop.value.as_str())
}

fn values(props: &[Prop], name: &str) -> Vec<String> {
    props.iter().filter(|prop| prop.is_own(name)).map(|prop| prop.value.clone()).collect()
}

/// A closed word of ours; what is none of them is as if nothing stood there.
fn word<T: DeserializeOwned>(props: &[Prop], name: &str) -> Option<T> {
    value(props, name).and_then(|word| serde_json::from_value(word.into()).ok())
}

fn titled(title: &str, props: &[Prop]) -> LocalizedText {
    LocalizedText::new(title, value(props, "title-en").unwrap_or(title))
}

/// The text of a part with everything in it, and its translation, if it has one.
fn said(part: &Part) -> LocalizedText {
    let ja = prose(part);
    let en = part.parts.iter().find(|p| p.name == "translation" && is_own(p)).and_then(|p| p.prose.clone());
    LocalizedText::new(ja.clone(), en.unwrap_or(ja))
}

/// Statements may be made of items: one line for each.
fn prose(part: &Part) -> String {
    let mut lines: Vec<String> = part.prose.iter().cloned().collect();
    for item in part.parts.iter().filter(|item| item.ns.is_none()) {
        let label =
            item.props.iter().find(|prop| prop.name == "label").map(|prop| format!("{} ", prop.value));
        lines.push(format!("{}{}", label.unwrap_or_default(), prose(item)));
    }
    lines.join("\n")
}

pub fn named<'a>(parts: &'a [Part], name: &'a str) -> impl Iterator<Item = &'a Part> {
    // What OSCAL has no name for is ours only in our namespace.
    let standard = ["statement", "guidance"].contains(&name);
    parts.iter().filter(move |part| part.name == name && (standard || is_own(part)))
}

pub fn text(parts: &[Part], name: &str) -> Option<LocalizedText> {
    named(parts, name).next().map(said)
}

fn source(resource: &Resource) -> Source {
    let title = resource.title.clone().unwrap_or_else(|| resource.uuid.clone());
    Source {
        key: value(&resource.props, "key").unwrap_or(&resource.uuid).to_owned(),
        title: titled(&title, &resource.props),
        url: resource.rlinks.first().map(|link| link.href.clone()),
        kind: match value(&resource.props, "kind") {
            Some("secondary") => SourceKind::Secondary,
            _ => SourceKind::Primary,
        },
        section: None,
    }
}

impl Reader<'_> {
    fn cited(&self, links: &[Link]) -> Vec<Source> {
        links
            .iter()
            .filter_map(|link| {
                let known = self.sources.get(&link.href.strip_prefix('#')?.to_lowercase())?;
                Some(Source { section: link.text.clone(), ..known.clone() })
            })
            .collect()
    }

    /// The controls of a group and of the groups in it; the innermost group is the part.
    fn group(
        &self,
        group: &oscal::Group,
        top: &str,
        key: &str,
        parts: &mut Vec<Term>,
        controls: &mut Controls,
    ) {
        parts.push(Term { key: key.to_owned(), title: titled(&group.title, &group.props) });
        for control in &group.controls {
            self.control(control, top, key, None, controls);
        }
        for (at, inner) in group.groups.iter().enumerate() {
            let name = key_of(inner).unwrap_or_else(|| format!("{key}.{}", at + 1));
            self.group(inner, top, &name, parts, controls);
        }
    }

    fn control(
        &self,
        control: &oscal::Control,
        group: &str,
        part: &str,
        parent: Option<&str>,
        controls: &mut Controls,
    ) {
        if is_withdrawn(control) {
            for child in &control.controls {
                self.control(child, group, part, parent, controls);
            }
            return;
        }
        if is_asked(control) {
            controls.asked.insert(control.id.clone());
        }
        let props = &control.props;
        let title = titled(&control.title, props);
        let related = control.links.iter().filter(|link| link.rel.as_deref() == Some("related"));
        let number = |name: &str| value(props, name).and_then(|number| number.parse().ok());
        let present_in = values(props, "present-in");
        let verification: Option<Verification> = word(props, "verification");
        controls.all.push(Control {
            key: control.id.clone(),
            guideline: self.guideline.to_owned(),
            edition: self.edition.to_owned(),
            number: props.iter().find(|prop| prop.name == "label").map(|prop| prop.value.clone()),
            group: group.to_owned(),
            part: value(props, "part").unwrap_or(part).to_owned(),
            stage: value(props, "stage").map(str::to_owned),
            parent: parent.map(str::to_owned),
            category: text(&control.parts, "category"),
            statement: text(&control.parts, "statement").unwrap_or_else(|| title.clone()),
            guidance: text(&control.parts, "guidance"),
            title,
            star: number("star"),
            csf_function: value(props, "csf-function").map(str::to_owned),
            recurrence: value(props, "recurrence").map(str::to_owned),
            thresholds: named(&control.parts, "threshold").map(threshold).collect(),
            applicability: values(props, "tag"),
            telework_methods: values(props, "telework-method"),
            workplaces: values(props, "workplace"),
            incident_types: values(props, "incident-type"),
            contact_when: text(&control.parts, "contact-when"),
            introduced_in: value(props, "introduced-in").unwrap_or(self.edition).to_owned(),
            present_in: if present_in.is_empty() { vec![self.edition.to_owned()] } else { present_in },
            changes: named(&control.parts, "change").filter_map(|part| self.change(part)).collect(),
            sources: self.cited(&control.links),
            verification: verification.unwrap_or(Verification::Unverified),
            verification_note: match verification {
                Some(_) => text(&control.parts, "verification-note"),
                None => Some(as_given()),
            },
            related: related.filter_map(|link| link.href.strip_prefix('#')).map(str::to_owned).collect(),
        });
        for child in &control.controls {
            self.control(child, group, part, Some(&control.id), controls);
        }
    }

    fn change(&self, part: &Part) -> Option<Change> {
        Some(Change {
            edition: value(&part.props, "edition")?.to_owned(),
            kind: word(&part.props, "kind")?,
            note: said(part),
            sources: self.cited(&part.links),
        })
    }

    fn about(
        &self,
        catalog: &Catalog,
        front: Option<&oscal::Group>,
        groups: Vec<Group>,
        parts: Vec<Term>,
        controls: usize,
    ) -> Edition {
        let metadata = &catalog.metadata;
        let told: &[Part] = front.map_or(&[], |front| &front.parts);
        let terms = |class: &str| -> Vec<Term> {
            named(told, "term")
                .filter(|part| part.class.as_deref() == Some(class))
                .filter_map(term)
                .collect()
        };
        let empty = || LocalizedText::new("", "");
        let verification = word(&metadata.props, "verification");
        Edition {
            guideline: self.guideline.to_owned(),
            edition: self.edition.to_owned(),
            title: titled(&metadata.title, &metadata.props),
            published_on: metadata.published.as_deref().and_then(day),
            revised_on: day(&metadata.last_modified).unwrap_or_default(),
            status: word(&metadata.props, "status").unwrap_or(EditionStatus::Published),
            coverage: word(&metadata.props, "coverage").unwrap_or(Coverage::Full),
            origin: Origin::Own,
            structure: text(told, "structure").unwrap_or_else(empty),
            appendices: named(told, "appendix").filter_map(|part| self.appendix(part)).collect(),
            changes: named(told, "edition-change").filter_map(|part| self.edition_change(part)).collect(),
            notes: named(told, "note").map(said).collect(),
            groups,
            controls,
            parts: if front.is_some() { terms("part") } else { parts },
            stages: terms("stage"),
            tags: terms("tag"),
            telework_methods: terms("telework-method"),
            workplaces: terms("workplace"),
            incident_types: terms("incident-type"),
            attribution: text(told, "attribution").unwrap_or_else(empty),
            reuse_note: text(told, "reuse-note").unwrap_or_else(empty),
            sources: self.cited(&metadata.links),
            verification: verification.unwrap_or(Verification::Unverified),
            verification_note: match verification {
                Some(_) => text(told, "verification-note"),
                None => Some(as_given()),
            },
        }
    }

    fn appendix(&self, part: &Part) -> Option<Appendix> {
        Some(Appendix {
            key: value(&part.props, "key")?.to_owned(),
            number: value(&part.props, "number")?.parse().ok()?,
            title: titled(part.title.as_deref()?, &part.props),
            groups: values(&part.props, "group"),
            change: text(&part.parts, "change"),
            sources: self.cited(&part.links),
            verification: word(&part.props, "verification")?,
            verification_note: text(&part.parts, "verification-note"),
        })
    }

    fn edition_change(&self, part: &Part) -> Option<EditionChange> {
        let kind: EditionChangeKind = word(&part.props, "kind")?;
        Some(EditionChange {
            edition: value(&part.props, "edition")?.to_owned(),
            kind,
            compared_with: value(&part.props, "compared-with").map(str::to_owned),
            text: said(part),
            groups: values(&part.props, "group"),
            sources: self.cited(&part.links),
            verification: word(&part.props, "verification")?,
            verification_note: text(&part.parts, "verification-note"),
        })
    }
}

fn as_given() -> LocalizedText {
    LocalizedText::new("OSCALカタログの記載のまま。", "As the OSCAL catalog says it.")
}

fn day(time: &str) -> Option<NaiveDate> {
    time.get(..10)?.parse().ok()
}

fn term(part: &Part) -> Option<Term> {
    let key = value(&part.props, "key")?.to_owned();
    Some(Term { key, title: titled(part.title.as_deref()?, &part.props) })
}

fn threshold(part: &Part) -> Threshold {
    let of = |name: &str| value(&part.props, name).unwrap_or_default().to_owned();
    Threshold {
        key: of("key"),
        value: of("value"),
        unit: of("unit"),
        title: titled(part.title.as_deref().unwrap_or_default(), &part.props),
    }
}
