//! What the engine answers.
use super::condition::Finding;
use super::rules::Turn;
use super::words::{BasisType, Obligation, Stage, Tri};
use crate::contacts::{ChannelType, Confidence};
use crate::text::LocalizedText;
use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The decision for the facts as they stand.
#[derive(Debug, Clone)]
pub struct Decision {
    pub as_of: DateTime<FixedOffset>,
    pub stage: Stage,
    /// In the order of the derivations.
    pub derived: Vec<(String, Tri)>,
    pub guardrails: Vec<(String, LocalizedText)>,
    /// In the order to do them.
    pub actions: Vec<Action>,
    /// Duties of earlier stages that nobody has said are done, in the order to do them.
    pub outstanding: Vec<Action>,
    pub completed: Vec<Completed>,
    pub not_applied: Vec<NotApplied>,
}

/// One thing to do, with one contact.
#[derive(Debug, Clone)]
pub struct Action {
    pub contact: String,
    pub action: String,
    /// Whom among several: which vendor, which customer.
    pub party: Option<String>,
    /// One of several that the rule may lead to: what is done with one is not done with the others.
    pub repeated: bool,
    pub obligation: Obligation,
    pub turn: Turn,
    /// It is not known yet whether the rules hold.
    pub provisional: bool,
    /// What to do first: that of the rule, moved forward when it presses and back when it is far.
    pub tier: u8,
    pub priority: u32,
    pub due: Due,
    pub status: Status,
    pub schedulable: bool,
    pub channel: ChannelType,
    pub forms: Vec<String>,
    /// Sets of particulars that the report asks for.
    pub info_sets: Vec<String>,
    /// Contacts to turn to before this one.
    pub after: Vec<String>,
    /// Facts that would settle it.
    pub open_questions: Vec<String>,
    /// The contact it went to without the substitution, and why it was replaced.
    pub substituted: Option<Substituted>,
    pub reasons: Vec<Reason>,
}

#[derive(Debug, Clone)]
pub struct Substituted {
    pub rule: String,
    pub contact: String,
    pub reason: LocalizedText,
}

/// Why: one rule that asks for the action.
#[derive(Debug, Clone)]
pub struct Reason {
    pub rule: String,
    pub text: LocalizedText,
    pub legal_basis: LocalizedText,
    pub basis_type: BasisType,
    pub sources: Vec<String>,
    pub confidence: Confidence,
    pub unverified: bool,
    pub provisional: bool,
    /// The facts that made the rule fire.
    pub facts: Vec<Finding>,
    pub deadline_steps: Vec<LocalizedText>,
}

#[derive(Debug, Clone)]
pub struct Completed {
    pub contact: String,
    pub action: String,
    pub party: Option<String>,
    pub at: Option<DateTime<FixedOffset>>,
    pub rules: Vec<String>,
}

/// A duty that does not hold here, or an action that a more special one replaced.
#[derive(Debug, Clone)]
pub struct NotApplied {
    pub rule: String,
    pub why: LocalizedText,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueKind {
    Immediate,
    Asap,
    /// The end of `date`, in Tokyo.
    Date,
    /// The moment `at`.
    DateTime,
    Unresolved,
    None,
}

impl DueKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::Asap => "asap",
            Self::Date => "date",
            Self::DateTime => "date_time",
            Self::Unresolved => "unresolved",
            Self::None => "none",
        }
    }
}

/// By when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub kind: DueKind,
    pub date: Option<NaiveDate>,
    /// The date to aim for.
    pub target: Option<NaiveDate>,
    pub at: Option<DateTime<FixedOffset>>,
    /// A contract's last day: it is dated, but ranks as soon as possible.
    pub notify_now: bool,
}

impl Due {
    pub fn of(kind: DueKind) -> Self {
        Self { kind, date: None, target: None, at: None, notify_now: false }
    }

    pub fn on(date: NaiveDate) -> Self {
        Self { date: Some(date), ..Self::of(DueKind::Date) }
    }

    pub fn at(at: DateTime<FixedOffset>) -> Self {
        Self { at: Some(at), ..Self::of(DueKind::DateTime) }
    }
}

/// Where a deadline stands at the time of the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ActionStatus)]
pub enum Status {
    Open,
    /// Due at the end of this day.
    DueToday,
    Overdue,
}
