//! `tasuke service-account`: for the first one, and for the day on which nobody can call any more.
use crate::Failure;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use tasuke::audit;
use tasuke::auth;
use tasuke::caller::Scope;
use tasuke::config::Storage;
use tasuke::db::{Db, StoreError};
use tasuke::secret::Secret;
use tasuke::server;
use tasuke::service_accounts::{self, Account, KeptSecret, NewServiceAccount, Refusal};
use tasuke::tenants;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a service account with a secret, and print its client_id and client_secret
    Create(Create),
    /// Print the service accounts of a provider: id, state, scopes and name
    List {
        /// Slug of the provider
        #[arg(long)]
        tenant: String,
    },
    /// Take a service account away: its tokens are refused from the next call on
    Revoke {
        /// Slug of the provider
        #[arg(long)]
        tenant: String,
        /// Id of the service account
        id: uuid::Uuid,
    },
}

#[derive(Debug, Args)]
pub struct Create {
    /// Slug of the provider
    #[arg(long)]
    tenant: String,
    /// Name for people
    #[arg(long)]
    name: String,
    /// Scopes, separated by spaces
    #[arg(long)]
    scope: String,
    /// The one client company that it may see
    #[arg(long)]
    client: Option<uuid::Uuid>,
    /// Days after which it ends
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: Option<u16>,
    /// Address or network that it may call from; may be given several times
    #[arg(long = "allow")]
    allowed: Vec<String>,
}

pub fn run(storage: &Storage, command: Command) -> Result<(), Failure> {
    let db = server::open_once(storage)?;
    server::ensure_schema(&db, storage)?;
    match command {
        Command::Create(wanted) => create(&db, &wanted),
        Command::List { tenant } => list(&db, &tenant),
        Command::Revoke { tenant, id } => revoke(&db, &tenant, &id.to_string()),
    }
}

fn known(db: &Db, slug: &str) -> Result<(), Failure> {
    if db.write_now(|conn| tenants::exists(conn, slug))? {
        return Ok(());
    }
    Err(format!("no tenant {slug}; `tasuke tenant create {slug} --name ...`").into())
}

fn create(db: &Db, wanted: &Create) -> Result<(), Failure> {
    known(db, &wanted.tenant)?;
    let now = tasuke::clock::now();
    let account = account(wanted, now)?;
    let secret = Secret::fresh(service_accounts::SECRET_PREFIX)?;
    let id = tasuke::clock::new_id();
    let kept = KeptSecret { id, digest: secret.digest(), created_at: now, good_until: None };
    let account = Account { secrets: vec![kept], ..account };
    let tenant = auth::operator(&wanted.tenant, "service-account create");
    let added = db.write_now(|conn| {
        service_accounts::add(conn, &tenant, &account)?;
        audit::created(conn, &tenant, &account)
    });
    added.map_err(|error| match error {
        StoreError::Duplicate => format!("there is a service account {} already", wanted.name),
        StoreError::Missing => "no such client".to_owned(),
        other => other.to_string(),
    })?;
    println!("client_id={}.{}", wanted.tenant, account.id);
    println!("client_secret={}", secret.reveal());
    Ok(())
}

fn account(wanted: &Create, now: DateTime<Utc>) -> Result<Account, Failure> {
    let name = wanted.name.trim();
    if !(1..=200).contains(&name.chars().count()) {
        return Err("a name has 1 to 200 characters".into());
    }
    let said = NewServiceAccount {
        name: name.to_owned(),
        scopes: wanted.scope.split_whitespace().map(str::to_owned).collect(),
        client_id: wanted.client.map(|id| id.to_string()),
        expires_at: wanted.days.map(|days| now + TimeDelta::days(days.into())),
        allowed_addresses: Some(wanted.allowed.clone()),
        public_keys: None,
        disabled: None,
    };
    // A scope that nobody knows is told by name.
    said.scopes.iter().try_for_each(|scope| scope.parse::<Scope>().map(drop))?;
    let reach = service_accounts::accept(&said).map_err(|refusals| {
        let told = refusals.iter().map(|refusal| match refusal {
            Refusal::Address { index } => {
                format!("{} is no address and no network such as 203.0.113.0/24", wanted.allowed[*index])
            }
            other => format!("{other:?}"),
        });
        told.collect::<Vec<_>>().join("; ")
    })?;
    Ok(Account::new(tasuke::clock::new_id(), &said, reach, "command-line", now))
}

fn list(db: &Db, slug: &str) -> Result<(), Failure> {
    known(db, slug)?;
    let tenant = auth::operator(slug, "service-account list");
    let all = db.write_now(|conn| service_accounts::page(conn, &tenant, None, service_accounts::MOST))?;
    let now = tasuke::clock::now();
    for account in all {
        let state = match account.reach.expires_at {
            _ if account.disabled => "disabled",
            Some(at) if at <= now => "expired",
            _ => "good",
        };
        let scopes = account.said().scopes.join(" ");
        println!("{}\t{state}\t{scopes}\t{}", account.id, account.name);
    }
    Ok(())
}

fn revoke(db: &Db, slug: &str, id: &str) -> Result<(), Failure> {
    known(db, slug)?;
    let tenant = auth::operator(slug, "service-account revoke");
    let revoked = db.write_now(|conn| {
        let account = service_accounts::get(conn, &tenant, id)?;
        service_accounts::remove(conn, &tenant, &account).map_err(StoreError::look_again)?;
        audit::removed(conn, &tenant, &account, &[])
    });
    match revoked {
        Err(StoreError::Missing) => Err(format!("no service account {id}").into()),
        other => Ok(other?),
    }
}
