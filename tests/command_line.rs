//! The program as an operator runs it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

fn tasuke(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tasuke"))
        .args(arguments)
        .env_clear()
        .env("TASUKE_DATA_DIR", folder)
        .env("TASUKE_LOG", "error")
        .output()
        .unwrap()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn error(output: &Output) -> String {
    assert!(!output.status.success(), "it did not fail");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_token_is_printed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let made = tasuke(folder.path(), &["tenant", "create", "acme", "--name", "Acme"]);
    assert_eq!(out(&made), "acme\n");
    let token =
        tasuke(folder.path(), &["token", "--tenant", "acme", "--scope", "clients:read clients:write"]);
    let parts: Vec<_> = out(&token).trim_end().split('.').collect();
    assert_eq!(parts.len(), 3, "{}", out(&token));
    assert!(token.stderr.is_empty());
}

#[test]
fn what_cannot_be_done_is_said_in_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| error(&tasuke(folder.path(), arguments));
    assert!(run(&["token", "--tenant", "nobody", "--scope", "admin"]).contains("no tenant nobody"));
    assert!(run(&["tenant", "create", "Not A Slug", "--name", "x"]).contains("a slug has"));
    tasuke(folder.path(), &["tenant", "create", "acme", "--name", "Acme"]);
    assert!(run(&["tenant", "create", "acme", "--name", "x"]).contains("exists"));
    let scope = ["token", "--tenant", "acme", "--scope", "everything"];
    assert!(run(&scope).contains("unknown scope \"everything\"; known are clients:read"));
    for ttl in ["0s", "25h", "soon", "99999999999999999999h"] {
        let arguments = ["token", "--tenant", "acme", "--scope", "admin", "--ttl", ttl];
        assert!(run(&arguments).contains("--ttl"), "{ttl}");
    }
    for url in ["mysql://x", "data/tasuke.db"] {
        let refused = run(&["--database-url", url, "migrate"]);
        assert!(refused.contains("must start with sqlite:// or postgres://"), "{url}: {refused}");
    }
}

#[test]
fn a_service_account_is_made_listed_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    tasuke(folder.path(), &["tenant", "create", "acme", "--name", "Acme"]);
    let create = |more: &[&str]| {
        let arguments = ["service-account", "create", "--tenant", "acme", "--name", "portal"];
        tasuke(folder.path(), &[&arguments, more].concat())
    };
    let made = create(&["--scope", "clients:read admin", "--days", "30", "--allow", "203.0.113.0/24"]);
    let told: Vec<&str> = out(&made).lines().collect();
    let id = told[0].strip_prefix("client_id=acme.").unwrap();
    assert!(told[1].starts_with("client_secret=tsk_sa_") && told.len() == 2, "{told:?}");
    let list = || tasuke(folder.path(), &["service-account", "list", "--tenant", "acme"]);
    assert_eq!(out(&list()), format!("{id}\tgood\tclients:read admin\tportal\n"));
    assert!(error(&create(&["--scope", "admin"])).contains("already"));
    assert!(error(&create(&["--scope", "everything"])).contains("unknown scope"));
    assert!(error(&create(&["--scope", "admin", "--allow", "here"])).contains("here is no address"));
    let revoke = || tasuke(folder.path(), &["service-account", "revoke", "--tenant", "acme", id]);
    assert!(revoke().status.success());
    assert_eq!(out(&list()), "");
    assert!(error(&revoke()).contains("no service account"));
    let nobody = ["service-account", "list", "--tenant", "nobody"];
    assert!(error(&tasuke(folder.path(), &nobody)).contains("no tenant nobody"));
}

#[test]
fn keys_follow_each_other_one_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    tasuke(folder.path(), &["tenant", "create", "acme", "--name", "Acme"]);
    tasuke(folder.path(), &["token", "--tenant", "acme", "--scope", "admin"]);
    assert!(out(&tasuke(folder.path(), &["key", "rotate"])).contains(" signs from "));
    assert!(error(&tasuke(folder.path(), &["key", "rotate"])).contains("follows already"));
    assert!(out(&tasuke(folder.path(), &["key", "rotate", "--now"])).contains(" signs from "));
}

#[test]
fn everything_wrong_with_the_settings_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let refused = Command::new(env!("CARGO_BIN_EXE_tasuke"))
        .args(["serve", "--workers", "0", "--tenant-rate=lots", "--listen", "here"])
        .env_clear()
        .env("TASUKE_DATA_DIR", folder.path())
        .env("TASUKE_MAX_JSON_DEPTH", "1000")
        .env("TASUKE_LOG", "tasuke=loud")
        // As compose files pass on what is not set.
        .env("TASUKE_METRICS_LISTEN", "")
        .env("TASUKE_DATABASE_URL", "mysql://u:hunter2@db")
        .output()
        .unwrap();
    let told = error(&refused);
    for name in ["--workers", "--tenant-rate", "--listen", "--max-json-depth", "--database-url", "--log"] {
        assert!(told.contains(name), "{name} is not in\n{told}");
    }
    assert_eq!(told.lines().count(), 6, "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let told = error(&tasuke(folder.path(), &["token", "--ttl", "5x"]));
    for name in ["--ttl", "--tenant", "--scope"] {
        assert!(told.contains(name), "{name} is not in\n{told}");
    }
    for url in [
        "postgres://u:100%pure@127.0.0.1:1/t",
        "postgres://u:pa/ss@127.0.0.1:1/t",
        "postgres://127.0.0.1:1/t?password=pa@ss",
    ] {
        let told = error(&tasuke(folder.path(), &["--database-url", url, "migrate"]));
        assert!(
            !["pure", "pa", "ss"]
                .iter()
                .any(|part| told.contains(&format!("\"{part}")) || told.contains("100%")),
            "{told}"
        );
    }
}

#[test]
fn a_password_in_a_url_is_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    let url = "postgres://tasuke:hunter2@127.0.0.1:1/tasuke";
    let refused = tasuke(folder.path(), &["--database-url", url, "serve"]);
    let told = error(&refused);
    assert!(told.contains("postgres://***@127.0.0.1:1/tasuke"), "{told}");
    assert!(!told.contains("hunter2") && !out(&refused).contains("hunter2"), "{told}");
}

#[test]
fn the_file_that_holds_the_key_is_its_owners() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    tasuke(&data, &["tenant", "create", "acme", "--name", "Acme"]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for entry in fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn the_shipped_data_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let checked = tasuke(folder.path(), &["check-data"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn the_checked_in_document_is_compared() {
    let folder = tempfile::tempdir().unwrap();
    let same = tasuke(folder.path(), &["openapi", "--check"]);
    assert!(same.status.success(), "{}", String::from_utf8_lossy(&same.stderr));
}

#[test]
fn the_audit_log_is_verified_also_against_a_head_that_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| tasuke(folder.path(), arguments);
    run(&["tenant", "create", "acme", "--name", "Acme"]);
    let heads = out(&run(&["audit", "heads"])).to_owned();
    let kept = folder.path().join("heads.ndjson");
    fs::write(&kept, &heads).unwrap();
    let verify = ["audit", "verify", "--head", kept.to_str().unwrap()];
    assert_eq!(out(&run(&verify)), "acme: whole; 1 events, head at 1, 1 kept heads agree\n");

    // Everything is gone, the heads too: what was kept elsewhere knows how much.
    let database = format!("sqlite://{}", folder.path().join("tasuke.db").display());
    let db = tasuke::db::Db::open(&database, tasuke::db::Bounds::DEFAULT).unwrap();
    for table in ["audit_events", "audit_heads"] {
        let delete = |conn: &mut tasuke::db::AnyConnection| {
            let gone =
                diesel::RunQueryDsl::execute(diesel::sql_query(format!("DELETE FROM {table}")), conn);
            gone.map_err(tasuke::db::StoreError::from)
        };
        assert_eq!(db.write_now(delete).unwrap(), 1);
    }
    let gone = run(&["audit", "verify"]);
    assert_eq!(out(&gone), "acme: the log is gone: there is one from the making of a provider on\n");
    error(&gone);
    let found = run(&verify);
    assert_eq!(out(&found), "acme: the log ends with event 0, and its head says 1\n");
    assert!(error(&found).contains("the audit log is not what was sealed"));

    let bad = folder.path().join("bad.json");
    fs::write(&bad, "{}").unwrap();
    assert!(error(&run(&["audit", "verify", "--head", bad.to_str().unwrap()])).contains("no head"));
    assert!(error(&run(&["audit", "verify", "--tenant", "nobody"])).contains("no log of nobody"));
    assert_eq!(out(&run(&["prune"])), "0 answers and 0 audit events were pruned\n");
}
