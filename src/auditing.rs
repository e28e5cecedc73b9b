//! `tasuke audit`: what an operator asks of the audit log.
use crate::audit::{
    self, Acceptance, Accepting, Finding, HeadOut, Reference, Signed, Unreadable, Verified,
};
use crate::clock;
use crate::config::Storage;
use crate::db::{Db, StoreError};
use crate::sealer::Sealer;
use crate::server;
use crate::tenants;
use clap::Subcommand;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read the log from one end to the other, and tell everything that is not as it was sealed
    Verify {
        /// Only the log of this provider
        #[arg(long)]
        tenant: Option<String>,
        /// Hold the log against heads that were kept elsewhere: a file as `audit heads` or
        /// `GET /v1/audit-heads` gives it; may be given more than once
        #[arg(long)]
        head: Vec<PathBuf>,
    },
    /// Print the newest signed head of every log, one a line: keep them outside of this machine
    Heads,
    /// Let a log go on that cannot be sealed, because it is not as it was left. Copy the database first, look at
    /// what `audit verify` says, find out why. Nothing is made whole by it: `audit verify` goes on failing, until
    /// `TASUKE_AUDIT_DAYS` has let the days before go, and this one
    Accept {
        /// The log of this provider
        #[arg(long)]
        tenant: String,
        /// Where it is written down what happened, such as INC-4711: it stands in the log
        #[arg(long)]
        reference: Reference,
    },
}

/// Whether everything is as it should be.
pub fn run(storage: &Storage, command: &Command, out: &mut impl Write) -> Result<bool, Failure> {
    let db = server::open_existing(storage)?;
    server::ensure_schema(&db, storage)?;
    let sealer = Sealer::open(&db)?;
    match command {
        Command::Verify { tenant, head } => {
            seal(&sealer, out)?;
            let kept = head.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?.concat();
            verify(&db, &sealer, tenant.as_deref(), &kept, out)
        }
        Command::Heads => heads(&db, &sealer, out),
        Command::Accept { tenant, reference } => {
            seal(&sealer, out)?;
            accept(&db, &sealer, tenant, reference, out)
        }
    }
}

/// Seals what is new. Where a log is broken it cannot be: that is for the reader of what else is told.
fn seal(sealer: &Sealer, out: &mut impl Write) -> Result<(), Failure> {
    if let Err(error) = sealer.seal_now() {
        writeln!(out, "what is new could not be sealed: {error}")?;
    }
    Ok(())
}

/// Prints heads and nothing else, because they are added to a file. What is wrong is said when the others are there.
fn heads(db: &Db, sealer: &Sealer, out: &mut impl Write) -> Result<bool, Failure> {
    let mut failures = vec![];
    if let Err(error) = sealer.seal_now() {
        failures.push(format!("what is new could not be sealed: {error}"));
    }
    for tenant in everybody(db, &[])? {
        match db.read_now(|conn| audit::newest_head(conn, &tenant))? {
            Ok(Some(signed)) => {
                let head = HeadOut::of(signed, sealer.signer());
                writeln!(out, "{}", serde_json::to_string(&head)?)?;
            }
            Ok(None) => {}
            Err(Unreadable(why)) => {
                failures.push(format!("the newest head of {tenant} cannot be read: {why}"));
            }
        }
    }
    if failures.is_empty() { Ok(true) } else { Err(failures.join("; ").into()) }
}

fn accept(
    db: &Db,
    sealer: &Sealer,
    tenant: &str,
    reference: &Reference,
    out: &mut impl Write,
) -> Result<bool, Failure> {
    if !everybody(db, &[])?.contains(tenant) {
        return Err(format!("there is no log of {tenant}").into());
    }
    let Verified { findings, .. } =
        db.read_now(|conn| audit::verify(conn, sealer.signer(), tenant, &[]))?;
    if let Some(entry) = findings.iter().find(|finding| matches!(finding, Finding::UnreadableEntry { .. }))
    {
        return Err(format!("{tenant}: {entry}; mend it or take it away by hand, and look again").into());
    }
    let acceptance = Acceptance::of(clock::new_id(), tenant, reference, &findings);
    match sealer.accept_now(&acceptance)? {
        Accepting::NotStuck => {
            Err(format!("nothing holds up the log of {tenant}: nothing is accepted").into())
        }
        Accepting::Busy => Err("another replica is at the log: try again".into()),
        Accepting::GoesOn { sequence } => {
            for finding in &findings {
                writeln!(out, "{tenant}: {finding}")?;
            }
            writeln!(
                out,
                "{tenant}: goes on after event {sequence}, which says so; `audit verify` goes on failing until that is \
                 pruned (TASUKE_AUDIT_DAYS)"
            )?;
            seal(sealer, out)?;
            Ok(true)
        }
    }
}

/// Everybody who has a log, or had one when a head was kept.
fn everybody(db: &Db, kept: &[Signed]) -> Result<BTreeSet<String>, Failure> {
    let mut all: BTreeSet<String> = db.read_now(tenants::slugs)?.into_iter().collect();
    all.extend(db.read_now(audit::tenants)?);
    all.extend(kept.iter().map(|signed| signed.head.tenant.clone()));
    Ok(all)
}

fn verify(
    db: &Db,
    sealer: &Sealer,
    only: Option<&str>,
    kept: &[Signed],
    out: &mut impl Write,
) -> Result<bool, Failure> {
    let mut whole = true;
    let everybody = everybody(db, kept)?;
    if let Some(only) = only.filter(|only| !everybody.contains(*only)) {
        return Err(format!("there is no log of {only}").into());
    }
    for tenant in everybody.iter().filter(|tenant| only.is_none_or(|only| only == *tenant)) {
        let kept: Vec<Signed> =
            kept.iter().filter(|signed| signed.head.tenant == *tenant).cloned().collect();
        let verified = match db.read_now(|conn| audit::verify(conn, sealer.signer(), tenant, &kept)) {
            // Of this one: the others are read all the same.
            Err(StoreError::Broken(cause)) => {
                whole = false;
                writeln!(out, "{tenant}: the database cannot read the log: {cause}")?;
                continue;
            }
            other => other?,
        };
        let Verified { events, head, findings } = verified;
        if findings.is_empty() {
            writeln!(out, "{tenant}: whole; {events} events, {}", told(head.as_ref(), &kept))?;
        }
        for finding in &findings {
            whole = false;
            writeln!(out, "{tenant}: {finding}")?;
        }
    }
    Ok(whole)
}

fn told(newest: Option<&Signed>, kept: &[Signed]) -> String {
    let Some(Signed { head, .. }) = newest else { return "no head".to_owned() };
    let pruned = if head.base > 0 { format!(", pruned up to {}", head.base) } else { String::new() };
    let (old, agree): (Vec<_>, Vec<_>) = kept.iter().partition(|kept| kept.head.sequence < head.base);
    // What was pruned cannot be held against anything.
    let old = if old.is_empty() { String::new() } else { format!(", {} are of before", old.len()) };
    format!("head at {}{pruned}, {} kept heads agree{old}", head.sequence, agree.len())
}

/// The heads in a file: one, a page of them, or one a line.
fn read(file: &Path) -> Result<Vec<Signed>, Failure> {
    let name = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    let values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let mut heads = vec![];
    for value in values {
        let mut value = value.map_err(|error| format!("{name}: {error}"))?;
        let items = match value.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => items,
            _ => vec![value],
        };
        for item in items {
            let head: HeadOut = serde_json::from_value(item)
                .map_err(|error| format!("{name} holds something that is no head: {error}"))?;
            heads.push(Signed::from(head));
        }
    }
    if heads.is_empty() {
        return Err(format!("{name} holds no head").into());
    }
    Ok(heads)
}
