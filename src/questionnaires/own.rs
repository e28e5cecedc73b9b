//! The questionnaire of a tenant's own guideline: every control that says something itself, and how much of
//! them is covered.
use super::domain::{Band, Effort, Item, Method, Questionnaire, Scale, Scoring, Section, Status};
use crate::guidelines::{Control, Held, OWN_PREFIX};
use crate::text::LocalizedText;

/// Guideline and edition that an id of an own questionnaire names. An edition has no hyphen.
pub fn names(id: &str) -> Option<(&str, &str)> {
    id.rsplit_once('-').filter(|_| id.starts_with(OWN_PREFIX))
}

pub fn id(guideline: &str, edition: &str) -> String {
    format!("{guideline}-{edition}")
}

pub fn questionnaire(held: &Held) -> Questionnaire {
    let edition = &held.edition;
    let section = |key: &str, title: &LocalizedText| Section {
        id: key.to_owned(),
        title: title.clone(),
        items: held.asked().filter(|control| control.group == key).map(item).collect(),
    };
    let sections = edition.groups.iter().map(|group| section(&group.key, &group.title));
    Questionnaire {
        id: id(&edition.guideline, &edition.edition),
        guideline: edition.guideline.clone(),
        edition: edition.edition.clone(),
        title: edition.title.clone(),
        description: LocalizedText::new(
            "OSCALカタログの各管理策の実施状況を答える。",
            "How far each control of the OSCAL catalog is implemented.",
        ),
        respondent: LocalizedText::new(
            "対策の実施状況を把握している人。",
            "Somebody who knows how far the controls are implemented.",
        ),
        scoring: scoring(),
        sections: sections.filter(|section| !section.items.is_empty()).collect(),
    }
}

fn item(control: &Control) -> Item {
    Item {
        control: control.key.clone(),
        number: control.number.clone(),
        category: control.category.clone(),
        title: control.title.clone(),
        statement: control.statement.clone(),
        not_applicable: None,
        advice: control.guidance.clone(),
        effort: Effort::Medium,
        applies_when: vec![],
        star: control.star,
        recurrence: control.recurrence.clone(),
        thresholds: control.thresholds.clone(),
    }
}

fn scoring() -> Scoring {
    let scale = |status, points, ja: &str, en: &str| Scale {
        status,
        points,
        label: LocalizedText::new(ja, en),
        note: None,
    };
    let band = |id: &str, min, max, ja: &str, en: &str, next: (&str, &str)| Band {
        id: id.to_owned(),
        min,
        max,
        label: LocalizedText::new(ja, en),
        next_step: LocalizedText::new(next.0, next.1),
    };
    Scoring {
        method: Method::Coverage,
        answers: vec![
            scale(Status::Implemented, Some(2), "実施している", "Implemented"),
            scale(Status::Partial, Some(1), "一部実施している", "Partly implemented"),
            scale(Status::NotImplemented, Some(0), "実施していない", "Not implemented"),
            scale(Status::Unknown, Some(0), "わからない", "Don't know"),
            scale(Status::NotApplicable, None, "該当しない", "Not applicable"),
        ],
        minimum: 0,
        maximum: 100,
        bands: vec![
            band(
                "under_way",
                0,
                99,
                "取り組みの途中",
                "Under way",
                ("実施していない項目から着手する。", "Start on what is not implemented."),
            ),
            band(
                "all_implemented",
                100,
                100,
                "すべて実施している",
                "All implemented",
                ("定期的に見直す。", "Review it regularly."),
            ),
        ],
        sources: vec![],
    }
}
