//! The schema of the database: one portable set of migrations for both.
use super::manager::SESSION;
use super::{AnyConnection, Db, StoreError};
use diesel::connection::SimpleConnection as _;
use diesel::migration::{MigrationSource, MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Any number, the same in every replica: whoever holds it migrates.
const LOCK: &str = "SET statement_timeout = 0; SET lock_timeout = 0; SELECT pg_advisory_lock(7461737580);";
const UNLOCK: &str = "SELECT pg_advisory_unlock(7461737580)";

impl Db {
    /// Brings the schema up to date and tells which migrations ran. Two replicas that do so at the
    /// same time wait for each other.
    pub fn migrate(&self) -> Result<Vec<String>, StoreError> {
        self.run(|conn| match conn {
            AnyConnection::Postgres(c) => {
                c.batch_execute(LOCK)?;
                let ran = run(c);
                c.batch_execute(UNLOCK)?;
                c.batch_execute(SESSION)?;
                ran
            }
            // The write lock from the first look on: the migrations are savepoints in it.
            AnyConnection::Sqlite(c) => c.immediate_transaction(run),
        })
    }
}

/// Versions in the database that this program does not know: a newer one has been here.
pub fn unknown(db: &Db) -> Result<Vec<String>, StoreError> {
    fn versions<DB: diesel::backend::Backend>(
        conn: &mut impl MigrationHarness<DB>,
    ) -> Result<Vec<String>, StoreError> {
        let known = <EmbeddedMigrations as MigrationSource<DB>>::migrations(&MIGRATIONS)
            .map_err(StoreError::Broken)?;
        let applied = conn.applied_migrations().map_err(StoreError::Broken)?;
        let is_known =
            |version: &MigrationVersion<'_>| known.iter().any(|m| m.name().version() == *version);
        Ok(applied.iter().filter(|v| !is_known(v)).map(ToString::to_string).collect())
    }
    db.run(|conn| match conn {
        AnyConnection::Postgres(c) => versions(c),
        AnyConnection::Sqlite(c) => versions(c),
    })
}

fn run<DB: diesel::backend::Backend>(
    conn: &mut impl MigrationHarness<DB>,
) -> Result<Vec<String>, StoreError> {
    let ran = conn.run_pending_migrations(MIGRATIONS).map_err(StoreError::Broken)?;
    Ok(ran.iter().map(ToString::to_string).collect())
}

/// Names of the migrations that have not run yet.
pub fn pending(db: &Db) -> Result<Vec<String>, StoreError> {
    fn names<DB: diesel::backend::Backend>(
        conn: &mut impl MigrationHarness<DB>,
    ) -> Result<Vec<String>, StoreError> {
        let pending = conn.pending_migrations(MIGRATIONS).map_err(StoreError::Broken)?;
        Ok(pending.iter().map(|m| m.name().to_string()).collect())
    }
    db.run(|conn| match conn {
        AnyConnection::Postgres(c) => names(c),
        AnyConnection::Sqlite(c) => names(c),
    })
}
