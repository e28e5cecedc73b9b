//! From names to references: whatever a file names must exist and be of the right type.
use super::super::condition::FactRef;
use super::super::facts::{Entry, FactSchema, Kind};
use super::super::rules::{
    Annotation, Contradiction, Derivation, ForEach, Guardrail, Party, Rule, Substitution,
};
use super::files::{
    AnnotationEntry, ContradictionEntry, DerivationEntry, ForEachEntry, GuardrailEntry, RuleEntry,
    RulesetFile, SubstitutionEntry,
};
use crate::contacts::Directory;
use crate::shipped::Faults;

/// Everything a file may name, and the faults found so far.
pub struct Names<'a> {
    schema: &'a FactSchema,
    directory: &'a Directory,
    pub(super) faults: &'a mut Faults,
    /// Derivations compiled so far: a derivation may use those before it.
    derived: Vec<String>,
}

/// What a fault is about: the entry, and the list it is repeated for.
#[derive(Clone, Copy)]
pub struct Place<'p> {
    pub id: &'p str,
    list: Option<usize>,
}

const NOWHERE: FactRef = FactRef::Given(usize::MAX);

impl<'a> Names<'a> {
    pub fn new(schema: &'a FactSchema, directory: &'a Directory, faults: &'a mut Faults) -> Self {
        Self { schema, directory, faults, derived: vec![] }
    }

    pub fn derivation(&mut self, entry: &DerivationEntry) -> Derivation {
        self.faults.whole(&entry.id, &entry.meaning);
        let when = self.condition(at(&entry.id), &entry.when);
        self.derived.push(entry.id.clone());
        Derivation { id: entry.id.clone(), when }
    }

    pub fn rule(&mut self, entry: &RuleEntry, all: &[RuleEntry], head: &RulesetFile) -> Rule {
        let id = entry.id.as_str();
        self.contact(id, &entry.contact);
        for contact in &entry.after {
            self.contact(id, contact);
        }
        self.sources(id, &entry.sources);
        for text in [&entry.reason, &entry.legal_basis] {
            self.faults.whole(id, text);
        }
        let actions = head.actions.iter().map(|a| a.action.as_str());
        self.faults.known(id, &entry.action, actions);
        if let Some(info) = &entry.info {
            let sets = head.info_sets.iter().map(|i| i.key.as_str());
            self.faults.known(id, info, sets);
        }
        for general in &entry.overrides {
            let rules = all.iter().map(|rule| rule.id.as_str());
            self.faults.known(id, general, rules);
        }
        if entry.tier > 7 || entry.stages.is_empty() {
            self.faults.add(format!("{id}: the tier is not 0 to 7, or there is no stage"));
        }
        if entry.sources.is_empty() && !entry.unverified {
            self.faults.add(format!("{id}: has no source and is not marked unverified"));
        }
        let for_each = entry.for_each.as_ref().map(|each| self.for_each(id, each));
        let place = Place { id, list: for_each.as_ref().map(|each| each.list) };
        let party = match (&entry.party, &entry.party_from) {
            (Some(name), None) => Party::Fixed(name.clone()),
            (None, Some(path)) => Party::From(self.fact(place, path).0),
            (None, None) => Party::Nobody,
            (Some(_), Some(_)) => {
                self.faults.add(format!("{id}: has both party and party_from"));
                Party::Nobody
            }
        };
        Rule {
            id: entry.id.clone(),
            contact: entry.contact.clone(),
            action: entry.action.clone(),
            obligation: entry.obligation,
            stages: entry.stages.clone(),
            tier: entry.tier,
            priority: entry.priority,
            tags: entry.tags.clone(),
            party,
            for_each,
            after: entry.after.clone(),
            overrides: entry.overrides.clone(),
            schedulable: entry.schedulable,
            effective_from: entry.effective_from,
            effective_to: entry.effective_to,
            when: self.condition(at(id), &entry.when),
            on_unknown: entry.on_unknown,
            deadline: self.deadline(place, &entry.deadline),
            channel: entry.channel,
            info: entry.info.clone(),
            reason: entry.reason.clone(),
            legal_basis: entry.legal_basis.clone(),
            basis_type: entry.basis_type,
            sources: entry.sources.clone(),
            confidence: entry.confidence,
            unverified: entry.unverified,
        }
    }

    fn for_each(&mut self, id: &str, entry: &ForEachEntry) -> ForEach {
        let list = match self.schema.find(&entry.list) {
            Some((index, found)) if found.kind == Kind::Objects => index,
            _ => {
                self.faults.add(format!("{id}: {} is no list of objects", entry.list));
                usize::MAX
            }
        };
        let place = Place { id, list: Some(list) };
        ForEach {
            list,
            path: entry.list.clone(),
            filter: self.condition(place, &entry.filter),
            party: self.fact(place, &format!("item.{}", entry.party)).0,
        }
    }

    pub fn annotation(&mut self, entry: &AnnotationEntry, head: &RulesetFile) -> Annotation {
        self.faults.whole(&entry.id, &entry.reason);
        self.sources(&entry.id, &entry.sources);
        for contact in &entry.apply_to_contacts {
            self.contact(&entry.id, contact);
        }
        let forms = head.forms.iter().map(|form| form.form.as_str());
        self.faults.known(&entry.id, &entry.form, forms);
        Annotation {
            when: self.condition(at(&entry.id), &entry.when),
            contacts: entry.apply_to_contacts.clone(),
            form: entry.form.clone(),
            reason: entry.reason.clone(),
        }
    }

    pub fn substitution(&mut self, entry: &SubstitutionEntry) -> Substitution {
        self.faults.whole(&entry.id, &entry.reason);
        self.sources(&entry.id, &entry.sources);
        for contact in [&entry.from, &entry.to] {
            self.contact(&entry.id, contact);
        }
        let place = at(&entry.id);
        Substitution {
            when: self.condition(place, &entry.when),
            party: self.fact(place, &entry.party_from).0,
            id: entry.id.clone(),
            from: entry.from.clone(),
            to: entry.to.clone(),
            only_tag: entry.only_tag.clone(),
            reason: entry.reason.clone(),
        }
    }

    pub fn guardrail(&mut self, entry: &GuardrailEntry) -> Guardrail {
        self.faults.whole(&entry.id, &entry.text);
        self.sources(&entry.id, &entry.sources);
        Guardrail {
            when: self.condition(at(&entry.id), &entry.when),
            id: entry.id.clone(),
            text: entry.text.clone(),
        }
    }

    pub fn contradiction(&mut self, entry: &ContradictionEntry) -> Contradiction {
        self.faults.whole(&entry.id, &entry.text);
        self.fact(at(&entry.id), &entry.fact);
        Contradiction {
            when: self.condition(at(&entry.id), &entry.when),
            id: entry.id.clone(),
            pointer: format!("/{}", entry.fact.replace('.', "/")),
            text: entry.text.clone(),
        }
    }

    /// A fact that may be given under this path.
    pub fn entry(&self, path: &str) -> Option<&'a Entry> {
        self.schema.find(path).map(|(_, entry)| entry)
    }

    pub fn contact(&mut self, id: &str, contact: &str) {
        if self.directory.contact(contact).is_none() {
            self.faults.add(format!("{id}: no contact {contact}"));
        }
    }

    fn sources(&mut self, id: &str, sources: &[String]) {
        for source in sources {
            if self.directory.source(source).is_none() {
                self.faults.add(format!("{id}: no source {source}"));
            }
        }
    }

    /// The fact, its type, and its words where it has a closed list.
    pub fn fact(&mut self, place: Place<'_>, path: &str) -> (FactRef, Option<Kind>, &'a [String]) {
        if let Some(name) = path.strip_prefix("derived.") {
            if let Some(index) = self.derived.iter().position(|id| id == name) {
                return (FactRef::Derived(index), Some(Kind::Tri), &[]);
            }
        } else if let Some(name) = path.strip_prefix("item.") {
            let found = place.list.and_then(|list| self.schema.member(list, name));
            if let Some((index, entry)) = found {
                return (FactRef::Member(index), Some(entry.kind), &entry.words);
            }
        } else if let Some((index, entry)) = self.schema.find(path) {
            return (FactRef::Given(index), Some(entry.kind), &entry.words);
        }
        self.faults.add(format!("{}: no fact {path}", place.id));
        (NOWHERE, None, &[])
    }
}

fn at(id: &str) -> Place<'_> {
    Place { id, list: None }
}
