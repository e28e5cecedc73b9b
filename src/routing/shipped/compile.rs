//! From names to references: whatever a file names must exist and be of the right type.
use super::super::condition::{Condition, FactRef, Op, Test};
use super::super::deadline::{Count, Deadline, Named};
use super::super::facts::{FactSchema, Kind};
use super::super::rules::{Annotation, Derivation, ForEach, Guardrail, Party, Rule, Substitution};
use super::files::{
    AnnotationEntry, ConditionEntry, DeadlineEntry, DerivationEntry, ForEachEntry, GuardrailEntry,
    RuleEntry, RulesetFile, SubstitutionEntry, plain,
};
use crate::contacts::Directory;
use crate::shipped::Faults;
use std::cmp::Ordering::{Equal, Greater, Less};

/// Everything a file may name, and the faults found so far.
pub struct Names<'a> {
    schema: &'a FactSchema,
    directory: &'a Directory,
    faults: &'a mut Faults,
    /// Derivations compiled so far: a derivation may use those before it.
    derived: Vec<String>,
}

/// What a fault is about: the entry, and the list it is repeated for.
#[derive(Clone, Copy)]
struct Place<'p> {
    id: &'p str,
    list: Option<usize>,
}

const NOWHERE: FactRef = FactRef::Given(usize::MAX);

impl<'a> Names<'a> {
    pub fn new(schema: &'a FactSchema, directory: &'a Directory, faults: &'a mut Faults) -> Self {
        Self {
            schema,
            directory,
            faults,
            derived: vec![],
        }
    }

    pub fn derivation(&mut self, entry: DerivationEntry) -> Derivation {
        self.faults.whole(&entry.id, &entry.meaning);
        let when = self.condition(at(&entry.id), &entry.when);
        self.derived.push(entry.id.clone());
        Derivation { id: entry.id, when }
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
            self.faults.add(format!(
                "{id}: the tier is not 0 to 7, or there is no stage"
            ));
        }
        if entry.sources.is_empty() && !entry.unverified {
            self.faults
                .add(format!("{id}: has no source and is not marked unverified"));
        }
        let for_each = entry.for_each.as_ref().map(|each| self.for_each(id, each));
        let place = Place {
            id,
            list: for_each.as_ref().map(|each| each.list),
        };
        let party = match (&entry.party, &entry.party_from) {
            (Some(name), None) => Party::Fixed(name.clone()),
            (None, Some(path)) => Party::From(self.fact(place, path).0),
            (None, None) => Party::Nobody,
            (Some(_), Some(_)) => {
                self.faults
                    .add(format!("{id}: has both party and party_from"));
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
                self.faults
                    .add(format!("{id}: {} is no list of objects", entry.list));
                usize::MAX
            }
        };
        let place = Place {
            id,
            list: Some(list),
        };
        ForEach {
            list,
            path: entry.list.clone(),
            filter: self.condition(place, &entry.filter),
            party: self.fact(place, &format!("item.{}", entry.party)).0,
        }
    }

    pub fn annotation(&mut self, entry: AnnotationEntry, head: &RulesetFile) -> Annotation {
        self.faults.whole(&entry.id, &entry.reason);
        self.sources(&entry.id, &entry.sources);
        for contact in &entry.apply_to_contacts {
            self.contact(&entry.id, contact);
        }
        let forms = head.forms.iter().map(|form| form.form.as_str());
        self.faults.known(&entry.id, &entry.form, forms);
        Annotation {
            when: self.condition(at(&entry.id), &entry.when),
            contacts: entry.apply_to_contacts,
            form: entry.form,
        }
    }

    pub fn substitution(&mut self, entry: SubstitutionEntry) -> Substitution {
        self.faults.whole(&entry.id, &entry.reason);
        self.sources(&entry.id, &entry.sources);
        for contact in [&entry.from, &entry.to] {
            self.contact(&entry.id, contact);
        }
        let place = at(&entry.id);
        Substitution {
            when: self.condition(place, &entry.when),
            party: self.fact(place, &entry.party_from).0,
            id: entry.id,
            from: entry.from,
            to: entry.to,
            only_tag: entry.only_tag,
            reason: entry.reason,
        }
    }

    pub fn guardrail(&mut self, entry: GuardrailEntry) -> Guardrail {
        self.faults.whole(&entry.id, &entry.text);
        self.sources(&entry.id, &entry.sources);
        Guardrail {
            when: self.condition(at(&entry.id), &entry.when),
            id: entry.id,
            text: entry.text,
        }
    }

    fn contact(&mut self, id: &str, contact: &str) {
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
    fn fact(&mut self, place: Place<'_>, path: &str) -> (FactRef, Option<Kind>, &'a [String]) {
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

    fn condition(&mut self, place: Place<'_>, entry: &ConditionEntry) -> Condition {
        let mut several =
            |parts: &[ConditionEntry]| parts.iter().map(|p| self.condition(place, p)).collect();
        match entry {
            ConditionEntry {
                all: Some(parts),
                any: None,
                not: None,
                fact: None,
                ..
            } => Condition::All(several(parts)),
            ConditionEntry {
                all: None,
                any: Some(parts),
                not: None,
                fact: None,
                ..
            } => Condition::Any(several(parts)),
            ConditionEntry {
                all: None,
                any: None,
                not: Some(part),
                fact: None,
                ..
            } => Condition::Not(Box::new(self.condition(place, part))),
            ConditionEntry {
                all: None,
                any: None,
                not: None,
                fact: Some(path),
                op: Some(op),
                ..
            } => Condition::Test(self.test(place, path, op, entry)),
            _ => {
                self.faults.add(format!(
                    "{}: a condition is one of all, any, not, or fact with op",
                    place.id
                ));
                Condition::All(vec![])
            }
        }
    }

    fn test(&mut self, place: Place<'_>, path: &str, op: &str, entry: &ConditionEntry) -> Test {
        let (fact, kind, words) = self.fact(place, path);
        let op = if let Some((op, kinds)) = operator(op, entry) {
            if kind.is_some_and(|kind| !kinds.contains(&kind)) {
                self.faults
                    .add(format!("{}: {path} cannot be asked {op:?}", place.id));
            }
            op
        } else {
            self.faults
                .add(format!("{}: {op} with this value is no operator", place.id));
            Op::Exists
        };
        if let Op::Eq(_) | Op::Ne(_) | Op::In(_) | Op::AnyOf(_) | Op::NoneOf(_) = &op
            && matches!(kind, Some(Kind::Word | Kind::Words))
        {
            for word in values(entry) {
                let known = words.iter().map(String::as_str);
                self.faults.known(place.id, &word, known);
            }
        }
        if let Op::DoneContains { contact, .. } = &op {
            self.contact(place.id, contact);
        }
        Test {
            fact,
            path: path.to_owned(),
            op,
        }
    }

    fn deadline(&mut self, place: Place<'_>, entry: &DeadlineEntry) -> Deadline {
        let named = |names: &mut Self, path: Option<&String>, kinds: &[Kind]| {
            let path = path?;
            let (fact, kind, _) = names.fact(place, path);
            if kind.is_some_and(|kind| !kinds.contains(&kind)) {
                names
                    .faults
                    .add(format!("{}: {path} is of the wrong type", place.id));
            }
            Some(Named {
                fact,
                path: path.clone(),
            })
        };
        let start = named(self, entry.start.as_ref(), &[Kind::Datetime]);
        let hours = named(self, entry.hours_fact.as_ref(), &[Kind::Count]);
        let days = named(self, entry.days_fact.as_ref(), &[Kind::Count]);
        let count = match entry.count.as_deref() {
            Some("inclusive") => Some(Count::Inclusive),
            Some("exclusive") => Some(Count::Exclusive),
            _ => None,
        };
        let roll = match entry.roll.as_deref() {
            None => Some(false),
            Some("gov_holiday") => Some(true),
            Some(_) => None,
        };
        let made = match (entry.kind.as_str(), start, count) {
            ("immediate", None, None) => Some(Deadline::Immediate),
            ("asap", None, None) => Some(Deadline::Asap),
            ("unresolved", None, None) => Some(Deadline::Unresolved),
            ("none", None, None) => Some(Deadline::None),
            ("window", Some(start), Some(Count::Inclusive)) => entry
                .min_days
                .zip(entry.max_days)
                .filter(|(min, max)| 1 <= *min && min <= max)
                .map(|(min_days, max_days)| Deadline::Window {
                    start,
                    min_days,
                    max_days,
                }),
            ("calendar_days", Some(start), Some(count)) => {
                entry
                    .days
                    .zip(roll)
                    .map(|(days, roll)| Deadline::CalendarDays {
                        start,
                        days,
                        count,
                        roll,
                    })
            }
            ("hours", Some(start), None) => {
                entry.hours.map(|hours| Deadline::Hours { start, hours })
            }
            ("contract", Some(start), Some(Count::Exclusive)) => {
                Some(Deadline::Contract { start, hours, days })
            }
            _ => None,
        };
        made.unwrap_or_else(|| {
            self.faults
                .add(format!("{}: the deadline is not whole", place.id));
            Deadline::Unresolved
        })
    }
}

fn at(id: &str) -> Place<'_> {
    Place { id, list: None }
}

fn values(entry: &ConditionEntry) -> Vec<String> {
    match &entry.value {
        Some(serde_json::Value::Array(values)) => values.iter().map(plain).collect(),
        Some(value) => vec![plain(value)],
        None => vec![],
    }
}

/// The operator, and the types of fact that it can be asked of.
fn operator(op: &str, entry: &ConditionEntry) -> Option<(Op, &'static [Kind])> {
    use Kind::{Bool, Count, Date, Datetime, Objects, Text, Tri, Word, Words};
    const TRI: &[Kind] = &[Tri];
    const SCALAR: &[Kind] = &[Word, Text, Bool, Count];
    const LIST: &[Kind] = &[Words];
    const NUMBER: &[Kind] = &[Count];
    const TIME: &[Kind] = &[Datetime, Date];
    const ANY: &[Kind] = &[Word, Text, Bool, Count, Datetime, Date, Tri];
    let one = || values(entry).into_iter().next();
    let number = || entry.value.as_ref()?.as_u64();
    let signed = || entry.value.as_ref()?.as_i64();
    Some(match op {
        "present" => (Op::Present, TRI),
        "confirmed_only" => (Op::ConfirmedOnly, TRI),
        "absent" => (Op::Absent, TRI),
        "established" => (Op::Established, TRI),
        "not_established" => (Op::NotEstablished, TRI),
        "is_unknown" => (Op::IsUnknown, ANY),
        "eq" => (Op::Eq(one()?), SCALAR),
        "ne" => (Op::Ne(one()?), SCALAR),
        "in" => (Op::In(values(entry)), SCALAR),
        "any_of" => (Op::AnyOf(values(entry)), LIST),
        "none_of" => (Op::NoneOf(values(entry)), LIST),
        "gt" => (Op::Compare(&[Greater], number()?), NUMBER),
        "gte" => (Op::Compare(&[Greater, Equal], number()?), NUMBER),
        "lt" => (Op::Compare(&[Less], number()?), NUMBER),
        "lte" => (Op::Compare(&[Less, Equal], number()?), NUMBER),
        "is_true" => (Op::IsTrue, &[Bool]),
        "is_false" => (Op::IsFalse, &[Bool]),
        "exists" => (Op::Exists, ANY),
        "not_exists" => (Op::NotExists, ANY),
        "days_since_gt" => (Op::DaysSinceGt(signed()?), TIME),
        "months_since_gte" => (Op::MonthsSinceGte(i32::try_from(signed()?).ok()?), TIME),
        "as_of_on_or_after" => (Op::AsOfOnOrAfter(one()?.parse().ok()?), TIME),
        "done_contains" => {
            let text = |name: &str| Some(entry.value.as_ref()?.get(name)?.as_str()?.to_owned());
            let done = Op::DoneContains {
                contact: text("contact")?,
                action: text("action")?,
            };
            (done, &[Objects])
        }
        _ => return None,
    })
}
