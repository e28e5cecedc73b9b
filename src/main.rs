//! The command line: reads settings, and calls what does the work.
#![allow(clippy::print_stdout)] // What a command answers goes to standard output.

mod accounts;
mod settings;

use chrono::SecondsFormat;
use clap::{Args, Parser, Subcommand};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use tasuke::auth::{self, Grant};
use tasuke::caller::Scope;
use tasuke::config::{Identity, Logging, Retention, Serving, Storage};
use tasuke::knowledge::Knowledge;
use tasuke::retention::{self, Pruned};
use tasuke::sealer::Sealer;
use tasuke::tenants::{self, Rotation, Tenancy};
use tasuke::{app, audit, auditing, demo, import, server, telemetry};

/// Chosen by measurement: docs/benchmarks.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Tasuke (助け): guideline controls, assessments and incident contact routing for security providers
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    storage: Storage,
    #[command(flatten)]
    logging: Logging,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API
    Serve {
        #[command(flatten)]
        serving: Serving,
        #[command(flatten)]
        identity: Identity,
    },
    /// Show the main job on a fresh SQLite folder, then go on serving
    Demo {
        #[command(flatten)]
        serving: Serving,
        #[command(flatten)]
        identity: Identity,
        /// Folder with self-check.json and ransomware.json
        #[arg(long, default_value = "examples")]
        examples: PathBuf,
    },
    /// Bring the database's schema up to date
    Migrate,
    /// Print the OpenAPI document, or write or compare what is made from the code
    Openapi {
        /// Compare with the files in openapi/ and docs/ instead of printing; fails when they differ
        #[arg(long)]
        check: bool,
        /// Write those files
        #[arg(long, conflicts_with = "check")]
        write: bool,
        /// Which OpenAPI to print
        #[arg(long, value_name = "VERSION", default_value = "3.1", value_parser = ["3.1", "3.0"], conflicts_with_all = ["check", "write"])]
        version: String,
    },
    /// Providers
    Tenant {
        #[command(subcommand)]
        command: TenantCommand,
    },
    /// Machines that call for a provider
    ServiceAccount {
        #[command(subcommand)]
        command: accounts::Command,
    },
    /// The keys that sign access tokens
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Print an access token, and nothing else
    Token {
        #[command(flatten)]
        wanted: TokenArgs,
        #[command(flatten)]
        identity: Identity,
    },
    /// Send a file of clients (CSV) or assessments (newline-delimited JSON) to a running service
    Import(import::Options),
    /// Copy the SQLite database into a new file, also while it is being served
    Backup {
        /// The file to make
        file: PathBuf,
    },
    /// The audit log
    Audit {
        #[command(subcommand)]
        command: auditing::Command,
    },
    /// Let go what is too old, as the service does every hour
    Prune {
        #[command(flatten)]
        retention: Retention,
    },
    /// Tell everything that is wrong with the shipped data
    CheckData,
}

#[derive(Debug, Subcommand)]
enum TenantCommand {
    /// Create a provider
    Create {
        /// Short name: a-z, 0-9 and -
        slug: String,
        /// Name for people
        #[arg(long)]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Let a new key follow: published now, signing in ten minutes; the old one checks until its tokens died
    Rotate {
        /// The old keys may be known to others: they end now, and with them every token
        #[arg(long)]
        now: bool,
    },
}

#[derive(Debug, Args)]
struct TokenArgs {
    /// Slug of the provider
    #[arg(long)]
    tenant: String,
    /// Scopes, separated by spaces
    #[arg(long)]
    scope: String,
    /// Narrow the token to this client
    #[arg(long)]
    client: Option<uuid::Uuid>,
    /// How long it is good for: 90s, 15m, 8h; a day at most
    #[arg(long, default_value = "15m", value_parser = lifetime)]
    ttl: chrono::TimeDelta,
    /// Whom the token speaks for
    #[arg(long, default_value = "command-line")]
    subject: String,
}

fn main() -> ExitCode {
    let cli = settings::read();
    let done = telemetry::start(&cli.logging).and_then(|telemetry| {
        let done = run(cli);
        drop(telemetry);
        done
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not through the log: an operator may have turned that off.
            eprintln!("tasuke: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let Cli { storage, command, .. } = cli;
    match command {
        Command::Serve { serving, identity } => serve(&storage, &serving, &identity),
        Command::Demo { serving, identity, examples } => {
            demo::run(&storage, &serving, &identity, &examples)
        }
        Command::Migrate => {
            let ran = server::migrate(&server::open_once(&storage)?, &storage)?;
            println!("{} migrations ran {}", ran.len(), ran.join(" "));
            Ok(())
        }
        Command::Openapi { check, write, version } => openapi(check, write, &version),
        Command::Tenant { command: TenantCommand::Create { slug, name } } => {
            let tenancy = Tenancy::new(&slug, &name, chrono::Utc::now())?;
            let db = server::open_once(&storage)?;
            server::ensure_schema(&db, &storage)?;
            db.write_now(|conn| {
                tenants::add(conn, &tenancy)?;
                audit::by_operator(conn, &slug, "tenant create", (None, Some(&tenancy)))
            })?;
            println!("{slug}");
            Ok(())
        }
        Command::ServiceAccount { command } => accounts::run(&storage, command),
        Command::Key { command: KeyCommand::Rotate { now } } => rotate(&storage, now),
        Command::Token { wanted, identity } => token(&storage, wanted, &identity),
        Command::Import(options) => {
            let whole = import::run(&options, &mut std::io::stdout().lock())?;
            if whole { Ok(()) } else { Err("not everything was stored".into()) }
        }
        Command::Backup { file } => {
            server::open_existing(&storage)?.backup(&file)?;
            println!("{}", file.display());
            Ok(())
        }
        Command::Audit { command } => {
            let whole = auditing::run(&storage, &command, &mut std::io::stdout().lock())?;
            if whole { Ok(()) } else { Err("the audit log is not what was sealed".into()) }
        }
        Command::Prune { retention } => prune(&storage, &retention),
        Command::CheckData => match Knowledge::load() {
            Ok(_) => {
                println!("the shipped data is whole");
                Ok(())
            }
            Err(faults) => Err(faults.to_string().into()),
        },
    }
}

fn serve(storage: &Storage, serving: &Serving, identity: &Identity) -> Result<(), Failure> {
    tracing::info!(database = %storage.url(), ?storage, ?serving, ?identity, "starting");
    server::raise_file_limit();
    let db = server::open(storage)?;
    server::ensure_schema(&db, storage)?;
    let service = server::assemble(db, storage, identity, &serving.limits)?;
    let listener = listen(serving.listen)?;
    let metrics = serving.metrics_listen.map(listen).transpose()?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    actix_web::rt::System::new().block_on(server::serve(listener, metrics, service, serving))?;
    Ok(())
}

fn listen(address: SocketAddr) -> Result<TcpListener, server::StartError> {
    TcpListener::bind(address).map_err(|error| server::StartError::Listen(address.to_string(), error))
}

fn openapi(check: bool, write: bool, version: &str) -> Result<(), Failure> {
    let files = app::generated()?;
    if write {
        for (file, made) in files {
            std::fs::write(file, made).map_err(|error| format!("{file}: {error}"))?;
        }
        return Ok(());
    }
    if !check {
        let [(_, newest), (_, older), _] = files;
        print!("{}", if version == "3.0" { older } else { newest });
        return Ok(());
    }
    for (file, made) in files {
        let kept = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        if kept != made {
            return Err(format!("{file} is not what the code makes; run `tasuke openapi --write`").into());
        }
    }
    Ok(())
}

fn token(storage: &Storage, wanted: TokenArgs, identity: &Identity) -> Result<(), Failure> {
    let scopes = wanted.scope.split_whitespace().map(str::parse).collect::<Result<Vec<Scope>, _>>()?;
    let db = server::open_once(storage)?;
    server::ensure_schema(&db, storage)?;
    if !db.write_now(|conn| tenants::exists(conn, &wanted.tenant))? {
        let slug = wanted.tenant;
        return Err(format!("no tenant {slug}; `tasuke tenant create {slug} --name ...`").into());
    }
    let grant = Grant {
        tenant: wanted.tenant,
        subject: wanted.subject,
        scopes,
        client: wanted.client.map(|id| id.to_string()),
        lifetime: wanted.ttl,
    };
    let issuer = server::issuer(&db, storage, identity)?;
    println!("{}", issuer.issue(&grant, chrono::Utc::now())?);
    Ok(())
}

fn rotate(storage: &Storage, at_once: bool) -> Result<(), Failure> {
    let db = server::open_existing(storage)?;
    server::ensure_schema(&db, storage)?;
    let rotation = if at_once { Rotation::AtOnce } else { Rotation::Planned };
    let key = auth::rotate(&db, rotation, chrono::Utc::now())??;
    println!("{} signs from {} on", key.kid, key.signs_from.to_rfc3339_opts(SecondsFormat::Secs, true));
    Ok(())
}

fn prune(storage: &Storage, retention: &Retention) -> Result<(), Failure> {
    let db = server::open_existing(storage)?;
    server::ensure_schema(&db, storage)?;
    let Pruned { answers, events } =
        retention::prune(&db, &Sealer::open(&db)?, retention, chrono::Utc::now())?;
    println!("{answers} answers and {events} audit events were pruned");
    Ok(())
}

fn lifetime(text: &str) -> Result<chrono::TimeDelta, String> {
    let seconds = [("s", 1), ("m", 60), ("h", 3600)]
        .into_iter()
        .find_map(|(unit, seconds)| {
            let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
            number.checked_mul(seconds)
        })
        .filter(|seconds| (1..=86_400).contains(seconds))
        .ok_or("such as 90s, 15m or 8h, and a day at most")?;
    chrono::TimeDelta::try_seconds(seconds).ok_or_else(|| "too long".into())
}
