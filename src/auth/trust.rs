//! The file that names the issuers whose tokens are taken beside our own: read and checked once at start, with
//! everything that is wrong in it.
use super::fetch::Guard;
use crate::caller::Scope;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

/// Where Debian has the certificates of those who may vouch for a server.
const CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    ca_file: Option<PathBuf>,
    issuers: Vec<Said>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    name: String,
    issuer: String,
    audience: String,
    jwks_url: String,
    algorithms: Vec<String>,
    tenant: Option<String>,
    tenant_claim: Option<String>,
    #[serde(default)]
    tenants: Vec<String>,
    #[serde(default = "scope")]
    scope_claim: String,
    scopes: Option<BTreeMap<String, Vec<String>>>,
    client_claim: Option<String>,
    #[serde(default)]
    private_addresses: bool,
}

fn scope() -> String {
    "scope".to_owned()
}

/// Whose tokens they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// All of one tenant.
    Fixed(String),
    /// Of the tenant that this claim names.
    Claim(String),
}

/// An issuer that an operator trusts.
#[derive(Debug, Clone)]
pub struct Trust {
    /// What the operator calls it: it stands before the subjects of its tokens.
    pub name: String,
    pub issuer: String,
    pub audience: String,
    pub jwks_url: String,
    pub algorithms: Vec<Algorithm>,
    pub whose: Whose,
    /// The tenants it may speak for; every one when empty.
    pub tenants: Vec<String>,
    pub scope_claim: String,
    /// What its words mean; when not said, they are our own.
    pub scopes: Option<BTreeMap<String, Vec<Scope>>>,
    pub client_claim: Option<String>,
    pub guard: Guard,
}

/// Reads the file, or tells everything that is wrong with it.
pub fn read(text: &str) -> Result<(PathBuf, Vec<Trust>), String> {
    let file: File = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let mut faults = vec![];
    let (mut names, mut issuers) = (HashSet::new(), HashSet::new());
    let mut all = vec![];
    for (index, said) in file.issuers.into_iter().enumerate() {
        let at = format!("issuers[{index}] ({})", said.name);
        if !names.insert(said.name.clone()) || !issuers.insert(said.issuer.clone()) {
            faults.push(format!("{at}: name and issuer must not stand there twice"));
        }
        match said.trust() {
            Ok(trust) => all.push(trust),
            Err(wrong) => faults.extend(wrong.into_iter().map(|fault| format!("{at}: {fault}"))),
        }
    }
    if faults.is_empty() {
        Ok((file.ca_file.unwrap_or_else(|| CA_FILE.into()), all))
    } else {
        Err(faults.join("\n"))
    }
}

impl Said {
    fn trust(self) -> Result<Trust, Vec<String>> {
        let mut faults = vec![];
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if !(1..=40).contains(&self.name.len()) || !self.name.bytes().all(plain) {
            faults.push("a name has 1 to 40 characters of a-z, A-Z, 0-9, - and _".to_owned());
        }
        for (field, text) in [("issuer", &self.issuer), ("audience", &self.audience)] {
            if text.trim().is_empty() {
                faults.push(format!("{field} is empty"));
            }
        }
        let guard = Guard { private_addresses: self.private_addresses };
        if let Err(why) = guard.admits(&self.jwks_url) {
            faults.push(format!("jwks_url {why}"));
        }
        let mut algorithms = vec![];
        for text in &self.algorithms {
            match text.parse::<Algorithm>() {
                // A secret that both know would let each of them sign.
                Ok(Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512) | Err(_) => {
                    faults.push(format!(
                        "{text} is none of RS256 to RS512, PS256 to PS512, ES256, ES384, EdDSA"
                    ));
                }
                Ok(algorithm) => algorithms.push(algorithm),
            }
        }
        if self.algorithms.is_empty() {
            faults.push("algorithms are missing".to_owned());
        }
        let is_told = self.scopes.is_some();
        let mut scopes = BTreeMap::new();
        for (word, ours) in self.scopes.into_iter().flatten() {
            match ours.iter().map(|text| text.parse()).collect::<Result<Vec<Scope>, _>>() {
                Ok(ours) => drop(scopes.insert(word, ours)),
                Err(why) => faults.push(why),
            }
        }
        let whose = match (self.tenant, self.tenant_claim) {
            (Some(tenant), None) => Some(Whose::Fixed(tenant)),
            (None, Some(claim)) => Some(Whose::Claim(claim)),
            _ => {
                faults.push("say either tenant or tenant_claim".to_owned());
                None
            }
        };
        match whose {
            Some(whose) if faults.is_empty() => Ok(Trust {
                name: self.name,
                issuer: self.issuer,
                audience: self.audience,
                jwks_url: self.jwks_url,
                algorithms,
                whose,
                tenants: self.tenants,
                scope_claim: self.scope_claim,
                scopes: is_told.then_some(scopes),
                client_claim: self.client_claim,
                guard,
            }),
            _ => Err(faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    const GOOD: &str = "
issuers:
  - name: keycloak
    issuer: https://login.example.org/realms/x
    audience: tasuke
    jwks_url: https://login.example.org/realms/x/protocol/openid-connect/certs
    algorithms: [RS256, ES256]
    tenant_claim: tenant
    scopes: { auditor: ['clients:read', 'assessments:read'] }
";

    #[test]
    fn everything_wrong_with_the_file_is_told() {
        let (ca, trusted) = read(GOOD).unwrap();
        assert_eq!((ca.to_str().unwrap(), trusted.len()), (super::CA_FILE, 1));
        assert_eq!(trusted[0].scope_claim, "scope");
        for (old, new, told) in [
            ("keycloak", "key cloak", "a name has"),
            ("audience: tasuke", "audience: ''", "audience is empty"),
            ("jwks_url: https", "jwks_url: http", "jwks_url must begin with https://"),
            ("jwks_url: https://login.example.org", "jwks_url: https://10.0.0.1", "private"),
            ("RS256", "HS256", "HS256 is none of"),
            ("RS256", "none", "none is none of"),
            ("[RS256, ES256]", "[]", "algorithms are missing"),
            ("tenant_claim: tenant", "client_claim: x", "either tenant or tenant_claim"),
            (
                "tenant_claim: tenant",
                "tenant_claim: tenant\n    tenant: acme",
                "either tenant or tenant_claim",
            ),
            ("'clients:read'", "'everything'", "unknown scope"),
            ("audience:", "audiences:", "audiences"),
        ] {
            let refused = read(&GOOD.replace(old, new)).unwrap_err();
            assert!(refused.contains(told), "{new}: {refused}");
        }
        let twice = format!("{GOOD}{}", GOOD.replace("\nissuers:\n", ""));
        assert!(read(&twice).unwrap_err().contains("twice"));
        let both = GOOD.replace("RS256", "HS256").replace("audience: tasuke", "audience: ''");
        assert_eq!(read(&both).unwrap_err().lines().count(), 2);
    }
}
