//! `tasuke` as a process of its own, on a free port.
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub struct Tasuke {
    pub address: SocketAddr,
    child: Child,
    /// A file, because nobody reads a pipe before the end, and a full one would stop the process.
    log: tempfile::NamedTempFile,
}

/// A port that nobody listens on.
pub fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

pub fn command(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tasuke"));
    command.env_clear().env("TASUKE_DATABASE_URL", url).env("TASUKE_LOG", "warn").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub fn run(url: &str, arguments: &[&str]) -> Output {
    command(url).args(arguments).output().unwrap()
}

/// The schema, the tenant `acme`, and a token of it.
pub fn prepare(url: &str) -> String {
    assert!(run(url, &["migrate"]).status.success());
    assert!(run(url, &["tenant", "create", "acme", "--name", "Acme"]).status.success());
    token(url)
}

pub fn token(url: &str) -> String {
    let scope = "clients:read clients:write assessments:read assessments:write incidents:read";
    let made = run(url, &["token", "--tenant", "acme", "--ttl", "8h", "--scope", scope]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

impl Tasuke {
    /// Serves on `url`, ready.
    pub fn serve(url: &str, arguments: &[&str]) -> Self {
        Self::start(free_port(), command(url), arguments)
    }

    /// Serves under another program, which ends with `exec` of what it is given.
    pub fn serve_in(outer: &[&str], url: &str, arguments: &[&str]) -> Self {
        let inner = command(url);
        let mut command = Command::new(outer[0]);
        command.args(&outer[1..]).arg(inner.get_program()).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var("PATH").unwrap());
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Self::start(free_port(), command, arguments)
    }

    /// Serves by a command of one's own, ready.
    pub fn start(address: SocketAddr, mut command: Command, arguments: &[&str]) -> Self {
        command.args(["serve", "--listen", &address.to_string()]).args(arguments);
        let log = tempfile::NamedTempFile::new().unwrap();
        let child = command.stdout(Stdio::null()).stderr(log.reopen().unwrap()).spawn().unwrap();
        let mut tasuke = Self { address, child, log };
        let patience = Instant::now() + Duration::from_secs(30);
        while tasuke.get("/readyz").is_none_or(|answer| answer.0 != 200) {
            let ended = tasuke.child.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < patience,
                "it does not serve: {}",
                tasuke.ended().1
            );
        }
        tasuke
    }

    /// Status and body; nothing when nobody answers.
    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        get(self.address, path)
    }

    pub fn post(&self, path: &str, token: &str, body: &Value) -> Option<(u16, Value)> {
        post(self.address, path, token, body)
    }

    pub fn client(&self, token: &str) -> String {
        let (status, made) = self.post("/v1/clients", token, &json!({"name": "A"})).unwrap();
        assert_eq!(status, 201, "{made}");
        made["id"].as_str().unwrap().to_owned()
    }

    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Waits for the end: exit code, and what it wrote.
    pub fn ended(&mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        (code, std::fs::read_to_string(self.log.path()).unwrap())
    }
}

impl Drop for Tasuke {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something is so, but not for ever.
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < patience, "{what}: not within a minute");
        std::thread::yield_now();
    }
}

/// Sends a signal to a process that a test started.
pub fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &process.to_string()]).status().unwrap();
    assert!(sent.success(), "kill -s {name} {process}");
}

/// Keeps its connection from one call to the next.
pub fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.timeout_global(Some(Duration::from_secs(10))).build().into()
}

pub fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut answer = agent().get(format!("http://{address}{path}")).call().ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.body_mut().read_to_string().ok()?))
}

pub fn post(address: SocketAddr, path: &str, token: &str, body: &Value) -> Option<(u16, Value)> {
    post_by(&agent(), address, path, token, body)
}

pub fn post_by(
    agent: &ureq::Agent,
    address: SocketAddr,
    path: &str,
    token: &str,
    body: &Value,
) -> Option<(u16, Value)> {
    let call = agent.post(format!("http://{address}{path}"));
    let mut answer = call.header("authorization", format!("Bearer {token}")).send_json(body).ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.body_mut().read_json().ok()?))
}

/// A SQLite database in `folder`.
pub fn sqlite(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("tasuke.db").display())
}

/// A whole submission of the basic rules.
pub fn submission(client: &str, external_id: &str) -> Value {
    let answers: Vec<_> =
        (1..=5).map(|n| json!({"control": format!("basic-rule-{n}"), "status": "partial"})).collect();
    json!({
        "client_id": client, "questionnaire": "ipa-basic-rules-3.1", "external_id": external_id,
        "state": "submitted", "answers": answers,
    })
}
