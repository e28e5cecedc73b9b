//! The one door to the database: a pool, [`Db::read`] and [`Db::write`].
mod backup;
mod error;
mod manager;
mod migrate;

pub use error::{Retry, StoreError};
pub use migrate::Difference;

use actix_web::rt::time::timeout;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::r2d2::Pool;
use diesel::{PgConnection, SqliteConnection};
use manager::Manager;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

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

/// How much the database may be asked at once, and how long a caller waits for it.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub connections: u32,
    /// Commands that may be under way or wait for a connection; the next one is turned away.
    pub queue: usize,
    /// A caller hears within this time, whatever the database does.
    pub answer_within: Duration,
}

impl Bounds {
    pub const DEFAULT: Self =
        Self { connections: 8, queue: 256, answer_within: Duration::from_millis(2800) };
}

/// How long a command waits for a free connection.
const POOL_WAIT: Duration = Duration::from_secs(2);
/// The pool tries a lost connection again after at most half of this: short, so that the first good
/// answer comes soon after the database does.
const CONNECT_RETRY: Duration = Duration::from_secs(1);
/// How often work is done again that another transaction was in the way of.
const ATTEMPTS: u32 = 4;

/// The database behind the service.
#[derive(Clone)]
pub struct Db {
    pool: Pool<Manager>,
    queue: Arc<Semaphore>,
    bounds: Bounds,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

/// What the pool is doing, for the metrics.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub open: u32,
    pub idle: u32,
    /// Commands under way or waiting.
    pub queued: usize,
}

impl Db {
    /// Opens the pool on `url` and proves with one connection that the database answers.
    pub fn open(url: &str, bounds: Bounds) -> Result<Self, StoreError> {
        let manager = Manager::new(url)?;
        // Once, before the pool: its own retries would hide the reason behind a time-out.
        manager.probe()?;
        let pool = Pool::builder()
            .max_size(bounds.connections)
            .min_idle(Some(1))
            .connection_timeout(CONNECT_RETRY)
            .error_handler(Box::new(manager::Quiet))
            .build(manager)
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(Self { pool, queue: Arc::new(Semaphore::new(bounds.queue)), bounds })
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
        self.blocking(move |db| db.run(work)).await
    }

    /// Like [`Db::read`], inside one transaction that has the write lock from its first statement.
    /// `work` may run more than once: another transaction can be in its way.
    pub async fn write<T, E>(
        &self,
        work: impl Fn(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Retry + Send + 'static,
    {
        let deadline = Instant::now() + self.bounds.answer_within;
        self.blocking(move |db| db.write_until(Some(deadline), work)).await
    }

    /// Like [`Db::write`], on the thread of the caller: for the command line.
    pub fn write_now<T, E: From<StoreError> + Retry>(
        &self,
        work: impl Fn(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write_until(None, work)
    }

    /// Like [`Db::read`], on the thread of the caller.
    pub fn read_now<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(work)
    }

    /// Does not begin, or begin again, when nobody waits any more: the caller was told to ask again,
    /// and would have it done twice.
    fn write_until<T, E: From<StoreError> + Retry>(
        &self,
        deadline: Option<Instant>,
        work: impl Fn(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut attempt = 1;
        loop {
            let in_time = || {
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    return Err(StoreError::unavailable("its caller does not wait any more"));
                }
                Ok(())
            };
            match self.run(|conn| transaction(conn, in_time, &work)) {
                Err(error) if error.may_help() && attempt < ATTEMPTS => {
                    tracing::debug!(attempt, "another transaction was in the way");
                    attempt += 1;
                }
                done => {
                    if done.as_ref().is_err_and(Retry::may_help) {
                        tracing::warn!(attempt, "another transaction was in the way too often");
                    }
                    return done;
                }
            }
        }
    }

    /// Whether the database answers.
    pub async fn answers(&self) -> Result<(), StoreError> {
        // The pool asks each connection before it hands it out.
        self.read(|_| Ok(())).await
    }

    pub fn load(&self) -> Load {
        let state = self.pool.state();
        Load {
            open: state.connections,
            idle: state.idle_connections,
            queued: self.bounds.queue.saturating_sub(self.queue.available_permits()),
        }
    }

    /// Hands `work` to a blocking thread, if the queue has room, and waits for it as long as a caller
    /// may wait. What takes longer goes on, and keeps its place in the queue until it is done: its
    /// caller does not know how it ended, and asks again.
    async fn blocking<T, E>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let Ok(place) = Arc::clone(&self.queue).try_acquire_owned() else {
            return Err(StoreError::unavailable("too many commands wait for the database").into());
        };
        let db = self.clone();
        let span = tracing::Span::current();
        let done = actix_web::web::block(move || {
            let _place = place;
            span.in_scope(|| work(&db))
        });
        match timeout(self.bounds.answer_within, done).await {
            // The work panicked, or the process is about to end.
            Ok(done) => done.map_err(|error| StoreError::Broken(error.into()))?,
            Err(_) => Err(StoreError::unavailable("the database does not answer in time").into()),
        }
    }

    fn run<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut conn =
            self.pool.get_timeout(POOL_WAIT).map_err(|error| StoreError::Unavailable(error.into()))?;
        work(&mut conn)
    }
}

fn transaction<T, E: From<StoreError>>(
    conn: &mut AnyConnection,
    in_time: impl Fn() -> Result<(), StoreError>,
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
    // Waiting for the lock may have taken all the time there was.
    let done = in_time().map_err(E::from).and_then(|()| work(conn));
    match done {
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
                tracing::debug!(%rollback, "a transaction could not be rolled back");
            }
            Err(error)
        }
    }
}
