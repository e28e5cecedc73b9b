//! A guideline of a tenant's own: taken in as an OSCAL catalog, and never changed once it is used.
use super::catalogue::Held;
use super::edition::{EditionSummary, Guideline, Origin};
use super::oscal;
use crate::audit::{Audited, Named};
use crate::oscal::CatalogDocument;
use crate::text::LocalizedText;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;

/// What the keys of own guidelines begin with: no shipped one ever will.
pub const PREFIX: &str = "own-";

/// How many editions a tenant may have.
pub const MOST: i64 = 200;

/// How many controls one edition may have.
pub const MOST_CONTROLS: usize = 3000;

/// What a list shows of an edition: kept beside the catalog, so that a list does not read catalogs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OwnSummary {
    pub edition: EditionSummary,
    /// Items of its questionnaire.
    pub items: usize,
}

#[derive(Debug, Clone)]
pub struct OwnEdition {
    pub guideline: String,
    pub edition: String,
    pub summary: OwnSummary,
    /// The catalog as it was sent.
    pub catalog: Value,
    /// Digest of what the call said that made it: a retry says the same.
    pub fingerprint: String,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    /// When the first assessment used it.
    pub used_at: Option<DateTime<Utc>>,
}

impl Audited for OwnEdition {
    fn named(&self) -> Named {
        Named {
            resource: "guideline_edition",
            id: format!("{}/{}", self.guideline, self.edition),
            client: None,
        }
    }
    fn words(&self) -> Vec<(&'static str, Value)> {
        vec![]
    }
    /// It never changes.
    fn differing(&self, _: &Self) -> Vec<&'static str> {
        vec![]
    }
}

impl OwnEdition {
    /// The edition as it is served.
    pub fn held(&self) -> Result<Held, serde_json::Error> {
        held(&self.guideline, &self.edition, &self.catalog)
    }

    /// Ids of the parts that hold the statements, by control; only of those that have one.
    pub fn statements(&self) -> Result<HashMap<String, String>, serde_json::Error> {
        serde_json::from_value::<CatalogDocument>(self.catalog.clone())
            .map(|document| oscal::statements(&document.catalog))
    }
}

pub fn held(guideline: &str, edition: &str, document: &Value) -> Result<Held, serde_json::Error> {
    let document = serde_json::from_value::<CatalogDocument>(document.clone())?;
    let (edition, oscal::Controls { all, asked }) = oscal::edition(&document.catalog, guideline, edition);
    Ok(Held::new(edition, all).asking(asked))
}

/// The guidelines that own editions make, in the order of their keys; each is titled by its newest edition.
pub fn guidelines(editions: &[(String, OwnSummary)]) -> Vec<Guideline> {
    let mut all: Vec<Guideline> = vec![];
    for (key, OwnSummary { edition: summary, .. }) in editions {
        match all.last_mut().filter(|last| last.key == *key) {
            Some(last) => {
                last.title = summary.title.clone();
                last.editions.push(summary.clone());
            }
            None => all.push(Guideline {
                key: key.clone(),
                title: summary.title.clone(),
                publisher: LocalizedText::new("", ""),
                attribution: LocalizedText::new("", ""),
                reuse_note: LocalizedText::new("", ""),
                origin: Origin::Own,
                editions: vec![summary.clone()],
            }),
        }
    }
    all
}
