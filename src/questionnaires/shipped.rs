//! The questionnaire files: their form, and the checks they must pass. One file holds what the editions of
//! a questionnaire share; each edition is a variant.
use super::domain::{
    Band, Condition, Effort, Item, Method, ProfileField, Questionnaire, Questionnaires, Scale, Scoring,
    Section, Status,
};
use crate::guidelines::{Catalogue, Control, Source};
use crate::shipped::Faults;
use crate::text::LocalizedText;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    guideline: String,
    variants: Vec<Variant>,
    respondent: LocalizedText,
    scoring: ScoringEntry,
    sections: Vec<SectionEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variant {
    id: String,
    edition: String,
    /// Items whose control has a higher star are left out.
    star: Option<u8>,
    title: LocalizedText,
    description: LocalizedText,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScoringEntry {
    method: Method,
    answers: Vec<Scale>,
    bands: Vec<Band>,
    sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionEntry {
    id: String,
    title: LocalizedText,
    applies_when: Option<Condition>,
    items: Vec<ItemEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemEntry {
    control: String,
    not_applicable: LocalizedText,
    advice: LocalizedText,
    effort: Effort,
    applies_when: Option<Condition>,
}

macro_rules! files {
    ($($name:literal)*) => { &[$(($name, include_str!(concat!("data/", $name, ".yaml"))),)*] };
}

/// In the order in which they are listed.
const FILES: &[(&str, &str)] =
    files! { "self-check" "basic-rules" "backup" "telework" "incident-readiness" "cloud" "scs" };

impl Questionnaires {
    /// Reads the shipped files and holds them against the controls they ask about.
    pub fn load(catalogue: &Catalogue, faults: &mut Faults) -> Self {
        let mut all = vec![];
        for (name, text) in FILES {
            let file: Option<File> = faults.parse(&format!("questionnaires/{name}.yaml"), text);
            let Some(file) = file else { continue };
            check(name, &file, catalogue, faults);
            all.extend(
                file.variants.iter().map(|variant| questionnaire(&file, variant, catalogue, faults)),
            );
        }
        faults.unique("questionnaires", all.iter().map(|q| q.id.as_str()));
        Self(all.into_iter().map(Arc::new).collect())
    }
}

/// What does not depend on the edition.
fn check(name: &str, file: &File, catalogue: &Catalogue, faults: &mut Faults) {
    faults.whole(name, &file.respondent);
    for status in Status::ALL {
        if file.scoring.answers.iter().filter(|scale| scale.status == status).count() != 1 {
            faults.add(format!("{name}: {status:?} must stand once in the scale"));
        }
    }
    let items = || file.sections.iter().flat_map(|section| &section.items);
    faults.unique(name, items().map(|item| item.control.as_str()));
    faults.unique(&format!("{name}: sections"), file.sections.iter().map(|section| section.id.as_str()));
    for item in items() {
        let place = format!("{name}: {}", item.control);
        for text in [&item.not_applicable, &item.advice] {
            faults.whole(&place, text);
        }
        let asked = |v: &Variant| catalogue.control(&file.guideline, &v.edition, &item.control).is_some();
        if !file.variants.iter().any(asked) {
            faults.add(format!("{place}: no edition has this control"));
        }
    }
    for section in &file.sections {
        faults.whole(&format!("{name}: {}", section.id), &section.title);
        for condition in
            section.applies_when.iter().chain(section.items.iter().filter_map(|i| i.applies_when.as_ref()))
        {
            check_condition(&format!("{name}: {}", section.id), condition, faults);
        }
    }
}

fn check_condition(place: &str, condition: &Condition, faults: &mut Faults) {
    faults.whole(place, &condition.why);
    let Some(includes) = &condition.includes else { return };
    let known: &[&str] = match condition.profile {
        ProfileField::TeleworkMethods => &["vpn", "remote-desktop", "standalone", "cloud"],
        ProfileField::Workplaces => &["home", "mobile", "satellite"],
        _ => &[],
    };
    faults.known(place, includes, known.iter().copied());
}

fn questionnaire(
    file: &File,
    variant: &Variant,
    catalogue: &Catalogue,
    faults: &mut Faults,
) -> Questionnaire {
    let place = &variant.id;
    for text in [&variant.title, &variant.description] {
        faults.whole(place, text);
    }
    if catalogue.edition(&file.guideline, &variant.edition).is_none() {
        faults.add(format!("{place}: there is no edition {} of {}", variant.edition, file.guideline));
    }
    let section = |entry: &SectionEntry| Section {
        id: entry.id.clone(),
        title: entry.title.clone(),
        items: entry.items.iter().filter_map(|i| item(file, variant, entry, i, catalogue)).collect(),
    };
    let sections: Vec<Section> =
        file.sections.iter().map(section).filter(|s| !s.items.is_empty()).collect();
    let entry = &file.scoring;
    let mut scoring = Scoring {
        method: entry.method,
        answers: entry.answers.clone(),
        minimum: 0,
        maximum: 0,
        bands: entry.bands.clone(),
        sources: sources(place, file, catalogue, faults),
    };
    let items = sections.iter().map(|section| section.items.len()).sum::<usize>();
    (scoring.minimum, scoring.maximum) = scoring.limits(i32::try_from(items).unwrap_or(i32::MAX));
    check_bands(place, &scoring, faults);
    Questionnaire {
        id: variant.id.clone(),
        guideline: file.guideline.clone(),
        edition: variant.edition.clone(),
        title: variant.title.clone(),
        description: variant.description.clone(),
        respondent: file.respondent.clone(),
        scoring,
        sections,
    }
}

/// The item, if the variant has its control.
fn item(
    file: &File,
    variant: &Variant,
    section: &SectionEntry,
    entry: &ItemEntry,
    catalogue: &Catalogue,
) -> Option<Item> {
    let control: &Control = catalogue.control(&file.guideline, &variant.edition, &entry.control)?;
    if let (Some(most), Some(star)) = (variant.star, control.star) {
        (star <= most).then_some(())?;
    }
    Some(Item {
        control: control.key.clone(),
        number: control.number.clone(),
        category: control.category.clone(),
        title: control.title.clone(),
        statement: control.statement.clone(),
        not_applicable: Some(entry.not_applicable.clone()),
        advice: Some(entry.advice.clone()),
        effort: entry.effort,
        applies_when: section.applies_when.iter().chain(&entry.applies_when).cloned().collect(),
        star: control.star,
        recurrence: control.recurrence.clone(),
        thresholds: control.thresholds.clone(),
    })
}

fn sources(place: &str, file: &File, catalogue: &Catalogue, faults: &mut Faults) -> Vec<Source> {
    let keys: BTreeSet<&String> = file.scoring.sources.iter().collect();
    keys.into_iter()
        .filter_map(|key| {
            let source = catalogue.source(&file.guideline, key).cloned();
            if source.is_none() {
                faults.add(format!("{place}: no source {key}"));
            }
            source
        })
        .collect()
}

/// The bands cover every score once.
fn check_bands(place: &str, scoring: &Scoring, faults: &mut Faults) {
    let mut next = scoring.minimum;
    for band in &scoring.bands {
        for text in [&band.label, &band.next_step] {
            faults.whole(&format!("{place}: band {}", band.id), text);
        }
        if band.min != next || band.max < band.min {
            faults.add(format!("{place}: band {} leaves a gap or overlaps", band.id));
        }
        next = band.max + 1;
    }
    if next != scoring.maximum + 1 {
        faults.add(format!("{place}: the bands do not end at the maximum"));
    }
}
