//! The guideline files, and the checks they must pass.
mod files;

use super::catalogue::Catalogue;
use super::domain::{Control, Edition, EditionSummary, Group, Guideline, Source, Term, Verification};
use crate::shipped::Faults;
use crate::text::LocalizedText;
use files::{CONTROLS, ControlEntry, EditionEntry, GuidelineFile, SourceEntry};
use std::collections::HashMap;

pub fn load(faults: &mut Faults) -> Catalogue {
    let file: GuidelineFile =
        faults.parse("ipa-sme/guideline.yaml", include_str!("data/ipa-sme/guideline.yaml"));
    let sources = sources(faults);
    let controls: Vec<(&str, ControlEntry)> = CONTROLS
        .iter()
        .flat_map(|(group, text)| {
            let entries: Vec<ControlEntry> = faults.parse(&format!("controls/{group}.yaml"), text);
            entries.into_iter().map(move |entry| (*group, entry))
        })
        .collect();
    faults.unique("controls", controls.iter().map(|(_, c)| c.key.as_str()));
    for (group, control) in &controls {
        check(group, control, &file, &sources, &controls, faults);
    }
    let editions: Vec<_> = file
        .editions
        .iter()
        .map(|edition| {
            let own: Vec<Control> = controls
                .iter()
                .filter(|(_, c)| c.present_in.contains(&edition.edition))
                .map(|(group, c)| control(&file.key, &edition.edition, group, c, &sources))
                .collect();
            (edition_of(&file, edition, &own, &sources, faults), own)
        })
        .collect();
    Catalogue {
        guidelines: vec![guideline(&file, &editions, faults)],
        editions,
        sources: sources.keys().filter_map(|key| cite(key, None, &sources)).collect(),
    }
}

fn sources(faults: &mut Faults) -> HashMap<String, SourceEntry> {
    let entries: Vec<SourceEntry> =
        faults.parse("ipa-sme/sources.yaml", include_str!("data/ipa-sme/sources.yaml"));
    faults.unique("sources", entries.iter().map(|s| s.key.as_str()));
    for entry in &entries {
        faults.whole(&format!("source {}", entry.key), &entry.title);
    }
    entries.into_iter().map(|s| (s.key.clone(), s)).collect()
}

fn keys(terms: &[Term]) -> impl Iterator<Item = &str> {
    terms.iter().map(|term| term.key.as_str())
}

fn check(
    group: &str,
    control: &ControlEntry,
    file: &GuidelineFile,
    sources: &HashMap<String, SourceEntry>,
    all: &[(&str, ControlEntry)],
    faults: &mut Faults,
) {
    let place = format!("control {}", control.key);
    if !is_slug(&control.key) {
        faults.add(format!("{place}: the key is not of [a-z0-9.-]"));
    }
    faults.known(&place, group, keys(&file.groups));
    faults.known(&place, &control.part, keys(&file.parts));
    if let Some(stage) = &control.stage {
        faults.known(&place, stage, keys(&file.stages));
    }
    for (words, known) in [
        (&control.applicability, &file.tags),
        (&control.telework_methods, &file.telework_methods),
        (&control.workplaces, &file.workplaces),
        (&control.incident_types, &file.incident_types),
    ] {
        for word in words {
            faults.known(&place, word, keys(known));
        }
    }
    for text in [&control.title, &control.statement]
        .into_iter()
        .chain(&control.category)
        .chain(&control.contact_when)
        .chain(&control.verification_note)
        .chain(control.changes.iter().map(|change| &change.note))
    {
        faults.whole(&place, text);
    }
    if control.sources.is_empty() {
        faults.add(format!("{place}: has no source"));
    }
    for cited in &control.sources {
        faults.known(&place, &cited.source, sources.keys().map(String::as_str));
    }
    for related in &control.related {
        faults.known(&place, related, all.iter().map(|(_, c)| c.key.as_str()));
    }
    if !control.present_in.contains(&control.introduced_in) {
        faults.add(format!("{place}: is not present in {}", control.introduced_in));
    }
    if control.verification != Verification::Verified && control.verification_note.is_none() {
        faults.add(format!("{place}: does not say what is not verified"));
    }
}

fn is_slug(key: &str) -> bool {
    !key.is_empty()
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b))
}

fn cite(key: &str, section: Option<&String>, sources: &HashMap<String, SourceEntry>) -> Option<Source> {
    sources.get(key).map(|entry| Source {
        key: entry.key.clone(),
        title: entry.title.clone(),
        url: entry.url.clone(),
        kind: entry.kind,
        section: section.cloned(),
    })
}

fn control(
    guideline: &str,
    edition: &str,
    group: &str,
    entry: &ControlEntry,
    sources: &HashMap<String, SourceEntry>,
) -> Control {
    Control {
        key: entry.key.clone(),
        guideline: guideline.to_owned(),
        edition: edition.to_owned(),
        number: entry.number.clone(),
        group: group.to_owned(),
        part: entry.part.clone(),
        stage: entry.stage.clone(),
        category: entry.category.clone(),
        title: entry.title.clone(),
        statement: entry.statement.clone(),
        applicability: entry.applicability.clone(),
        telework_methods: entry.telework_methods.clone(),
        workplaces: entry.workplaces.clone(),
        incident_types: entry.incident_types.clone(),
        contact_when: entry.contact_when.clone(),
        introduced_in: entry.introduced_in.clone(),
        present_in: entry.present_in.clone(),
        changes: entry.changes.clone(),
        sources: entry
            .sources
            .iter()
            .filter_map(|cited| cite(&cited.source, cited.section.as_ref(), sources))
            .collect(),
        verification: entry.verification,
        verification_note: entry.verification_note.clone(),
        related: entry.related.clone(),
    }
}

fn text(place: &str, text: Option<&LocalizedText>, faults: &mut Faults) -> LocalizedText {
    let text = text.cloned().unwrap_or_else(|| LocalizedText::new("", ""));
    faults.whole(place, &text);
    text
}

fn edition_of(
    file: &GuidelineFile,
    entry: &EditionEntry,
    controls: &[Control],
    sources: &HashMap<String, SourceEntry>,
    faults: &mut Faults,
) -> Edition {
    let place = format!("edition {}", entry.edition);
    for source in &entry.sources {
        faults.known(&place, source, sources.keys().map(String::as_str));
    }
    let count = |group: &str| controls.iter().filter(|c| c.group == group).count();
    Edition {
        guideline: file.key.clone(),
        edition: entry.edition.clone(),
        title: entry.title.clone(),
        published_on: entry.published_on,
        structure: entry.structure.clone(),
        appendices: entry.appendices.clone(),
        notes: entry.notes.clone(),
        groups: file
            .groups
            .iter()
            .map(|group| Group {
                key: group.key.clone(),
                title: group.title.clone(),
                controls: count(&group.key),
            })
            .collect(),
        controls: controls.len(),
        parts: file.parts.clone(),
        stages: file.stages.clone(),
        tags: file.tags.clone(),
        telework_methods: file.telework_methods.clone(),
        workplaces: file.workplaces.clone(),
        incident_types: file.incident_types.clone(),
        attribution: text(&place, file.attribution.as_ref(), faults),
        reuse_note: text(&place, file.reuse_note.as_ref(), faults),
        sources: entry.sources.iter().filter_map(|key| cite(key, None, sources)).collect(),
        verification: entry.verification,
        verification_note: entry.verification_note.clone(),
    }
}

fn guideline(file: &GuidelineFile, editions: &[(Edition, Vec<Control>)], faults: &mut Faults) -> Guideline {
    let place = "ipa-sme/guideline.yaml";
    Guideline {
        key: file.key.clone(),
        title: text(place, file.title.as_ref(), faults),
        publisher: text(place, file.publisher.as_ref(), faults),
        attribution: text(place, file.attribution.as_ref(), faults),
        reuse_note: text(place, file.reuse_note.as_ref(), faults),
        editions: editions
            .iter()
            .map(|(edition, controls)| EditionSummary {
                edition: edition.edition.clone(),
                title: edition.title.clone(),
                published_on: edition.published_on,
                controls: controls.len(),
                verification: edition.verification,
            })
            .collect(),
    }
}
