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
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Under its own name only when it is whole: half a copy opens without complaint.
        let partial = Path::new(&format!("{}.partial", to.display())).to_path_buf();
        let name = partial.to_str().ok_or_else(|| StoreError::corrupt("the path is not UTF-8"))?;
        if to.exists() {
            return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
        }
        // SQLite copies into an empty file.
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)
            .map_err(failed)?;
        self.run(|conn| match conn {
            AnyConnection::Sqlite(c) => {
                diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(name).execute(c)?;
                Ok(())
            }
            AnyConnection::Postgres(_) => Err(StoreError::corrupt(
                "PostgreSQL is backed up with its own tools: scripts/backup-postgresql",
            )),
        })
        .inspect_err(|_: &StoreError| drop(std::fs::remove_file(&partial)))?;
        File::open(&partial).and_then(|file| file.sync_all()).map_err(failed)?;
        std::fs::rename(&partial, to).map_err(failed)?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }
}
