//! The power goes off in the middle of submissions on SQLite: what was acknowledged is there. Two controls
//! break the promise on purpose, and must be seen to lose.
use crate::process::{Tasuke, command, post, prepare, sqlite, submission};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection};
use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = diesel::sql_types::Text)]
    external_id: String,
}

/// What a power cut left.
struct Left {
    acknowledged: usize,
    /// How many of these are gone.
    lost: usize,
    /// SQLite has written its log back into the file before.
    is_written_back: bool,
}

/// A power cut at this fsync.
fn cut(at: usize, control: &[&str]) -> Left {
    let folder = tempfile::tempdir().unwrap();
    let left = tempfile::tempdir().unwrap();
    let library = folder.path().join("power_cut.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/operations/power_cut.c");
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).status();
    assert!(compiled.unwrap().success());

    let url = sqlite(folder.path());
    let token = prepare(&url);
    let client = Tasuke::serve(&url, &[]).client(&token);
    // What is there before is on disk: its last connection has put it into one file.
    std::fs::copy(folder.path().join("tasuke.db"), left.path().join("tasuke.db")).unwrap();
    let before = size(left.path());
    let preload = format!("LD_PRELOAD={}", library.display());
    let to = format!("POWER_CUT_FOLDER={}", left.path().display());
    let most = 8 * at;
    let at = format!("POWER_CUT_AT={at}");
    let outer = [["env", &preload, &to, &at].as_slice(), control].concat();
    let generous = ["--tenant-burst", "100000", "--address-burst", "100000"];
    let mut tasuke = Tasuke::serve_in(&outer, &url, &generous);
    let acknowledged: Mutex<HashSet<String>> = Mutex::default();
    let sent = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                // A control may never come to that fsync.
                while sent.load(Ordering::Relaxed) < most {
                    let id = format!("s-{}", sent.fetch_add(1, Ordering::Relaxed));
                    match post(tasuke.address, "/v1/assessments", &token, &submission(&client, &id)) {
                        Some((201, _)) => assert!(acknowledged.lock().unwrap().insert(id)),
                        Some((status, body)) => panic!("{status} {body}"),
                        None => break,
                    }
                }
            });
        }
    });
    tasuke.signal("KILL");
    tasuke.ended();
    let acknowledged = acknowledged.into_inner().unwrap();
    let is_written_back = size(left.path()) > before;
    let kept = kept(left.path());
    let lost = acknowledged.difference(&kept).count();
    println!("{at} {control:?}: {} acknowledged, {} kept, {lost} lost", acknowledged.len(), kept.len());
    Left { acknowledged: acknowledged.len(), lost, is_written_back }
}

fn size(folder: &Path) -> u64 {
    std::fs::metadata(folder.join("tasuke.db")).unwrap().len()
}

fn kept(folder: &Path) -> HashSet<String> {
    let file = folder.join("tasuke.db").display().to_string();
    assert!(command(&format!("sqlite://{file}")).arg("check-data").output().unwrap().status.success());
    let mut conn = SqliteConnection::establish(&file).unwrap();
    let rows: Vec<Kept> = diesel::sql_query("SELECT external_id FROM assessments").load(&mut conn).unwrap();
    rows.into_iter().map(|row| row.external_id).collect()
}

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let loses_nothing = |at: usize| {
        let left = cut(at, &[]);
        assert!(left.acknowledged > 5, "{}", left.acknowledged);
        assert_eq!(left.lost, 0);
        left.is_written_back
    };
    for at in [20, 33, 60] {
        loses_nothing(at);
    }
    // Later ones, until one comes when the log was written back before.
    assert!([400, 800, 1600].into_iter().any(loses_nothing), "no cut came after the log was written back");
}

#[test]
fn a_power_cut_would_lose_with_a_weaker_setting() {
    let left = cut(60, &["TASUKE_CONTROL_SYNCHRONOUS_NORMAL=1"]);
    assert!(left.acknowledged > 5 && left.lost > 0, "{} {}", left.acknowledged, left.lost);
}

#[test]
fn a_power_cut_would_lose_with_an_answer_before_the_commit() {
    let left = cut(20, &["TASUKE_CONTROL_ANSWER_EARLY=1"]);
    assert!(left.acknowledged > 5 && left.lost > 0, "{} {}", left.acknowledged, left.lost);
}
