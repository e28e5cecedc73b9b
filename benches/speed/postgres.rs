//! A throw-away PostgreSQL that keeps what it says: `fsync` is on, as are all other settings that matter.
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::program::{cpu, folder, free_port};

/// The database that is there from the start.
pub const FIRST: &str = "postgres";

pub struct Postgres {
    folder: tempfile::TempDir,
    port: u16,
    bin: PathBuf,
}

/// Where the programs of the newest version are.
pub fn newest() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let bins = versions.map(|entry| entry.unwrap().path().join("bin"));
    bins.filter(|bin| bin.join("pgbench").exists()).max()
}

impl Postgres {
    pub fn start() -> Self {
        let bin = newest().expect("no PostgreSQL: run `make bench`, which installs one");
        let server = Self { folder: folder(), port: free_port().port(), bin };
        if is_root() {
            let owned = Command::new("chown").arg("postgres").arg(server.folder.path()).status();
            assert!(owned.unwrap().success());
        }
        let data = server.data();
        server
            .run("initdb", &["-D", &data, "-U", "tasuke", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]);
        let options = format!(
            "-h 127.0.0.1 -p {} -k {} -c max_connections=100 -c shared_buffers=512MB -c max_wal_size=8GB",
            server.port,
            server.folder.path().display()
        );
        let log = format!("{}/log", server.folder.path().display());
        server.run("pg_ctl", &["-D", &data, "-w", "-l", &log, "-o", &options, "start"]);
        server
    }

    pub fn url(&self) -> String {
        self.url_of(FIRST)
    }

    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://tasuke@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs SQL and gives what it printed.
    pub fn sql(&self, statements: &str) -> String {
        self.sql_in(FIRST, statements)
    }

    pub fn sql_in(&self, database: &str, statements: &str) -> String {
        let ran = self.client("psql", &["-v", "ON_ERROR_STOP=1", "-d", database, "-qAtc", statements]);
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    /// A database that is like the first one, to which nobody may be connected.
    pub fn copy_of_first(&self, name: &str) {
        self.sql_in("template1", &format!("CREATE DATABASE {name} TEMPLATE {FIRST}"));
    }

    /// A program that takes its connection from the environment.
    pub fn client(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.bin.join(program));
        command.env("PGHOST", "127.0.0.1").env("PGPORT", self.port.to_string());
        command.env("PGUSER", "tasuke").env("PGDATABASE", FIRST).args(arguments);
        let ran = command.stdin(Stdio::null()).output().unwrap();
        assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
        ran
    }

    /// Where the server may write and read files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Processor time that each connection of a service has taken so far, whichever its database is, by the process that
    /// serves it.
    pub fn backends(&self) -> HashMap<u32, Duration> {
        let ids = self.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'tasuke'");
        let taken = |id: &str| {
            let id = id.parse().unwrap();
            Some((id, cpu(id)?))
        };
        ids.lines().filter_map(taken).collect()
    }

    /// What they have taken since; `None` when a connection was closed meanwhile, because its time is lost.
    pub fn backends_since(&self, before: &HashMap<u32, Duration>) -> Option<Duration> {
        let now = self.backends();
        let total = |of: &HashMap<u32, Duration>| of.values().sum::<Duration>();
        let all_there = before.keys().all(|id| now.contains_key(id));
        all_there.then(|| total(&now).checked_sub(total(before)).expect("time goes on"))
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// initdb refuses root: then the server runs as an ordinary user.
    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.bin.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        assert!(command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}
