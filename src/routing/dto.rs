//! A decision on the wire. Plain strings for people (`why`, `legal_basis`, `hours`,
//! `deadline_steps`) are in the language asked for, like `title` and `detail` of a problem.
use super::decision::{Due, DueKind, Status};
use super::words::{BasisType, Obligation, Stage, Tri};
use crate::calendar::TOKYO;
use crate::contacts::{ChannelType, Confidence};
use crate::text::LocalizedText;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Whom to contact, in order, by when and why, for the facts as given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoutingDecision)]
pub struct DecisionOut {
    pub as_of: DateTime<Utc>,
    /// Version of the rules.
    #[schema(example = "2026.11.26")]
    pub ruleset: String,
    pub stage: Stage,
    /// What follows from the facts, e.g. `appi_reportable`.
    pub derived: BTreeMap<String, Tri>,
    /// To be kept in mind whatever is done.
    pub guardrails: Vec<GuardrailOut>,
    /// In the order to do them.
    pub actions: Vec<ActionOut>,
    /// Duties of earlier stages that the history does not say are done: do them, or say that they are.
    pub outstanding: Vec<ActionOut>,
    /// Done already, by the facts' history.
    pub completed: Vec<CompletedOut>,
    /// Duties that do not hold here, and rules that a more special one replaced.
    pub not_applied: Vec<NotAppliedOut>,
    /// What these rules are, and are not.
    pub notice: Option<LocalizedText>,
}

/// A warning that goes with every action.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Guardrail)]
pub struct GuardrailOut {
    #[schema(example = "G-NO-POWEROFF")]
    pub id: String,
    pub text: LocalizedText,
}

/// One thing to do, with one contact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoutingAction)]
pub struct ActionOut {
    /// 1 comes first.
    #[schema(minimum = 1)]
    pub sequence: usize,
    /// Id of the contact.
    #[schema(example = "ppc_leak_report")]
    pub contact: String,
    pub contact_name: LocalizedText,
    #[schema(example = "prelim_report")]
    pub action: String,
    pub action_name: LocalizedText,
    /// Whom among several: which vendor, which customer.
    pub party: Option<String>,
    pub obligation: Obligation,
    /// 0 to 8; 8 is a calendar item with nothing to do today.
    #[schema(maximum = 8)]
    pub tier: u8,
    pub tier_name: LocalizedText,
    pub status: Status,
    /// It is not known yet whether this is needed; `open_questions` would settle it.
    pub provisional: bool,
    pub due: DueOut,
    /// The contact of one's own that is meant: its channel is shown.
    pub own_contact: Option<String>,
    /// The date by which the contact was to be verified again has passed.
    pub verification_overdue: bool,
    pub channel: Option<ActionChannel>,
    /// Forms that can be used.
    pub forms: Vec<String>,
    /// Reports whose fields can be filled in: `GET /v1/incidents/{incident}/forms/{form}`.
    pub reports: Vec<String>,
    /// What each of these forms is, and why it helps.
    pub form_notes: Vec<FormNote>,
    /// Sets of particulars that the report asks for.
    pub info_sets: Vec<String>,
    /// Contacts to turn to before this one.
    pub after: Vec<String>,
    /// Facts that would settle it.
    pub open_questions: Vec<String>,
    /// Set where another contact takes the place of the usual one.
    pub substitution: Option<SubstitutionOut>,
    pub reasons: Vec<ReasonOut>,
}

/// A form that can be used for a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormNote {
    #[schema(example = "common_form_ransomware")]
    pub form: String,
    pub title: LocalizedText,
    /// Why it helps.
    pub text: LocalizedText,
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
pub struct ActionChannel {
    /// `phone`, `email`, `web_form`, `web`, `in_person`, `post` or `contract_contact`; more may come.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "web_form")]
    pub kind: ChannelType,
    /// Null where the company's own contract holds it.
    pub value: Option<String>,
    /// In the language asked for.
    pub hours: Option<String>,
    /// Whether somebody answers at the time of the decision; null where the hours are not known.
    pub open: Option<bool>,
    /// When it opens next, where it is closed.
    pub opens: Option<DateTime<Utc>>,
    /// Why this way, in the language asked for.
    pub why: String,
}

/// The contact that was replaced, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactSubstitution)]
pub struct SubstitutionOut {
    pub rule: String,
    /// Id of the contact that was replaced.
    pub contact: String,
    pub text: LocalizedText,
}

/// One rule that asks for the action.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoutingReason)]
pub struct ReasonOut {
    #[schema(example = "R-PPC-01")]
    pub rule: String,
    pub text: LocalizedText,
    /// In the language asked for.
    pub legal_basis: String,
    /// `statute`, `supervisory`, `admin_guidance`, `contract`, `guideline` or `practice`; more may come.
    #[schema(value_type = String, example = "statute")]
    pub basis_type: BasisType,
    /// Keys of sources; `GET /v1/routing-rules/{rule}` has them in full.
    pub sources: Vec<String>,
    pub confidence: Confidence,
    /// Not confirmed by a source.
    pub unverified: bool,
    pub provisional: bool,
    /// The facts that made the rule hold.
    pub facts: Vec<FactFinding>,
    /// How the date was found, in the language asked for.
    pub deadline_steps: Vec<String>,
}

/// A fact and its value.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactFinding {
    #[schema(example = "incident.types")]
    pub fact: String,
    #[schema(example = "ransomware")]
    pub value: String,
}

/// Something that is done already.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompletedAction)]
pub struct CompletedOut {
    pub contact: String,
    pub contact_name: LocalizedText,
    pub action: String,
    pub party: Option<String>,
    pub at: Option<DateTime<Utc>>,
    pub rules: Vec<String>,
}

/// A rule that does not apply.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleNotApplied)]
pub struct NotAppliedOut {
    #[schema(example = "R-CRD-01")]
    pub rule: String,
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
