//! `tasuke import`: a file sent to a running service.
use crate::process::{Tasuke, command, prepare, until};
use serde_json::json;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

fn import(service: &Tasuke, token: &str, arguments: &[&str], file: &Path) -> Output {
    let url = format!("http://{}", service.address);
    let mut import = command("sqlite://nowhere.db");
    import.arg("import").args(arguments).arg(file).args(["--url", &url]).env("TASUKE_TOKEN", token);
    import.output().unwrap()
}

/// The connection of an import asks for nothing new for as long as it lasts, and is not shut for that.
#[test]
fn an_import_may_last_longer_than_a_connection_may_idle() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("db").display());
    let token = prepare(&url);
    let service = Tasuke::serve(&url, &["--keep-alive-seconds", "1", "--header-seconds", "1"]);
    let clients = folder.path().join("clients.csv");
    fs::write(&clients, "name,external_id\nA,c1\n").unwrap();
    assert!(import(&service, &token, &["clients"], &clients).status.success());
    let answers: Vec<_> =
        (1..=25).map(|n| json!({"control": format!("self-check-{n:02}"), "status": "partial"})).collect();
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
    let import_of = |lines: usize| {
        let line = |n: usize| {
            json!({"client_external_id": "c1", "questionnaire": "ipa-self-check-4.0", "external_id": format!("{lines}-{n}"), "answers": answers, "state": "submitted"})
                .to_string()
        };
        let sent: Vec<String> = (0..lines).map(line).collect();
        let started = Instant::now();
        let mut answer = agent
            .post(format!("http://{}/v1/assessment-imports", service.address))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/x-ndjson")
            .send(sent.join("\n"))
            .unwrap();
        let told = answer.body_mut().with_config().limit(100_000_000).read_to_string().unwrap();
        assert_eq!(told.lines().filter(|line| line.contains("\"created\"")).count(), lines);
        started.elapsed()
    };
    // How many lines last three seconds depends on the machine: as many as it takes.
    let mut lines = 4_000;
    while import_of(lines) < Duration::from_secs(3) {
        lines *= 2;
    }
}

const PATIENCE: Duration = Duration::from_secs(120);

/// What had come when the stream was cut is stored, line by line; the line that was cut is not.
#[test]
fn a_stream_that_is_cut_leaves_no_half_line() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("db").display());
    let token = prepare(&url);
    let service = Tasuke::serve(&url, &[]);
    let clients = folder.path().join("clients.csv");
    fs::write(&clients, "name,external_id\nA,c1\n").unwrap();
    assert!(import(&service, &token, &["clients"], &clients).status.success());
    let line = |n: usize| {
        json!({"client_external_id": "c1", "questionnaire": "ipa-basic-rules-4.0", "external_id": format!("n{n}")}).to_string()
    };
    let mut stream = TcpStream::connect(service.address).unwrap();
    let sent = format!("{}\n{}\n{}", line(1), line(2), &line(3)[..40]);
    let head = format!(
        "POST /v1/assessment-imports HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/x-ndjson\r\ncontent-length: 5000000000\r\n\r\n"
    );
    stream.write_all(format!("{head}{sent}").as_bytes()).unwrap();
    let kept = || {
        let call = ureq::get(format!("http://{}/v1/assessments", service.address));
        let answer = call.header("authorization", format!("Bearer {token}")).call();
        let page: serde_json::Value = answer.unwrap().body_mut().read_json().unwrap();
        let items = page["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["external_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // Nobody waits for the end of the stream: what is whole is stored.
    until("the whole lines are stored", || kept().len() == 2);
    drop(stream);
    // The rest of the file, sent again from the start, is stored once.
    let again = folder.path().join("again.ndjson");
    fs::write(&again, (1..=3).map(line).collect::<Vec<_>>().join("\n")).unwrap();
    let told = String::from_utf8(import(&service, &token, &["assessments"], &again).stdout).unwrap();
    assert!(told.ends_with("1 stored, 2 there already, 0 rejected\n"), "{told}");
    assert_eq!(kept(), ["n1", "n2", "n3"]);
}

/// Whoever does not read what became of its lines is not read from either, until it does: nothing piles up.
#[test]
fn who_does_not_read_its_verdicts_is_held_back() {
    const MIB: usize = 1024 * 1024;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("db").display());
    let token = prepare(&url);
    let service = Tasuke::serve(&url, &[]);
    let mut stream = TcpStream::connect(service.address).unwrap();
    let head = format!(
        "POST /v1/assessment-imports HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/x-ndjson\r\ncontent-length: 5000000000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // None of it is an assessment, and each line is told so.
    let lines = format!("{{{}\n", "x".repeat(1022)).repeat(64);
    stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut sent = 0;
    while let Ok(came) = stream.write(lines.as_bytes()) {
        sent += came;
        assert!(sent < 200 * MIB, "it takes all that comes");
    }
    let mut reading = stream.try_clone().unwrap();
    let reader = std::thread::spawn(move || {
        let (mut read, mut part) = (0, vec![0; MIB]);
        while let Ok(came @ 1..) = reading.read(&mut part) {
            read += came;
        }
        read
    });
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    for _ in 0..64 {
        stream.write_all(lines.as_bytes()).unwrap();
    }
    stream.shutdown(Shutdown::Both).unwrap();
    assert!(reader.join().unwrap() > MIB);
}

#[test]
fn a_file_is_imported_and_what_was_rejected_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("db").display());
    let token = prepare(&url);
    let service = Tasuke::serve(&url, &[]);
    let clients = folder.path().join("clients.csv");
    fs::write(&clients, "会社名,顧客コード,都道府県\nあさひ,c1,愛知県\n,c2,東京\nみらい,c3,月\n").unwrap();
    let dry = import(&service, &token, &["clients", "--dry-run"], &clients);
    let text = String::from_utf8(dry.stdout).unwrap();
    assert!(!dry.status.success() && text.ends_with("1 stored, 0 there already, 2 rejected\n"), "{text}");
    let done = import(&service, &token, &["clients"], &clients);
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(text.contains("line 3: ") && text.contains("/name") && text.contains("line 4: "), "{text}");
    assert!(text.ends_with("1 stored, 0 there already, 2 rejected\n"), "{text}");

    // More lines than one request takes, with a fault in the second request.
    let lines = folder.path().join("assessments.ndjson");
    let line = |n: usize| {
        match n {
        700 => "{broken".to_owned(),
        n => json!({"client_external_id": "c1", "questionnaire": "ipa-basic-rules-4.0", "external_id": format!("n{n}")}).to_string(),
    }
    };
    fs::write(&lines, (1..=1200).map(line).collect::<Vec<_>>().join("\n")).unwrap();
    let done = import(&service, &token, &["assessments"], &lines);
    let text = String::from_utf8(done.stdout).unwrap();
    assert!(text.contains("line 700: "), "{text}");
    assert!(text.ends_with("1199 stored, 0 there already, 1 rejected\n"), "{text}");
    // The whole file again is harmless.
    let again = String::from_utf8(import(&service, &token, &["assessments"], &lines).stdout).unwrap();
    assert!(again.ends_with("0 stored, 1199 there already, 1 rejected\n"), "{again}");
    // A token that is none, and a file that is not there, are told.
    let refused = import(&service, "nonsense", &["assessments"], &lines);
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && why.contains("401") && !why.contains("nonsense"), "{why}");
    assert!(!import(&service, &token, &["clients"], &folder.path().join("none")).status.success());
}
