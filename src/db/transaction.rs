//! Beginning, ending and undoing, on either database.
use super::{AnyConnection, StoreError, controls};
use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager};
use std::time::Duration;

type Manager = <AnyConnection as diesel::Connection>::TransactionManager;

/// How long a lane waits for a lock that somebody else has, before it does something else. Shorter than
/// the second after which PostgreSQL looks for deadlocks, so that two lanes that wait for each other go
/// on soon.
pub const LOCK_WAIT: Duration = Duration::from_millis(200);
const BEGIN_IN_LANE: &str = "BEGIN; SET LOCAL lock_timeout = '200ms'";

/// Begins for whom nobody waits.
fn begin(conn: &mut AnyConnection) -> Result<(), StoreError> {
    begin_with(conn, "BEGIN")
}

/// Begins in a lane, where others wait.
pub fn begin_in_lane(conn: &mut AnyConnection) -> Result<(), StoreError> {
    begin_with(conn, BEGIN_IN_LANE)
}

fn begin_with(conn: &mut AnyConnection, on_postgres: &str) -> Result<(), StoreError> {
    match conn {
        // SQLite takes its lock at the first write and gives up at once if another writer came
        // between; asking for it up front makes writers queue for `busy_timeout` instead.
        AnyConnection::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
        AnyConnection::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, on_postgres),
    }
    .map_err(StoreError::from)
}

pub fn commit(conn: &mut AnyConnection) -> Result<(), StoreError> {
    controls::before_commit();
    let done = match conn {
        AnyConnection::Sqlite(c) => AnsiTransactionManager::commit_transaction(c),
        // PostgreSQL answers COMMIT after a failed statement as if all were well, and stores nothing. The
        // SELECT fails then, and with it whoever took the failure for nothing. Diesel notices the end.
        AnyConnection::Postgres(c) => c.batch_execute("SELECT 1; COMMIT"),
    };
    done.map_err(|error| {
        rollback(conn);
        error.into()
    })
}

/// Undoes everything.
pub fn rollback(conn: &mut AnyConnection) {
    if let Err(error) = <Manager as TransactionManager<AnyConnection>>::rollback_transaction(conn) {
        // The pool throws a connection away whose transaction is broken.
        tracing::debug!(%error, "a transaction could not be rolled back");
    }
}

/// Runs `work` so that it alone can be undone in a transaction that goes on; an error of the outer
/// result is one of the transaction.
pub fn step<T, E>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<Result<T, E>, StoreError> {
    <Manager as TransactionManager<AnyConnection>>::begin_transaction(conn)?;
    let done = work(conn);
    match &done {
        Ok(_) => <Manager as TransactionManager<AnyConnection>>::commit_transaction(conn)?,
        Err(_) => <Manager as TransactionManager<AnyConnection>>::rollback_transaction(conn)?,
    }
    Ok(done)
}

/// Runs `work` in a transaction of its own.
pub fn alone<T, E: From<StoreError>>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    begin(conn)?;
    to_the_end(conn, work)
}

/// The same in a lane.
pub fn in_lane<T, E: From<StoreError>>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    begin_in_lane(conn)?;
    to_the_end(conn, work)
}

fn to_the_end<T, E: From<StoreError>>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    match work(conn) {
        Ok(value) => {
            commit(conn)?;
            Ok(value)
        }
        Err(error) => {
            rollback(conn);
            Err(error)
        }
    }
}
