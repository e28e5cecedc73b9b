//! Every setting with its default, from flags and environment. Secrets do not show themselves.
use crate::db::Bounds;
use clap::Args;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct Storage {
    /// `sqlite://<path>` or `postgres://...`; a file in the data folder when not given
    #[arg(long, env = "TASUKE_DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<DatabaseUrl>,
    /// Folder for the SQLite file
    #[arg(long, env = "TASUKE_DATA_DIR", default_value = "data", global = true)]
    pub data_dir: PathBuf,
    /// Connections to the database at most
    #[arg(long, env = "TASUKE_DATABASE_CONNECTIONS", default_value_t = 8, global = true,
        value_parser = clap::value_parser!(u32).range(1..=200))]
    pub database_connections: u32,
    /// Transactions that PostgreSQL is given to write at once; commands that come together share one
    #[arg(long, env = "TASUKE_DATABASE_LANES", default_value_t = 2, global = true,
        value_parser = clap::value_parser!(u32).range(1..=100))]
    pub database_lanes: u32,
    /// Commands that may share a transaction at most
    #[arg(long, env = "TASUKE_DATABASE_TOGETHER", default_value_t = 64, global = true,
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_together: u32,
    /// Commands that may wait for the database; the next one is answered 503
    #[arg(long, env = "TASUKE_DATABASE_QUEUE", default_value_t = 256, global = true,
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub database_queue: u32,
    /// Milliseconds a caller waits for the database at most, before it is answered 503
    #[arg(long, env = "TASUKE_DATABASE_TIMEOUT_MS", default_value_t = 2800, global = true,
        value_parser = clap::value_parser!(u32).range(100..=600_000))]
    pub database_timeout_ms: u32,
}

impl Storage {
    /// The URL to open: the one given, or the file in the data folder.
    pub fn url(&self) -> DatabaseUrl {
        self.database_url.clone().unwrap_or_else(|| {
            let file = self.data_dir.join("tasuke.db");
            DatabaseUrl(format!("sqlite://{}", file.display()))
        })
    }

    pub fn bounds(&self) -> Bounds {
        Bounds {
            connections: self.database_connections,
            lanes: self.database_lanes,
            together: self.database_together,
            queue: usize::try_from(self.database_queue).unwrap_or(usize::MAX),
            answer_within: Duration::from_millis(self.database_timeout_ms.into()),
        }
    }
}

/// Who signs tokens, and for whom.
#[derive(Debug, Clone, Args)]
pub struct Identity {
    /// Name of the issuer in tokens
    #[arg(long, env = "TASUKE_ISSUER", default_value = "tasuke")]
    pub issuer: String,
    /// Audience in tokens
    #[arg(long, env = "TASUKE_AUDIENCE", default_value = "tasuke")]
    pub audience: String,
    /// File of other issuers whose tokens are taken (YAML; deploy/README.md shows one)
    #[arg(long, env = "TASUKE_ISSUERS")]
    pub issuers: Option<PathBuf>,
}

/// How the service listens and stops.
#[derive(Debug, Clone, Args)]
pub struct Serving {
    /// Address and port to listen on
    #[arg(long, env = "TASUKE_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Address and port for `/metrics`; no metrics are served when not given
    #[arg(long, env = "TASUKE_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// Worker threads; as many as there are cores when not given
    #[arg(long, env = "TASUKE_WORKERS", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,
    /// Seconds between "not ready" and the last accepted connection, for the proxy to notice
    #[arg(long, env = "TASUKE_DRAIN_SECONDS", default_value_t = 0, value_parser = seconds(600))]
    pub drain_seconds: u64,
    /// Seconds that requests under way may take to end after that
    #[arg(long, env = "TASUKE_SHUTDOWN_SECONDS", default_value_t = 10, value_parser = seconds(600))]
    pub shutdown_seconds: u64,
    #[command(flatten)]
    pub retention: Retention,
    #[command(flatten)]
    pub limits: Limits,
}

/// How long is kept what nobody needs any more. First answers to idempotency keys are kept for the 24 hours that
/// callers are promised; everything else of a tenant until somebody takes it away.
#[derive(Debug, Clone, Default, Args)]
pub struct Retention {
    /// Days that the audit log is kept, at least; for ever when not given
    #[arg(long, env = "TASUKE_AUDIT_DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub audit_days: Option<u32>,
}

/// What one caller may ask of the service.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Bytes a request body may have
    #[arg(long, env = "TASUKE_MAX_BODY_BYTES", default_value_t = 1_048_576)]
    pub max_body_bytes: usize,
    /// Bytes the body of a batch, of a file to import or of a catalog may have
    #[arg(long, env = "TASUKE_MAX_BULK_BYTES", default_value_t = 16_777_216)]
    pub max_bulk_bytes: usize,
    /// Seconds a request body may take to arrive
    #[arg(long, env = "TASUKE_MAX_BODY_SECONDS", default_value_t = 30, value_parser = seconds(3600).range(1..))]
    pub max_body_seconds: u64,
    /// Bytes a second that a body must keep up after its first two seconds
    #[arg(long, env = "TASUKE_MIN_BODY_RATE", default_value_t = 1024)]
    pub min_body_rate: u64,
    /// Levels of lists and objects within each other in a body
    #[arg(long, env = "TASUKE_MAX_JSON_DEPTH", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub max_json_depth: u16,
    /// Bytes of all request headers together
    #[arg(long, env = "TASUKE_MAX_HEADER_BYTES", default_value_t = 16_384)]
    pub max_header_bytes: usize,
    /// Bytes of path and query together
    #[arg(long, env = "TASUKE_MAX_URI_BYTES", default_value_t = 8_192)]
    pub max_uri_bytes: usize,
    /// Seconds a request's head may take to arrive
    #[arg(long, env = "TASUKE_HEADER_SECONDS", default_value_t = 5, value_parser = seconds(600).range(1..))]
    pub header_seconds: u64,
    /// Seconds an idle connection is kept
    #[arg(long, env = "TASUKE_KEEP_ALIVE_SECONDS", default_value_t = 75, value_parser = seconds(3600).range(1..))]
    pub keep_alive_seconds: u64,
    /// Connections at once, shared out evenly to the workers (rounded up)
    #[arg(long, env = "TASUKE_MAX_CONNECTIONS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,
    /// Requests a second of one tenant
    #[arg(long, env = "TASUKE_TENANT_RATE", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub tenant_rate: u32,
    /// Requests of one tenant at once, before its rate counts
    #[arg(long, env = "TASUKE_TENANT_BURST", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    pub tenant_burst: u32,
    /// Requests a second of one address
    #[arg(long, env = "TASUKE_ADDRESS_RATE", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    pub address_rate: u32,
    /// Requests of one address at once, before its rate counts
    #[arg(long, env = "TASUKE_ADDRESS_BURST", default_value_t = 800, value_parser = clap::value_parser!(u32).range(1..))]
    pub address_burst: u32,
    /// Proxies in front of the service: that many entries at the end of X-Forwarded-For are believed
    #[arg(long, env = "TASUKE_TRUSTED_PROXIES", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=10))]
    pub trusted_proxies: u8,
}

impl Default for Serving {
    fn default() -> Self {
        defaults()
    }
}

impl Default for Limits {
    fn default() -> Self {
        defaults()
    }
}

/// The defaults of the command line: they stand in one place.
fn defaults<T: Args>() -> T {
    let command = T::augment_args(clap::Command::new("defaults"));
    let matches = command.get_matches_from(["defaults"]);
    T::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

fn seconds(most: u64) -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(..=most)
}

/// How the service logs.
#[derive(Debug, Clone, Args)]
pub struct Logging {
    /// What to log: error, warn, info, debug, or a tracing filter
    #[arg(long, env = "TASUKE_LOG", default_value = "info", global = true, value_parser = filter)]
    pub log: String,
    /// Form of the log
    #[arg(long, env = "TASUKE_LOG_FORMAT", default_value = "human", global = true)]
    pub log_format: LogFormat,
    /// Collector to send traces to, as OTLP over HTTP: http://127.0.0.1:4318
    #[cfg(feature = "otlp")]
    #[arg(long, env = "TASUKE_OTLP_ENDPOINT", global = true)]
    pub otlp_endpoint: Option<String>,
}

fn filter(text: &str) -> Result<String, String> {
    let read = tracing_subscriber::EnvFilter::try_new(text);
    read.map(|_| text.to_owned()).map_err(|error| error.to_string())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    Human,
    Json,
}

/// The address of the database; its password is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The URL with everything in it, for opening only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The file of a SQLite database.
    pub fn sqlite_file(&self) -> Option<PathBuf> {
        self.0.strip_prefix("sqlite://").map(PathBuf::from)
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = ["sqlite://", "postgres://", "postgresql://"];
        if text.starts_with("sqlite://") && text.contains('?') {
            return Err("a sqlite:// URL is a path; it has no parameters".into());
        }
        if known.iter().any(|scheme| text.starts_with(scheme)) {
            Ok(Self(text.to_owned()))
        } else {
            Err("must start with sqlite:// or postgres://".into())
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        // Parameters may hold a password, and with an @ in it.
        let plain = rest.split('?').next().unwrap_or_default();
        match plain.rsplit_once('@') {
            Some((_, host)) => write!(f, "{scheme}://***@{host}"),
            None => write!(f, "{scheme}://{plain}"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::DatabaseUrl;

    #[test]
    fn a_password_never_shows() {
        for (url, shown) in [
            ("postgres://u:secret@db:5432/t", "postgres://***@db:5432/t"),
            ("postgres://u:se@cret@db/t?x=1", "postgres://***@db/t"),
            ("postgres://db/t?password=secret", "postgres://db/t"),
            ("postgres://db/t?user=x&password=se@cret", "postgres://db/t"),
            ("sqlite://data/tasuke.db", "sqlite://data/tasuke.db"),
        ] {
            let url: DatabaseUrl = url.parse().unwrap();
            assert_eq!(format!("{url} {url:?}"), format!("{shown} {shown}"));
        }
        assert!("mysql://x".parse::<DatabaseUrl>().is_err());
    }
}
