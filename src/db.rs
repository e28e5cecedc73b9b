//! The one door to the database: a pool, [`Db::read`] and [`Db::write`].
mod manager;
mod migrate;

pub use migrate::pending;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::r2d2::Pool;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{PgConnection, SqliteConnection};
use manager::Manager;
use std::time::Duration;

/// A connection to either database. Queries are written once against it.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// Runs one statement on the database itself, for the few things the shared connection cannot say
/// (`ON CONFLICT`, many rows in one `INSERT`).
#[macro_export]
macro_rules! on_backend {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::db::AnyConnection::Postgres($c) => $body,
            $crate::db::AnyConnection::Sqlite($c) => $body,
        }
    };
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What can go wrong below the domain.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no such row")]
    Missing,
    #[error("a row with this key exists")]
    Duplicate,
    #[error("somebody else changed the row first")]
    Stale,
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Cause),
    #[error("the database refused a statement: {0}")]
    Broken(#[source] Cause),
}

impl StoreError {
    /// What the store read back is not what this program writes.
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::Broken(what.into().into())
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        use DatabaseErrorKind as Kind;
        match error {
            // Foreign keys lead to the tenant and the client: one of them is not there.
            DieselError::NotFound | DieselError::DatabaseError(Kind::ForeignKeyViolation, _) => {
                Self::Missing
            }
            DieselError::DatabaseError(Kind::UniqueViolation, _) => Self::Duplicate,
            DieselError::DatabaseError(Kind::ClosedConnection | Kind::UnableToSendCommand, _) => {
                Self::Unavailable(error.into())
            }
            other => Self::Broken(other.into()),
        }
    }
}

/// The database behind the service.
#[derive(Clone)]
pub struct Db(Pool<Manager>);

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db")
    }
}

impl Db {
    /// Opens the pool on `url` and proves with one connection that the database answers.
    pub fn open(url: &str, connections: u32) -> Result<Self, StoreError> {
        let manager = Manager::new(url)?;
        // Once, before the pool: its own retries would hide the reason behind a time-out.
        manager.probe()?;
        Pool::builder()
            .max_size(connections)
            .min_idle(Some(1))
            .connection_timeout(Duration::from_secs(2))
            .build(manager)
            .map(Self)
            .map_err(|error| StoreError::Unavailable(error.into()))
    }

    /// Runs `work` on a blocking thread.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let db = self.clone();
        actix_web::web::block(move || db.run(work))
            .await
            .map_err(|error| StoreError::Unavailable(error.into()))?
    }

    /// Like [`Db::read`], inside one transaction that has the write lock from its first statement.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.read(move |conn| transaction(conn, work)).await
    }

    /// Like [`Db::write`], on the thread of the caller: for the command line.
    pub fn write_now<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(|conn| transaction(conn, work))
    }

    /// Whether the database answers.
    pub async fn answers(&self) -> Result<(), StoreError> {
        // The pool asks each connection before it hands it out.
        self.read(|_| Ok(())).await
    }

    fn run<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut conn = self.0.get().map_err(|error| StoreError::Unavailable(error.into()))?;
        work(&mut conn)
    }
}

fn transaction<T, E: From<StoreError>>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    type Manager = <AnyConnection as diesel::Connection>::TransactionManager;
    match conn {
        // SQLite takes its lock at the first write and gives up at once if another writer came
        // between; asking for it up front makes writers queue for `busy_timeout` instead.
        AnyConnection::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
        AnyConnection::Postgres(c) => AnsiTransactionManager::begin_transaction(c),
    }
    .map_err(StoreError::from)?;
    match work(conn) {
        Ok(value) => {
            <Manager as TransactionManager<AnyConnection>>::commit_transaction(conn)
                .map_err(StoreError::from)?;
            Ok(value)
        }
        Err(error) => {
            if let Err(rollback) =
                <Manager as TransactionManager<AnyConnection>>::rollback_transaction(conn)
            {
                // The pool throws a connection away whose transaction is broken.
                tracing::error!(%rollback, "a transaction could not be rolled back");
            }
            Err(error)
        }
    }
}
