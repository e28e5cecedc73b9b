//! Seals the audit log: every second, and before somebody reads it.
use crate::audit::{self, Round, Signer};
use crate::clock;
use crate::db::{Db, StoreError};
use actix_web::rt::time::sleep;
use std::sync::Arc;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(1);
/// While another replica seals.
const PAUSE: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone)]
pub struct Sealer {
    db: Db,
    signer: Arc<Signer>,
}

impl Sealer {
    /// Opens the log with the key in the database, made when there is none yet.
    pub fn open(db: &Db) -> Result<Self, StoreError> {
        let key = || db.write_now(|conn| audit::signing_key(conn, audit::fresh_key, clock::now()));
        let signer = match key() {
            // Another replica made the key in this very moment: use that one.
            Err(StoreError::Duplicate) => key(),
            other => other,
        }?;
        Ok(Self { db: db.clone(), signer: Arc::new(signer) })
    }

    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Seals what there is, of everybody or of one tenant. Somebody else who seals is waited for.
    pub async fn seal(&self, only: Option<&str>) -> Result<(), StoreError> {
        let patience = Instant::now() + PATIENCE;
        loop {
            let (signer, tenant) = (Arc::clone(&self.signer), only.map(str::to_owned));
            let work = move |conn: &mut _| audit::seal(conn, &signer, tenant.as_deref(), clock::now());
            match self.db.write(work).await? {
                Round::Done => return Ok(()),
                Round::More => {}
                Round::Busy if Instant::now() < patience => sleep(PAUSE).await,
                Round::Busy => return Err(StoreError::unavailable("another replica seals the log")),
            }
        }
    }

    /// The same on the thread of the caller, for a command: what another replica seals is sealed.
    pub fn seal_now(&self) -> Result<(), StoreError> {
        let seal = |conn: &mut _| audit::seal(conn, &self.signer, None, clock::now());
        while self.db.write_now(seal)? == Round::More {}
        Ok(())
    }

    /// Goes on until the process ends.
    pub async fn run(self) {
        let mut failing = false;
        loop {
            sleep(EVERY).await;
            let sealed = match self.db.read(audit::inbox_is_empty).await {
                Ok(true) => Ok(()),
                Ok(false) => self.seal(None).await,
                Err(error) => Err(error),
            };
            match sealed {
                Ok(()) => failing = false,
                // Once, not every second: nothing is lost, it waits in the inbox.
                Err(error) if !failing => {
                    tracing::error!(%error, "the audit log cannot be sealed; trying again");
                    failing = true;
                }
                Err(_) => {}
            }
        }
    }
}
