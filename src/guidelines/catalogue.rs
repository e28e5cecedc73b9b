//! All guidelines in memory, found by key.
use super::domain::{Control, Edition, Guideline, Source};
use super::search;
use crate::shipped::Faults;

/// The shipped guidelines.
#[derive(Debug, Default)]
pub struct Catalogue {
    pub(super) guidelines: Vec<Guideline>,
    pub(super) editions: Vec<(Edition, Vec<Control>)>,
    pub(super) sources: Vec<Source>,
}

/// Which controls of an edition: every filter that is set must hold.
#[derive(Debug, Default)]
pub struct Filter<'a> {
    pub group: Option<&'a str>,
    pub part: Option<&'a str>,
    pub stage: Option<&'a str>,
    pub tags: Vec<&'a str>,
    pub telework_method: Option<&'a str>,
    pub workplace: Option<&'a str>,
    pub incident_type: Option<&'a str>,
    /// Words that must all occur, in either language.
    pub q: Option<&'a str>,
}

impl Catalogue {
    /// Reads and checks the shipped files.
    pub fn load(faults: &mut Faults) -> Self {
        super::shipped::load(faults)
    }

    pub fn guidelines(&self) -> &[Guideline] {
        &self.guidelines
    }

    pub fn edition(&self, guideline: &str, edition: &str) -> Option<(&Edition, &[Control])> {
        self.editions
            .iter()
            .find(|(e, _)| e.guideline == guideline && e.edition == edition)
            .map(|(e, controls)| (e, controls.as_slice()))
    }

    pub fn control(&self, guideline: &str, edition: &str, key: &str) -> Option<&Control> {
        let (_, controls) = self.edition(guideline, edition)?;
        controls.iter().find(|control| control.key == key)
    }

    /// A source that the guideline's files know, without a section.
    pub fn source(&self, key: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.key == key)
    }
}

impl Filter<'_> {
    pub fn accepts(&self, control: &Control) -> bool {
        let same = |wanted: Option<&str>, has: Option<&str>| wanted.is_none() || wanted == has;
        let among = |wanted: Option<&str>, has: &[String]| {
            wanted.is_none_or(|wanted| has.iter().any(|h| h == wanted))
        };
        same(self.group, Some(&control.group))
            && same(self.part, Some(&control.part))
            && same(self.stage, control.stage.as_deref())
            && self.tags.iter().all(|tag| among(Some(tag), &control.applicability))
            && among(self.telework_method, &control.telework_methods)
            && among(self.workplace, &control.workplaces)
            && among(self.incident_type, &control.incident_types)
            && self.q.is_none_or(|q| search::matches(control, q))
    }
}
