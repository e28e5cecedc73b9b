//! The one door to the database: a pool, [`Db::read`] and [`Db::write`].
mod backup;
mod command;
mod controls;
mod error;
mod lanes;
mod manager;
mod many;
mod migrate;
mod statement;
mod transaction;
pub mod wall;

pub use error::{Retry, StoreError};
pub use manager::SESSION;
pub use migrate::Difference;
pub use statement::Statement;

use actix_web::rt::task::spawn_blocking;
use actix_web::rt::time::timeout;
use command::{Answer, Caller, Command, Waiting};
use diesel::r2d2::{Pool, PooledConnection};
use diesel::sql_types::{SingleValue, SqlType};
use diesel::{PgConnection, SqliteConnection};
use lanes::Lanes;
use manager::Manager;
use many::Many;
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
/// (`ON CONFLICT`).
#[macro_export]
macro_rules! on_backend {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::db::AnyConnection::Postgres($c) => $body,
            $crate::db::AnyConnection::Sqlite($c) => $body,
        }
    };
}

diesel::define_sql_function! {
    /// Of a column with itself: the column, but no index is looked for it. With a text one has the same by adding
    /// nothing to it.
    fn coalesce<T: SqlType + SingleValue>(value: T, other: T) -> T;
}

/// How much the database may be asked at once, and how long a caller waits for it.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub connections: u32,
    /// Transactions that may be written at once. SQLite has one writer, whatever this says.
    pub lanes: u32,
    /// Commands that may share a transaction.
    pub together: u32,
    /// Commands that may be under way or wait for a connection; the next one is turned away.
    pub queue: usize,
    /// A caller hears within this time, whatever the database does.
    pub answer_within: Duration,
}

impl Bounds {
    pub const DEFAULT: Self = Self {
        connections: 8,
        lanes: 2,
        together: 64,
        queue: 256,
        answer_within: Duration::from_millis(2800),
    };
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
    lanes: Arc<Lanes>,
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
        let lanes = if manager.is_sqlite() { 1 } else { bounds.lanes };
        let pool = Pool::builder()
            .max_size(bounds.connections)
            .min_idle(Some(1))
            .connection_timeout(CONNECT_RETRY)
            .error_handler(Box::new(manager::Quiet))
            .build(manager)
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        Ok(Self {
            pool,
            queue: Arc::new(Semaphore::new(bounds.queue)),
            lanes: Lanes::new(lanes, bounds.together),
            bounds,
        })
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

    /// Like [`Db::read`], inside a transaction that has the write lock from its first statement, and
    /// answered once that is committed. Commands that come together share one: what one of them wrote
    /// the next one sees, and what fails in one is undone for that one alone. `work` may run more than
    /// once: another transaction can be in its way.
    pub async fn write<T, E>(
        &self,
        work: impl Fn(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Retry + Send + 'static,
    {
        self.answered(|caller| Box::new(Waiting::new(work, caller))).await
    }

    /// Like [`Db::write`], for a work that does several at once with few statements: those `of` the same
    /// tenant that come together are done in one run, if they are the same `work`. It tells of each what
    /// came of it; what it refuses to one it refuses before it writes anything for that one, and where one
    /// is in the way of another it says `Contended`: that one is done again, alone.
    pub async fn write_many<I, T, E>(
        &self,
        of: String,
        item: I,
        work: impl Fn(&mut AnyConnection, &[&I]) -> Result<Vec<Result<T, E>>, E> + Copy + Send + 'static,
    ) -> Result<T, E>
    where
        I: Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Retry + Send + 'static,
    {
        self.answered(|caller| Box::new(Many::new(of, item, work, caller))).await
    }

    /// Puts a command into the queue, if that has room, and waits for its answer as long as a caller may
    /// wait.
    async fn answered<T, E>(&self, command: impl FnOnce(Caller<T, E>) -> Box<dyn Command>) -> Result<T, E>
    where
        E: From<StoreError> + Retry,
    {
        let Ok(place) = Arc::clone(&self.queue).try_acquire_owned() else {
            return Err(too_many().into());
        };
        let (caller, answer): (_, Answer<T, E>) =
            Caller::with_answer(Instant::now() + self.bounds.answer_within, place);
        if let Some(lane) = self.lanes.join(command(caller)) {
            let db = self.clone();
            // Nobody waits for the lane: it goes on for whoever comes meanwhile.
            drop(spawn_blocking(move || db.serve(lane)));
        }
        match timeout(self.bounds.answer_within, answer).await {
            // The work panicked, or the process is about to end.
            Ok(done) => done.map_err(|error| StoreError::Broken(error.into()))?,
            Err(_) => Err(too_slow().into()),
        }
    }

    /// Like [`Db::write`], on the thread of the caller and in a transaction of its own: for the command
    /// line.
    pub fn write_now<T, E: From<StoreError> + Retry>(
        &self,
        work: impl Fn(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut attempt = 1;
        loop {
            match self.run(|conn| transaction::alone(conn, &work)) {
                Err(error) if error.may_help() && attempt < ATTEMPTS => attempt += 1,
                done => return done,
            }
        }
    }

    /// Like [`Db::read`], on the thread of the caller.
    pub fn read_now<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run(work)
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
            return Err(too_many().into());
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
            Err(_) => Err(too_slow().into()),
        }
    }

    fn run<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut conn = self.connection()?;
        work(&mut conn)
    }

    fn connection(&self) -> Result<PooledConnection<Manager>, StoreError> {
        self.pool.get_timeout(POOL_WAIT).map_err(|error| StoreError::Unavailable(error.into()))
    }
}

fn too_many() -> StoreError {
    StoreError::unavailable("too many commands wait for the database")
}

fn too_slow() -> StoreError {
    StoreError::unavailable("the database does not answer in time")
}
