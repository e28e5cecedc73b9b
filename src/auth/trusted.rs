//! Tokens of other issuers (Keycloak, Entra ID, Auth0 and the like), beside our own.
use super::fetch::Fetcher;
use super::jose::{self, Head};
use super::keyset::{Found, Keyset};
use super::trust::{self, Trust, Whose};
use super::unauthenticated;
use crate::caller::{Bearer, Caller, Scope, Tenant};
use crate::characters;
use crate::db::Db;
use crate::problem::{Problem, kinds};
use crate::tenants;
use actix_web::http::header;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use ureq::tls::{Certificate, PemItem, parse_pem};

/// How far the clock of an issuer may differ from ours, in seconds.
const LEEWAY: i64 = 30;

/// The issuers that the operator trusts.
#[derive(Default)]
pub struct Trusted {
    issuers: Vec<Other>,
    /// Tenants that were there: they stay.
    known: Mutex<HashSet<String>>,
}

struct Other {
    trust: Trust,
    keys: Arc<Keyset>,
}

impl std::fmt::Debug for Trusted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.issuers.iter().map(|other| &other.trust.issuer)).finish()
    }
}

impl Trusted {
    /// Those of the file, or everything that is wrong with it.
    pub fn open(file: &Path) -> Result<Self, String> {
        let of_file = |error: std::io::Error| format!("{}: {error}", file.display());
        let (ca_file, all) = trust::read(&std::fs::read_to_string(file).map_err(of_file)?)?;
        let pem = std::fs::read(&ca_file).map_err(|error| format!("{}: {error}", ca_file.display()))?;
        let roots: Vec<Certificate<'static>> = parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if roots.is_empty() && all.iter().any(|trust| trust.jwks_url.starts_with("https:")) {
            return Err(format!("{}: there is no certificate in it", ca_file.display()));
        }
        Ok(Self::of(all, &roots))
    }

    fn of(all: Vec<Trust>, roots: &[Certificate<'static>]) -> Self {
        let other = |trust: Trust| {
            let fetcher = Fetcher::new(&trust.jwks_url, trust.guard, roots);
            let keys = Keyset::new(&trust.name, Box::new(move || fetcher.keys()));
            Other { trust, keys: Arc::new(keys) }
        };
        Self { issuers: all.into_iter().map(other).collect(), known: Mutex::default() }
    }

    /// The issuer that a token names, if it is one of these. Nothing of the token is believed yet.
    fn named(&self, token: &str) -> Option<&Other> {
        #[derive(Deserialize)]
        struct From {
            iss: String,
        }
        let from: From = jose::unchecked(token)?;
        self.issuers.iter().find(|other| other.trust.issuer == from.iss)
    }

    /// The caller that a token of another issuer speaks for; `None` where it names none that is trusted.
    pub async fn caller(
        &self,
        db: &Db,
        token: &str,
        now: DateTime<Utc>,
    ) -> Option<Result<Caller, Problem>> {
        if self.issuers.is_empty() {
            return None;
        }
        let head = jose::head(token)?;
        let other = self.named(token)?;
        Some(self.of_other(db, other, head, token, now).await)
    }

    async fn of_other(
        &self,
        db: &Db,
        other: &Other,
        head: Head,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Caller, Problem> {
        let said = other.checked(head, token, now).await?;
        let caller = other.trust.caller(&said).ok_or_else(unauthenticated)?;
        // A tenant must have been made here: a claim alone makes none.
        if !self.is_known(caller.tenant_slug()) {
            let slug = caller.tenant_slug().to_owned();
            if !db.read(move |conn| tenants::exists(conn, &slug)).await? {
                return Err(unauthenticated());
            }
            self.known().insert(caller.tenant_slug().to_owned());
        }
        Ok(caller)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_known(&self, slug: &str) -> bool {
        self.known().contains(slug)
    }
}

impl Other {
    /// The claims of a token that one of the issuer's keys has signed, for us and for now.
    async fn checked(&self, head: Head, token: &str, now: DateTime<Utc>) -> Result<Value, Problem> {
        let Trust { issuer, audience, algorithms, .. } = &self.trust;
        let typ = head.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
        let typ = typ.strip_prefix("application/").unwrap_or(&typ);
        let algorithm: Option<Algorithm> = head.alg.parse().ok().filter(|one| algorithms.contains(one));
        let (Some(algorithm), Some(kid), "jwt" | "at+jwt") = (algorithm, head.kid, typ) else {
            return Err(unauthenticated());
        };
        let key = match self.keys.find(&kid, Instant::now()).await {
            Found::Key(key) if key.algorithms.contains(&algorithm) => key,
            Found::Key(_) | Found::Unknown => return Err(unauthenticated()),
            // Not to know is not to refuse.
            Found::Away => {
                return Err(Problem::new(&kinds::UNAVAILABLE).with_header(header::RETRY_AFTER, "30"));
            }
        };
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&[audience]);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY.unsigned_abs();
        let said = jsonwebtoken::decode::<Value>(token, &key.key, &validation);
        let said = said.map_err(|_| unauthenticated())?.claims;
        let from_the_future = said["iat"].as_i64().is_some_and(|iat| iat > now.timestamp() + LEEWAY);
        if from_the_future { Err(unauthenticated()) } else { Ok(said) }
    }
}

impl Trust {
    /// The caller of these claims, as far as they say something that we know.
    fn caller(&self, said: &Value) -> Option<Caller> {
        let tenant = match &self.whose {
            Whose::Fixed(tenant) => tenant.as_str(),
            Whose::Claim(name) => claim(said, name)?.as_str()?,
        };
        let its_own = self.tenants.is_empty() || self.tenants.iter().any(|one| one == tenant);
        if !tenants::is_slug(tenant) || !its_own {
            return None;
        }
        let client = match &self.client_claim {
            None => None,
            // A claim that is there and cannot be read must not widen the token.
            Some(name) => match claim(said, name) {
                None | Some(Value::Null) => None,
                Some(client) => Some(uuid::Uuid::try_parse(client.as_str()?).ok()?.to_string()),
            },
        };
        // It is kept, and shown to people.
        let sub = said["sub"].as_str().filter(|sub| (1..=200).contains(&sub.len()))?;
        if sub.contains(char::is_control) || characters::refused(sub).is_some() {
            return None;
        }
        let expires_at = DateTime::from_timestamp(said["exp"].as_i64()?, 0)?;
        let scopes = self.scopes_of(claim(said, &self.scope_claim));
        let tenant = Tenant::verified(tenant.to_owned(), client);
        Some(Caller::verified(tenant, format!("{}:{sub}", self.name), scopes, Bearer::Token, expires_at))
    }

    /// Words as a text or as a list; those that mean nothing here are the issuer's own business. Where the operator
    /// has said what its words mean, no other does, whatever it looks like: a role `admin` of theirs is not ours.
    fn scopes_of(&self, said: Option<&Value>) -> Vec<Scope> {
        let words: Vec<&str> = match said {
            Some(Value::String(text)) => text.split_whitespace().collect(),
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => vec![],
        };
        let mut scopes: Vec<Scope> = vec![];
        for word in words {
            let ours = match &self.scopes {
                Some(meaning) => meaning.get(word).cloned(),
                None => word.parse().ok().map(|one| vec![one]),
            };
            for scope in ours.into_iter().flatten() {
                if !scopes.contains(&scope) {
                    scopes.push(scope);
                }
            }
        }
        scopes
    }
}

/// A claim by its name, or by a pointer to where it lies within others (`/realm_access/roles`).
fn claim<'a>(said: &'a Value, name: &str) -> Option<&'a Value> {
    if name.starts_with('/') { said.pointer(name) } else { said.get(name) }
}
