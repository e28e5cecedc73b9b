//! What the files of a guideline must obey: everything that is wrong is told.
use super::super::domain::{ChangeKind, Term, Verification};
use super::Files;
use super::files::{Cited, ControlEntry, EditionEntry};
use crate::shipped::{Faults, is_slug};
use crate::text::LocalizedText;

pub fn all(files: &Files, faults: &mut Faults) {
    let file = &files.file;
    let place = format!("guideline {}", file.key);
    if !is_slug(&file.key) {
        faults.add(format!("{place}: the key is not of [a-z0-9.-]"));
    }
    for text in [&file.title, &file.publisher, &file.attribution, &file.reuse_note] {
        match text {
            Some(text) => faults.whole(&place, text),
            None => faults.add(format!("{place}: title, publisher, attribution or reuse_note is missing")),
        }
    }
    for (what, terms) in [
        ("groups", &file.groups),
        ("parts", &file.parts),
        ("stages", &file.stages),
        ("tags", &file.tags),
        ("telework_methods", &file.telework_methods),
        ("workplaces", &file.workplaces),
        ("incident_types", &file.incident_types),
    ] {
        check_terms(&format!("{place}: {what}"), terms, faults);
    }
    for source in files.sources.values() {
        faults.whole(&format!("{place}: source {}", source.key), &source.title);
    }
    let editions = file.editions.iter().map(|edition| edition.edition.as_str());
    faults.unique(&format!("{place}: editions"), editions);
    for edition in &file.editions {
        check_edition(files, edition, faults);
    }
    faults.unique(&format!("{place}: controls"), files.controls.iter().map(|(_, c)| c.key.as_str()));
    for (group, control) in &files.controls {
        Place { files, place: format!("{} {}", file.key, control.key) }.control(group, control, faults);
    }
}

fn check_terms(place: &str, terms: &[Term], faults: &mut Faults) {
    faults.unique(place, keys(terms));
    for term in terms {
        faults.whole(&format!("{place} {}", term.key), &term.title);
    }
}

fn keys(terms: &[Term]) -> impl Iterator<Item = &str> {
    terms.iter().map(|term| term.key.as_str())
}

/// What is not verified says what is not known.
fn told(place: &str, verification: Verification, note: Option<&LocalizedText>, faults: &mut Faults) {
    if verification != Verification::Verified && note.is_none() {
        faults.add(format!("{place}: does not say what is not verified"));
    }
    if let Some(note) = note {
        faults.whole(place, note);
    }
}

fn check_edition(files: &Files, edition: &EditionEntry, faults: &mut Faults) {
    let at = Place { files, place: format!("{} edition {}", files.file.key, edition.edition) };
    let place = &at.place;
    for text in [&edition.title, &edition.structure].into_iter().chain(&edition.notes) {
        faults.whole(place, text);
    }
    for source in &edition.sources {
        faults.known(place, source, files.sources.keys().map(String::as_str));
    }
    told(place, edition.verification, edition.verification_note.as_ref(), faults);
    check_terms(&format!("{place}: stages"), edition.stages.as_deref().unwrap_or_default(), faults);
    for (group, title) in &edition.group_titles {
        at.group(group, faults);
        faults.whole(place, title);
    }
    for (part, title) in &edition.part_titles {
        faults.known(place, part, keys(&files.file.parts));
        faults.whole(place, title);
    }
    for group in edition.groups.iter().flatten() {
        at.group(group, faults);
    }
    faults.unique(&format!("{place}: appendices"), edition.appendices.iter().map(|a| a.key.as_str()));
    for appendix in &edition.appendices {
        let at = Place { files, place: format!("{place}: appendix {}", appendix.key) };
        for text in std::iter::once(&appendix.title).chain(&appendix.change) {
            faults.whole(&at.place, text);
        }
        appendix.groups.iter().for_each(|group| at.group(group, faults));
        at.evidence(&appendix.sources, faults);
        told(&at.place, appendix.verification, appendix.verification_note.as_ref(), faults);
    }
    for change in &edition.changes {
        let at = Place { files, place: format!("{place}: change {}", change.text.en) };
        faults.whole(&at.place, &change.text);
        if let Some(other) = &change.compared_with {
            faults.known(&at.place, other, files.file.editions.iter().map(|e| e.edition.as_str()));
        }
        change.groups.iter().for_each(|group| at.group(group, faults));
        at.evidence(&change.sources, faults);
        told(&at.place, change.verification, change.verification_note.as_ref(), faults);
    }
}

/// Where in a guideline's files we are.
struct Place<'a> {
    files: &'a Files,
    place: String,
}

impl Place<'_> {
    fn group(&self, group: &str, faults: &mut Faults) {
        faults.known(&self.place, group, keys(&self.files.file.groups));
    }

    fn edition(&self, edition: &str, faults: &mut Faults) {
        let known = self.files.file.editions.iter().map(|e| e.edition.as_str());
        faults.known(&self.place, edition, known);
    }

    fn evidence(&self, cited: &[Cited], faults: &mut Faults) {
        if cited.is_empty() {
            faults.add(format!("{}: has no source", self.place));
        }
        for cited in cited {
            faults.known(&self.place, &cited.source, self.files.sources.keys().map(String::as_str));
        }
    }

    fn control(&self, group: &str, control: &ControlEntry, faults: &mut Faults) {
        let (place, file) = (&self.place, &self.files.file);
        if !is_slug(&control.key) {
            faults.add(format!("{place}: the key is not of [a-z0-9.-]"));
        }
        self.group(group, faults);
        faults.known(place, &control.part, keys(&file.parts));
        if let Some(stage) = &control.stage {
            faults.known(place, stage, keys(&file.stages));
        }
        for (words, known) in [
            (&control.applicability, &file.tags),
            (&control.telework_methods, &file.telework_methods),
            (&control.workplaces, &file.workplaces),
            (&control.incident_types, &file.incident_types),
        ] {
            for word in words {
                faults.known(place, word, keys(known));
            }
        }
        for text in [&control.title, &control.statement]
            .into_iter()
            .chain(&control.category)
            .chain(&control.contact_when)
            .chain(control.thresholds.iter().map(|threshold| &threshold.title))
        {
            faults.whole(place, text);
        }
        told(place, control.verification, control.verification_note.as_ref(), faults);
        self.evidence(&control.sources, faults);
        let all = || self.files.controls.iter().map(|(_, c)| c.key.as_str());
        for other in control.related.iter().chain(&control.parent) {
            faults.known(place, other, all());
        }
        for threshold in &control.thresholds {
            if threshold.value.parse::<f64>().is_err() {
                faults.add(format!("{place}: threshold {} is no number", threshold.key));
            }
        }
        self.editions(control, faults);
    }

    /// In which editions a control is, and what they did to it.
    fn editions(&self, control: &ControlEntry, faults: &mut Faults) {
        let place = &self.place;
        if !control.present_in.contains(&control.introduced_in) {
            faults.add(format!("{place}: is not present in {}", control.introduced_in));
        }
        faults.unique(&format!("{place}: present_in"), control.present_in.iter().map(String::as_str));
        for edition in &control.present_in {
            self.edition(edition, faults);
        }
        for change in &control.changes {
            let kept =
                control.present_in.contains(&change.edition) && change.edition != control.introduced_in;
            if !kept && change.kind != ChangeKind::Unconfirmed {
                faults.add(format!(
                    "{place}: {} did not keep it, so it changed nothing of it",
                    change.edition
                ));
            }
            self.edition(&change.edition, faults);
            faults.whole(place, &change.note);
            self.evidence(&change.sources, faults);
        }
        for (edition, own) in &control.in_editions {
            if !control.present_in.contains(edition) {
                faults.add(format!("{place}: is not in {edition}, for which it has an own text"));
            }
            for text in own.title.iter().chain(&own.statement) {
                faults.whole(place, text);
            }
            let known = self.files.file.editions.iter().find(|e| e.edition == *edition);
            let stages = known.and_then(|e| e.stages.as_deref()).unwrap_or(&self.files.file.stages);
            if let Some(stage) = &own.stage {
                faults.known(place, stage, keys(stages));
            }
            if let Some(part) = &own.part {
                faults.known(place, part, keys(&self.files.file.parts));
            }
        }
    }
}
