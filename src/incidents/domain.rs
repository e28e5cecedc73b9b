//! An incident and what may happen to it.
use crate::audited;
use crate::routing::{FactChange, PlanChange};
use crate::text::LocalizedText;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    pub id: String,
    pub client_id: String,
    pub external_id: Option<String>,
    pub title: String,
    /// What the caller has said, as nested JSON. What the client's own data adds is not in it.
    pub facts: Json,
    pub revision: i32,
    /// Subject of the token that made it.
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

audited! {
    Incident as "incident", |it| (it.id, Some(it.client_id.clone()));
    words: revision = it.revision;
    veiled: external_id, title, facts;
    left: id, client_id, created_by, created_at, updated_at;
}

/// Something that happened to an incident. Events are only ever added.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub id: String,
    pub incident_id: String,
    pub client_id: String,
    pub at: DateTime<Utc>,
    /// Subject of the token that said it.
    pub by: String,
    pub what: What,
}

audited! {
    Event as "incident_event", |it| (it.id, Some(it.client_id.clone()));
    words: incident_id = it.incident_id, what = it.what.kind();
    veiled: ;
    left: id, client_id, at, by;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum What {
    Created {
        facts: Json,
    },
    /// The facts as they stand from now on, what that changed in them, and in the plan.
    FactsChanged {
        facts: Json,
        changed: Vec<FactChange>,
        plan: Vec<PlanChange>,
    },
    Completed(Completion),
    ReferralSent(Handover),
    ReferralChanged(Handover),
}

/// Something in the plan that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    pub contact: String,
    pub action: String,
    pub party: Option<String>,
    pub at: DateTime<Utc>,
    pub note: Option<String>,
}

/// A referral as it stood after an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    pub referral: String,
    pub contact: String,
    pub action: Option<String>,
    pub party: Option<String>,
    pub state: String,
    pub note: Option<String>,
    pub outcome: Option<String>,
}

impl What {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::FactsChanged { .. } => "facts_changed",
            Self::Completed(_) => "completed",
            Self::ReferralSent(_) => "referral_sent",
            Self::ReferralChanged(_) => "referral_changed",
        }
    }

    /// In a line, for somebody who was not there.
    pub fn summary(&self) -> LocalizedText {
        match self {
            Self::Created { .. } => LocalizedText::new("事案を登録した", "The incident was recorded"),
            Self::FactsChanged { changed, plan, .. } => LocalizedText::new(
                format!("事実を {} 件改め、計画が {} 件変わった", changed.len(), plan.len()),
                format!("{} facts changed, and with them {} lines of the plan", changed.len(), plan.len()),
            ),
            Self::Completed(done) => {
                let what = named(&done.contact, Some(&done.action), done.party.as_ref());
                LocalizedText::new(format!("済んだ: {what}"), format!("Done: {what}"))
            }
            Self::ReferralSent(to) => {
                let what = named(&to.contact, to.action.as_ref(), to.party.as_ref());
                LocalizedText::new(format!("引き継ぎを送った: {what}"), format!("Referred: {what}"))
            }
            Self::ReferralChanged(to) => {
                let what = named(&to.contact, to.action.as_ref(), to.party.as_ref());
                let state = &to.state;
                LocalizedText::new(
                    format!("引き継ぎが {state} になった: {what}"),
                    format!("The referral is {state}: {what}"),
                )
            }
        }
    }
}

fn named(contact: &str, action: Option<&String>, party: Option<&String>) -> String {
    let action = action.map(|action| format!("/{action}")).unwrap_or_default();
    let party = party.map(|party| format!(" ({party})")).unwrap_or_default();
    format!("{contact}{action}{party}")
}

/// What was known and done at some moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub facts: Json,
    pub done: Vec<Completion>,
}

impl Standing {
    /// As it stood after these events, which are in their order.
    pub fn after<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut standing = Self { facts: Json::Null, done: vec![] };
        for event in events {
            match &event.what {
                What::Created { facts } | What::FactsChanged { facts, .. } => {
                    standing.facts = facts.clone();
                }
                What::Completed(completion) => standing.done.push(completion.clone()),
                What::ReferralSent(_) | What::ReferralChanged(_) => {}
            }
        }
        standing
    }
}

impl Incident {
    /// The next revision, with these words and facts.
    pub fn changed(
        self,
        title: String,
        external_id: Option<String>,
        facts: Json,
        now: DateTime<Utc>,
    ) -> Self {
        Self { title, external_id, facts, revision: self.revision + 1, updated_at: now, ..self }
    }
}
