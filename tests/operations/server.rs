//! A PostgreSQL server of a test's own, to stop, freeze and start again.
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process::{free_port, signal};

pub struct PostgresServer {
    folder: tempfile::TempDir,
    address: SocketAddr,
    bin: PathBuf,
}

impl PostgresServer {
    pub fn start() -> Self {
        let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
            .expect("no PostgreSQL: run `make test`, which installs one")
            .map(|entry| entry.unwrap().path().join("bin"))
            .filter(|bin| bin.join("initdb").exists())
            .collect();
        versions.sort();
        let folder = tempfile::Builder::new().prefix("tasuke-pg").tempdir_in("/tmp").unwrap();
        let server = Self { folder, address: free_port(), bin: versions.pop().unwrap() };
        if is_root() {
            let owned = Command::new("chown").arg("postgres").arg(server.folder.path()).status();
            assert!(owned.unwrap().success());
        }
        let data = server.data();
        server
            .run("initdb", &["-D", &data, "-U", "tasuke", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]);
        server.up();
        server
    }

    pub fn url(&self) -> String {
        format!("postgres://tasuke@{}/postgres", self.address)
    }

    pub fn up(&self) {
        let folder = self.folder.path().display();
        let port = self.address.port();
        let options = format!("-h 127.0.0.1 -p {port} -k {folder} -c max_connections=100");
        let log = format!("{folder}/log");
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-l", &log, "-o", &options, "start"]);
    }

    /// From now on only with this password.
    pub fn ask_for_passwords(&self, password: &str) {
        let statement = format!("ALTER USER tasuke PASSWORD '{password}'");
        self.run("psql", &["-d", &self.url(), "-c", &statement]);
        let rules = Path::new(&self.data()).join("pg_hba.conf");
        let trusting = fs::read_to_string(&rules).unwrap();
        fs::write(rules, trusting.replace("trust", "scram-sha-256")).unwrap();
        self.run("pg_ctl", &["-D", &self.data(), "reload"]);
        // The reload is not waited for by pg_ctl: ask until it holds.
        let asks = || {
            let mut psql = self.tool("psql");
            psql.args(["-w", "-d", &self.url(), "-c", "SELECT 1"]).current_dir("/tmp");
            !psql.output().unwrap().status.success()
        };
        while !asks() {}
    }

    /// As a power cut would, as far as the clients see.
    pub fn down(&self) {
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-m", "immediate", "stop"]);
    }

    /// Stops (`STOP`) or continues (`CONT`) every process of the server.
    pub fn all(&self, name: &str) {
        let pid = fs::read_to_string(Path::new(&self.data()).join("postmaster.pid")).unwrap();
        let pid: u32 = pid.lines().next().unwrap().parse().unwrap();
        let children = Command::new("pgrep").args(["-P", &pid.to_string()]).output().unwrap();
        for child in String::from_utf8(children.stdout).unwrap().lines() {
            signal(child.parse().unwrap(), name);
        }
        signal(pid, name);
    }

    pub fn tool(&self, program: &str) -> Command {
        let program = self.bin.join(program);
        if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        }
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = self.tool(program);
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        let ran = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(ran.success(), "{program} {arguments:?}");
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        let mut command = self.tool("pg_ctl");
        command.args(["-D", &self.data(), "-m", "immediate", "stop"]).current_dir("/tmp");
        let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}
