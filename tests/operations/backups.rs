//! A copy taken under load restores to what was acknowledged before it.
use crate::process::{Tasuke, prepare, run, sqlite, submission, until};
use crate::server::PostgresServer;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[test]
fn a_backup_taken_under_load_restores() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(folder.path());
    let token = prepare(&url);
    let tasuke = Tasuke::serve(&url, &["--tenant-burst", "100000", "--address-burst", "100000"]);
    let client = tasuke.client(&token);
    let over = AtomicBool::new(false);
    let acknowledged = AtomicUsize::new(0);
    let copy = folder.path().join("copy.db");
    let mut before = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let body = submission(&client, &format!("s-{n}"));
                assert_eq!(tasuke.post("/v1/assessments", &token, &body).unwrap().0, 201);
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
        });
        until("some acknowledged", || acknowledged.load(Ordering::Relaxed) >= 30);
        before = acknowledged.load(Ordering::Relaxed);
        let made = run(&url, &["backup", copy.to_str().unwrap()]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        over.store(true, Ordering::Relaxed);
    });
    // A folder that is not there is told, and not made and copied.
    let nowhere = sqlite(&folder.path().join("mistyped"));
    let refused = run(&nowhere, &["backup", folder.path().join("other.db").to_str().unwrap()]);
    assert!(!refused.status.success() && !folder.path().join("mistyped").exists());
    // Never over something that is there.
    assert!(!run(&url, &["backup", copy.to_str().unwrap()]).status.success());

    // The restored service has every one that was acknowledged before, whole, and takes the old token.
    let restored = format!("sqlite://{}", copy.display());
    let again = Tasuke::serve(&restored, &[]);
    for n in 0..before {
        let id = format!("s-{n}");
        let (status, kept) = again.post("/v1/assessments", &token, &submission(&client, &id)).unwrap();
        assert_eq!((status, kept["external_id"].as_str()), (201, Some(id.as_str())));
        let original = tasuke.post("/v1/assessments", &token, &submission(&client, &id)).unwrap().1;
        assert_eq!(kept, original);
    }
}

#[test]
fn a_dump_of_postgresql_restores() {
    let server = PostgresServer::start();
    let url = server.url();
    let token = prepare(&url);
    let tasuke = Tasuke::serve(&url, &[]);
    let client = tasuke.client(&token);
    let send = |to: &Tasuke, n: u32| {
        let (status, kept) =
            to.post("/v1/assessments", &token, &submission(&client, &format!("s-{n}"))).unwrap();
        assert_eq!(status, 201, "{kept}");
        kept
    };
    let originals: Vec<_> = (0..20).map(|n| send(&tasuke, n)).collect();
    // As deploy/README.md says it.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tasuke.dump").display().to_string();
    let restored = url.replace("/postgres", "/restored");
    let script = |arguments: &[&str]| {
        let mut script = std::process::Command::new("scripts/backup-postgresql");
        let ran = script.args(arguments).env("TASUKE_DATABASE_URL", &url).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    };
    script(&[&file]);
    let made =
        server.tool("createdb").args(["--maintenance-db", &url, "restored"]).current_dir("/tmp").status();
    assert!(made.unwrap().success());
    script(&["--restore", &file, &restored]);
    let again = Tasuke::serve(&restored, &[]);
    for (n, original) in (0..20).zip(&originals) {
        assert_eq!(&send(&again, n), original);
    }
}
