//! Opening the database and listening: what `serve`, `demo` and the tests have in common.
use crate::app::{self, Contract, Service};
use crate::auth::{Issuer, Trusted};
use crate::config::{DatabaseUrl, Identity, Limits, Serving, Storage};
use crate::db::{Bounds, Db, StoreError};
use crate::knowledge::Knowledge;
use crate::metrics;
use crate::retention;
use crate::watchdog::Watchdog;
use actix_web::HttpServer;
use actix_web::dev::Server;
use actix_web::rt::signal::unix::{Signal, SignalKind, signal};
use actix_web::rt::time::sleep;
use std::fs;
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

/// Why the service does not start, in one line each.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the shipped data is wrong:\n{0}")]
    Knowledge(String),
    #[error("cannot prepare {0}: {1}")]
    Folder(String, std::io::Error),
    #[error("{0}: {1}")]
    Database(DatabaseUrl, StoreError),
    #[error("the database is behind by {0}; run `tasuke migrate` first")]
    Pending(String),
    #[error("the database has migrations that this program does not know ({0}): it is too old for it")]
    Newer(String),
    #[error("the service cannot be put together: {0}")]
    Document(String),
    #[error("the file of issuers is wrong:\n{0}")]
    Issuers(String),
    #[error("cannot listen on {0}: {1}")]
    Listen(String, std::io::Error),
}

/// Opens the database; a SQLite file is made when there is none, readable by its owner only,
/// because the key that signs tokens lies in it.
pub fn open(storage: &Storage) -> Result<Db, StartError> {
    open_with(storage, storage.bounds())
}

/// Opens it for a command that does its work and ends: with one connection. A pool of more makes the
/// next one in the background, and a process that ends in the middle of that is torn down under libpq.
pub fn open_once(storage: &Storage) -> Result<Db, StartError> {
    open_with(storage, Bounds { connections: 1, ..storage.bounds() })
}

fn open_with(storage: &Storage, bounds: Bounds) -> Result<Db, StartError> {
    let url = storage.url();
    if let Some(file) = url.sqlite_file() {
        prepare(&file).map_err(|error| StartError::Folder(file.display().to_string(), error))?;
    }
    Db::open(url.reveal(), bounds).map_err(|error| StartError::Database(url, error))
}

/// Opens a database that must be there already, for a command.
pub fn open_existing(storage: &Storage) -> Result<Db, StartError> {
    let url = storage.url();
    match url.sqlite_file() {
        Some(file) if !file.exists() => {
            let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
            Err(StartError::Folder(file.display().to_string(), missing))
        }
        _ => open_once(storage),
    }
}

fn prepare(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    fs::OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    let mode = fs::metadata(file)?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(file = %file.display(), "others could read the signing key in this file: closing it");
        fs::set_permissions(file, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Brings a SQLite file up to date; refuses a PostgreSQL database that is behind, because other
/// replicas may be running on it.
pub fn ensure_schema(db: &Db, storage: &Storage) -> Result<(), StartError> {
    let behind = refuse_newer(db, storage)?;
    if behind.is_empty() {
        Ok(())
    } else if storage.url().sqlite_file().is_some() {
        let ran = db.migrate().map_err(|error| StartError::Database(storage.url(), error))?;
        tracing::info!(migrations = ?ran, "the schema is up to date");
        Ok(())
    } else {
        Err(StartError::Pending(behind.join(", ")))
    }
}

/// Brings the schema up to date, and tells which migrations ran.
pub fn migrate(db: &Db, storage: &Storage) -> Result<Vec<String>, StartError> {
    refuse_newer(db, storage)?;
    db.migrate().map_err(|error| StartError::Database(storage.url(), error))
}

/// The migrations that are pending; nothing may be done to a schema that this program does not know.
fn refuse_newer(db: &Db, storage: &Storage) -> Result<Vec<String>, StartError> {
    let difference = db.difference().map_err(|error| StartError::Database(storage.url(), error))?;
    if difference.unknown.is_empty() {
        Ok(difference.pending)
    } else {
        Err(StartError::Newer(difference.unknown.join(", ")))
    }
}

/// Puts the service together.
pub fn assemble(
    db: Db,
    storage: &Storage,
    identity: &Identity,
    limits: &Limits,
) -> Result<Service, StartError> {
    // First: to make the document takes more memory than anything after it, which that then goes to.
    let contract = Contract::new(limits).map_err(StartError::Document)?;
    let knowledge = Knowledge::load().map_err(|faults| StartError::Knowledge(faults.to_string()))?;
    let issuer = issuer(&db, storage, identity)?;
    let trusted = identity.issuers.as_deref().map_or_else(|| Ok(Trusted::default()), Trusted::open);
    let trusted = trusted.map_err(StartError::Issuers)?;
    let service = Service::new(db, issuer, contract, knowledge, limits).map_err(StartError::Document)?;
    Ok(service.trusting(trusted))
}

pub fn issuer(db: &Db, storage: &Storage, identity: &Identity) -> Result<Issuer, StartError> {
    let now = crate::clock::now();
    Issuer::open(db, &identity.issuer, &identity.audience, now)
        .map_err(|error| StartError::Database(storage.url(), error))
}

/// Serves on a listener until it is told to stop.
pub fn run(listener: TcpListener, service: Service, serving: &Serving) -> Result<Server, StartError> {
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    let limits = serving.limits.clone();
    let workers = serving.workers.map_or_else(cores, usize::from);
    let connections = usize::try_from(limits.max_connections).unwrap_or(usize::MAX);
    let watchdog = Watchdog::default();
    let seen = watchdog.clone();
    let longest = Duration::from_secs(limits.keep_alive_seconds + limits.header_seconds);
    actix_web::rt::spawn(watchdog.guard(longest));
    let sealer = service.sealer.as_ref().clone();
    actix_web::rt::spawn(sealer.clone().run());
    actix_web::rt::spawn(retention::run(service.db.clone(), sealer, serving.retention.clone()));
    HttpServer::new(move || app::build(&service))
        .on_connect(move |connection, extensions| seen.watch(connection, extensions))
        .workers(workers)
        .max_connections(connections.div_ceil(workers))
        .keep_alive(Duration::from_secs(limits.keep_alive_seconds))
        .client_request_timeout(Duration::from_secs(limits.header_seconds))
        .client_disconnect_timeout(Duration::from_secs(1))
        .shutdown_timeout(serving.shutdown_seconds)
        .disable_signals()
        .listen(listener)
        .map(HttpServer::run)
        .map_err(|error| StartError::Listen(address, error))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Serves until SIGTERM or SIGINT: then not ready, drained, and ended within the limit. A second
/// signal ends it at once.
pub async fn serve(
    listener: TcpListener,
    metrics: Option<TcpListener>,
    service: Service,
    serving: &Serving,
) -> Result<(), StartError> {
    let (mut term, mut interrupt) = (signals(SignalKind::terminate())?, signals(SignalKind::interrupt())?);
    let mut signal = async || {
        tokio::select! { _ = term.recv() => {}, _ = interrupt.recv() => {} }
    };
    if let Some(listener) = metrics {
        let counted = metrics::serve(listener, service.metrics.clone(), service.db.clone());
        let server = counted.map_err(|error| StartError::Listen("metrics".into(), error))?;
        actix_web::rt::spawn(server);
    }
    let readiness = service.readiness.clone();
    let mut server = run(listener, service, serving)?;
    let handle = server.handle();
    let ended =
        |ended: std::io::Result<()>| ended.map_err(|error| StartError::Listen("server".into(), error));
    tokio::select! {
        over = &mut server => return ended(over),
        () = signal() => {}
    }
    tracing::info!(seconds = serving.drain_seconds, "stopping: not ready any more");
    readiness.drain();
    let stop = async {
        sleep(Duration::from_secs(serving.drain_seconds)).await;
        tracing::info!(seconds = serving.shutdown_seconds, "stopping: no new connections");
        handle.stop(true).await;
    };
    // The server does what its handle says only while it is polled itself.
    tokio::select! {
        ((), over) = async { tokio::join!(stop, server) } => ended(over)?,
        () = signal() => tracing::warn!("stopping at once"),
    }
    tracing::info!("stopped");
    Ok(())
}

fn signals(kind: SignalKind) -> Result<Signal, StartError> {
    signal(kind).map_err(|error| StartError::Listen("signals".into(), error))
}

/// Each connection is a file: takes as many as the system gives.
pub fn raise_file_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}
