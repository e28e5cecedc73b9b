//! The plan that an incident implies at a moment.
use super::domain::{Completion, Standing};
use super::facts::compose;
use crate::clients::Client;
use crate::routing::{Decision, FactFault, FactValue, Facts, Ruleset, decide};
use chrono::{DateTime, Utc};

/// What is known, and what follows from it.
#[derive(Debug)]
pub struct Plan<'a> {
    pub facts: Facts,
    pub decision: Decision<'a>,
    /// Nothing can have been done about it earlier.
    began: DateTime<Utc>,
}

pub fn plan<'a>(
    ruleset: &'a Ruleset,
    client: &Client,
    standing: &Standing,
    as_of: DateTime<Utc>,
) -> Result<Plan<'a>, Vec<FactFault>> {
    let sector = client.industry.as_deref().and_then(|industry| ruleset.sector_of(industry));
    let facts = Facts::read(&ruleset.schema, &compose(client, sector, standing, as_of))?;
    let occurred = ruleset.schema.find("incident.occurred_at").and_then(|(index, _)| facts.get(index));
    let began = match occurred {
        Some(FactValue::Time(at)) => at.to_utc().min(facts.aware_at.to_utc()),
        _ => facts.aware_at.to_utc(),
    };
    Ok(Plan { decision: decide(ruleset, &facts), facts, began })
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
    /// It is said to be done before it happened.
    Earlier,
    /// The plan asks for it with several, and one of them is meant.
    Which {
        parties: Vec<String>,
    },
}

impl Plan<'_> {
    /// Holds what is said to be done against what the plan asks for. Where the plan may ask for it with several, it is
    /// done with the one that is meant: a customer that is found to be concerned later is still to be told.
    pub fn accept(&self, done: Completion, now: DateTime<Utc>) -> Result<Completion, Vec<Refusal>> {
        let mut refusals = vec![];
        if done.at > now {
            refusals.push(Refusal::Later);
        } else if done.at < self.began {
            refusals.push(Refusal::Earlier);
        }
        let is_it = |contact: &str, action: &str, party: &Option<String>| {
            contact == done.contact
                && action == done.action
                && (done.party.is_none() || *party == done.party)
        };
        let asked = || self.decision.actions.iter().chain(&self.decision.outstanding);
        let meant: Vec<_> = asked().filter(|a| is_it(a.contact, a.action, &a.party)).collect();
        if let [one] = meant.as_slice() {
            let party = if one.repeated { one.party.clone() } else { done.party.clone() };
            return if refusals.is_empty() { Ok(Completion { party, ..done }) } else { Err(refusals) };
        }
        if !meant.is_empty() {
            let parties = meant.iter().filter_map(|a| a.party.clone()).collect();
            refusals.push(Refusal::Which { parties });
        } else if self.decision.completed.iter().any(|c| is_it(c.contact, c.action, &c.party)) {
            refusals.push(Refusal::AlreadyDone);
        } else {
            let asked = asked().map(|a| {
                let party = a.party.as_ref().map(|party| format!(" ({party})")).unwrap_or_default();
                format!("{}/{}{party}", a.contact, a.action)
            });
            refusals.push(Refusal::NotInPlan { asked: asked.collect() });
        }
        Err(refusals)
    }
}
