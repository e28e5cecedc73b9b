//! Our own issuer: signs tokens, and checks those that its keys have signed.
use super::jose;
use super::ring::{Ring, fresh_key};
use crate::caller::Scope;
use crate::db::{Db, StoreError};
use crate::tenants;
use aws_lc_rs::digest::{self, SHA256, SHA256_OUTPUT_LEN};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How far the clocks of replicas may differ, in seconds.
pub const LEEWAY: i64 = 5;

/// Good tokens whose signature need not be computed again; what is used least makes room. About a kilobyte
/// each.
const REMEMBERED: usize = 4096;

/// The claims of an access token (RFC 9068), with ours: the tenant, and perhaps one client company.
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
    /// The service account that it was issued to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The secret or key of the account by which it was got.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
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

/// To which service account a token is issued, and by what it has proved itself.
#[derive(Debug, Clone)]
pub struct Holder {
    pub client_id: String,
    pub credential: String,
}

pub struct Issuer {
    name: String,
    audience: String,
    validation: Validation,
    ring: Arc<Ring>,
    /// Tokens that were found good, by their digest. Only what cannot change is remembered: whether the key
    /// still checks and the token has not run out is asked each time.
    good: Cache<[u8; SHA256_OUTPUT_LEN], Arc<Good>>,
}

struct Good {
    kid: String,
    claims: Claims,
}

/// A key as it is published.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PublishedKey)]
pub struct PublishedKey {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    r#use: &'static str,
    kid: String,
    x: String,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Issuer {
    /// Opens the issuer with the keys in the database; the first is made when there is none yet.
    pub fn open(db: &Db, name: &str, audience: &str, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let read = || db.write_now(|conn| tenants::signing_keys(conn, || fresh_key(now)));
        let keys = match read() {
            // Another replica made the key in this very moment: use that one.
            Err(StoreError::Duplicate) => read(),
            other => other,
        }?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[audience]);
        validation.set_issuer(&[name]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY.unsigned_abs();
        Ok(Self {
            name: name.to_owned(),
            audience: audience.to_owned(),
            validation,
            ring: Arc::new(Ring::of(keys)?),
            good: Cache::new(REMEMBERED),
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Signs a token. Whether the tenant exists is for the caller to know.
    pub fn issue(&self, grant: &Grant, now: DateTime<Utc>) -> Result<String, StoreError> {
        self.sign(grant, None, now)
    }

    /// Signs a token that dies with the service account it is for.
    pub fn issue_to(
        &self,
        holder: &Holder,
        grant: &Grant,
        now: DateTime<Utc>,
    ) -> Result<String, StoreError> {
        self.sign(grant, Some(holder), now)
    }

    fn sign(
        &self,
        grant: &Grant,
        holder: Option<&Holder>,
        now: DateTime<Utc>,
    ) -> Result<String, StoreError> {
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
            client_id: holder.map(|holder| holder.client_id.clone()),
            credential: holder.map(|holder| holder.credential.clone()),
        };
        let ring = self.ring.now();
        // A test signs for times before its key was made: then the oldest will do.
        let key = tenants::signing(&ring.known, now).or(ring.known.first());
        let pair = key.and_then(|key| Some((key, ring.pair(&key.kid)?)));
        let (key, pair) = pair.ok_or_else(|| StoreError::corrupt("there is no signing key"))?;
        let mut head = Header::new(Algorithm::EdDSA);
        head.typ = Some("at+jwt".into());
        head.kid = Some(key.kid.clone());
        jsonwebtoken::encode(&head, &claims, &pair.signing)
            .map_err(|error| StoreError::Broken(error.into()))
    }

    /// What a token says that one of our keys has signed; nothing at all where anything about it is not
    /// ours.
    pub async fn check(&self, db: &Db, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let digest = digest::digest(&SHA256, token.as_bytes()).as_ref().try_into().ok()?;
        let remembered = self.good.get(&digest);
        let kid = remembered.as_ref().map_or_else(|| named_key(token), |good| Some(good.kid.clone()))?;
        self.freshen(db, Some(&kid)).await;
        let ring = self.ring.now();
        ring.known.iter().find(|key| key.kid == kid).filter(|key| key.checks(now))?;
        let seconds = now.timestamp();
        if let Some(good) = remembered {
            return (good.claims.exp >= seconds - LEEWAY).then(|| good.claims.clone());
        }
        let checking = &ring.pair(&kid)?.checking;
        let claims = jsonwebtoken::decode::<Claims>(token, checking, &self.validation).ok()?.claims;
        if claims.iat > seconds + LEEWAY {
            return None;
        }
        self.good.insert(digest, Arc::new(Good { kid, claims: claims.clone() }));
        Some(claims)
    }

    /// Reads the keys again when it is time to.
    pub async fn freshen(&self, db: &Db, wanted: Option<&str>) {
        self.ring.freshen(db, wanted).await;
    }

    /// The keys that check tokens, as others may know them: also the one that signs later.
    pub async fn published(&self, db: &Db, now: DateTime<Utc>) -> Vec<PublishedKey> {
        self.freshen(db, None).await;
        let ring = self.ring.now();
        let keys = ring.known.iter().zip(&ring.pairs).filter(|(key, _)| key.checks(now));
        keys.map(|(key, pair)| PublishedKey {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            r#use: "sig",
            kid: key.kid.clone(),
            x: URL_SAFE_NO_PAD.encode(&pair.public),
        })
        .collect()
    }
}

/// The key that an access token says it was signed with.
fn named_key(token: &str) -> Option<String> {
    let head = jose::head(token)?;
    let is_access_token = head.typ.as_deref() == Some("at+jwt") && head.alg == "EdDSA";
    head.kid.filter(|_| is_access_token)
}
