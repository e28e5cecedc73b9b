//! Editions as OSCAL.
use super::super::domain::{Change, Control, Source, SourceKind, Term, Threshold, Verification};
use super::super::edition::{Appendix, Edition, EditionChange, Group};
use crate::oscal::{self, BackMatter, Catalog, Link, Part, Prop, Resource, Rlink, own};
use crate::text::LocalizedText;
use serde::Serialize;
use std::collections::BTreeMap;

/// The catalog of an edition.
pub fn catalog(edition: &Edition, controls: &[Control]) -> oscal::CatalogDocument {
    let of = [edition.guideline.as_str(), edition.edition.as_str()];
    let mut writer = Writer { of, resources: BTreeMap::new() };
    let mut groups = vec![writer.front_matter(edition)];
    groups.extend(edition.groups.iter().map(|group| writer.group(group, controls)));
    let metadata = writer.metadata(edition);
    let resources = writer.resources.into_values().collect();
    oscal::CatalogDocument {
        catalog: Catalog {
            params: vec![],
            uuid: oscal::uuid(&["catalog", of[0], of[1]]),
            metadata,
            groups,
            controls: vec![],
            back_matter: Some(BackMatter { resources }),
        },
    }
}

/// A closed word as it stands in JSON.
pub fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// A part of ours with a text in both languages.
fn said(name: &str, text: &LocalizedText) -> Part {
    Part { prose: Some(text.ja.clone()), parts: vec![english(&text.en)], ..part(name) }
}

fn part(name: &str) -> Part {
    Part { name: name.to_owned(), ns: Some(oscal::NS.to_owned()), ..Part::default() }
}

fn english(text: &str) -> Part {
    Part { props: vec![own("language", "en")], prose: Some(text.to_owned()), ..part("translation") }
}

fn title_en(title: &LocalizedText) -> Prop {
    own("title-en", &title.en)
}

fn listed<'a>(name: &'a str, values: &'a [String]) -> impl Iterator<Item = Prop> + 'a {
    values.iter().map(move |value| own(name, value))
}

fn verified(verification: Verification, note: Option<&LocalizedText>) -> (Prop, Option<Part>) {
    (own("verification", word(&verification)), note.map(|note| said("verification-note", note)))
}

struct Writer<'a> {
    of: [&'a str; 2],
    /// What was cited, by key.
    resources: BTreeMap<String, Resource>,
}

impl Writer<'_> {
    fn cite(&mut self, sources: &[Source]) -> Vec<Link> {
        sources.iter().map(|source| self.link(source)).collect()
    }

    fn link(&mut self, source: &Source) -> Link {
        let uuid = oscal::uuid(&["source", self.of[0], self.of[1], &source.key]);
        let href = format!("#{uuid}");
        self.resources.entry(source.key.clone()).or_insert_with(|| Resource {
            uuid,
            title: Some(source.title.ja.clone()),
            props: vec![
                own("key", &source.key),
                own(
                    "kind",
                    match source.kind {
                        SourceKind::Primary => "primary",
                        SourceKind::Secondary => "secondary",
                    },
                ),
                title_en(&source.title),
            ],
            rlinks: source.url.iter().map(|url| Rlink { href: url.clone(), media_type: None }).collect(),
        });
        Link { href, rel: Some("reference".to_owned()), text: source.section.clone() }
    }

    fn metadata(&mut self, edition: &Edition) -> oscal::Metadata {
        let mut props = vec![
            title_en(&edition.title),
            own("guideline", self.of[0]),
            own("edition", self.of[1]),
            own("status", word(&edition.status)),
            own("coverage", word(&edition.coverage)),
        ];
        let (verification, _) = verified(edition.verification, None);
        props.push(verification);
        oscal::Metadata {
            published: edition.published_on.map(oscal::midnight),
            props,
            links: self.cite(&edition.sources),
            ..oscal::metadata(&edition.title.ja, self.of[1], edition.revised_on)
        }
    }

    /// What an edition says about itself: OSCAL has no place of its own for it.
    fn front_matter(&mut self, edition: &Edition) -> oscal::Group {
        let mut parts = vec![
            said("structure", &edition.structure),
            said("attribution", &edition.attribution),
            said("reuse-note", &edition.reuse_note),
        ];
        parts.extend(edition.verification_note.as_ref().map(|note| said("verification-note", note)));
        parts.extend(edition.notes.iter().map(|note| said("note", note)));
        parts.extend(edition.appendices.iter().map(|appendix| self.appendix(appendix)));
        parts.extend(edition.changes.iter().map(|change| self.edition_change(change)));
        for (class, terms) in [
            ("part", &edition.parts),
            ("stage", &edition.stages),
            ("tag", &edition.tags),
            ("telework-method", &edition.telework_methods),
            ("workplace", &edition.workplaces),
            ("incident-type", &edition.incident_types),
        ] {
            parts.extend(terms.iter().map(|term| term_part(class, term)));
        }
        oscal::Group {
            id: Some(format!("{FRONT_MATTER}.{}", self.of[0])),
            class: Some(FRONT_MATTER.to_owned()),
            title: "この版について".to_owned(),
            parts,
            ..oscal::Group::default()
        }
    }

    fn appendix(&mut self, appendix: &Appendix) -> Part {
        let (verification, note) = verified(appendix.verification, appendix.verification_note.as_ref());
        let mut props = vec![
            own("key", &appendix.key),
            own("number", appendix.number.to_string()),
            title_en(&appendix.title),
            verification,
        ];
        props.extend(listed("group", &appendix.groups));
        Part {
            title: Some(appendix.title.ja.clone()),
            props,
            parts: appendix.change.iter().map(|change| said("change", change)).chain(note).collect(),
            links: self.cite(&appendix.sources),
            ..part("appendix")
        }
    }

    fn edition_change(&mut self, change: &EditionChange) -> Part {
        let (verification, note) = verified(change.verification, change.verification_note.as_ref());
        let mut made = said("edition-change", &change.text);
        made.props = vec![own("edition", &change.edition), own("kind", word(&change.kind)), verification];
        made.props.extend(change.compared_with.iter().map(|other| own("compared-with", other)));
        made.props.extend(listed("group", &change.groups));
        made.parts.extend(note);
        made.links = self.cite(&change.sources);
        made
    }

    fn group(&mut self, group: &Group, controls: &[Control]) -> oscal::Group {
        let inside: Vec<&Control> = controls.iter().filter(|control| control.group == group.key).collect();
        let here = |key: &str| inside.iter().any(|control| control.key == key);
        // What is a part of a control that stands elsewhere stands by itself.
        let top = inside.iter().filter(|control| !control.parent.as_deref().is_some_and(here));
        oscal::Group {
            // Groups and controls share their ids in OSCAL, and may have the same key here.
            id: Some(format!("group.{}", group.key)),
            class: Some("group".to_owned()),
            title: group.title.ja.clone(),
            props: vec![own("key", &group.key), title_en(&group.title)],
            controls: top.map(|control| self.control(control, &inside)).collect(),
            ..oscal::Group::default()
        }
    }

    fn control(&mut self, control: &Control, all: &[&Control]) -> oscal::Control {
        let children: Vec<_> =
            all.iter().filter(|child| child.parent.as_deref() == Some(&control.key)).collect();
        let statement = Part {
            id: Some(format!("{}_smt", control.key)),
            ns: None,
            ..said("statement", &control.statement)
        };
        let guidance = control.guidance.as_ref().map(|guidance| Part {
            id: Some(format!("{}_gdn", control.key)),
            ns: None,
            ..said("guidance", guidance)
        });
        let (verification, note) = verified(control.verification, control.verification_note.as_ref());
        let mut parts = vec![statement];
        parts.extend(guidance);
        parts.extend(control.category.as_ref().map(|category| said("category", category)));
        parts.extend(control.contact_when.as_ref().map(|when| said("contact-when", when)));
        parts.extend(note);
        parts.extend(control.thresholds.iter().map(threshold));
        parts.extend(control.changes.iter().map(|change| self.change(change)));
        let mut links = self.cite(&control.sources);
        links.extend(control.related.iter().map(|related| Link {
            href: format!("#{related}"),
            rel: Some("related".to_owned()),
            text: None,
        }));
        let mut props = props(control, verification);
        if !children.is_empty() {
            props.push(own(HEADING, "yes"));
        }
        oscal::Control {
            params: vec![],
            id: control.key.clone(),
            class: Some("control".to_owned()),
            title: control.title.ja.clone(),
            props,
            links,
            parts,
            controls: children.into_iter().map(|child| self.control(child, all)).collect(),
        }
    }

    fn change(&mut self, change: &Change) -> Part {
        let mut made = said("change", &change.note);
        made.props = vec![own("edition", &change.edition), own("kind", word(&change.kind))];
        made.links = self.cite(&change.sources);
        made
    }
}

/// The class of the group that holds what an edition says about itself.
pub const FRONT_MATTER: &str = "front-matter";

/// Marks a control whose parts say everything: they are what a company answers.
pub const HEADING: &str = "heading";

fn props(control: &Control, verification: Prop) -> Vec<Prop> {
    let label = control.number.iter().map(|number| Prop {
        name: "label".to_owned(),
        value: number.clone(),
        ..Prop::default()
    });
    let mut props: Vec<Prop> = label.collect();
    props.extend([
        title_en(&control.title),
        own("part", &control.part),
        own("introduced-in", &control.introduced_in),
    ]);
    props.extend(control.stage.iter().map(|stage| own("stage", stage)));
    props.extend(control.star.iter().map(|star| own("star", star.to_string())));
    props.extend(control.csf_function.iter().map(|function| own("csf-function", function)));
    props.extend(control.recurrence.iter().map(|recurrence| own("recurrence", recurrence)));
    for (name, values) in [
        ("tag", &control.applicability),
        ("telework-method", &control.telework_methods),
        ("workplace", &control.workplaces),
        ("incident-type", &control.incident_types),
        ("present-in", &control.present_in),
    ] {
        props.extend(listed(name, values));
    }
    props.push(verification);
    props
}

fn threshold(threshold: &Threshold) -> Part {
    Part {
        title: Some(threshold.title.ja.clone()),
        props: vec![
            own("key", &threshold.key),
            own("value", &threshold.value),
            own("unit", &threshold.unit),
            title_en(&threshold.title),
        ],
        ..part("threshold")
    }
}

fn term_part(class: &str, term: &Term) -> Part {
    Part {
        class: Some(class.to_owned()),
        title: Some(term.title.ja.clone()),
        props: vec![own("key", &term.key), title_en(&term.title)],
        ..part("term")
    }
}
