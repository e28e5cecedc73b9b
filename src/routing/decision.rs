//! What the engine answers.
use super::condition::Finding;
use super::deadline::Step;
use super::rules::{Guardrail, Rule, Substitution, Turn};
use super::words::{Obligation, Stage, Tri};
use crate::contacts::ChannelType;
use crate::text::Language;
use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The decision for the facts as they stand. What the rules say is not copied into it.
#[derive(Debug, Clone)]
pub struct Decision<'a> {
    pub as_of: DateTime<FixedOffset>,
    pub stage: Stage,
    /// In the order of the derivations.
    pub derived: Vec<(&'a str, Tri)>,
    pub guardrails: Vec<&'a Guardrail>,
    /// In the order to do them.
    pub actions: Vec<Action<'a>>,
    /// Duties of earlier stages that nobody has said are done, in the order to do them.
    pub outstanding: Vec<Action<'a>>,
    pub completed: Vec<Completed<'a>>,
    pub not_applied: Vec<NotApplied<'a>>,
}

/// One thing to do, with one contact.
#[derive(Debug, Clone)]
pub struct Action<'a> {
    pub contact: &'a str,
    pub action: &'a str,
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
    pub forms: Vec<&'a str>,
    /// Sets of particulars that the report asks for.
    pub info_sets: Vec<&'a str>,
    /// Contacts to turn to before this one.
    pub after: Vec<&'a str>,
    /// Facts that would settle it.
    pub open_questions: Vec<&'a str>,
    /// The contact it went to without the substitution, and why it was replaced.
    pub substituted: Option<Substituted<'a>>,
    pub reasons: Vec<Reason<'a>>,
}

#[derive(Debug, Clone)]
pub struct Substituted<'a> {
    pub contact: &'a str,
    pub by: &'a Substitution,
}

/// Why: one rule that asks for the action.
#[derive(Debug, Clone)]
pub struct Reason<'a> {
    pub rule: &'a Rule,
    pub provisional: bool,
    /// The facts that made the rule fire.
    pub facts: Vec<Finding<'a>>,
    pub deadline_steps: Vec<Step<'a>>,
}

#[derive(Debug, Clone)]
pub struct Completed<'a> {
    pub contact: &'a str,
    pub action: &'a str,
    pub party: Option<String>,
    pub at: Option<DateTime<FixedOffset>>,
    pub rules: Vec<&'a str>,
}

/// A duty that does not hold here, or an action that a more special one replaced.
#[derive(Debug, Clone)]
pub struct NotApplied<'a> {
    pub rule: &'a str,
    pub why: WhyNot<'a>,
}

#[derive(Debug, Clone)]
pub enum WhyNot<'a> {
    /// The facts are these.
    Facts(Vec<Finding<'a>>),
    /// The list has no item that matches.
    NoItem(&'a str),
    /// This rule takes its place.
    Replaced(&'a str),
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

impl WhyNot<'_> {
    pub fn said(&self, language: Language) -> String {
        match (self, language) {
            (Self::Facts(findings), _) => because(findings, language),
            (Self::NoItem(list), Language::Ja) => format!("{list} に該当する項目がないため"),
            (Self::NoItem(list), Language::En) => format!("because no entry of {list} matches"),
            (Self::Replaced(by), Language::Ja) => format!("より個別の規則 {by} が優先するため"),
            (Self::Replaced(by), Language::En) => {
                format!("because the more specific rule {by} takes its place")
            }
        }
    }
}

/// In words, the facts that decided.
pub fn because(findings: &[Finding<'_>], language: Language) -> String {
    let (before, is, and, after) = match language {
        Language::Ja => ("", " = ", "、", " のため"),
        Language::En => ("because ", " is ", " and ", ""),
    };
    let mut told = before.to_owned();
    for (index, finding) in findings.iter().enumerate() {
        let and = if index > 0 { and } else { "" };
        told.extend([and, finding.fact, is, &finding.value]);
    }
    told + after
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
