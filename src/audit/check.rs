//! Reading a log from its beginning, and telling where it is not what was written.
use super::acceptance;
use super::chain::{GENESIS, hash, moment};
use super::domain::Event;
use super::head::{Head, Signed, Signer};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::fmt;

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The event, its hash or its place is not what was sealed.
    Altered { sequence: i64 },
    /// Events that are not there.
    Gap { first: i64, last: i64 },
    /// The log ends before its head.
    Truncated { last: i64, head: i64 },
    /// The log goes on after its head: nobody signed the rest.
    Unsigned { head: i64, last: i64 },
    /// The chain is whole, and another one than the one that was signed.
    Rewritten { sequence: i64 },
    /// A head that the key did not sign.
    Forged { sequence: i64 },
    /// There are events and no head.
    Headless { last: i64 },
    /// Neither events nor a head, nor anything that waits: every provider has a first entry.
    Gone,
    /// Heads were kept that another key has signed than the log has now; the last of them.
    OtherKey { key_id: String, sequence: i64 },
    /// What stands there cannot be read as an event.
    Unreadable { sequence: i64, why: String },
    /// What stands there cannot be read as a head.
    UnreadableHead { sequence: i64, why: String },
    /// What waits to be sealed cannot be read.
    UnreadableEntry { id: String, why: String },
    /// An operator let the log go on here, whatever was found before.
    Accepted { sequence: i64, at: DateTime<Utc>, reference: String, found: String },
}

impl Finding {
    /// What and where, in a word and a number.
    pub fn brief(&self) -> String {
        match self {
            Self::Altered { sequence } => format!("altered {sequence}"),
            Self::Gap { first, last } => format!("missing {first}-{last}"),
            Self::Truncated { last, head } => format!("cut off {}-{head}", last + 1),
            Self::Unsigned { head, last } => format!("unsigned {}-{last}", head + 1),
            Self::Rewritten { sequence } => format!("rewritten {sequence}"),
            Self::Forged { sequence } => format!("forged head {sequence}"),
            Self::Headless { last } => format!("no head {last}"),
            Self::Gone => "no log".to_owned(),
            Self::OtherKey { sequence, .. } => format!("other key {sequence}"),
            Self::Unreadable { sequence, why: _ } => format!("unreadable {sequence}"),
            Self::UnreadableHead { sequence, why: _ } => format!("unreadable head {sequence}"),
            Self::UnreadableEntry { .. } => "unreadable entry".to_owned(),
            Self::Accepted { sequence, .. } => format!("accepted {sequence}"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { sequence } => write!(f, "event {sequence} is not what was sealed"),
            Self::Gap { first, last } => write!(f, "events {first} to {last} are missing"),
            Self::Truncated { last, head } => {
                write!(f, "the log ends with event {last}, and its head says {head}")
            }
            Self::Unsigned { head, last } => {
                write!(f, "events {} to {last} are in no signed head", head + 1)
            }
            Self::Rewritten { sequence } => {
                write!(f, "the log up to event {sequence} is not the one that was signed")
            }
            Self::Forged { sequence } => {
                write!(f, "the head at event {sequence} is not signed with the key of the log")
            }
            Self::Headless { last } => write!(f, "there are events up to {last} and no signed head"),
            Self::Gone => write!(f, "the log is gone: there is one from the making of a provider on"),
            Self::OtherKey { key_id, sequence } => write!(
                f,
                "the log has another key now than the kept head at event {sequence} was signed with ({key_id})"
            ),
            Self::Unreadable { sequence, why } => write!(f, "event {sequence} cannot be read: {why}"),
            Self::UnreadableHead { sequence, why } => {
                write!(f, "the head at event {sequence} cannot be read: {why}")
            }
            Self::UnreadableEntry { id, why } => {
                write!(f, "the entry {id:?} that waits to be sealed cannot be read: {why}")
            }
            Self::Accepted { sequence, at, reference, found } => write!(
                f,
                "event {sequence} let it go on at {} ({reference}), nothing proves what stands before; \
                 found then: {found}",
                moment(*at)
            ),
        }
    }
}

/// Goes along a log, event by event, and holds it against heads.
#[derive(Debug)]
pub struct Checker {
    tenant: String,
    /// Heads that are still to come, by sequence; the last one is the newest in the database.
    heads: Vec<Head>,
    newest: Option<Head>,
    /// The last event that was read, or that lies before all that are kept.
    last: i64,
    previous: Option<String>,
    findings: Vec<Finding>,
}

impl Checker {
    /// `stored` are the heads in the database, `kept` those that somebody kept elsewhere. What was kept with another
    /// key counts as well: the key in the database proves nothing against whoever has put it there.
    pub fn new(tenant: &str, stored: Vec<Signed>, kept: Vec<Signed>, key: &Signer) -> Self {
        let (mut findings, mut good) = (vec![], vec![]);
        let mut others: BTreeMap<String, i64> = BTreeMap::new();
        let count = stored.len();
        for (index, signed) in stored.into_iter().chain(kept).enumerate() {
            let (is_stored, sequence) = (index < count, signed.head.sequence);
            let is_others = !is_stored && signed.key_id != key.key_id();
            if signed.head.tenant != tenant || !(is_others || key.made(&signed)) {
                findings.push(Finding::Forged { sequence });
                continue;
            }
            if is_others {
                let last = others.entry(signed.key_id).or_insert(sequence);
                *last = sequence.max(*last);
            }
            good.push((is_stored, signed.head));
        }
        findings
            .extend(others.into_iter().map(|(key_id, sequence)| Finding::OtherKey { key_id, sequence }));
        let newest = good.iter().filter(|(stored, _)| *stored).map(|(_, head)| head);
        let newest = newest.max_by_key(|head| head.sequence).cloned();
        let (base, base_hash) =
            newest.as_ref().map_or((0, GENESIS.to_owned()), |head| (head.base, head.base_hash.clone()));
        let mut heads: Vec<Head> = good.into_iter().map(|(_, head)| head).collect();
        heads.sort_by_key(|head| head.sequence);
        let mut checker = Self {
            tenant: tenant.to_owned(),
            heads,
            newest,
            last: base,
            previous: Some(base_hash),
            findings,
        };
        checker.meet(base);
        checker
    }

    /// Holds what has been read so far against the heads that end there. What lies before the base is not
    /// kept, and cannot be compared.
    fn meet(&mut self, sequence: i64) {
        let rest = self.heads.partition_point(|head| head.sequence <= sequence);
        for head in self.heads.drain(..rest) {
            let is_here = head.sequence == sequence;
            if is_here && self.previous.as_ref().is_some_and(|hash| *hash != head.hash) {
                self.findings.push(Finding::Rewritten { sequence });
            }
        }
    }

    fn gap_before(&mut self, sequence: i64) {
        if sequence - 1 > self.last {
            self.findings.push(Finding::Gap { first: self.last + 1, last: sequence - 1 });
            self.previous = None;
            self.meet(sequence - 1);
        }
    }

    pub fn read(&mut self, event: &Event) {
        let sequence = event.sequence;
        if sequence <= self.last {
            // Before the base: nothing should be there any more.
            self.findings.push(Finding::Altered { sequence });
            return;
        }
        self.gap_before(sequence);
        // After a gap nothing is known of the one before; its own hash counts from here on.
        if let Some(previous) = &self.previous
            && hash(previous, &self.tenant, sequence, &event.entry) != event.hash
        {
            self.findings.push(Finding::Altered { sequence });
        }
        if event.entry.action == acceptance::ACTION {
            let (reference, found) = acceptance::told(&event.entry.detail);
            self.findings.push(Finding::Accepted { sequence, at: event.entry.at, reference, found });
        }
        self.previous = Some(event.hash.clone());
        self.last = sequence;
        self.meet(sequence);
    }

    /// What stands there cannot be read: of its hash nothing is known.
    pub fn unreadable(&mut self, sequence: i64, why: String) {
        self.gap_before(sequence);
        self.findings.push(Finding::Unreadable { sequence, why });
        if sequence > self.last {
            self.previous = None;
            self.last = sequence;
            self.meet(sequence);
        }
    }

    /// Something was found beside the events.
    pub fn found(&mut self, findings: Vec<Finding>) {
        self.findings.extend(findings);
    }

    /// Everything that was found, when all has been read; whether anything `waits` to be sealed.
    pub fn findings(mut self, waits: bool) -> Vec<Finding> {
        let last = self.last;
        if let Some(head) = self.heads.last() {
            self.findings.push(Finding::Truncated { last, head: head.sequence });
        }
        match &self.newest {
            None if last > 0 => self.findings.push(Finding::Headless { last }),
            None if !waits && self.findings.is_empty() => self.findings.push(Finding::Gone),
            Some(head) if head.sequence < last => {
                self.findings.push(Finding::Unsigned { head: head.sequence, last });
            }
            _ => {}
        }
        self.findings
    }
}
