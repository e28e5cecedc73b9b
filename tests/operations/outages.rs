//! Bad days of PostgreSQL: away at the start, restarted under load, frozen.
use crate::process::{Tasuke, free_port, post, prepare, run, sqlite, submission, until};
use crate::server::PostgresServer;
use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[test]
fn a_database_that_is_not_there_or_not_ready_is_told_in_a_line() {
    let nobody = format!("postgres://tasuke@{}/tasuke", free_port());
    let told = |url: &str| {
        let refused = run(url, &["serve", "--listen", &free_port().to_string()]);
        assert!(!refused.status.success());
        String::from_utf8(refused.stderr).unwrap()
    };
    let started = Instant::now();
    assert!(told(&nobody).contains("refused"), "{}", told(&nobody));
    assert!(started.elapsed() < Duration::from_secs(10));

    let server = PostgresServer::start();
    let behind = told(&server.url());
    assert!(
        behind.contains("behind by 0001_first_journey, 0002_")
            && behind.trim().ends_with("run `tasuke migrate` first"),
        "{behind}"
    );
    let wrong = server.url().replace("/postgres", "/nowhere");
    assert!(told(&wrong).contains("\"nowhere\" does not exist"));

    let secure = format!("{}?sslmode=require", server.url());
    assert!(told(&secure).contains("does not support SSL"), "{}", told(&secure));

    // A newer program has been here.
    prepare(&server.url());
    let newer = "INSERT INTO __diesel_schema_migrations VALUES ('9999', now())";
    let arguments = ["-d", &server.url(), "-c", newer];
    assert!(server.tool("psql").args(arguments).current_dir("/tmp").output().unwrap().status.success());
    let old = told(&server.url());
    assert!(old.contains("9999") && old.contains("too old"), "{old}");
}

#[test]
fn a_wrong_password_is_told_without_telling_it() {
    let server = PostgresServer::start();
    server.ask_for_passwords("correct");
    let url = |password: &str| server.url().replace("tasuke@", &format!("tasuke:{password}@"));
    let refused = run(&url("hunter2"), &["migrate"]);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("password authentication failed") && !told.contains("hunter2"), "{told}");
    assert!(run(&url("correct"), &["migrate"]).status.success());
}

#[test]
fn two_servers_share_one_sqlite_file() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(folder.path());
    let token = prepare(&url);
    let (one, two) = (Tasuke::serve(&url, &[]), Tasuke::serve(&url, &[]));
    let client = one.client(&token);
    let made: Mutex<Vec<(String, Value)>> = Mutex::default();
    std::thread::scope(|scope| {
        for (name, server) in [("one", &one), ("two", &two)] {
            let (client, token, made) = (&client, &token, &made);
            scope.spawn(move || {
                for n in 0..30 {
                    let name = format!("{name}-{n}");
                    let (status, told) =
                        server.post("/v1/assessments", token, &submission(client, &name)).unwrap();
                    assert_eq!(status, 201);
                    made.lock().unwrap().push((name, told));
                }
            });
        }
    });
    // Each server finds what the other one made: the same, not another.
    for (name, told) in made.into_inner().unwrap() {
        for server in [&one, &two] {
            assert_eq!(
                server.post("/v1/assessments", &token, &submission(&client, &name)).unwrap().1,
                told
            );
        }
    }
}

#[test]
fn what_its_caller_does_not_wait_for_any_more_is_not_done() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(folder.path());
    let token = prepare(&url);
    let tasuke = Tasuke::serve(&url, &[]);
    let client = tasuke.client(&token);
    let mut other = SqliteConnection::establish(url.trim_start_matches("sqlite://")).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let asked = Instant::now();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let (tasuke, token, client) = (&tasuke, &token, &client);
            scope.spawn(move || {
                let body = submission(client, &format!("s-{n}"));
                assert_eq!(tasuke.post("/v1/assessments", token, &body).unwrap().0, 503);
            });
        }
    });
    assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
    other.batch_execute("ROLLBACK").unwrap();
    // Once nothing waits any more, nothing was done either.
    let (status, _) = tasuke.post("/v1/assessments", &token, &submission(&client, "after")).unwrap();
    assert_eq!(status, 201);
    let rows: i64 =
        diesel::select(sql::<BigInt>("(SELECT count(*) FROM assessments)")).get_result(&mut other).unwrap();
    assert_eq!(rows, 1);
}

#[test]
fn a_full_disk_is_a_503_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(folder.path());
    let token = prepare(&url);
    // No file may grow past 1 MiB: as far as the program sees, the disk is full then.
    let tasuke =
        Tasuke::serve_in(&["bash", "-c", "trap '' XFSZ; ulimit -f 1024; exec \"$@\"", "-"], &url, &[]);
    let client = tasuke.client(&token);
    let note = "x".repeat(2000);
    let body = |n: u32| {
        let mut body = submission(&client, &format!("s-{n}"));
        for answer in body["answers"].as_array_mut().unwrap() {
            answer["note"] = note.as_str().into();
        }
        body
    };
    let mut made = vec![];
    for n in 0..10_000 {
        let (status, told) = tasuke.post("/v1/assessments", &token, &body(n)).unwrap();
        if status != 201 {
            assert_eq!((status, told["code"].as_str()), (503, Some("unavailable")));
            break;
        }
        made.push(told);
    }
    assert!((3..10_000).contains(&made.len()));
    assert_eq!(tasuke.get("/v1/guidelines").unwrap().0, 200);
    drop(tasuke);
    // With room again, everything acknowledged is there: the same, not made anew.
    let tasuke = Tasuke::serve(&url, &[]);
    for (n, told) in (0..).zip(made) {
        assert_eq!(tasuke.post("/v1/assessments", &token, &body(n)).unwrap(), (201, told));
    }
}

#[test]
fn a_restart_under_load_loses_nothing_and_needs_no_restart_of_ours() {
    let server = PostgresServer::start();
    let url = server.url();
    let token = prepare(&url);
    let generous = ["--tenant-burst", "1000000", "--address-burst", "1000000"];
    let tasuke = Tasuke::serve(&url, &generous);
    let client = tasuke.client(&token);
    let acknowledged: Mutex<HashSet<String>> = Mutex::default();
    let (sent, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let slowest = Mutex::new(Duration::ZERO);
    let over = AtomicBool::new(false);
    let mut back_after = Duration::ZERO;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let id = format!("s-{}", sent.fetch_add(1, Ordering::Relaxed));
                    let asked = Instant::now();
                    let answer = post(tasuke.address, "/v1/assessments", &token, &submission(&client, &id));
                    let mut slowest = slowest.lock().unwrap();
                    *slowest = asked.elapsed().max(*slowest);
                    match answer.expect("it always answers").0 {
                        201 => drop(acknowledged.lock().unwrap().insert(id)),
                        503 => drop(refused.fetch_add(1, Ordering::Relaxed)),
                        other => panic!("{other}"),
                    }
                }
            });
        }
        let more = |than: usize| until("good answers", || acknowledged.lock().unwrap().len() > than);
        let count = || acknowledged.lock().unwrap().len();
        more(50);
        server.down();
        let before = refused.load(Ordering::Relaxed);
        until("refusals", || refused.load(Ordering::Relaxed) >= before + 8);
        let known = count();
        server.up();
        let returned = Instant::now();
        more(known);
        back_after = returned.elapsed();
        more(count() + 50);
        over.store(true, Ordering::Relaxed);
    });
    let acknowledged = acknowledged.into_inner().unwrap();
    let slowest = slowest.into_inner().unwrap();
    let mut kept = HashSet::new();
    let rows = server
        .tool("psql")
        .args(["-d", &url, "-Atc", "SELECT external_id FROM assessments"])
        .current_dir("/tmp")
        .output()
        .unwrap();
    for id in String::from_utf8(rows.stdout).unwrap().lines() {
        assert!(kept.insert(id.to_owned()), "{id} is there twice");
    }
    let lost = acknowledged.difference(&kept).count();
    println!(
        "{} acknowledged, {} refused with 503, {lost} lost, slowest answer {slowest:?}, first good answer {back_after:?} after its return",
        acknowledged.len(),
        refused.load(Ordering::Relaxed),
    );
    assert_eq!(lost, 0);
    // 2.8 s by the settings; the rest is for a busy machine.
    assert!(slowest < Duration::from_secs(6), "{slowest:?}");
    assert!(back_after < Duration::from_secs(1), "{back_after:?}");
}

#[test]
fn a_frozen_database_is_a_503_and_not_a_hang() {
    let server = PostgresServer::start();
    let token = prepare(&server.url());
    let tasuke = Tasuke::serve(&server.url(), &[]);
    let client = tasuke.client(&token);
    server.all("STOP");
    let asked = Instant::now();
    let (status, told) = tasuke.post("/v1/assessments", &token, &submission(&client, "x")).unwrap();
    let waited = asked.elapsed();
    let ready = tasuke.get("/readyz").unwrap().0;
    let alive = tasuke.get("/livez").unwrap().0;
    server.all("CONT");
    assert_eq!((status, told["code"].as_str()), (503, Some("unavailable")));
    // 2.8 s by the settings; the rest is for a busy machine.
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    assert_eq!((ready, alive), (503, 200));
    // What was asked may have been done after all: asking again is safe, and finds it once.
    let patience = Instant::now() + Duration::from_secs(20);
    while tasuke.post("/v1/assessments", &token, &submission(&client, "x")).unwrap().0 != 201 {
        assert!(Instant::now() < patience, "it does not come back");
    }
    let count = ["-d", &server.url(), "-Atc", "SELECT count(*) FROM assessments"];
    let counted = server.tool("psql").args(count).current_dir("/tmp").output().unwrap();
    assert_eq!(counted.stdout, b"1\n");
}
