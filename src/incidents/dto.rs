//! Incidents on the wire.
use super::domain::{Completion, Event, Handover, Incident, What};
use super::referral::{Referral, ReferralState};
use crate::id::Id;
use crate::routing::{DecisionOut, FactChange, KnownFacts, PlanChange, Question};
use crate::text::LocalizedText;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An incident of a client. What is known of the client (prefecture, sector, contracts, vendors) need not
/// be said again: it is taken from there, unless the facts say otherwise.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "client_external_id": "crm-0042", "title": "ファイルサーバのランサムウェア", "external_id": "ticket-881",
    "facts": {
        "incident": {"types": ["ransomware"], "stage": "initial", "severity": "critical", "cause": "external_attack", "aware_at": "2026-11-20T08:10:00+09:00"},
        "personal_data": {"involved": "suspected", "role": "controller"}
    }
}))]
pub struct NewIncident {
    /// Id of the client; either this or `client_external_id`.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub client_id: Option<Id>,
    /// The provider's own name for the client.
    #[schema(min_length = 1, max_length = 200)]
    pub client_external_id: Option<String>,
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// The provider's own name for the incident; unique per client.
    #[schema(min_length = 1, max_length = 200)]
    pub external_id: Option<String>,
    pub facts: KnownFacts,
}

/// The facts of an incident as they were said, as nested JSON. A name of its own keeps generators from making
/// one up that is taken.
#[derive(ToSchema)]
#[schema(value_type = Object)]
#[expect(dead_code, reason = "only its schema is used: what was said is stored as it came")]
pub struct SaidFacts(serde_json::Value);

/// An incident of a client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Incident)]
pub struct IncidentOut {
    #[schema(format = Uuid)]
    pub id: String,
    #[schema(format = Uuid)]
    client_id: String,
    external_id: Option<String>,
    pub title: String,
    /// What was said of it; what the client's own data adds stands in the plan.
    #[schema(value_type = SaidFacts)]
    facts: serde_json::Value,
    /// Subject of the token that made it.
    created_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Incident> for IncidentOut {
    fn from(incident: Incident) -> Self {
        let Incident {
            id,
            client_id,
            external_id,
            title,
            facts,
            revision: _,
            created_by,
            created_at,
            updated_at,
        } = incident;
        Self { id, client_id, external_id, title, facts, created_by, created_at, updated_at }
    }
}

/// A page of incidents, oldest first.
#[derive(Serialize, ToSchema)]
pub struct IncidentPage {
    pub items: Vec<IncidentOut>,
    pub next_cursor: Option<String>,
}

/// The decision for the facts as they stand, what to ask next, and what changed since last time.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentPlan<'a> {
    #[serde(flatten)]
    pub decision: DecisionOut<'a>,
    #[schema(format = Uuid)]
    pub incident_id: String,
    /// What is not known and would change most, in the order worth asking; at most ten.
    pub questions: Vec<Question>,
    /// The moment that `changes` are counted from: before the latest event, unless the call says so.
    pub since: DateTime<Utc>,
    /// What came, went and changed since then, by what was said, done, or merely passed.
    pub changes: Vec<PlanChange>,
}

/// Something in the plan that was done.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(example = json!({"contact": "insurer", "action": "notify", "note": "受付番号 12"}))]
pub struct NewCompletion {
    #[schema(min_length = 1, max_length = 64, example = "ppc_leak_report")]
    pub contact: String,
    #[schema(min_length = 1, max_length = 64, example = "prelim_report")]
    pub action: String,
    /// Whom among several; needed where the plan asks for it with more than one.
    #[schema(min_length = 1, max_length = 200)]
    pub party: Option<String>,
    /// When; now when left out.
    pub at: Option<DateTime<Utc>>,
    #[schema(max_length = 2000)]
    pub note: Option<String>,
}

/// Something that happened to an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineEntry {
    #[schema(format = Uuid)]
    pub id: String,
    pub at: DateTime<Utc>,
    /// Subject of the token that said it.
    pub by: String,
    /// `created`, `facts_changed`, `completed`, `referral_sent` or `referral_changed`; more may come.
    pub kind: String,
    pub summary: LocalizedText,
    /// Facts that changed.
    pub facts: Vec<FactChange>,
    /// What that changed in the plan.
    pub plan: Vec<PlanChange>,
    pub completion: Option<CompletionOut>,
    pub referral: Option<ReferralNote>,
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Completion)]
pub struct CompletionOut {
    pub contact: String,
    pub action: String,
    pub party: Option<String>,
    pub at: DateTime<Utc>,
    pub note: Option<String>,
}

/// A referral as it stood after an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferralNote {
    #[schema(format = Uuid)]
    pub id: String,
    pub contact: String,
    pub action: Option<String>,
    pub party: Option<String>,
    pub state: String,
    pub note: Option<String>,
    pub outcome: Option<String>,
}

impl From<Completion> for CompletionOut {
    fn from(Completion { contact, action, party, at, note }: Completion) -> Self {
        Self { contact, action, party, at, note }
    }
}

impl From<Handover> for ReferralNote {
    fn from(Handover { referral, contact, action, party, state, note, outcome }: Handover) -> Self {
        Self { id: referral, contact, action, party, state, note, outcome }
    }
}

impl From<Event> for TimelineEntry {
    fn from(event: Event) -> Self {
        let (kind, summary) = (event.what.kind().to_owned(), event.what.summary());
        let (mut facts, mut plan, mut completion, mut referral) = (vec![], vec![], None, None);
        match event.what {
            What::Created { .. } => {}
            What::FactsChanged { changed, plan: lines, .. } => (facts, plan) = (changed, lines),
            What::Completed(done) => completion = Some(done.into()),
            What::ReferralSent(to) | What::ReferralChanged(to) => referral = Some(to.into()),
        }
        Self { id: event.id, at: event.at, by: event.by, kind, summary, facts, plan, completion, referral }
    }
}

/// A page of events, oldest first.
#[derive(Serialize, ToSchema)]
pub struct TimelinePage {
    pub items: Vec<TimelineEntry>,
    pub next_cursor: Option<String>,
}

/// A hand-off to a contact.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(example = json!({"contact": "jpcert_consult", "action": "consult"}))]
pub struct NewReferral {
    /// Id of the contact.
    #[schema(min_length = 1, max_length = 64, example = "jpcert_consult")]
    pub contact: String,
    #[schema(min_length = 1, max_length = 64, example = "consult")]
    pub action: Option<String>,
    #[schema(min_length = 1, max_length = 200)]
    pub party: Option<String>,
    #[schema(max_length = 2000)]
    pub note: Option<String>,
}

/// What may change in a referral.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReferralPatch {
    // Taken away by null there is none, and that is refused.
    #[schema(value_type = ReferralState)]
    pub state: Option<ReferralState>,
    #[schema(max_length = 2000)]
    pub note: Option<String>,
    /// How it ended; needed where it is closed.
    #[schema(min_length = 1, max_length = 2000)]
    pub outcome: Option<String>,
}

/// A hand-off to a contact, and where it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Referral)]
pub struct ReferralOut {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = Uuid)]
    incident_id: String,
    contact: String,
    action: Option<String>,
    party: Option<String>,
    /// `sent`, `accepted`, `declined` or `closed`; more may come.
    #[schema(value_type = String, example = "sent")]
    state: ReferralState,
    note: Option<String>,
    outcome: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Referral> for ReferralOut {
    fn from(referral: Referral) -> Self {
        let Referral {
            id,
            incident_id,
            client_id: _,
            contact,
            action,
            party,
            state,
            note,
            outcome,
            revision: _,
            created_at,
            updated_at,
        } = referral;
        Self { id, incident_id, contact, action, party, state, note, outcome, created_at, updated_at }
    }
}

impl From<&Referral> for ReferralPatch {
    fn from(referral: &Referral) -> Self {
        let Referral { state, note, outcome, .. } = referral.clone();
        Self { state: Some(state), note, outcome }
    }
}

/// Every referral of an incident, oldest first.
#[derive(Serialize, ToSchema)]
pub struct ReferralList {
    pub items: Vec<ReferralOut>,
}
