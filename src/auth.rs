//! Bearer tokens: made by our own issuer, and read, once per request, into a `Caller`.
use crate::answer::fingerprint;
use crate::caller::{Author, Caller, Scope, Tenant, Visitor};
use crate::db::{Db, StoreError};
use crate::limits::Meters;
use crate::problem::{Problem, kinds};
use crate::tenants::{self, SigningKey};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::Data};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::future::{Ready, ready};

/// Longer than any token of ours; a longer one is refused before it is looked at.
const MAX_TOKEN: usize = 4096;

/// The claims of an access token (RFC 9068), with ours: the tenant, and perhaps one client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: String,
    pub exp: i64,
    pub iat: i64,
    pub jti: String,
    pub tenant: String,
    pub scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

/// What a token is to say.
#[derive(Debug, Clone)]
pub struct Grant {
    pub tenant: String,
    pub subject: String,
    pub scopes: Vec<Scope>,
    /// Narrows the token to one client company.
    pub client: Option<String>,
    pub lifetime: TimeDelta,
}

/// Our own issuer: signs tokens with its key and checks them with the same.
pub struct Issuer {
    name: String,
    audience: String,
    kid: String,
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("name", &self.name).field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl Issuer {
    /// Opens the issuer with the key in the database, made when there is none yet.
    pub fn open(db: &Db, name: &str, audience: &str, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let kept = db.write_now(|conn| tenants::signing_key(conn, || fresh_key(now)));
        let key = match kept {
            // Another replica made the key in this very moment: use that one.
            Err(StoreError::Duplicate) => {
                db.write_now(|conn| tenants::signing_key(conn, || fresh_key(now)))
            }
            other => other,
        }?;
        Self::with_key(&key, name, audience)
    }

    fn with_key(key: &SigningKey, name: &str, audience: &str) -> Result<Self, StoreError> {
        let pair = Ed25519KeyPair::from_pkcs8(&key.pkcs8)
            .map_err(|_| StoreError::corrupt("the signing key is no Ed25519 key"))?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[audience]);
        validation.set_issuer(&[name]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = 5;
        Ok(Self {
            name: name.to_owned(),
            audience: audience.to_owned(),
            kid: key.kid.clone(),
            signing: EncodingKey::from_ed_der(&key.pkcs8),
            checking: DecodingKey::from_ed_der(pair.public_key().as_ref()),
            validation,
        })
    }

    /// Signs a token. Whether the tenant exists is for the caller to know.
    pub fn issue(&self, grant: &Grant, now: DateTime<Utc>) -> Result<String, StoreError> {
        let scopes: Vec<_> = grant.scopes.iter().map(|scope| scope.as_str()).collect();
        let claims = Claims {
            iss: self.name.clone(),
            aud: self.audience.clone(),
            sub: grant.subject.clone(),
            exp: (now + grant.lifetime).timestamp(),
            iat: now.timestamp(),
            jti: uuid::Uuid::now_v7().to_string(),
            tenant: grant.tenant.clone(),
            scope: scopes.join(" "),
            client: grant.client.clone(),
        };
        let mut head = Header::new(Algorithm::EdDSA);
        head.typ = Some("at+jwt".into());
        head.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&head, &claims, &self.signing)
            .map_err(|error| StoreError::Broken(error.into()))
    }

    fn caller(&self, request: &HttpRequest) -> Option<Caller> {
        let mut given = request.headers().get_all(header::AUTHORIZATION);
        let value = given.next()?.to_str().ok()?;
        if given.next().is_some() {
            return None;
        }
        let (scheme, token) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        self.read(token.trim_start())
    }

    /// The caller a token speaks for; nothing at all where anything about it is not ours.
    pub fn read(&self, token: &str) -> Option<Caller> {
        if token.len() > MAX_TOKEN || !self.is_our_header(token.split('.').next()?) {
            return None;
        }
        let claims = jsonwebtoken::decode::<Claims>(token, &self.checking, &self.validation).ok()?.claims;
        let scopes = claims
            .scope
            .split_whitespace()
            .map(|scope| scope.parse().ok())
            .collect::<Option<Vec<Scope>>>()?;
        let tenant = Tenant::verified(claims.tenant, claims.client);
        Some(Caller::verified(tenant, claims.sub, scopes))
    }

    /// Exactly the three fields we write: no `crit`, `jku`, `jwk` or other field can change how a
    /// token is read.
    fn is_our_header(&self, encoded: &str) -> bool {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Ours {
            typ: String,
            alg: String,
            kid: String,
        }
        let Some(header) = URL_SAFE_NO_PAD
            .decode(encoded)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Ours>(&bytes).ok())
        else {
            return false;
        };
        header.typ == "at+jwt" && header.alg == "EdDSA" && header.kid == self.kid
    }
}

fn fresh_key(now: DateTime<Utc>) -> Result<SigningKey, StoreError> {
    let made = || {
        let pair = Ed25519KeyPair::generate().ok()?;
        let pkcs8 = pair.to_pkcs8().ok()?.as_ref().to_vec();
        let kid = fingerprint(&[pair.public_key().as_ref()]);
        Some(SigningKey { kid, pkcs8, created_at: now })
    };
    made().ok_or_else(|| StoreError::corrupt("no signing key could be made"))
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let issuer = request.app_data::<Data<Issuer>>();
        let caller = issuer
            .and_then(|issuer| issuer.caller(request))
            .map(|caller| caller.calling(Author::of(request)))
            .ok_or_else(|| Problem::new(&kinds::UNAUTHENTICATED));
        let meters = request.app_data::<Data<Meters>>();
        ready(caller.and_then(|caller| match meters {
            Some(meters) => meters.count_tenant(request, caller.tenant_slug()).map(|()| caller),
            None => Ok(caller),
        }))
    }
}

impl FromRequest for Visitor {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;
    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !request.headers().contains_key(header::AUTHORIZATION) {
            return ready(Ok(Self::new(None)));
        }
        // A bad token is refused: answering as if there were none would hide what is theirs.
        let caller = Caller::from_request(request, payload).into_inner();
        ready(caller.map(|caller| Self::new(Some(caller))))
    }
}
