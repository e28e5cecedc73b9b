//! How long is kept what nobody needs any more: first answers to keys, and, where somebody says so, the old end of
//! the audit log.
use crate::audit;
use crate::clock;
use crate::config::Retention;
use crate::db::{Db, StoreError};
use crate::idempotency;
use crate::sealer::Sealer;
use crate::tenants;
use actix_web::rt::time::sleep;
use actix_web::web;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// Soon after the start, for a service that is started often; then every hour.
const FIRST: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_secs(3600);

/// How much went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    pub answers: usize,
    pub events: usize,
}

/// Lets go what is too old, in steps of which each is short.
pub fn prune(
    db: &Db,
    sealer: &Sealer,
    retention: &Retention,
    now: DateTime<Utc>,
) -> Result<Pruned, StoreError> {
    let mut pruned = Pruned::default();
    let before = retention.audit_days.and_then(|days| now.checked_sub_signed(TimeDelta::days(days.into())));
    pruned.answers += until_none(|| db.write_now(|conn| idempotency::prune(conn, now)))?;
    if let Some(before) = before {
        for tenant in db.read_now(tenants::slugs)? {
            let signer = sealer.signer();
            let step = || db.write_now(|conn| audit::prune(conn, signer, &tenant, before));
            pruned.events += until_none(step)?;
        }
    }
    Ok(pruned)
}

fn until_none(step: impl Fn() -> Result<usize, StoreError>) -> Result<usize, StoreError> {
    let mut all = 0;
    loop {
        match step()? {
            0 => return Ok(all),
            some => all += some,
        }
    }
}

/// Goes on until the process ends.
pub async fn run(db: Db, sealer: Sealer, retention: Retention) {
    sleep(FIRST).await;
    loop {
        let (db, sealer, retention) = (db.clone(), sealer.clone(), retention.clone());
        match web::block(move || prune(&db, &sealer, &retention, clock::now())).await {
            Ok(Ok(Pruned { answers, events })) => tracing::info!(answers, events, "pruned"),
            Ok(Err(error)) => tracing::error!(%error, "what is too old could not be pruned; trying again"),
            // The process is about to end.
            Err(error) => tracing::debug!(%error, "pruning was cut short"),
        }
        sleep(EVERY).await;
    }
}
