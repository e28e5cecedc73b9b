//! A questionnaire as a library of CISO Assistant: a framework whose requirement nodes are the sections and
//! items.
use super::domain::{Item, Questionnaire, Status};
use crate::text::{Language, LocalizedText};
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The library in one language, with the other one as translation.
pub fn library(
    questionnaire: &Questionnaire,
    attribution: &LocalizedText,
    publisher: &LocalizedText,
    revised_on: NaiveDate,
    language: Language,
) -> Value {
    let texts = Texts(language);
    let id = &questionnaire.id;
    let named = |mut value: Value| {
        texts.put(
            &mut value,
            &[("name", &questionnaire.title), ("description", &questionnaire.description)],
        );
        value
    };
    let mut framework = named(json!({ "urn": format!("urn:tasuke:risk:framework:{id}"), "ref_id": id }));
    let scores = texts.scores(questionnaire);
    if let (Some(least), Some(most)) = (scores.first(), scores.last()) {
        framework["min_score"] = least["score"].clone();
        framework["max_score"] = most["score"].clone();
        framework["scores_definition"] = json!(scores);
    }
    let stars: BTreeSet<u8> = questionnaire.items().filter_map(|at| at.item.star).collect();
    if !stars.is_empty() {
        let groups: Vec<Value> = stars
            .iter()
            .map(|star| json!({ "ref_id": group(*star), "name": format!("★{star}") }))
            .collect();
        framework["implementation_groups_definition"] = json!(groups);
    }
    framework["requirement_nodes"] = json!(texts.nodes(questionnaire, &stars));
    let mut library = named(json!({
        "urn": format!("urn:tasuke:risk:library:{id}"),
        "locale": language.tag(),
        "ref_id": id,
        "copyright": attribution.get(language),
        // One version for each day on which the content was revised.
        "version": revised_on.format("%Y%m%d").to_string().parse::<u32>().unwrap_or(1),
        "publication_date": revised_on.to_string(),
        "provider": publisher.get(language),
        "packager": "tasuke",
    }));
    library["objects"] = json!({ "framework": framework });
    library
}

fn group(star: u8) -> String {
    format!("star{star}")
}

/// Texts in one language, with the other one beside it.
struct Texts(Language);

impl Texts {
    fn put(&self, value: &mut Value, texts: &[(&str, &LocalizedText)]) {
        let other = match self.0 {
            Language::Ja => Language::En,
            Language::En => Language::Ja,
        };
        for (name, text) in texts {
            value[name] = text.get(self.0).into();
            value["translations"][other.tag()][name] = text.get(other).into();
        }
    }

    /// What the answers count, lowest first; only a scale from zero up can be told.
    fn scores(&self, questionnaire: &Questionnaire) -> Vec<Value> {
        let told = [Status::NotImplemented, Status::Partial, Status::Implemented];
        let mut scores: Vec<(i32, Value)> = vec![];
        for scale in told
            .iter()
            .filter_map(|status| questionnaire.scoring.answers.iter().find(|s| s.status == *status))
        {
            let Some(points) =
                scale.points.filter(|points| scores.iter().all(|(other, _)| other != points))
            else {
                continue;
            };
            let mut score = json!({ "score": points });
            self.put(&mut score, &[("name", &scale.label), ("description", &scale.label)]);
            scores.push((points, score));
        }
        scores.sort_by_key(|(points, _)| *points);
        scores.into_iter().map(|(_, score)| score).collect()
    }

    fn nodes(&self, questionnaire: &Questionnaire, stars: &BTreeSet<u8>) -> Vec<Value> {
        let urn =
            |part: &str| format!("urn:tasuke:risk:req_node:{}:{}", questionnaire.id, part.to_lowercase());
        let mut nodes = vec![];
        for section in &questionnaire.sections {
            // A section and an item may have the same key.
            let parent = urn(&format!("section-{}", section.id));
            let mut node = json!({ "urn": parent, "assessable": false, "depth": 1, "ref_id": section.id });
            self.put(&mut node, &[("name", &section.title)]);
            nodes.push(node);
            nodes.extend(
                section.items.iter().map(|item| self.item(item, &urn(&item.control), &parent, stars)),
            );
        }
        nodes
    }

    fn item(&self, item: &Item, urn: &str, parent: &str, stars: &BTreeSet<u8>) -> Value {
        let mut node = json!({
            "urn": urn,
            "assessable": true,
            "depth": 2,
            "parent_urn": parent,
            "ref_id": item.number.as_deref().unwrap_or(&item.control),
        });
        self.put(&mut node, &[("name", &item.title), ("description", &item.statement)]);
        if let Some(advice) = &item.advice {
            self.put(&mut node, &[("annotation", advice)]);
        }
        if let Some(lowest) = item.star {
            let groups: Vec<String> = stars.range(lowest..).map(|star| group(*star)).collect();
            node["implementation_groups"] = json!(groups);
        }
        node
    }
}
