//! The keys of our issuer, as this process knows them: read again while somebody calls, by one caller for all.
use crate::answer::fingerprint;
use crate::db::{Db, StoreError};
use crate::tenants::{self, Rotation, SigningKey, UnderWay};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use chrono::{DateTime, Utc};
use jsonwebtoken::{DecodingKey, EncodingKey};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The keys are read again when they are older than this and somebody calls: other replicas, or the command
/// line, may have let a key follow or end.
const FRESH: Duration = Duration::from_secs(10);
/// The same for a token whose key nobody here knows: made-up names lead to one look a second.
const UNKNOWN: Duration = Duration::from_secs(1);

pub struct Ring {
    keys: RwLock<Arc<Keys>>,
    /// One reads the keys again, and the others do not.
    reading: Arc<Mutex<()>>,
}

/// The keys as they were at one moment.
pub struct Keys {
    pub known: Vec<SigningKey>,
    /// In the order of `known`.
    pub pairs: Vec<Pair>,
    read_at: Instant,
}

/// A key in the forms in which it is used.
pub struct Pair {
    pub signing: EncodingKey,
    pub checking: DecodingKey,
    pub public: Vec<u8>,
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

impl Keys {
    fn of(known: Vec<SigningKey>, read_at: Instant) -> Result<Self, StoreError> {
        let pairs = known.iter().map(Pair::of).collect::<Result<_, _>>()?;
        Ok(Self { known, pairs, read_at })
    }

    pub fn pair(&self, kid: &str) -> Option<&Pair> {
        self.known.iter().zip(&self.pairs).find(|(key, _)| key.kid == kid).map(|(_, pair)| pair)
    }

    fn lack(&self, wanted: Option<&str>) -> bool {
        wanted.is_some_and(|kid| self.pair(kid).is_none())
    }

    fn are_due(&self, wanted: Option<&str>) -> bool {
        self.read_at.elapsed() >= if self.lack(wanted) { UNKNOWN } else { FRESH }
    }
}

impl Ring {
    pub fn of(keys: Vec<SigningKey>) -> Result<Self, StoreError> {
        let keys = Keys::of(keys, Instant::now())?;
        Ok(Self { keys: RwLock::new(Arc::new(keys)), reading: Arc::default() })
    }

    pub fn now(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, keys: Keys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// Reads the keys again when it is time to. While the database does not answer, those that are known go
    /// on: no token is good without it anyway, but for those that need no look into it.
    pub async fn freshen(self: &Arc<Self>, db: &Db, wanted: Option<&str>) {
        let keys = self.now();
        if !keys.are_due(wanted) {
            return;
        }
        // Whoever needs a key that is not known waits for whoever reads; the others need not.
        let reading = Arc::clone(&self.reading);
        let reading = if keys.lack(wanted) {
            reading.lock_owned().await
        } else if let Ok(reading) = reading.try_lock_owned() {
            reading
        } else {
            return;
        };
        if !self.now().are_due(wanted) {
            return;
        }
        // In a task of its own: a caller who goes away ends its own waiting and not the reading, or each that goes
        // would have the next one read once more.
        let (ring, db) = (Arc::clone(self), db.clone());
        let read = actix_web::rt::spawn(async move {
            ring.read_again(&db).await;
            drop(reading);
        });
        if let Err(error) = read.await {
            tracing::warn!(%error, "the signing keys were not read again");
        }
    }

    async fn read_again(&self, db: &Db) {
        let read = db.read(|conn| tenants::signing_keys(conn, || Err(StoreError::Missing))).await;
        let keys = read.and_then(|known| Keys::of(known, Instant::now())).or_else(|error| {
            tracing::warn!(%error, "the signing keys cannot be read again");
            Keys::of(self.now().known.clone(), Instant::now())
        });
        if let Ok(keys) = keys {
            self.set(keys);
        }
    }
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

pub fn fresh_key(now: DateTime<Utc>) -> Result<SigningKey, StoreError> {
    let made = || {
        let pair = Ed25519KeyPair::generate().ok()?;
        let pkcs8 = pair.to_pkcs8().ok()?.as_ref().to_vec();
        let kid = fingerprint(&[pair.public_key().as_ref()]);
        Some(SigningKey { kid, pkcs8, created_at: now, signs_from: now, checks_until: None })
    };
    made().ok_or_else(|| StoreError::corrupt("no signing key could be made"))
}

#[cfg(test)]
mod tests {
    use super::{FRESH, Keys, Ring, fresh_key};
    use crate::db::{Bounds, Db};
    use crate::tenants;
    use chrono::DateTime;
    use futures_util::FutureExt as _;
    use std::sync::Arc;
    use std::time::Instant;

    #[actix_web::test]
    async fn the_keys_are_read_once_for_callers_who_go_away() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let db = Db::open(&url, Bounds::DEFAULT).unwrap();
        db.migrate().unwrap();
        let first = || fresh_key(DateTime::UNIX_EPOCH);
        let known = db.write_now(|conn| tenants::signing_keys(conn, first)).unwrap();
        let ring = Arc::new(Ring::of(known.clone()).unwrap());
        for wanted in [None, Some("made-up")] {
            ring.set(Keys::of(known.clone(), Instant::now().checked_sub(FRESH).unwrap()).unwrap());
            // Asked once, and never again: as when a connection is reset.
            assert_eq!(ring.freshen(&db, wanted).now_or_never(), None);
            // Whoever reads has the lock until it has read.
            drop(ring.reading.lock().await);
            assert!(!ring.now().are_due(wanted), "{wanted:?}");
        }
    }
}
