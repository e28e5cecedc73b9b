//! The shipped directory: its files, and the checks they must pass.
use super::domain::{Category, Channel, Confidence, Contact, ContactSource, Function};
use super::helpers::ANYTHING;
use super::own::OwnContact;
use crate::shipped::Faults;
use crate::text::LocalizedText;
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;

/// The shipped contacts and the sources that contacts and routing rules cite.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// Those that ship first.
    contacts: Vec<Arc<Contact>>,
    /// Where those that ship stand, by their ids.
    places: Arc<HashMap<String, usize>>,
    sources: Arc<[ContactSource]>,
    /// Own contacts that stand for a shipped kind of contact: (kind, id).
    stand_ins: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    name: LocalizedText,
    operator: LocalizedText,
    functions: Vec<Function>,
    #[serde(default)]
    helps_with: Vec<String>,
    prefecture: Option<String>,
    does: LocalizedText,
    does_not: LocalizedText,
    channels: Vec<Channel>,
    required_info: Vec<LocalizedText>,
    languages: Vec<String>,
    cost: LocalizedText,
    eligible: LocalizedText,
    notes: Option<LocalizedText>,
    sources: Vec<String>,
    source_as_of: Option<String>,
    verify_by: NaiveDate,
    confidence: Confidence,
    unverified: bool,
}

/// One file per category.
macro_rules! files {
    ($($category:ident = $name:literal)*) => {
        &[$((Category::$category, $name, include_str!(concat!("data/directory/", $name, ".yaml"))),)*]
    };
}
const FILES: &[(Category, &str, &str)] = files! {
    OwnContract = "own_contract" NationalExpert = "national_expert" Police = "police"
    Regulator = "regulator" Ministry = "ministry" IndustryBody = "industry_body"
    Directory = "directory" Legal = "legal" Financial = "financial"
    International = "international" People = "people"
};

impl Directory {
    /// Reads and checks the shipped files.
    pub fn load(faults: &mut Faults) -> Self {
        let sources: Vec<ContactSource> =
            faults.parse("contacts/sources.yaml", include_str!("data/sources.yaml"));
        faults.unique("contact sources", sources.iter().map(|s| s.key.as_str()));
        for source in &sources {
            faults.whole(&source.key, &source.supports);
        }
        let mut contacts = vec![];
        for (category, name, text) in FILES {
            let entries: Vec<Entry> = faults.parse(&format!("directory/{name}.yaml"), text);
            for entry in entries {
                check(&entry, &sources, faults);
                contacts.push(Arc::new(contact(entry, *category, &sources)));
            }
        }
        faults.unique("contacts", contacts.iter().map(|c: &Arc<Contact>| c.id.as_str()));
        let places = contacts.iter().zip(0..).map(|(contact, place)| (contact.id.clone(), place)).collect();
        Self { contacts, places: Arc::new(places), sources: sources.into(), stand_ins: vec![] }
    }

    /// The directory as a tenant sees it: what it says of shipped contacts in their place, and its own after them.
    pub fn with(&self, own: &[OwnContact]) -> Self {
        let mut all = self.clone();
        for own in own {
            let merged = own.said.onto(self.contact(&own.said.id));
            if let Some(kind) = &own.said.stands_for {
                all.stand_ins.push((kind.clone(), own.said.id.clone()));
            }
            match all.contacts.iter_mut().find(|contact| contact.id == merged.id) {
                Some(contact) => *contact = Arc::new(merged),
                None => all.contacts.push(Arc::new(merged)),
            }
        }
        all
    }

    /// The own contact that is meant by a kind of contact and the name of a party.
    pub fn stand_in(&self, kind: &str, party: Option<&str>) -> Option<&Contact> {
        let mut own = self.stand_ins.iter().filter(|(stands_for, _)| stands_for == kind);
        let named = |contact: &&Contact| {
            party.is_some_and(|party| {
                [&contact.name.ja, &contact.name.en].into_iter().any(|name| name == party)
            })
        };
        match party {
            Some(_) => own.filter_map(|(_, id)| self.contact(id)).find(named),
            // Nobody is named: it is clear who is meant where there is only one.
            None => match (own.next(), own.next()) {
                (Some((_, id)), None) => self.contact(id),
                _ => None,
            },
        }
    }

    pub fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.iter().map(Arc::as_ref)
    }

    pub fn contact(&self, id: &str) -> Option<&Contact> {
        let own = || self.contacts.iter().skip(self.places.len()).find(|contact| contact.id == id);
        self.places.get(id).map_or_else(own, |place| self.contacts.get(*place)).map(Arc::as_ref)
    }

    /// Notes what a contact is said to help with and no control is about.
    pub fn check_topics<'a>(&self, known: impl IntoIterator<Item = &'a str> + Clone, faults: &mut Faults) {
        for contact in &self.contacts {
            for topic in contact.helps_with.iter().filter(|topic| *topic != ANYTHING) {
                faults.known(&format!("contact {}", contact.id), topic, known.clone());
            }
        }
    }

    pub fn source(&self, key: &str) -> Option<&ContactSource> {
        self.sources.iter().find(|source| source.key == key)
    }
}

fn check(entry: &Entry, sources: &[ContactSource], faults: &mut Faults) {
    let place = format!("contact {}", entry.id);
    let texts = [&entry.name, &entry.operator, &entry.does, &entry.does_not, &entry.cost, &entry.eligible];
    let of_channels = entry.channels.iter().flat_map(|channel| channel.hours.iter().chain(&channel.note));
    for text in texts.into_iter().chain(&entry.required_info).chain(&entry.notes).chain(of_channels) {
        faults.whole(&place, text);
    }
    for source in &entry.sources {
        faults.known(&place, source, sources.iter().map(|s| s.key.as_str()));
    }
    for opening in entry.channels.iter().filter_map(|channel| channel.opening.as_ref()) {
        if !opening.is_whole() {
            faults.add(format!("{place}: opening hours are not whole"));
        }
    }
    if entry.channels.is_empty() {
        faults.add(format!("{place}: has no channel"));
    }
    if entry.sources.is_empty() && !entry.unverified && entry.confidence == Confidence::High {
        faults.add(format!("{place}: is sure of itself without a source"));
    }
}

fn contact(entry: Entry, category: Category, sources: &[ContactSource]) -> Contact {
    Contact {
        sources: entry
            .sources
            .iter()
            .filter_map(|key| sources.iter().find(|source| source.key == *key))
            .cloned()
            .collect(),
        id: entry.id,
        name: entry.name,
        operator: entry.operator,
        category,
        functions: entry.functions,
        helps_with: entry.helps_with,
        prefecture: entry.prefecture,
        does: entry.does,
        does_not: entry.does_not,
        channels: entry.channels,
        required_info: entry.required_info,
        languages: entry.languages,
        cost: entry.cost,
        eligible: entry.eligible,
        notes: entry.notes,
        source_as_of: entry.source_as_of,
        verify_by: entry.verify_by,
        confidence: entry.confidence,
        unverified: entry.unverified,
    }
}
