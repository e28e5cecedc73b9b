//! `kill -9` in the middle of submissions and of an import: what was acknowledged is there, once and whole. A
//! control answers before the commit, and must be seen to lose.
use crate::process::{Tasuke, agent, command, free_port, post_by, prepare, run, sqlite, submission, until};
use crate::server::PostgresServer;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Answers are out this many milliseconds before they are true.
const EARLY: (&str, &str) = ("TASUKE_CONTROL_ANSWER_EARLY", "200");
/// More than there are lanes: they share commits.
const CALLERS: usize = 32;

/// 10 in the daily run; `make crashes` is the long one.
fn cycles() -> usize {
    std::env::var("CYCLES").map_or(10, |cycles| cycles.parse().unwrap())
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    loses_nothing(&sqlite(folder.path()), "SQLite");
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_on_postgresql() {
    let server = PostgresServer::start();
    loses_nothing(&server.url(), "PostgreSQL");
}

#[test]
fn an_answer_before_the_commit_would_be_seen_to_lose_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    would_lose(&sqlite(folder.path()), "SQLite");
}

#[test]
fn an_answer_before_the_commit_would_be_seen_to_lose_on_postgresql() {
    let server = PostgresServer::start();
    would_lose(&server.url(), "PostgreSQL");
}

fn loses_nothing(url: &str, name: &str) {
    let mut killed = Killed::new(url);
    let audited = killed.audited().unwrap();
    for cycle in 0..cycles() {
        killed.cycle(cycle, None);
    }
    let service = killed.serve(None);
    let kept = killed.kept();
    let lost = killed.lost(&kept);
    let lines = killed.acknowledged.keys().filter(|name| is_line(name)).count();
    println!(
        "{name}: {} cycles, {} acknowledged, {lines} of them lines of imports, {} kept, {} lost",
        cycles(),
        killed.acknowledged.len(),
        kept.len(),
        lost.len()
    );
    assert!(lost.is_empty(), "{lost:?}");
    killed.assert_whole(kept.values());
    // Each was noted in its own transaction. The service may be sealing what the verifier does not see yet.
    until("each is in the audit log", || killed.audited() == Some(audited + kept.len()));
    assert!(run(url, &["check-data"]).status.success());
    // Sending them again is harmless.
    for name in killed.acknowledged.keys().take(20) {
        let again = service.post("/v1/assessments", &killed.token, &submission(&killed.client, name));
        let (status, again) = again.unwrap();
        assert_eq!((status, again["id"].as_str()), (201, Some(&*killed.acknowledged[name])), "{again}");
    }
}

fn would_lose(url: &str, name: &str) {
    let mut killed = Killed::new(url);
    let (mut submissions, mut lines) = (0, 0);
    for cycle in 0..10 {
        killed.cycle(cycle, Some(EARLY));
        let _service = killed.serve(None);
        let kept = killed.kept();
        let lost = killed.lost(&kept);
        lines = lost.iter().filter(|name| is_line(name)).count();
        submissions = lost.len() - lines;
        if submissions > 0 && lines > 0 {
            break;
        }
    }
    println!("{name}, with early answers: {submissions} submissions and {lines} lines of imports lost");
    assert!(submissions > 0 && lines > 0, "{submissions} {lines}");
}

/// An assessment that was acknowledged: what its sender calls it, and its id.
type Acknowledged = (String, String);

fn is_line(name: &str) -> bool {
    name.starts_with("line-")
}

/// A service that is killed again and again.
struct Killed {
    url: String,
    address: SocketAddr,
    token: String,
    client: String,
    acknowledged: HashMap<String, String>,
}

impl Killed {
    fn new(url: &str) -> Self {
        let token = prepare(url);
        let client = Tasuke::serve(url, &[]).client(&token);
        let address = free_port();
        Self { url: url.to_owned(), address, token, client, acknowledged: HashMap::new() }
    }

    fn serve(&self, control: Option<(&str, &str)>) -> Tasuke {
        let mut command = command(&self.url);
        command.envs(control);
        let generous = ["--tenant-burst", "1000000", "--address-burst", "1000000"];
        Tasuke::start(self.address, command, &generous)
    }

    /// Serves under load, and is killed when so many were acknowledged; each time it is another number.
    fn cycle(&mut self, cycle: usize, control: Option<(&str, &str)>) {
        let service = self.serve(control);
        let (say, said) = channel();
        let (address, token, client) = (self.address, &*self.token, &*self.client);
        thread::scope(|scope| {
            for caller in 0..CALLERS {
                let (say, name) = (say.clone(), format!("call-{cycle}-{caller}"));
                scope.spawn(move || submit(address, token, client, &name, &say));
            }
            scope.spawn(move || import(address, token, client, &format!("line-{cycle}"), &say));
            let (mut submissions, mut lines) = (5 + cycle % 17, 1 + cycle * 40 % 200);
            let patience = Instant::now() + Duration::from_secs(60);
            while submissions + lines > 0 && Instant::now() < patience {
                let Ok((name, id)) = said.recv_timeout(Duration::from_secs(60)) else { break };
                let awaited = if is_line(&name) { &mut lines } else { &mut submissions };
                *awaited = awaited.saturating_sub(1);
                self.acknowledged.insert(name, id);
            }
            service.signal("KILL");
            // What was answered until then was acknowledged too.
            self.acknowledged.extend(said);
            assert_eq!((submissions, lines), (0, 0), "they were not acknowledged within a minute");
        });
    }

    /// What is there, by the name that its sender gave it.
    fn kept(&self) -> HashMap<String, String> {
        let (mut kept, agent) = (HashMap::new(), agent());
        let mut path = "/v1/assessments?limit=100".to_owned();
        loop {
            let page = self.read(&agent, &path);
            for item in page["items"].as_array().unwrap() {
                let text = |field: &str| item[field].as_str().unwrap().to_owned();
                assert_eq!(item["state"], "submitted", "{item}");
                assert!(kept.insert(text("external_id"), text("id")).is_none(), "twice: {item}");
            }
            let Some(cursor) = page["next_cursor"].as_str() else { return kept };
            path = format!("/v1/assessments?limit=100&after={cursor}");
        }
    }

    /// What was acknowledged and is not there as it was told.
    fn lost(&self, kept: &HashMap<String, String>) -> Vec<&String> {
        let lost = self.acknowledged.iter().filter(|(name, id)| kept.get(*name) != Some(*id));
        lost.map(|(name, _)| name).collect()
    }

    /// Each was made with its answers and then submitted, and nothing else happened to it.
    fn assert_whole<'a>(&self, ids: impl Iterator<Item = &'a String> + Send) {
        let ids = Mutex::new(ids);
        let next = || ids.lock().unwrap().next();
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let agent = agent();
                    while let Some(id) = next() {
                        let events = self.read(&agent, &format!("/v1/assessments/{id}/events"));
                        let events = events["items"].as_array().unwrap();
                        let kinds: Vec<_> = events.iter().map(|event| &event["kind"]).collect();
                        assert_eq!(kinds, ["created", "submitted"], "{id}");
                        assert_eq!(events[0]["changes"].as_array().unwrap().len(), 5, "{id}");
                    }
                });
            }
        });
    }

    /// How many events the audit log has; it is whole.
    fn audited(&self) -> Option<usize> {
        let verified = run(&self.url, &["audit", "verify", "--tenant", "acme"]);
        let told = String::from_utf8(verified.stdout).unwrap();
        assert!(verified.status.success(), "{told}");
        // Not while the service seals what it was left.
        let whole = told.lines().find_map(|line| line.strip_prefix("acme: whole; "));
        assert!(whole.is_some() || told.contains("a running service seals"), "{told}");
        whole.and_then(|told| told.split_once(' ')?.0.parse().ok())
    }

    fn read(&self, agent: &ureq::Agent, path: &str) -> Value {
        let call = agent.get(format!("http://{}{path}", self.address));
        let mut answer = call.header("authorization", format!("Bearer {}", self.token)).call().unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.body_mut().read_json().unwrap()
    }
}

/// Submits one after the other until nobody answers.
fn submit(address: SocketAddr, token: &str, client: &str, name: &str, say: &Sender<Acknowledged>) {
    let agent = agent();
    for n in 0.. {
        let name = format!("{name}-{n}");
        match post_by(&agent, address, "/v1/assessments", token, &submission(client, &name)) {
            Some((201, made)) => say.send((name, made["id"].as_str().unwrap().to_owned())).unwrap(),
            // Neither of these is an acknowledgement: it may be there or not.
            Some((503, _)) => {}
            Some((status, problem)) => panic!("{status} {problem}"),
            None => break,
        }
    }
}

/// Imports one stream after the other, each without an end, until nobody takes it.
fn import(address: SocketAddr, token: &str, client: &str, name: &str, say: &Sender<Acknowledged>) {
    for n in 0.. {
        let Ok(mut stream) = TcpStream::connect(address) else { break };
        let verdicts = BufReader::new(stream.try_clone().unwrap());
        let name = |line: u64| format!("{name}-{n}-{line}");
        thread::scope(|scope| {
            scope.spawn(|| {
                let head = format!(
                    "POST /v1/assessment-imports HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
                     content-type: application/x-ndjson\r\ncontent-length: 5000000000\r\n\r\n"
                );
                let mut sent = stream.write_all(head.as_bytes());
                let mut lines = (1..).map(|line| format!("{}\n", submission(client, &name(line))));
                while sent.is_ok() {
                    sent = stream.write_all(lines.next().unwrap().as_bytes());
                }
            });
            read_verdicts(verdicts, &|line, id| say.send((name(line), id)).unwrap());
        });
    }
}

/// Tells which lines were created, until there are no more verdicts.
fn read_verdicts(mut stream: BufReader<TcpStream>, created: &dyn Fn(u64, String)) {
    let mut line = String::new();
    // A verdict that was cut off is none.
    while stream.read_line(&mut line).is_ok() && line.ends_with('\n') {
        // Between them stand the head, and the lengths of the parts in which they come.
        if line.starts_with('{') {
            let verdict: Value = serde_json::from_str(&line).unwrap();
            if verdict["outcome"] != "created" {
                assert_eq!(verdict["problem"]["status"], json!(503), "{verdict}");
                break;
            }
            created(verdict["index"].as_u64().unwrap(), verdict["id"].as_str().unwrap().to_owned());
        }
        line.clear();
    }
    let _ = stream.get_ref().shutdown(Shutdown::Both);
}
