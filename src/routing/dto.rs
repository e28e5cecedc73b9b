//! A decision on the wire. Plain strings for people (`why`, `legal_basis`, `hours`,
//! `deadline_steps`) are in the language asked for, like `title` and `detail` of a problem.
use super::decision::{Due, DueKind, Status};
use super::words::{BasisType, Obligation, Stage, Tri};
use crate::calendar::TOKYO;
use crate::contacts::{ChannelType, Confidence};
use crate::text::LocalizedText;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Whom to contact, in order, by when and why, for the facts as given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoutingDecision)]
pub struct DecisionOut<'a> {
    pub as_of: DateTime<Utc>,
    /// Version of the rules.
    #[schema(example = "2026.11.26")]
    pub ruleset: &'a str,
    pub stage: Stage,
    /// What follows from the facts, e.g. `appi_reportable`.
    pub derived: BTreeMap<&'a str, Tri>,
    /// To be kept in mind whatever is done.
    pub guardrails: Vec<GuardrailOut<'a>>,
    /// In the order to do them.
    pub actions: Vec<ActionOut<'a>>,
    /// Duties of earlier stages that the history does not say are done: do them, or say that they are.
    pub outstanding: Vec<ActionOut<'a>>,
    /// Done already, by the facts' history.
    pub completed: Vec<CompletedOut<'a>>,
    /// Duties that do not hold here, and rules that a more special one replaced.
    pub not_applied: Vec<NotAppliedOut<'a>>,
    /// What these rules are, and are not.
    pub notice: Option<&'a LocalizedText>,
}

/// A warning that goes with every action.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Guardrail)]
pub struct GuardrailOut<'a> {
    #[schema(example = "G-NO-POWEROFF")]
    pub id: &'a str,
    pub text: &'a LocalizedText,
}

/// One thing to do, with one contact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoutingAction)]
pub struct ActionOut<'a> {
    /// 1 comes first.
    #[schema(minimum = 1)]
    pub sequence: usize,
    /// Id of the contact.
    #[schema(example = "ppc_leak_report")]
    pub contact: &'a str,
    pub contact_name: Cow<'a, LocalizedText>,
    #[schema(example = "prelim_report")]
    pub action: &'a str,
    pub action_name: Cow<'a, LocalizedText>,
    /// Whom among several: which vendor, which customer.
    pub party: Option<String>,
    pub obligation: Obligation,
    /// 0 to 8; 8 is a calendar item with nothing to do today.
    #[schema(maximum = 8)]
    pub tier: u8,
    pub tier_name: Cow<'a, LocalizedText>,
    pub status: Status,
    /// It is not known yet whether this is needed; `open_questions` would settle it.
    pub provisional: bool,
    pub due: DueOut,
    /// The contact of one's own that is meant: its channel is shown.
    pub own_contact: Option<&'a str>,
    /// The date by which the contact was to be verified again has passed.
    pub verification_overdue: bool,
    pub channel: Option<ActionChannel<'a>>,
    /// Forms that can be used.
    pub forms: Vec<&'a str>,
    /// Reports whose fields can be filled in: `GET /v1/incidents/{incident}/forms/{form}`.
    pub reports: Vec<&'a str>,
    /// What each of these forms is, and why it helps.
    pub form_notes: Vec<FormNote<'a>>,
    /// Sets of particulars that the report asks for.
    pub info_sets: Vec<&'a str>,
    /// Contacts to turn to before this one.
    pub after: Vec<&'a str>,
    /// Facts that would settle it.
    pub open_questions: Vec<&'a str>,
    /// Set where another contact takes the place of the usual one.
    pub substitution: Option<SubstitutionOut<'a>>,
    pub reasons: Vec<ReasonOut<'a>>,
}

/// A form that can be used for a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormNote<'a> {
    #[schema(example = "common_form_ransomware")]
    pub form: &'a str,
    pub title: Cow<'a, LocalizedText>,
    /// Why it helps.
    pub text: &'a LocalizedText,
}

/// By when.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Due)]
pub struct DueOut {
    pub kind: DueKind,
    /// Due by the end of this day, in Tokyo.
    #[schema(format = Date)]
    pub date: Option<NaiveDate>,
    /// The day to aim for.
    #[schema(format = Date)]
    pub target: Option<NaiveDate>,
    /// Due at this moment.
    pub at: Option<DateTime<Utc>>,
}

/// The way to take.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionChannel<'a> {
    /// `phone`, `email`, `web_form`, `web`, `in_person`, `post` or `contract_contact`; more may come.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "web_form")]
    pub kind: ChannelType,
    /// Null where the company's own contract holds it.
    pub value: Option<&'a str>,
    /// In the language asked for.
    pub hours: Option<&'a str>,
    /// Whether somebody answers at the time of the decision; null where the hours are not known.
    pub open: Option<bool>,
    /// When it opens next, where it is closed.
    pub opens: Option<DateTime<Utc>>,
    /// Why this way, in the language asked for.
    pub why: &'static str,
}

/// The contact that was replaced, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactSubstitution)]
pub struct SubstitutionOut<'a> {
    pub rule: &'a str,
    /// Id of the contact that was replaced.
    pub contact: &'a str,
    pub text: &'a LocalizedText,
}

/// One rule that asks for the action.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoutingReason)]
pub struct ReasonOut<'a> {
    #[schema(example = "R-PPC-01")]
    pub rule: &'a str,
    pub text: &'a LocalizedText,
    /// In the language asked for.
    pub legal_basis: &'a str,
    /// `statute`, `supervisory`, `admin_guidance`, `contract`, `guideline` or `practice`; more may come.
    #[schema(value_type = String, example = "statute")]
    pub basis_type: BasisType,
    /// Keys of sources; `GET /v1/routing-rules/{rule}` has them in full.
    pub sources: &'a [String],
    pub confidence: Confidence,
    /// Not confirmed by a source.
    pub unverified: bool,
    pub provisional: bool,
    /// The facts that made the rule hold.
    pub facts: Vec<FactFinding<'a>>,
    /// How the date was found, in the language asked for.
    pub deadline_steps: Vec<String>,
}

/// A fact and its value.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactFinding<'a> {
    #[schema(example = "incident.types")]
    pub fact: &'a str,
    #[schema(value_type = String, example = "ransomware")]
    pub value: Cow<'static, str>,
}

/// Something that is done already.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompletedAction)]
pub struct CompletedOut<'a> {
    pub contact: &'a str,
    pub contact_name: Cow<'a, LocalizedText>,
    pub action: &'a str,
    pub party: Option<String>,
    pub at: Option<DateTime<Utc>>,
    pub rules: Vec<&'a str>,
}

/// A rule that does not apply.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleNotApplied)]
pub struct NotAppliedOut<'a> {
    #[schema(example = "R-CRD-01")]
    pub rule: &'a str,
    /// In the language asked for.
    pub why: String,
}

impl DueOut {
    /// On one line.
    pub fn shown(&self) -> String {
        match (self.date, self.at) {
            (Some(date), _) => date.to_string(),
            (None, Some(at)) => at.with_timezone(&TOKYO).to_rfc3339(),
            (None, None) => self.kind.as_str().to_owned(),
        }
    }
}

impl From<Due> for DueOut {
    fn from(due: Due) -> Self {
        Self { kind: due.kind, date: due.date, target: due.target, at: due.at.map(|at| at.to_utc()) }
    }
}
