//! The schema of the database: one portable set of migrations for both.
use super::manager::SESSION;
use super::{AnyConnection, Db, StoreError};
use diesel::connection::SimpleConnection as _;
use diesel::migration::MigrationSource;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel::{QueryableByName, RunQueryDsl as _};
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
                // What the migration says goes before what the unlocking says.
                let ran = run(c)?;
                c.batch_execute(UNLOCK)?;
                c.batch_execute(SESSION)?;
                Ok(ran)
            }
            AnyConnection::Sqlite(c) => {
                // An index of a large table is sorted in a file.
                c.batch_execute("PRAGMA temp_store = DEFAULT")?;
                // The write lock from the first look on: the migrations are savepoints in it.
                c.immediate_transaction(run)
            }
        })
    }
}

/// What the database has and this program has, told apart. Only reads: a service that starts changes
/// nothing, and needs no right to.
#[derive(Debug, Default)]
pub struct Difference {
    /// Names of the migrations that have not run yet.
    pub pending: Vec<String>,
    /// Versions that this program does not know: a newer one has been here.
    pub unknown: Vec<String>,
}

impl Db {
    pub fn difference(&self) -> Result<Difference, StoreError> {
        self.run(|conn| {
            let applied = applied(conn)?;
            let embedded = <EmbeddedMigrations as MigrationSource<Sqlite>>::migrations(&MIGRATIONS)
                .map_err(StoreError::Broken)?;
            let known: Vec<(String, String)> = embedded
                .iter()
                .map(|migration| (migration.name().version().to_string(), migration.name().to_string()))
                .collect();
            let is_known = |version: &String| known.iter().any(|(known, _)| known == version);
            let pending = known.iter().filter(|(version, _)| !applied.contains(version));
            Ok(Difference {
                pending: pending.map(|(_, name)| name.clone()).collect(),
                unknown: applied.iter().filter(|version| !is_known(version)).cloned().collect(),
            })
        })
    }
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

fn applied(conn: &mut AnyConnection) -> Result<Vec<String>, StoreError> {
    const TABLE: &str = "__diesel_schema_migrations";
    let exists = match conn {
        AnyConnection::Sqlite(_) => "SELECT name AS version FROM sqlite_master WHERE name = ",
        AnyConnection::Postgres(_) => {
            "SELECT relname::text AS version FROM pg_class WHERE oid = to_regclass("
        }
    };
    let end = if matches!(conn, AnyConnection::Postgres(_)) { ")" } else { "" };
    let table: Vec<Version> = diesel::sql_query(format!("{exists}'{TABLE}'{end}")).load(conn)?;
    if table.is_empty() {
        return Ok(vec![]);
    }
    let rows: Vec<Version> =
        diesel::sql_query(format!("SELECT version FROM {TABLE} ORDER BY version")).load(conn)?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

fn run<DB: diesel::backend::Backend>(
    conn: &mut impl MigrationHarness<DB>,
) -> Result<Vec<String>, StoreError> {
    let ran = conn.run_pending_migrations(MIGRATIONS).map_err(StoreError::Broken)?;
    Ok(ran.iter().map(ToString::to_string).collect())
}
