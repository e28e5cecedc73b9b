//! Seals the audit log: every second, and before somebody reads it.
use crate::audit::{self, Acceptance, Accepting, Round, Signer, Whose};
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

    /// Seals what there is of one tenant. Somebody else who seals is waited for.
    pub async fn seal(&self, tenant: &str) -> Result<(), StoreError> {
        let patience = Instant::now() + PATIENCE;
        loop {
            match self.round(Whose::Only(tenant.to_owned())).await? {
                Round::Done => return Ok(()),
                Round::More => {}
                Round::Busy if Instant::now() < patience => sleep(PAUSE).await,
                Round::Busy => return Err(StoreError::unavailable("another replica seals the log")),
                Round::Stuck { tenant } => return Err(stuck(&[tenant])),
            }
        }
    }

    /// Seals what there is of everybody, as far as nobody else is at it.
    async fn seal_all(&self) -> Result<(), StoreError> {
        let mut broken = vec![];
        loop {
            match self.round(Whose::EverybodyBut(broken.clone())).await? {
                Round::Done | Round::Busy if broken.is_empty() => return Ok(()),
                Round::Done | Round::Busy => return Err(stuck(&broken)),
                Round::More => {}
                Round::Stuck { tenant } => broken.push(tenant),
            }
        }
    }

    async fn round(&self, whose: Whose) -> Result<Round, StoreError> {
        let signer = Arc::clone(&self.signer);
        self.db.write(move |conn| audit::seal(conn, &signer, &whose, clock::now())).await
    }

    /// The same on the thread of the caller, for a command. Whoever else seals is waited for: what they are at is not
    /// seen yet.
    pub fn seal_now(&self) -> Result<(), StoreError> {
        let mut patience = Instant::now() + PATIENCE;
        let mut broken = vec![];
        loop {
            let whose = Whose::EverybodyBut(broken.clone());
            match self.db.write_now(|conn| audit::seal(conn, &self.signer, &whose, clock::now()))? {
                Round::Busy if Instant::now() < patience => std::thread::sleep(PAUSE),
                Round::Busy | Round::Done if !broken.is_empty() => return Err(stuck(&broken)),
                Round::Busy => return Err(StoreError::unavailable("a running service seals the log")),
                Round::Done => return Ok(()),
                Round::More => patience = Instant::now() + PATIENCE,
                Round::Stuck { tenant } => broken.push(tenant),
            }
        }
    }

    /// Lets the log of a tenant go on that is not as it was left.
    pub fn accept_now(&self, acceptance: &Acceptance) -> Result<Accepting, StoreError> {
        let patience = Instant::now() + PATIENCE;
        loop {
            match self.db.write_now(|conn| audit::accept(conn, &self.signer, acceptance, clock::now()))? {
                Accepting::Busy if Instant::now() < patience => std::thread::sleep(PAUSE),
                accepted => return Ok(accepted),
            }
        }
    }

    /// Goes on until the process ends.
    pub async fn run(self) {
        let mut failing = false;
        loop {
            sleep(EVERY).await;
            let sealed = match self.db.read(audit::inbox_is_empty).await {
                Ok(true) => Ok(()),
                Ok(false) => self.seal_all().await,
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

fn stuck(tenants: &[String]) -> StoreError {
    StoreError::corrupt(format!(
        "the log of {} is not as it was left: run `tasuke audit verify`",
        tenants.join(", ")
    ))
}
