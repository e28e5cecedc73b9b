//! The questionnaire files: their form, and the checks they must pass.
use super::domain::{
    Band, Effort, Item, Method, Questionnaire, Questionnaires, Scale, Scoring, Section, Status,
};
use crate::guidelines::{Catalogue, Source};
use crate::shipped::Faults;
use crate::text::LocalizedText;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    guideline: String,
    edition: String,
    title: LocalizedText,
    description: LocalizedText,
    respondent: LocalizedText,
    scoring: ScoringEntry,
    sections: Vec<SectionEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScoringEntry {
    method: Method,
    answers: Vec<Scale>,
    minimum: i32,
    maximum: i32,
    bands: Vec<Band>,
    sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionEntry {
    id: String,
    title: LocalizedText,
    items: Vec<ItemEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemEntry {
    control: String,
    not_applicable: LocalizedText,
    advice: LocalizedText,
    effort: Effort,
}

const FILES: &[(&str, &str)] = &[
    ("ipa-self-check-3.1.yaml", include_str!("data/ipa-self-check-3.1.yaml")),
    ("ipa-basic-rules-3.1.yaml", include_str!("data/ipa-basic-rules-3.1.yaml")),
];

impl Questionnaires {
    /// Reads the shipped files and holds them against the controls they ask about.
    pub fn load(catalogue: &Catalogue, faults: &mut Faults) -> Self {
        let all: Vec<_> = FILES
            .iter()
            .filter_map(|(name, text)| {
                let file: Option<File> = faults.parse(name, text);
                Some(questionnaire(file?, catalogue, faults))
            })
            .collect();
        faults.unique("questionnaires", all.iter().map(|q| q.id.as_str()));
        Self(all)
    }
}

fn questionnaire(file: File, catalogue: &Catalogue, faults: &mut Faults) -> Questionnaire {
    let place = file.id.clone();
    for text in [&file.title, &file.description, &file.respondent] {
        faults.whole(&place, text);
    }
    let sources = sources(&file, catalogue, faults);
    let sections: Vec<_> = file
        .sections
        .into_iter()
        .map(|section| Section {
            items: section
                .items
                .into_iter()
                .filter_map(|entry| {
                    let control = catalogue.control(&file.guideline, &file.edition, &entry.control);
                    if control.is_none() {
                        faults.add(format!("{place}: no control {}", entry.control));
                    }
                    let control = control?;
                    for text in [&entry.not_applicable, &entry.advice] {
                        faults.whole(&format!("{place}: {}", entry.control), text);
                    }
                    Some(Item {
                        number: control.number.clone(),
                        category: control.category.clone(),
                        title: control.title.clone(),
                        statement: control.statement.clone(),
                        control: entry.control,
                        not_applicable: entry.not_applicable,
                        advice: entry.advice,
                        effort: entry.effort,
                    })
                })
                .collect(),
            id: section.id,
            title: section.title,
        })
        .collect();
    let made = Questionnaire {
        id: file.id,
        guideline: file.guideline,
        edition: file.edition,
        title: file.title,
        description: file.description,
        respondent: file.respondent,
        scoring: Scoring {
            method: file.scoring.method,
            answers: file.scoring.answers,
            minimum: file.scoring.minimum,
            maximum: file.scoring.maximum,
            bands: file.scoring.bands,
            sources,
        },
        sections,
    };
    check_scale(&made, faults);
    made
}

fn sources(file: &File, catalogue: &Catalogue, faults: &mut Faults) -> Vec<Source> {
    let keys = &file.scoring.sources;
    keys.iter()
        .filter_map(|key| {
            let source = catalogue.source(key).cloned();
            if source.is_none() {
                faults.add(format!("{}: no source {key}", file.id));
            }
            source
        })
        .collect()
}

/// All five answers count something, the limits are what the points make them, and the bands cover
/// every score once.
fn check_scale(made: &Questionnaire, faults: &mut Faults) {
    let place = &made.id;
    let scoring = &made.scoring;
    faults.unique(place, made.items().map(|i| i.item.control.as_str()));
    for status in [
        Status::Implemented,
        Status::Partial,
        Status::NotImplemented,
        Status::Unknown,
        Status::NotApplicable,
    ] {
        if scoring.answers.iter().filter(|s| s.status == status).count() != 1 {
            faults.add(format!("{place}: {status:?} must stand once in the scale"));
        }
    }
    let items = i32::try_from(made.items().count()).unwrap_or(i32::MAX);
    let points = scoring.answers.iter().map(|scale| scale.points);
    let (least, most) = (points.clone().min(), points.max());
    if least.map(|p| p * items) != Some(scoring.minimum) || most.map(|p| p * items) != Some(scoring.maximum)
    {
        faults.add(format!("{place}: minimum or maximum is not what the points make"));
    }
    let mut next = scoring.minimum;
    for band in &scoring.bands {
        if band.min != next || band.max < band.min {
            faults.add(format!("{place}: band {} leaves a gap or overlaps", band.id));
        }
        next = band.max + 1;
    }
    if next != scoring.maximum + 1 {
        faults.add(format!("{place}: the bands do not end at the maximum"));
    }
}
