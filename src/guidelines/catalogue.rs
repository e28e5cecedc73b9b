//! All shipped guidelines in memory, found by key.
use super::domain::{Control, Source};
use super::edition::{Edition, Guideline};
use super::mapping::{Mapping, Related, between};
use super::search::Words;
use crate::shipped::Faults;
use crate::text::LocalizedText;
use std::collections::{HashMap, HashSet};

/// An edition with its controls, and what is needed to find them quickly.
#[derive(Debug, Clone)]
pub struct Held {
    pub edition: Edition,
    pub controls: Vec<Control>,
    by_key: HashMap<String, usize>,
    /// What `q` looks through, for each control.
    words: Vec<Words>,
    /// Keys of the controls that the questionnaire of an own edition asks for. Of shipped ones, their files say.
    asked: HashSet<String>,
}

/// The shipped guidelines.
#[derive(Debug, Default)]
pub struct Catalogue {
    guidelines: Vec<Guideline>,
    editions: HashMap<(String, String), Held>,
    /// By guideline and key.
    sources: HashMap<(String, String), Source>,
    mappings: Vec<Mapping>,
    /// What follows from the mappings, by the guidelines from and to.
    related: HashMap<(String, String), Vec<Related>>,
}

/// Which controls of an edition: every filter that is set must hold.
#[derive(Debug, Default)]
pub struct Filter<'a> {
    pub group: Option<&'a str>,
    pub part: Option<&'a str>,
    pub stage: Option<&'a str>,
    pub parent: Option<&'a str>,
    pub star: Option<u8>,
    pub tags: Vec<&'a str>,
    pub telework_method: Option<&'a str>,
    pub workplace: Option<&'a str>,
    pub incident_type: Option<&'a str>,
    /// Words that must all occur, in either language.
    pub q: Option<&'a str>,
}

impl Held {
    pub fn new(edition: Edition, controls: Vec<Control>) -> Self {
        let by_key = controls.iter().enumerate().map(|(at, control)| (control.key.clone(), at)).collect();
        let words = controls.iter().map(Words::of).collect();
        Self { edition, controls, by_key, words, asked: HashSet::new() }
    }

    /// The same, and what its questionnaire asks for.
    pub fn asking(self, asked: HashSet<String>) -> Self {
        Self { asked, ..self }
    }

    pub fn control(&self, key: &str) -> Option<&Control> {
        self.by_key.get(key).map(|at| &self.controls[*at])
    }

    /// The controls that its questionnaire asks for.
    pub fn asked(&self) -> impl Iterator<Item = &Control> {
        self.controls.iter().filter(|control| self.asked.contains(&control.key))
    }

    /// The controls that the filter accepts: in the order of the guideline, or with `q` what fits it
    /// best first.
    pub fn find(&self, filter: &Filter<'_>) -> Vec<&Control> {
        let accepted = self.controls.iter().zip(&self.words).filter(|(control, _)| filter.accepts(control));
        let Some(q) = filter.q else {
            return accepted.map(|(control, _)| control).collect();
        };
        let query = super::search::Query::new(q);
        let mut ranked: Vec<(u32, &Control)> =
            accepted.filter_map(|(control, words)| query.rank(words).map(|rank| (rank, control))).collect();
        // A stable sort: among equals the order of the guideline.
        ranked.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        ranked.into_iter().map(|(_, control)| control).collect()
    }
}

impl Catalogue {
    /// Reads and checks the shipped files.
    pub fn load(faults: &mut Faults) -> Self {
        super::shipped::load(faults)
    }

    pub(super) fn new(guidelines: Vec<Guideline>, held: Vec<Held>, sources: Vec<(String, Source)>) -> Self {
        let editions = held
            .into_iter()
            .map(|held| ((held.edition.guideline.clone(), held.edition.edition.clone()), held))
            .collect();
        let sources = sources.into_iter().map(|(g, source)| ((g, source.key.clone()), source)).collect();
        Self { guidelines, editions, sources, ..Self::default() }
    }

    pub fn guidelines(&self) -> &[Guideline] {
        &self.guidelines
    }

    pub fn guideline(&self, key: &str) -> Option<&Guideline> {
        self.guidelines.iter().find(|guideline| guideline.key == key)
    }

    /// The editions of a guideline, oldest first.
    pub fn editions(&self, guideline: &str) -> Vec<&Held> {
        let known = self.guideline(guideline).map_or(&[][..], |guideline| &guideline.editions);
        known.iter().filter_map(|summary| self.edition(guideline, &summary.edition)).collect()
    }

    pub fn edition(&self, guideline: &str, edition: &str) -> Option<&Held> {
        self.editions.get(&(guideline.to_owned(), edition.to_owned()))
    }

    pub fn control(&self, guideline: &str, edition: &str, key: &str) -> Option<&Control> {
        self.edition(guideline, edition)?.control(key)
    }

    /// A source that the guideline's files know, without a section.
    pub fn source(&self, guideline: &str, key: &str) -> Option<&Source> {
        self.sources.get(&(guideline.to_owned(), key.to_owned()))
    }

    /// Takes the mappings in, and what follows from them for every pair of guidelines.
    pub(super) fn map(&mut self, mappings: Vec<Mapping>) {
        let keys: Vec<String> = self.guidelines.iter().map(|guideline| guideline.key.clone()).collect();
        for from in &keys {
            for to in keys.iter().filter(|to| *to != from) {
                self.related.insert((from.clone(), to.clone()), between(&mappings, from, to));
            }
        }
        self.mappings = mappings;
    }

    /// What the makers of the mappings that `related` rests on say about them.
    pub fn mapping_notes(&self, related: &[Related]) -> Vec<LocalizedText> {
        let rests = |mapping: &&Mapping| {
            related.iter().flat_map(|one| &one.hops).any(|hop| {
                let ends = (&hop.from.guideline, &hop.to.guideline);
                let (from, to) = (&mapping.from.guideline, &mapping.to.guideline);
                ends == (from, to) || ends == (to, from)
            })
        };
        self.mappings.iter().filter(rests).map(|mapping| mapping.note.clone()).collect()
    }

    /// How the controls of one guideline are related to those of another.
    pub fn all_related(&self, from: &str, to: &str) -> &[Related] {
        self.related.get(&(from.to_owned(), to.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// The same for one control.
    pub fn related<'a>(
        &'a self,
        from: &str,
        to: &str,
        control: &'a str,
    ) -> impl Iterator<Item = &'a Related> {
        self.all_related(from, to).iter().filter(move |related| related.from.control == control)
    }
}

impl Filter<'_> {
    /// Whether every filter but `q` holds.
    fn accepts(&self, control: &Control) -> bool {
        let same = |wanted: Option<&str>, has: Option<&str>| wanted.is_none() || wanted == has;
        let among = |wanted: Option<&str>, has: &[String]| {
            wanted.is_none_or(|wanted| has.iter().any(|h| h == wanted))
        };
        same(self.group, Some(&control.group))
            && same(self.part, Some(&control.part))
            && same(self.stage, control.stage.as_deref())
            && same(self.parent, control.parent.as_deref())
            && self.star.is_none_or(|star| control.star.is_some_and(|lowest| lowest <= star))
            && self.tags.iter().all(|tag| among(Some(tag), &control.applicability))
            && among(self.telework_method, &control.telework_methods)
            && among(self.workplace, &control.workplaces)
            && among(self.incident_type, &control.incident_types)
    }
}
