//! Every setting with its default, from flags and environment. Secrets do not show themselves.
use clap::Args;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

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
}

impl Storage {
    /// The URL to open: the one given, or the file in the data folder.
    pub fn url(&self) -> DatabaseUrl {
        self.database_url.clone().unwrap_or_else(|| {
            let file = self.data_dir.join("tasuke.db");
            DatabaseUrl(format!("sqlite://{}", file.display()))
        })
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
}

/// How the service listens.
#[derive(Debug, Clone, Args)]
pub struct Serving {
    /// Address and port to listen on
    #[arg(long, env = "TASUKE_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Worker threads; as many as there are cores when not given
    #[arg(long, env = "TASUKE_WORKERS", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,
    /// Bytes a request body may have
    #[arg(long, env = "TASUKE_MAX_BODY_BYTES", default_value_t = 1_048_576)]
    pub max_body_bytes: usize,
}

/// How the service logs.
#[derive(Debug, Clone, Args)]
pub struct Logging {
    /// What to log: error, warn, info, debug, or a tracing filter
    #[arg(long, env = "TASUKE_LOG", default_value = "info", global = true)]
    pub log: String,
    /// Form of the log
    #[arg(long, env = "TASUKE_LOG_FORMAT", default_value = "human", global = true)]
    pub log_format: LogFormat,
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
        let rest = match rest.rsplit_once('@') {
            Some((_, host)) => format!("***@{host}"),
            None => rest.to_owned(),
        };
        // Parameters may hold a password too.
        let shown = rest.split('?').next().unwrap_or_default();
        write!(f, "{scheme}://{shown}")
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
            ("sqlite://data/tasuke.db", "sqlite://data/tasuke.db"),
        ] {
            let url: DatabaseUrl = url.parse().unwrap();
            assert_eq!(format!("{url} {url:?}"), format!("{shown} {shown}"));
        }
        assert!("mysql://x".parse::<DatabaseUrl>().is_err());
    }
}
