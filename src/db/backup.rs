//! A consistent copy of a SQLite database while it is being written to.
use super::{AnyConnection, Db, StoreError};
use diesel::RunQueryDsl as _;
use diesel::sql_types::Text;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

impl Db {
    /// Copies the database as it is at one moment into the new file `to`, which its owner alone can
    /// read, and waits until it is on disk.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let failed = |error: std::io::Error| StoreError::corrupt(format!("{}: {error}", to.display()));
        let name = to.to_str().ok_or_else(|| StoreError::corrupt("the path is not UTF-8"))?;
        // SQLite copies into an empty file; one with anything in it is somebody's.
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(failed)?;
        self.run(|conn| match conn {
            AnyConnection::Sqlite(c) => {
                diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(name).execute(c)?;
                Ok(())
            }
            AnyConnection::Postgres(_) => Err(StoreError::corrupt(
                "PostgreSQL is backed up with its own tools: pg_dump --format=custom",
            )),
        })
        .inspect_err(|_: &StoreError| drop(std::fs::remove_file(to)))?;
        File::open(to).and_then(|file| file.sync_all()).map_err(failed)
    }
}
