//! Opening connections. The URL's scheme names the database: Diesel's own `establish` tries each in
//! turn, which makes an empty SQLite file of a mistyped PostgreSQL URL.
use super::{AnyConnection, StoreError, controls};
use diesel::ConnectionError;
use diesel::connection::SimpleConnection;
use diesel::r2d2::{self, ManageConnection, R2D2Connection};
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection};
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

#[derive(Debug, Clone)]
enum Address {
    Postgres(String),
    Sqlite(String),
}

pub struct Manager(Address);

impl Manager {
    pub fn new(url: &str) -> Result<Self, StoreError> {
        let address = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Address::Postgres(with_parameters(url))
        } else if let Some(path) = url.strip_prefix("sqlite://").filter(|path| !path.is_empty()) {
            Address::Sqlite(path.to_owned())
        } else {
            // The URL itself may hold a password.
            return Err(StoreError::corrupt(
                "a database URL starts with sqlite:// and a path, or with postgres://",
            ));
        };
        Ok(Self(address))
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self.0, Address::Sqlite(_))
    }

    /// Connects once and reads the settings back.
    pub fn probe(&self) -> Result<(), StoreError> {
        let mut conn = self.connect().map_err(|error| StoreError::Unavailable(error.into()))?;
        match &mut *conn {
            AnyConnection::Sqlite(sqlite) => check_pragmas(sqlite),
            AnyConnection::Postgres(_) => Ok(()),
        }
    }
}

/// What libpq should do unless the URL says otherwise: not wait long for a server that is not there,
/// notice one that has gone, and not look for Kerberos tickets at each connection.
const PARAMETERS: &[(&str, &str)] = &[
    ("application_name", "tasuke"),
    ("connect_timeout", "2"),
    ("gssencmode", "disable"),
    ("keepalives", "1"),
    ("keepalives_idle", "30"),
    ("keepalives_interval", "10"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "10000"),
];

/// A statement that takes longer belongs to nobody any more: its caller has long been answered. And what is
/// acknowledged is on the server's disk, whatever the role or the database says; how far it has come beyond that is
/// theirs to say (`local`, `remote_apply`). Statements have an index that leads to their rows: to go through a table, or to collect
/// rows by several indexes, only looks cheaper to a planner that takes a large tenant for one like the others. No call takes more than one of the server's processors.
pub const SESSION: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
     SET idle_in_transaction_session_timeout = '10s'; \
     SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off; \
     SET max_parallel_workers_per_gather = 0; \
     SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';";

fn with_parameters(url: &str) -> String {
    let given = url.split_once('?').map_or("", |(_, query)| query);
    let has = |name: &str| given.split('&').any(|pair| pair.split('=').next() == Some(name));
    let mut url = url.to_owned();
    for (name, value) in PARAMETERS.iter().filter(|(name, _)| !has(name)) {
        url.push(if url.contains('?') { '&' } else { '?' });
        for part in [name, "=", value] {
            url.push_str(part);
        }
    }
    url
}

/// The pool's own complaints: each command that fails for want of a connection tells by itself.
#[derive(Debug)]
pub struct Quiet;

impl r2d2::HandleError<r2d2::Error> for Quiet {
    fn handle_error(&self, error: r2d2::Error) {
        tracing::debug!(%error, "a connection could not be made or has gone");
    }
}

/// libpq repeats parts of a URL that it cannot read, and those may be of the password.
fn without_the_url(error: ConnectionError) -> r2d2::Error {
    let text = error.to_string();
    let of_url = [
        "invalid percent-encoded",
        "invalid integer value",
        "invalid URI",
        "missing key/value",
        "unexpected character",
    ];
    r2d2::Error::ConnectionError(if of_url.iter().any(|words| text.contains(words)) {
        ConnectionError::BadConnection(
            "the URL cannot be read; special characters of a password are percent-encoded".into(),
        )
    } else {
        error
    })
}

/// What SQLite must be set to for "acknowledged is durable" to be true: with `NORMAL` a power cut
/// loses what was acknowledged since the last checkpoint.
const PRAGMAS: &str = "PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;";

/// What it goes faster with: room for the pages that many submissions in one transaction write to, savepoints that
/// take no file, and a log that is written back to the file a quarter as often (at 16 MiB instead of 4).
const ROOM: &str =
    "PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000;";

/// How long PostgreSQL goes about a statement as it first decided to. What it decided while a table was small goes
/// through all of a tenant's rows when it is large, and of a table that was never analysed it thinks so until its
/// autovacuum comes by, a minute later: an import may be over by then. To decide again takes a millisecond.
const PLANS_LAST: Duration = Duration::from_secs(1);

/// A connection of the pool.
pub struct Pooled {
    conn: AnyConnection,
    planned: Instant,
}

impl Pooled {
    fn new(conn: AnyConnection) -> Self {
        Self { conn, planned: Instant::now() }
    }

    /// Proves that the database is there, and lets plans go that are too old.
    fn check(&mut self) -> diesel::QueryResult<()> {
        match &mut self.conn {
            AnyConnection::Postgres(c) if self.planned.elapsed() >= PLANS_LAST => {
                c.batch_execute("DISCARD PLANS")?;
                self.planned = Instant::now();
                Ok(())
            }
            conn => conn.ping(),
        }
    }
}

impl Deref for Pooled {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.conn
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.conn
    }
}

/// Sets them. A fresh file is switched to WAL by its first connections, and SQLite does not wait when
/// two do that at once: the second one tries again.
fn set_pragmas(conn: &mut SqliteConnection) -> diesel::QueryResult<()> {
    let patience = Instant::now() + Duration::from_secs(3);
    let synchronous = controls::synchronous();
    let pragmas = format!("{PRAGMAS} {ROOM} PRAGMA synchronous = {synchronous};");
    loop {
        match conn.batch_execute(&pragmas) {
            Err(error) if error.to_string().contains("locked") && Instant::now() < patience => {
                std::thread::sleep(Duration::from_millis(20));
            }
            done => return done,
        }
    }
}

#[derive(QueryableByName)]
struct Pragmas {
    #[diesel(sql_type = Text)]
    journal_mode: String,
    #[diesel(sql_type = BigInt)]
    synchronous: i64,
    #[diesel(sql_type = BigInt)]
    foreign_keys: i64,
    #[diesel(sql_type = BigInt)]
    timeout: i64,
}

fn check_pragmas(sqlite: &mut SqliteConnection) -> Result<(), StoreError> {
    let read: Pragmas = diesel::sql_query(
        "SELECT journal_mode, synchronous, foreign_keys, timeout FROM pragma_journal_mode, \
         pragma_synchronous, pragma_foreign_keys, pragma_busy_timeout",
    )
    .get_result(sqlite)?;
    let synchronous = if controls::synchronous() == "FULL" { 2 } else { 1 };
    if (read.journal_mode.as_str(), read.synchronous, read.foreign_keys) == ("wal", synchronous, 1)
        && read.timeout > 0
    {
        return Ok(());
    }
    Err(StoreError::corrupt(format!(
        "SQLite does not keep its settings (journal_mode={}, synchronous={}, foreign_keys={}, \
         busy_timeout={}); is the file on a file system that cannot do WAL?",
        read.journal_mode, read.synchronous, read.foreign_keys, read.timeout
    )))
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Pooled, r2d2::Error> {
        let conn = match &self.0 {
            Address::Postgres(url) => {
                let mut conn = PgConnection::establish(url).map_err(without_the_url)?;
                conn.batch_execute(SESSION).map_err(r2d2::Error::QueryError)?;
                AnyConnection::Postgres(conn)
            }
            Address::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path).map_err(r2d2::Error::ConnectionError)?;
                set_pragmas(&mut conn).map_err(r2d2::Error::QueryError)?;
                AnyConnection::Sqlite(conn)
            }
        };
        Ok(Pooled::new(conn))
    }

    fn is_valid(&self, conn: &mut Pooled) -> Result<(), r2d2::Error> {
        conn.check().map_err(r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut Pooled) -> bool {
        conn.is_broken()
    }
}

#[cfg(test)]
mod tests {
    use super::with_parameters;

    #[test]
    fn a_url_says_what_it_does_not_say_itself() {
        let plain = with_parameters("postgres://db/t");
        assert!(plain.starts_with("postgres://db/t?application_name=tasuke&connect_timeout=2&"), "{plain}");
        let own = with_parameters("postgres://db/t?connect_timeout=9&sslmode=verify-full");
        assert!(own.contains("connect_timeout=9") && !own.contains("connect_timeout=2"), "{own}");
        assert!(own.contains("sslmode=verify-full&application_name=tasuke"), "{own}");
    }
}
