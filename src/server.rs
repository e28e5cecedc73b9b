//! Opening the database and listening: what `serve`, `demo` and the tests have in common.
use crate::app::{self, Service};
use crate::auth::Issuer;
use crate::config::{DatabaseUrl, Identity, Storage};
use crate::db::{Db, StoreError, pending};
use crate::knowledge::Knowledge;
use actix_web::HttpServer;
use actix_web::dev::Server;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

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
    #[error("the OpenAPI document cannot be made: {0}")]
    Document(String),
    #[error("cannot listen on {0}: {1}")]
    Listen(String, std::io::Error),
}

/// Opens the database; a SQLite file is made when there is none, readable by its owner only,
/// because the key that signs tokens lies in it.
pub fn open(storage: &Storage) -> Result<Db, StartError> {
    let url = storage.url();
    if let Some(file) = url.sqlite_file() {
        prepare(&file).map_err(|error| StartError::Folder(file.display().to_string(), error))?;
    }
    Db::open(url.reveal(), storage.database_connections).map_err(|error| StartError::Database(url, error))
}

fn prepare(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    fs::OpenOptions::new().append(true).create(true).mode(0o600).open(file).map(drop)
}

/// Brings a SQLite file up to date; refuses a PostgreSQL database that is behind, because other
/// replicas may be running on it.
pub fn ensure_schema(db: &Db, storage: &Storage) -> Result<(), StartError> {
    let failed = |error| StartError::Database(storage.url(), error);
    if storage.url().sqlite_file().is_some() {
        let ran = db.migrate().map_err(failed)?;
        tracing::info!(migrations = ?ran, "the schema is up to date");
        return Ok(());
    }
    let behind = pending(db).map_err(failed)?;
    if behind.is_empty() { Ok(()) } else { Err(StartError::Pending(behind.join(", "))) }
}

/// Puts the service together.
pub fn assemble(
    db: Db,
    storage: &Storage,
    identity: &Identity,
    max_body_bytes: usize,
) -> Result<Service, StartError> {
    let knowledge = Knowledge::load().map_err(|faults| StartError::Knowledge(faults.to_string()))?;
    let issuer = issuer(&db, storage, identity)?;
    Service::new(db, issuer, knowledge, max_body_bytes).map_err(StartError::Document)
}

pub fn issuer(db: &Db, storage: &Storage, identity: &Identity) -> Result<Issuer, StartError> {
    let now = crate::clock::now();
    Issuer::open(db, &identity.issuer, &identity.audience, now)
        .map_err(|error| StartError::Database(storage.url(), error))
}

/// Serves on a listener until it is told to stop.
pub fn run(listener: TcpListener, service: Service, workers: Option<u16>) -> Result<Server, StartError> {
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    let mut server = HttpServer::new(move || app::build(&service)).shutdown_timeout(10);
    if let Some(workers) = workers {
        server = server.workers(workers.into());
    }
    server.listen(listener).map(HttpServer::run).map_err(|error| StartError::Listen(address, error))
}
