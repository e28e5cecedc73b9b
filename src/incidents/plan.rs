//! The plan that an incident implies at a moment.
use super::domain::{Completion, Standing};
use super::facts::compose;
use crate::clients::Client;
use crate::routing::{Decision, FactFault, Facts, Ruleset, decide};
use chrono::{DateTime, Utc};

/// What is known, and what follows from it.
#[derive(Debug)]
pub struct Plan {
    pub facts: Facts,
    pub decision: Decision,
}

pub fn plan(
    ruleset: &Ruleset,
    client: &Client,
    standing: &Standing,
    as_of: DateTime<Utc>,
) -> Result<Plan, Vec<FactFault>> {
    let sector = client.industry.as_deref().and_then(|industry| ruleset.sector_of(industry));
    let facts = Facts::read(&ruleset.schema, &compose(client, sector, standing, as_of))?;
    Ok(Plan { decision: decide(ruleset, &facts), facts })
}

/// Why something cannot be said to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The plan does not ask for it; it asks for these.
    NotInPlan {
        asked: Vec<String>,
    },
    AlreadyDone,
    /// It is said to be done later than now.
    Later,
}

impl Plan {
    /// Holds what is said to be done against what the plan asks for.
    pub fn check(&self, done: &Completion, now: DateTime<Utc>) -> Vec<Refusal> {
        let mut refusals = vec![];
        if done.at > now {
            refusals.push(Refusal::Later);
        }
        let is_it = |contact: &str, action: &str, party: &Option<String>| {
            contact == done.contact
                && action == done.action
                && (done.party.is_none() || *party == done.party)
        };
        let asked = || self.decision.actions.iter().chain(&self.decision.outstanding);
        if asked().any(|a| is_it(&a.contact, &a.action, &a.party)) {
            return refusals;
        }
        if self.decision.completed.iter().any(|c| is_it(&c.contact, &c.action, &c.party)) {
            refusals.push(Refusal::AlreadyDone);
        } else {
            let asked = asked().map(|a| {
                let party = a.party.as_ref().map(|party| format!(" ({party})")).unwrap_or_default();
                format!("{}/{}{party}", a.contact, a.action)
            });
            refusals.push(Refusal::NotInPlan { asked: asked.collect() });
        }
        refusals
    }
}
