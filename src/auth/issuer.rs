//! Our own issuer: signs tokens, and checks those that its keys have signed.
use super::jose;
use crate::answer::fingerprint;
use crate::caller::Scope;
use crate::db::{Db, StoreError};
use crate::tenants::{self, Rotation, SigningKey, UnderWay};
use aws_lc_rs::digest::{self, SHA256, SHA256_OUTPUT_LEN};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How far the clocks of replicas may differ, in seconds.
pub const LEEWAY: i64 = 5;

/// The keys are read again when they are older than this and somebody calls: other replicas, or the command
/// line, may have let a key follow or end.
const FRESH: Duration = Duration::from_secs(10);
/// The same for a token whose key nobody here knows: made-up names lead to one look a second.
const UNKNOWN: Duration = Duration::from_secs(1);

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
    ring: RwLock<Arc<Ring>>,
    /// Tokens that were found good, by their digest. Only what cannot change is remembered: whether the key
    /// still checks and the token has not run out is asked each time.
    good: Cache<[u8; SHA256_OUTPUT_LEN], Arc<Good>>,
    /// One reads the keys again, and the others do not.
    reading: tokio::sync::Mutex<()>,
}

struct Good {
    kid: String,
    claims: Claims,
}

struct Ring {
    keys: Vec<SigningKey>,
    pairs: Vec<Pair>,
    read_at: Instant,
}

/// A key in the forms in which it is used; in the order of `Ring::keys`.
struct Pair {
    signing: EncodingKey,
    checking: DecodingKey,
    public: Vec<u8>,
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

impl Ring {
    fn of(keys: Vec<SigningKey>) -> Result<Self, StoreError> {
        let pairs = keys.iter().map(Pair::of).collect::<Result<_, _>>()?;
        Ok(Self { keys, pairs, read_at: Instant::now() })
    }

    fn pair(&self, kid: &str) -> Option<&Pair> {
        self.keys.iter().zip(&self.pairs).find(|(key, _)| key.kid == kid).map(|(_, pair)| pair)
    }
}

impl Pair {
    fn of(key: &SigningKey) -> Result<Self, StoreError> {
        let pair = Ed25519KeyPair::from_pkcs8(&key.pkcs8)
            .map_err(|_| StoreError::corrupt("the signing key is no Ed25519 key"))?;
        let public = pair.public_key().as_ref().to_vec();
        let signing = EncodingKey::from_ed_der(&key.pkcs8);
        Ok(Self { signing, checking: DecodingKey::from_ed_der(&public), public })
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
            ring: RwLock::new(Arc::new(Ring::of(keys)?)),
            good: Cache::new(REMEMBERED),
            reading: tokio::sync::Mutex::new(()),
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
        let ring = self.ring();
        // A test signs for times before its key was made: then the oldest will do.
        let key = tenants::signing(&ring.keys, now).or(ring.keys.first());
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
        let ring = self.ring();
        ring.keys.iter().find(|key| key.kid == kid).filter(|key| key.checks(now))?;
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

    /// The keys that check tokens, as others may know them: also the one that signs later.
    pub async fn published(&self, db: &Db, now: DateTime<Utc>) -> Vec<PublishedKey> {
        self.freshen(db, None).await;
        let ring = self.ring();
        let keys = ring.keys.iter().zip(&ring.pairs).filter(|(key, _)| key.checks(now));
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

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the keys again when it is time to. While the database does not answer, those that are known go
    /// on: no token is good without it anyway, but for those that need no look into it.
    pub async fn freshen(&self, db: &Db, wanted: Option<&str>) {
        let unknown = |ring: &Ring| wanted.is_some_and(|kid| ring.pair(kid).is_none());
        let due = |ring: &Ring| ring.read_at.elapsed() >= if unknown(ring) { UNKNOWN } else { FRESH };
        let ring = self.ring();
        if !due(&ring) {
            return;
        }
        // Whoever needs a key that is not known waits for whoever reads; the others need not.
        let _reading = if unknown(&ring) {
            self.reading.lock().await
        } else if let Ok(reading) = self.reading.try_lock() {
            reading
        } else {
            return;
        };
        if !due(&self.ring()) {
            return;
        }
        let read = db.read(|conn| tenants::signing_keys(conn, || Err(StoreError::Missing))).await;
        let read = match read.and_then(Ring::of) {
            Ok(ring) => ring,
            Err(error) => {
                tracing::warn!(%error, "the signing keys cannot be read again");
                match Ring::of(self.ring().keys.clone()) {
                    Ok(ring) => ring,
                    Err(_) => return,
                }
            }
        };
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
    }
}

/// The key that an access token says it was signed with.
fn named_key(token: &str) -> Option<String> {
    let head = jose::head(token)?;
    let is_access_token = head.typ.as_deref() == Some("at+jwt") && head.alg == "EdDSA";
    head.kid.filter(|_| is_access_token)
}

/// Lets a new key follow the one that signs.
pub fn rotate(
    db: &Db,
    rotation: Rotation,
    now: DateTime<Utc>,
) -> Result<Result<SigningKey, UnderWay>, StoreError> {
    let fresh = fresh_key(now)?;
    db.write_now(|conn| tenants::rotate(conn, &fresh, rotation, now))
}

fn fresh_key(now: DateTime<Utc>) -> Result<SigningKey, StoreError> {
    let made = || {
        let pair = Ed25519KeyPair::generate().ok()?;
        let pkcs8 = pair.to_pkcs8().ok()?.as_ref().to_vec();
        let kid = fingerprint(&[pair.public_key().as_ref()]);
        Some(SigningKey { kid, pkcs8, created_at: now, signs_from: now, checks_until: None })
    };
    made().ok_or_else(|| StoreError::corrupt("no signing key could be made"))
}
