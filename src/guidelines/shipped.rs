//! The shipped guidelines, read from their files.
mod check;
mod files;
mod mappings;

use super::catalogue::{Catalogue, Held};
use super::domain::{Change, Control, Source, Term};
use super::edition::{Appendix, Edition, EditionChange, EditionSummary, Group, Guideline, Origin};
use crate::shipped::Faults;
use crate::text::LocalizedText;
use files::{Cited, ControlEntry, EditionEntry, GuidelineFile, SHIPPED, Shipped, SourceEntry};
use std::collections::HashMap;

/// One guideline's files, parsed.
struct Files {
    file: GuidelineFile,
    sources: HashMap<String, SourceEntry>,
    /// Every control with its group, in the order of the guideline.
    controls: Vec<(&'static str, ControlEntry)>,
}

pub fn load(faults: &mut Faults) -> Catalogue {
    let all = read(SHIPPED, faults);
    assemble(&all, faults)
}

/// Parses and checks the files.
fn read(shipped: &'static [Shipped], faults: &mut Faults) -> Vec<Files> {
    let all: Vec<Files> = shipped.iter().map(|one| parse(one, faults)).collect();
    faults.unique("guidelines", all.iter().map(|files| files.file.key.as_str()));
    for files in &all {
        check::all(files, faults);
    }
    all
}

fn assemble(all: &[Files], faults: &mut Faults) -> Catalogue {
    let mut held = vec![];
    let mut guidelines = vec![];
    let mut sources = vec![];
    for files in all {
        let editions: Vec<Held> =
            files.file.editions.iter().map(|edition| files.edition(edition)).collect();
        guidelines.push(files.guideline(&editions));
        held.extend(editions);
        let guideline = &files.file.key;
        sources.extend(
            files.sources.keys().filter_map(|key| Some((guideline.clone(), files.cite(key, None)?))),
        );
    }
    let mut catalogue = Catalogue::new(guidelines, held, sources);
    catalogue.map(mappings::load(&catalogue, faults));
    catalogue
}

fn parse(shipped: &'static Shipped, faults: &mut Faults) -> Files {
    let name = shipped.name;
    let sources: Vec<SourceEntry> = faults.parse(&format!("{name}/sources.yaml"), shipped.sources);
    faults.unique(&format!("{name}/sources.yaml"), sources.iter().map(|s| s.key.as_str()));
    Files {
        file: faults.parse(&format!("{name}/guideline.yaml"), shipped.guideline),
        sources: sources.into_iter().map(|source| (source.key.clone(), source)).collect(),
        controls: shipped
            .controls
            .iter()
            .flat_map(|(group, text)| {
                let place = format!("{name}/controls/{group}.yaml");
                let entries: Vec<ControlEntry> = faults.parse(&place, text);
                entries.into_iter().map(move |entry| (*group, entry))
            })
            .collect(),
    }
}

/// A text that the checks have found to be there.
fn text(text: Option<&LocalizedText>) -> LocalizedText {
    text.cloned().unwrap_or_else(|| LocalizedText::new("", ""))
}

impl Files {
    fn cite(&self, key: &str, section: Option<&String>) -> Option<Source> {
        self.sources.get(key).map(|entry| Source {
            key: entry.key.clone(),
            title: entry.title.clone(),
            url: entry.url.clone(),
            kind: entry.kind,
            section: section.cloned(),
        })
    }

    fn cited(&self, cited: &[Cited]) -> Vec<Source> {
        cited.iter().filter_map(|cited| self.cite(&cited.source, cited.section.as_ref())).collect()
    }

    fn edition(&self, entry: &EditionEntry) -> Held {
        let file = &self.file;
        let mut controls: Vec<Control> = self
            .controls
            .iter()
            .filter(|(_, control)| control.present_in.contains(&entry.edition))
            .map(|(group, control)| self.control(&entry.edition, group, control))
            .collect();
        let groups = self.groups(entry, &controls);
        // In the order of the edition's groups, and within a group in the order of its file.
        controls.sort_by_key(|control| groups.iter().position(|group| group.key == control.group));
        let edition = Edition {
            guideline: file.key.clone(),
            edition: entry.edition.clone(),
            title: entry.title.clone(),
            published_on: entry.published_on,
            revised_on: file.revised_on,
            status: entry.status,
            coverage: entry.coverage,
            origin: Origin::Shipped,
            structure: entry.structure.clone(),
            appendices: entry.appendices.iter().map(|appendix| self.appendix(appendix)).collect(),
            changes: self.edition_changes(entry),
            notes: entry.notes.clone(),
            groups,
            controls: controls.len(),
            parts: self.parts(entry),
            stages: entry.stages.clone().unwrap_or_else(|| file.stages.clone()),
            tags: file.tags.clone(),
            telework_methods: file.telework_methods.clone(),
            workplaces: file.workplaces.clone(),
            incident_types: file.incident_types.clone(),
            attribution: text(file.attribution.as_ref()),
            reuse_note: text(file.reuse_note.as_ref()),
            sources: entry.sources.iter().filter_map(|key| self.cite(key, None)).collect(),
            verification: entry.verification,
            verification_note: entry.verification_note.clone(),
        };
        Held::new(edition, controls)
    }

    /// The groups of an edition, with its own titles. In the order of the guideline, unless the edition
    /// has one of its own.
    fn groups(&self, entry: &EditionEntry, controls: &[Control]) -> Vec<Group> {
        let count = |key: &str| controls.iter().filter(|control| control.group == key).count();
        let title = |group: &Term| entry.group_titles.get(&group.key).unwrap_or(&group.title).clone();
        let known = &self.file.groups;
        let mut groups: Vec<&Term> = match &entry.groups {
            Some(keys) => keys.iter().filter_map(|key| known.iter().find(|g| g.key == *key)).collect(),
            None => known.iter().filter(|group| count(&group.key) > 0).collect(),
        };
        groups.dedup_by_key(|group| &group.key);
        groups
            .into_iter()
            .map(|group| Group { key: group.key.clone(), title: title(group), controls: count(&group.key) })
            .collect()
    }

    /// The parts of the guideline, with the edition's own titles.
    fn parts(&self, entry: &EditionEntry) -> Vec<Term> {
        let title = |part: &Term| entry.part_titles.get(&part.key).unwrap_or(&part.title).clone();
        self.file.parts.iter().map(|part| Term { key: part.key.clone(), title: title(part) }).collect()
    }

    fn appendix(&self, entry: &files::AppendixEntry) -> Appendix {
        Appendix {
            key: entry.key.clone(),
            number: entry.number,
            title: entry.title.clone(),
            groups: entry.groups.clone(),
            change: entry.change.clone(),
            sources: self.cited(&entry.sources),
            verification: entry.verification,
            verification_note: entry.verification_note.clone(),
        }
    }

    fn edition_changes(&self, entry: &EditionEntry) -> Vec<EditionChange> {
        entry
            .changes
            .iter()
            .map(|change| EditionChange {
                edition: entry.edition.clone(),
                kind: change.kind,
                compared_with: change.compared_with.clone(),
                text: change.text.clone(),
                groups: change.groups.clone(),
                sources: self.cited(&change.sources),
                verification: change.verification,
                verification_note: change.verification_note.clone(),
            })
            .collect()
    }

    fn control(&self, edition: &str, group: &str, entry: &ControlEntry) -> Control {
        let own = entry.in_editions.get(edition);
        let own_or = |own: Option<&String>, common: Option<&String>| own.or(common).cloned();
        Control {
            key: entry.key.clone(),
            guideline: self.file.key.clone(),
            edition: edition.to_owned(),
            number: own_or(own.and_then(|own| own.number.as_ref()), entry.number.as_ref()),
            group: group.to_owned(),
            part: own.and_then(|own| own.part.as_ref()).unwrap_or(&entry.part).clone(),
            stage: own_or(own.and_then(|own| own.stage.as_ref()), entry.stage.as_ref()),
            parent: entry.parent.clone(),
            category: entry.category.clone(),
            title: own.and_then(|own| own.title.as_ref()).unwrap_or(&entry.title).clone(),
            statement: own.and_then(|own| own.statement.as_ref()).unwrap_or(&entry.statement).clone(),
            guidance: None,
            star: entry.star,
            csf_function: entry.csf_function.clone(),
            recurrence: entry.recurrence.clone(),
            thresholds: entry.thresholds.clone(),
            applicability: entry.applicability.clone(),
            telework_methods: entry.telework_methods.clone(),
            workplaces: entry.workplaces.clone(),
            incident_types: entry.incident_types.clone(),
            contact_when: entry.contact_when.clone(),
            introduced_in: entry.introduced_in.clone(),
            present_in: entry.present_in.clone(),
            changes: entry
                .changes
                .iter()
                .map(|change| Change {
                    edition: change.edition.clone(),
                    kind: change.kind,
                    note: change.note.clone(),
                    sources: self.cited(&change.sources),
                })
                .collect(),
            sources: self.cited(&entry.sources),
            verification: entry.verification,
            verification_note: entry.verification_note.clone(),
            related: entry.related.iter().filter(|key| self.has(edition, key)).cloned().collect(),
        }
    }

    fn has(&self, edition: &str, key: &str) -> bool {
        let present = |control: &ControlEntry| control.present_in.iter().any(|e| e == edition);
        self.controls.iter().any(|(_, control)| control.key == key && present(control))
    }

    fn guideline(&self, editions: &[Held]) -> Guideline {
        let file = &self.file;
        Guideline {
            key: file.key.clone(),
            title: text(file.title.as_ref()),
            publisher: text(file.publisher.as_ref()),
            attribution: text(file.attribution.as_ref()),
            reuse_note: text(file.reuse_note.as_ref()),
            origin: Origin::Shipped,
            editions: editions.iter().map(|held| EditionSummary::from(&held.edition)).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
