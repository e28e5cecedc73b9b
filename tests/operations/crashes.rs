//! `kill -9` in the middle of submissions: what was acknowledged is there, once and whole.
use crate::process::{Tasuke, free_port, post, prepare, run, sqlite, submission, token, until};
use crate::server::PostgresServer;
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// 20 in the daily run; `CYCLES=200 cargo test crashes` for the long one.
fn cycles() -> usize {
    std::env::var("CYCLES").map_or(20, |cycles| cycles.parse().unwrap())
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    crash(&sqlite(folder.path()), "SQLite");
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_on_postgresql() {
    let server = PostgresServer::start();
    crash(&server.url(), "PostgreSQL");
}

fn crash(url: &str, name: &str) {
    let token_text = prepare(url);
    let address = free_port();
    let client = Tasuke::serve_on(address, url, &[]).client(&token_text);
    let acknowledged: Mutex<HashSet<String>> = Mutex::default();
    let sent = AtomicUsize::new(0);
    for cycle in 0..cycles() {
        let tasuke =
            Tasuke::serve_on(address, url, &["--tenant-burst", "100000", "--address-burst", "100000"]);
        let dead = AtomicBool::new(false);
        let enough = acknowledged.lock().unwrap().len() + 5 + cycle % 17;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !dead.load(Ordering::Relaxed) {
                        let id = format!("s-{}", sent.fetch_add(1, Ordering::Relaxed));
                        let body = submission(&client, &id);
                        match post(address, "/v1/assessments", &token_text, &body) {
                            Some((201, _)) => assert!(acknowledged.lock().unwrap().insert(id)),
                            Some((status, body)) => panic!("{status} {body}"),
                            // Not acknowledged: it may be there or not.
                            None => break,
                        }
                    }
                });
            }
            until("enough acknowledged", || acknowledged.lock().unwrap().len() >= enough);
            tasuke.signal("KILL");
            dead.store(true, Ordering::Relaxed);
        });
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    let tasuke = Tasuke::serve_on(address, url, &["--tenant-burst", "100000", "--address-burst", "100000"]);
    let mut kept = HashSet::new();
    let mut path = "/v1/assessments?limit=100".to_owned();
    loop {
        let page = read(&tasuke, &path, &token(url));
        for item in page["items"].as_array().unwrap() {
            let id = item["external_id"].as_str().unwrap().to_owned();
            assert!(kept.insert(id.clone()), "{id} is there twice");
            assert_eq!(item["state"], "submitted", "{id}");
        }
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/assessments?limit=100&after={cursor}");
    }
    let lost: Vec<_> = acknowledged.difference(&kept).collect();
    println!(
        "{name}: {} cycles, {} sent, {} acknowledged, {} kept, {} lost",
        cycles(),
        sent.load(Ordering::Relaxed),
        acknowledged.len(),
        kept.len(),
        lost.len()
    );
    assert!(lost.is_empty(), "{lost:?}");
    // Sending them again is harmless, and each is whole.
    for id in acknowledged.iter().take(20) {
        let (status, again) =
            tasuke.post("/v1/assessments", &token_text, &submission(&client, id)).unwrap();
        assert_eq!((status, again["answers"].as_array().unwrap().len()), (201, 5), "{again}");
    }
    assert!(run(url, &["check-data"]).status.success());
}

fn read(tasuke: &Tasuke, path: &str, token: &str) -> serde_json::Value {
    let call = ureq::get(format!("http://{}{path}", tasuke.address));
    let answer = call.header("authorization", format!("Bearer {token}")).call();
    answer.unwrap().body_mut().read_json().unwrap()
}
