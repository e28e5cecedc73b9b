//! What a service account is, and what one may be.
use super::reach::{Beyond, Reach};
use crate::audited;
use crate::caller::Scope;
use crate::era;
use crate::jwk::{PublicJwk, Weakness};
use crate::network::Network;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::net::IpAddr;
use utoipa::ToSchema;

/// A machine that calls for a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: String,
    pub name: String,
    pub reach: Reach,
    /// Revoked for now; everything of it stays.
    pub disabled: bool,
    pub secrets: Vec<KeptSecret>,
    pub public_keys: Vec<PublicJwk>,
    pub revision: i32,
    pub created_by: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

audited! {
    Account as "service_account", |it| (it.id, it.reach.client.clone());
    words: reach = it.reach.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(), disabled = it.disabled,
        secrets = it.secrets.len(), public_keys = it.public_keys.len(), revision = it.revision;
    veiled: name;
    left: id, created_by, created_at, updated_at;
}

/// A secret, without itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSecret {
    pub id: String,
    pub digest: String,
    pub created_at: DateTime<Utc>,
    /// The end of the overlap, once another secret has followed.
    pub good_until: Option<DateTime<Utc>>,
}

/// How many accounts a provider may have.
pub const MOST: i64 = 500;
/// How many secrets an account may have at once.
pub const MOST_SECRETS: usize = 5;

/// What is said of a new service account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "name": "portal", "scopes": ["clients:read", "assessments:read"], "expires_at": "2099-12-31T00:00:00Z",
    "allowed_addresses": ["203.0.113.0/24"]
}))]
pub struct NewServiceAccount {
    /// Unique in the tenant.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What it may do; nothing that the caller may not.
    #[schema(min_items = 1, max_items = 20, max_length = 40)]
    pub scopes: Vec<String>,
    /// The one client company that it may see.
    #[schema(format = Uuid)]
    pub client_id: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
    /// Where it may call from: addresses, or networks such as `203.0.113.0/24`. From everywhere when there
    /// are none.
    #[schema(max_items = 50, max_length = 50)]
    pub allowed_addresses: Option<Vec<String>>,
    /// Public keys that check what it signs (`private_key_jwt`).
    #[schema(max_items = 5)]
    pub public_keys: Option<Vec<PublicJwk>>,
    /// Revoked for now.
    pub disabled: Option<bool>,
}

/// Why an account cannot be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    UnknownScope {
        index: usize,
    },
    Address {
        index: usize,
    },
    Past,
    Era,
    Key {
        index: usize,
        why: Weakness,
    },
    /// Two keys have one name: which of them would check a token?
    SameKid {
        index: usize,
    },
    Beyond(Beyond),
}

/// Why an account is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    Disabled,
    Expired,
    Elsewhere,
}

/// What is said, as far as it can be read: the reach that is meant, or everything wrong with it.
pub fn accept(said: &NewServiceAccount) -> Result<Reach, Vec<Refusal>> {
    let mut refusals = vec![];
    let mut scopes: Vec<Scope> = vec![];
    for (index, text) in said.scopes.iter().enumerate() {
        match text.parse() {
            Ok(scope) if scopes.contains(&scope) => {}
            Ok(scope) => scopes.push(scope),
            Err(_) => refusals.push(Refusal::UnknownScope { index }),
        }
    }
    let mut addresses: Vec<Network> = vec![];
    for (index, text) in said.allowed_addresses.iter().flatten().enumerate() {
        match text.parse() {
            Ok(network) => addresses.push(network),
            Err(()) => refusals.push(Refusal::Address { index }),
        }
    }
    if said.expires_at.is_some_and(|at| !era::holds(at)) {
        refusals.push(Refusal::Era);
    }
    let mut names = HashSet::new();
    for (index, key) in said.public_keys.iter().flatten().enumerate() {
        if let Err(why) = key.checked() {
            refusals.push(Refusal::Key { index, why });
        }
        if !names.insert(&key.kid) {
            refusals.push(Refusal::SameKid { index });
        }
    }
    if refusals.is_empty() {
        let client = said.client_id.as_ref().map(|id| id.to_ascii_lowercase());
        // To the microsecond: what both databases keep.
        let expires_at = said.expires_at.map(|at| at.trunc_subsecs(6));
        Ok(Reach { scopes, client, expires_at, addresses })
    } else {
        Err(refusals)
    }
}

impl Account {
    pub fn new(id: String, said: &NewServiceAccount, reach: Reach, by: &str, now: DateTime<Utc>) -> Self {
        Self {
            id,
            name: said.name.clone(),
            reach,
            disabled: said.disabled.unwrap_or(false),
            secrets: vec![],
            public_keys: said.public_keys.clone().unwrap_or_default(),
            revision: 1,
            created_by: by.to_owned(),
            created_at: now,
            updated_at: now,
        }
    }

    /// What somebody would have sent to make the account as it is.
    pub fn said(&self) -> NewServiceAccount {
        NewServiceAccount {
            name: self.name.clone(),
            scopes: self.reach.scopes.iter().map(ToString::to_string).collect(),
            client_id: self.reach.client.clone(),
            expires_at: self.reach.expires_at,
            allowed_addresses: Some(self.reach.addresses.iter().map(ToString::to_string).collect()),
            public_keys: Some(self.public_keys.clone()),
            disabled: Some(self.disabled),
        }
    }

    /// The next revision, which says what `said` says.
    pub fn changed(self, said: &NewServiceAccount, reach: Reach, now: DateTime<Utc>) -> Self {
        Self {
            name: said.name.clone(),
            reach,
            disabled: said.disabled.unwrap_or(false),
            public_keys: said.public_keys.clone().unwrap_or_default(),
            ..self.next(now)
        }
    }

    /// Whether somebody could do more by way of the account when it says this. Whoever has a key of it, or a secret
    /// from before, calls as the account: a key that it did not have is more, and so is to be let in again.
    pub fn gives_more(&self, said: &NewServiceAccount, reach: &Reach) -> bool {
        let new_key = said.public_keys.iter().flatten().any(|key| !self.public_keys.contains(key));
        let let_in_again = self.disabled && !said.disabled.unwrap_or(false);
        new_key || let_in_again || !reach.within(&self.reach)
    }

    fn next(self, now: DateTime<Utc>) -> Self {
        Self { revision: self.revision + 1, updated_at: now, ..self }
    }

    /// Whether it may call now, from there.
    pub fn admits(&self, address: Option<IpAddr>, now: DateTime<Utc>) -> Result<(), Shut> {
        if self.disabled {
            Err(Shut::Disabled)
        } else if self.reach.expires_at.is_some_and(|at| at <= now) {
            Err(Shut::Expired)
        } else if self.reach.open_to(address) {
            Ok(())
        } else {
            Err(Shut::Elsewhere)
        }
    }

    /// A new secret beside those that are there; they are good for `overlap` from now on, if not shorter
    /// already. Those whose time is over are forgotten. `None`: there are too many.
    pub fn with_secret(self, secret: KeptSecret, overlap: TimeDelta) -> Option<Self> {
        let now = secret.created_at;
        let end = now + overlap;
        let mut secrets: Vec<KeptSecret> = self
            .secrets
            .iter()
            .filter(|kept| kept.good(now))
            .map(|kept| KeptSecret {
                good_until: Some(kept.good_until.map_or(end, |until| until.min(end))),
                ..kept.clone()
            })
            .filter(|kept| kept.good(now))
            .collect();
        if secrets.len() >= MOST_SECRETS {
            return None;
        }
        secrets.push(secret);
        Some(Self { secrets, ..self.next(now) })
    }

    /// Without one of its secrets; `None` when it has no such one.
    pub fn without_secret(self, id: &str, now: DateTime<Utc>) -> Option<Self> {
        let secrets: Vec<KeptSecret> = self.secrets.iter().filter(|kept| kept.id != id).cloned().collect();
        (secrets.len() < self.secrets.len()).then(|| Self { secrets, ..self.next(now) })
    }

    /// Whether what a token was got with is still there: with its secret its tokens go.
    pub fn has(&self, credential: &str) -> bool {
        self.secrets.iter().any(|secret| secret.id == credential)
            || self.public_keys.iter().any(|key| of_key(key) == credential)
    }
}

/// What a token says of the key that it was got with: which one it is, not what it is called, for another key may
/// come to have its name. No id of a secret looks like it.
pub fn of_key(key: &PublicJwk) -> String {
    format!("key {}", key.thumbprint())
}

impl KeptSecret {
    pub fn good(&self, now: DateTime<Utc>) -> bool {
        self.good_until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests;
