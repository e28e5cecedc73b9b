//! How a service account proves itself at the token endpoint: by a secret, or by what it signs.
use super::assertion::{self, Assertion};
use super::{account, jose};
use crate::caller::Tenant;
use crate::db::{Db, StoreError};
use crate::problem::Problem;
use crate::secret;
use crate::service_accounts::{self, Account};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use chrono::{DateTime, Utc};
use std::net::IpAddr;

/// What a client shows.
#[derive(Clone)]
pub enum Proof {
    Secret {
        client_id: String,
        secret: String,
    },
    /// `client_id` is said in it as well.
    Assertion {
        client_id: Option<String>,
        assertion: String,
    },
}

/// A service account that has proved itself.
#[derive(Debug)]
pub struct Client {
    pub tenant: Tenant,
    pub account: Account,
    /// The secret or key it used.
    pub credential: String,
}

/// The client that shows this; `None` whatever is wrong with it.
pub async fn prove(
    db: &Db,
    proof: Proof,
    audiences: &[String],
    address: Option<IpAddr>,
    now: DateTime<Utc>,
) -> Result<Option<Client>, Problem> {
    let client = match proof {
        Proof::Secret { client_id, secret } => by_secret(db, &client_id, &secret, now).await?,
        Proof::Assertion { client_id, assertion } => {
            by_assertion(db, client_id, &assertion, audiences, now).await?
        }
    };
    Ok(client.filter(|client| client.account.admits(address, now).is_ok()))
}

async fn by_secret(
    db: &Db,
    client_id: &str,
    shown: &str,
    now: DateTime<Utc>,
) -> Result<Option<Client>, Problem> {
    // What is none of ours is refused before the database is asked.
    if secret::prefix(shown) != Some(service_accounts::SECRET_PREFIX) {
        return Ok(None);
    }
    let Some((tenant, account)) = account(db, client_id).await? else {
        return Ok(None);
    };
    let digest = secret::digest(shown);
    let same = |kept: &str| verify_slices_are_equal(kept.as_bytes(), digest.as_bytes()).is_ok();
    let known = account.secrets.iter().find(|kept| same(&kept.digest) && kept.good(now));
    let credential = known.map(|kept| kept.id.clone());
    Ok(credential.map(|credential| Client { tenant, account, credential }))
}

async fn by_assertion(
    db: &Db,
    client_id: Option<String>,
    token: &str,
    audiences: &[String],
    now: DateTime<Utc>,
) -> Result<Option<Client>, Problem> {
    let (Some(head), Some(said)) = (jose::head(token), jose::unchecked::<Assertion>(token)) else {
        return Ok(None);
    };
    if client_id.is_some_and(|client_id| client_id != said.sub) {
        return Ok(None);
    }
    let Some((tenant, account)) = account(db, &said.sub).await? else {
        return Ok(None);
    };
    let Some(checked) = assertion::check(token, &head, &account.public_keys, audiences, now) else {
        return Ok(None);
    };
    let (of, id) = (tenant.clone(), account.id.clone());
    let (jti, until) = (checked.jti.clone(), checked.until);
    // Once, whoever else has heard it, and on whichever replica.
    let used =
        db.write(move |conn| service_accounts::use_assertion(conn, &of, &id, &jti, until, now)).await;
    match used {
        Ok(()) => Ok(Some(Client { tenant, account, credential: checked.credential })),
        Err(StoreError::Duplicate | StoreError::Missing) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
