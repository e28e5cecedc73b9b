//! A hand-off to a contact, until it is closed with its outcome.
use super::domain::Handover;
use crate::audited;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referral {
    pub id: String,
    pub incident_id: String,
    pub client_id: String,
    pub contact: String,
    pub action: Option<String>,
    pub party: Option<String>,
    pub state: ReferralState,
    pub note: Option<String>,
    pub outcome: Option<String>,
    pub revision: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

audited! {
    Referral as "referral", |it| (it.id, Some(it.client_id.clone()));
    words: incident_id = it.incident_id, state = it.state.as_str(), revision = it.revision;
    veiled: note, outcome;
    left: id, client_id, contact, action, party, created_at, updated_at;
}

/// Where a referral stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReferralState {
    Sent,
    Accepted,
    Declined,
    /// Over; the outcome says how.
    Closed,
}

impl ReferralState {
    pub const ALL: [Self; 4] = [Self::Sent, Self::Accepted, Self::Declined, Self::Closed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Closed => "closed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    fn may_become(self, next: Self) -> bool {
        use ReferralState::{Accepted, Closed, Declined, Sent};
        self == next
            || matches!((self, next), (Sent, Accepted | Declined | Closed) | (Accepted | Declined, Closed))
    }
}

/// Why a referral cannot be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Order {
        from: ReferralState,
        to: ReferralState,
    },
    /// Whoever closes one says how it ended.
    NoOutcome,
}

impl Referral {
    /// What it is with these; where they are what it has already, nothing happened.
    pub fn changed(
        self,
        state: ReferralState,
        note: Option<String>,
        outcome: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        if !self.state.may_become(state) || self.state == ReferralState::Closed {
            return Err(Refusal::Order { from: self.state, to: state });
        }
        if state == ReferralState::Closed && outcome.is_none() {
            return Err(Refusal::NoOutcome);
        }
        if (state, &note, &outcome) == (self.state, &self.note, &self.outcome) {
            return Ok(self);
        }
        Ok(Self { state, note, outcome, revision: self.revision + 1, updated_at: now, ..self })
    }

    pub fn handover(&self) -> Handover {
        Handover {
            referral: self.id.clone(),
            contact: self.contact.clone(),
            action: self.action.clone(),
            party: self.party.clone(),
            state: self.state.as_str().to_owned(),
            note: self.note.clone(),
            outcome: self.outcome.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ReferralState::{Accepted, Closed, Declined, Sent};
    use super::*;

    #[test]
    fn a_referral_goes_forward_and_ends_with_an_outcome() {
        let at = DateTime::UNIX_EPOCH;
        let referral = |state| Referral {
            id: "r".into(),
            incident_id: "i".into(),
            client_id: "c".into(),
            contact: "insurer".into(),
            action: None,
            party: None,
            state,
            note: None,
            outcome: None,
            revision: 1,
            created_at: at,
            updated_at: at,
        };
        for (from, to, outcome, may) in [
            (Sent, Accepted, None, true),
            (Sent, Declined, None, true),
            (Sent, Closed, Some("done"), true),
            (Sent, Closed, None, false),
            (Accepted, Closed, Some("done"), true),
            (Accepted, Declined, None, false),
            (Accepted, Sent, None, false),
            (Declined, Closed, Some("no"), true),
            (Declined, Accepted, None, false),
            (Closed, Closed, Some("again"), false),
            (Closed, Sent, None, false),
        ] {
            let changed = referral(from).changed(to, None, outcome.map(Into::into), at);
            assert_eq!(changed.is_ok(), may, "{from:?} to {to:?}");
        }
    }
}
