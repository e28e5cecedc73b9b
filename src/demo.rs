//! `tasuke demo`: the main job on a fresh SQLite folder, through the real API, told for a person.
#![allow(clippy::print_stdout)] // The demo is what it prints.

mod story;

use crate::audit;
use crate::auth::Grant;
use crate::caller::Scope;
use crate::config::{Identity, Serving, Storage};
use crate::server::{self, StartError};
use crate::tenants::{self, Tenancy};
use chrono::TimeDelta;
use serde_json::Value;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

const TENANT: &str = "demo";

/// Makes a provider and a client, submits a self-check, routes an incident, and goes on serving.
pub fn run(
    storage: &Storage,
    serving: &Serving,
    identity: &Identity,
    examples: &Path,
) -> Result<(), Failure> {
    // Always a folder of its own: a demo never writes into somebody's data.
    let folder = std::env::temp_dir().join(format!("tasuke-demo-{}", crate::clock::new_id()));
    let storage = Storage { database_url: None, data_dir: folder.clone(), ..storage.clone() };
    let self_check = read(&examples.join("self-check.json"))?;
    let incident = read(&examples.join("ransomware.json"))?;

    let db = server::open(&storage)?;
    server::ensure_schema(&db, &storage)?;
    let now = crate::clock::now();
    let tenancy = Tenancy::new(TENANT, "お助け隊デモ / Demo provider", now)?;
    db.write_now(|conn| {
        tenants::add(conn, &tenancy)?;
        audit::by_operator(conn, TENANT, "demo", (None, Some(&tenancy)))
    })?;
    let service = server::assemble(db, &storage, identity, &serving.limits)?;
    let grant = Grant {
        tenant: TENANT.into(),
        subject: "demo".into(),
        scopes: Scope::ALL.to_vec(),
        client: None,
        lifetime: TimeDelta::hours(8),
    };
    let token = service.issuer.issue(&grant, now)?;
    let listener = listen(serving.listen)?;
    let address = listener.local_addr()?;
    let serving = serving.clone();
    actix_web::rt::System::new().block_on(async move {
        let (stop, stopped) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let told = story::tell(address, &token, &self_check, &incident, &folder);
            // Nobody listens any more when the demo was stopped before it was told.
            drop(stop.send(told));
        });
        let serve = server::serve(listener, None, service, &serving);
        tokio::pin!(serve);
        tokio::select! {
            over = &mut serve => return Ok(over?),
            told = stopped => told??,
        }
        serve.await?;
        Ok(())
    })
}

fn read(file: &Path) -> Result<Value, Failure> {
    let name = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{name}: {error}").into())
}

/// The port asked for, or a free one when it is taken: the demo prints where it is.
fn listen(wanted: SocketAddr) -> Result<TcpListener, StartError> {
    let bind = |address: SocketAddr| {
        TcpListener::bind(address).map_err(|error| StartError::Listen(address.to_string(), error))
    };
    bind(wanted).or_else(|error| {
        println!("{error}; taking a free port instead");
        bind(SocketAddr::new(wanted.ip(), 0))
    })
}
