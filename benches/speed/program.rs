//! The program, in a process of its own, and what it takes.
use nix::time::ClockId;
use nix::unistd::Pid;
use serde_json::Value;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Program {
    pub address: SocketAddr,
    pub ready_after: Duration,
    child: Child,
}

/// Where all databases lie.
pub const DISK: &str = "/tmp";

pub fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("tasuke-bench").tempdir_in(DISK).unwrap()
}

const TENANT: &str = "bench";

pub fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn command(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tasuke"));
    command.env_clear().env("TASUKE_DATABASE_URL", url).env("TASUKE_LOG", "warn").stdin(Stdio::null());
    command
}

/// Runs a command to its end, and gives what it printed.
pub fn run(url: &str, arguments: &[&str]) -> String {
    let ran = command(url).args(arguments).output().unwrap();
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

/// The schema and a tenant.
pub fn prepare(url: &str) {
    run(url, &["migrate"]);
    run(url, &["tenant", "create", TENANT, "--name", "Bench"]);
}

pub fn token(url: &str, tenant: &str) -> String {
    let scope = "clients:read clients:write assessments:read assessments:write incidents:read";
    run(url, &["token", "--tenant", tenant, "--ttl", "8h", "--scope", scope])
}

impl Program {
    /// Serves with the defaults, but for limits that one caller would soon reach, and without a line in the
    /// log for each call.
    pub fn serve(url: &str, settings: &[(&str, &str)]) -> Self {
        let address = free_port();
        let mut command = command(url);
        for rate in ["TENANT_RATE", "TENANT_BURST", "ADDRESS_RATE", "ADDRESS_BURST"] {
            command.env(format!("TASUKE_{rate}"), "10000000");
        }
        command.envs(settings.iter().copied()).args(["serve", "--listen", &address.to_string()]);
        Self::start(address, command)
    }

    /// The same with the limits that it has by default.
    pub fn serve_as_shipped(url: &str) -> Self {
        let address = free_port();
        let mut command = command(url);
        command.args(["serve", "--listen", &address.to_string()]);
        Self::start(address, command)
    }

    /// Serves what a bare handler does: answers `GET` with the bytes of this file, `POST` after parsing.
    pub fn bare(answer: &std::path::Path) -> Self {
        let address = free_port();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--bare", &address.to_string()]).arg(answer).stdin(Stdio::null());
        Self::start(address, command)
    }

    fn start(address: SocketAddr, mut command: Command) -> Self {
        let begun = Instant::now();
        let child = command.stdout(Stdio::null()).spawn().unwrap();
        let mut program = Self { address, ready_after: Duration::ZERO, child };
        let patience = begun + Duration::from_secs(30);
        while ureq::get(format!("http://{address}/readyz")).call().is_err() {
            assert!(
                program.child.try_wait().unwrap().is_none() && Instant::now() < patience,
                "it does not serve"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        program.ready_after = begun.elapsed();
        program
    }

    pub fn get(&self, path: &str, token: &str) -> Value {
        let call = ureq::get(format!("http://{}{path}", self.address));
        let answer = call.header("authorization", format!("Bearer {token}")).call();
        answer.unwrap().body_mut().read_json().unwrap()
    }

    pub fn post(&self, path: &str, token: &str, body: &[u8]) -> Value {
        let call = ureq::post(format!("http://{}{path}", self.address));
        let call = call.header("authorization", format!("Bearer {token}"));
        let answer = call.header("content-type", "application/json").send(body);
        answer.unwrap().body_mut().read_json().unwrap()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Processor time so far.
    pub fn cpu(&self) -> Duration {
        cpu(self.id()).expect("it runs")
    }

    /// What it has taken since.
    pub fn cpu_since(&self, before: Duration) -> Duration {
        self.cpu().checked_sub(before).expect("time goes on")
    }

    /// Memory in MiB: now, and at most so far.
    pub fn memory(&self) -> (f64, f64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1024.0
        };
        (of("VmRSS:"), of("VmHWM:"))
    }
}

/// Processor time of a process so far, in nanoseconds and with that of its threads that have ended; `None` when it has
/// ended itself.
pub fn cpu(process: u32) -> Option<Duration> {
    let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(i32::try_from(process).unwrap()));
    Some(clock.ok()?.now().ok()?.into())
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
