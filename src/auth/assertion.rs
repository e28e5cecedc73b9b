//! A JWT by which a client proves itself (RFC 7523): signed with one of its keys, for us alone, good for some
//! minutes and for one use.
use super::issuer::LEEWAY;
use super::jose::Head;
use crate::jwk::PublicJwk;
use crate::service_accounts::of_key;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;

/// How long an assertion may be good, in seconds: its use has to be remembered as long.
const LONGEST: i64 = 300;

#[derive(Debug, Clone, Deserialize)]
pub struct Assertion {
    pub iss: String,
    pub sub: String,
    pub aud: Audience,
    pub exp: i64,
    pub jti: String,
    pub iat: Option<i64>,
    pub nbf: Option<i64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Many(Vec<String>),
}

/// An assertion that is good, and may be used when it was not before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What tokens say of the key that signed it.
    pub credential: String,
    pub jti: String,
    /// When it has died, and its use may be forgotten.
    pub until: DateTime<Utc>,
}

pub fn check(
    token: &str,
    head: &Head,
    keys: &[PublicJwk],
    audiences: &[String],
    now: DateTime<Utc>,
) -> Option<Checked> {
    let typ = head.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
    if typ != "jwt" && typ != "client-authentication+jwt" {
        return None;
    }
    let key = match (&head.kid, keys) {
        (Some(kid), keys) => keys.iter().find(|key| key.kid == *kid)?,
        (None, [only]) => only,
        (None, _) => return None,
    };
    let checked = key.checked().ok()?;
    let algorithm: Algorithm = head.alg.parse().ok()?;
    if !checked.algorithms.contains(&algorithm) {
        return None;
    }
    let mut validation = Validation::new(algorithm);
    // The claims are looked at below: all of them, and at the time that is given.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let said = jsonwebtoken::decode::<Assertion>(token, &checked.key, &validation).ok()?.claims;
    let seconds = now.timestamp();
    let in_time = said.exp > seconds - LEEWAY
        && said.exp <= seconds + LONGEST + LEEWAY
        && said.iat.is_none_or(|iat| iat <= seconds + LEEWAY)
        && said.nbf.is_none_or(|nbf| nbf <= seconds + LEEWAY);
    // For us alone: whoever else it is for could use it here.
    let for_us = match &said.aud {
        Audience::One(one) => audiences.contains(one),
        Audience::Many(many) => matches!(many.as_slice(), [one] if audiences.contains(one)),
    };
    let named = (8..=200).contains(&said.jti.len()) && said.jti.bytes().all(|b| b.is_ascii_graphic());
    if !in_time || !for_us || !named || said.iss != said.sub {
        return None;
    }
    let until = DateTime::from_timestamp(said.exp, 0)? + TimeDelta::seconds(2 * LEEWAY);
    Some(Checked { credential: of_key(key), jti: said.jti, until })
}
