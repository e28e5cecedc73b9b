//! The calls of the README, run as they stand there against a service on a folder of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

const ADDRESS: &str = "127.0.0.1:8080";

/// Starts the service in place of `tasuke serve &`, waits until it answers, and ends it at the end.
const SERVE: &str = r"
tasuke serve & SERVER=$!
trap 'kill $SERVER' EXIT
until curl -s -o /dev/null http://127.0.0.1:8080/readyz; do kill -0 $SERVER; done
";

#[test]
fn the_first_calls_of_the_readme_work_as_they_stand_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let blocks: Vec<&str> =
        readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 8);

    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let script = blocks
        .join("\necho\necho ----\n")
        .replace("tasuke serve &\n", SERVE)
        .replace(ADDRESS, &port.to_string());
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(root.join("examples"), folder.path().join("examples")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_tasuke")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let ran = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("TASUKE_LISTEN", port.to_string())
        .env("TASUKE_URL", format!("http://{port}"))
        .env("TASUKE_LOG", "error")
        .env_remove("TASUKE_DATABASE_URL")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{told}\n{}", String::from_utf8_lossy(&ran.stderr));

    let catalog = std::fs::read_to_string(folder.path().join("catalog.json")).unwrap();
    assert!(catalog.contains("\"id\":\"basic-rule-6\""));
    let answers: Vec<&str> = told.split("----\n").collect();
    for (answer, said) in answers.iter().zip([
        "acme",
        "\"key\":\"self-check-11\"",
        "\"control\":\"basic-rule-6\"",
        "\"score\":59",
        "1 stored, 0 there already, 0 rejected",
        "\"contact\":\"ppc_leak_report\"",
        "\"scopes\":[\"clients:read\"]",
        "\"pointer\":\"/prefecture\"",
    ]) {
        assert!(answer.contains(said), "{said} is not in {answer}");
    }
    assert!(answers[5].contains("1日目"), "the explanations are not in Japanese");
}
