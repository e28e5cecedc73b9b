//! How far an account reaches. Whoever makes or changes one gives nothing that it does not have itself, or
//! an account could widen itself by way of another.
use crate::caller::Scope;
use crate::network::Network;
use chrono::{DateTime, Utc};
use std::net::IpAddr;

/// What an account may do, for whom, until when, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    pub scopes: Vec<Scope>,
    /// The one client company it may see; every one when not said.
    pub client: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
    /// Where calls may come from; from everywhere when empty.
    pub addresses: Vec<Network>,
}

/// A way in which one reach goes beyond another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    Scope {
        index: usize,
        scope: Scope,
    },
    Client,
    Expiry {
        until: DateTime<Utc>,
    },
    /// One of the addresses, or that there is no list.
    Address {
        index: Option<usize>,
    },
}

impl Reach {
    /// Of a caller that is no account: as far as its token says.
    pub fn of_token(scopes: &[Scope], client: Option<&str>) -> Self {
        let client = client.map(str::to_owned);
        Self { scopes: scopes.to_vec(), client, expires_at: None, addresses: vec![] }
    }

    /// Every way in which this goes beyond `other`.
    pub fn beyond(&self, other: &Self) -> Vec<Beyond> {
        let mut beyond: Vec<Beyond> = self
            .scopes
            .iter()
            .enumerate()
            .filter(|(_, scope)| !other.scopes.contains(scope))
            .map(|(index, scope)| Beyond::Scope { index, scope: *scope })
            .collect();
        if other.client.is_some() && self.client != other.client {
            beyond.push(Beyond::Client);
        }
        if let Some(until) = other.expires_at
            && self.expires_at.is_none_or(|at| at > until)
        {
            beyond.push(Beyond::Expiry { until });
        }
        if !other.addresses.is_empty() {
            let outside = |network: &Network| !other.addresses.iter().any(|other| network.within(other));
            let at = self.addresses.iter().enumerate().filter(|(_, network)| outside(network));
            beyond.extend(at.map(|(index, _)| Beyond::Address { index: Some(index) }));
            if self.addresses.is_empty() {
                beyond.push(Beyond::Address { index: None });
            }
        }
        beyond
    }

    pub fn within(&self, other: &Self) -> bool {
        self.beyond(other).is_empty()
    }

    pub fn open_to(&self, address: Option<IpAddr>) -> bool {
        self.addresses.is_empty()
            || address.is_some_and(|address| self.addresses.iter().any(|network| network.contains(address)))
    }

    /// What of a token's scopes is left: an account that was given less has less at its next call.
    pub fn left_of(&self, scopes: Vec<Scope>) -> Vec<Scope> {
        scopes.into_iter().filter(|scope| self.scopes.contains(scope)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Beyond, Reach};
    use crate::caller::Scope;
    use chrono::{DateTime, TimeDelta};

    #[test]
    fn nobody_gives_what_they_do_not_have() {
        let at = |days: i64| Some(DateTime::UNIX_EPOCH + TimeDelta::days(days));
        let reach = |scopes: &[Scope], client: Option<&str>, days: Option<i64>, networks: &[&str]| Reach {
            scopes: scopes.to_vec(),
            client: client.map(str::to_owned),
            expires_at: days.and_then(at),
            addresses: networks.iter().map(|text| text.parse().unwrap()).collect(),
        };
        let (read, admin) = (Scope::ClientsRead, Scope::Admin);
        let whole = reach(&[read, admin], None, None, &[]);
        let bound = reach(&[admin], Some("c"), Some(9), &["203.0.113.0/24"]);
        let until = at(9).unwrap();
        for (what, wanted, of, beyond) in [
            ("the same", whole.clone(), &whole, vec![]),
            ("less", bound.clone(), &whole, vec![]),
            ("the same bounds", bound.clone(), &bound, vec![]),
            ("narrower", reach(&[], Some("c"), Some(8), &["203.0.113.7"]), &bound, vec![]),
            (
                "everything",
                whole.clone(),
                &bound,
                vec![
                    Beyond::Scope { index: 0, scope: read },
                    Beyond::Client,
                    Beyond::Expiry { until },
                    Beyond::Address { index: None },
                ],
            ),
            (
                "another client, later, from elsewhere",
                reach(&[admin], Some("d"), Some(10), &["203.0.113.9", "203.0.112.0/23"]),
                &bound,
                vec![Beyond::Client, Beyond::Expiry { until }, Beyond::Address { index: Some(1) }],
            ),
        ] {
            assert_eq!(wanted.beyond(of), beyond, "{what}");
            assert_eq!(wanted.within(of), beyond.is_empty(), "{what}");
        }
    }

    #[test]
    fn an_address_list_is_closed_to_who_has_no_address() {
        let list = |networks: &[&str]| Reach {
            addresses: networks.iter().map(|text| text.parse().unwrap()).collect(),
            ..Reach::of_token(&[], None)
        };
        let from = |text: &str| Some(text.parse().unwrap());
        assert!(list(&[]).open_to(None));
        assert!(!list(&["203.0.113.0/24"]).open_to(None));
        assert!(list(&["198.51.100.1", "203.0.113.0/24"]).open_to(from("::ffff:203.0.113.7")));
        assert!(!list(&["203.0.113.0/24"]).open_to(from("203.0.114.7")));
    }
}
