//! The calls of the README and of the quick start, run as they stand there against a service on a folder of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const ADDRESS: &str = "127.0.0.1:8080";

/// Starts the service in place of `tasuke serve &`, waits until it answers, and ends it at the end.
const SERVE: &str = r"
tasuke serve & SERVER=$!
trap 'kill $SERVER' EXIT
until curl -s -o /dev/null http://127.0.0.1:8080/readyz; do kill -0 $SERVER; done
";

/// The shell blocks of a page.
fn blocks(page: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// What they print, each block after the other; and the folder that they ran in.
fn run(blocks: &[String]) -> (Vec<String>, TempDir) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
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
    (told.split("----\n").map(str::to_owned).collect(), folder)
}

#[test]
fn the_first_calls_of_the_readme_work_as_they_stand_there() {
    let blocks = blocks("README.md");
    assert_eq!(blocks.len(), 8);
    let (answers, folder) = run(&blocks);
    let catalog = std::fs::read_to_string(folder.path().join("catalog.json")).unwrap();
    assert!(catalog.contains("\"id\":\"basic-rule-6\""));
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

/// An account with what the quick start needs, as an administrator makes one.
const ACCOUNT: &str = r#"
tasuke tenant create acme --name Acme
tasuke serve &
SCOPES='"clients:write", "assessments:read", "assessments:write", "incidents:read"'
ADMIN=$(tasuke token --tenant acme --scope "admin clients:write assessments:read assessments:write incidents:read")
post() { curl -sf "$TASUKE_URL$1" -H "Authorization: Bearer $ADMIN" -H 'Content-Type: application/json' -d "$2"; }
value() { sed 's/.*"'$1'":"\([^"]*\)".*/\1/'; }
MADE=$(post /v1/service-accounts '{"name": "portal", "scopes": ['"$SCOPES"']}')
TASUKE_CLIENT_ID=$(echo "$MADE" | value oauth_client_id)
ID=${TASUKE_CLIENT_ID#acme.}
TASUKE_CLIENT_SECRET=$(post "/v1/service-accounts/$ID/secrets" '{}' | value secret)
"#;

#[test]
fn the_quick_start_with_curl_works_as_it_stands_there() {
    let mut all = vec![ACCOUNT.to_owned()];
    all.extend(blocks("docs/quick-start.md"));
    assert_eq!(all.len(), 5);
    let (answers, _folder) = run(&all);
    for (answer, said) in answers[2..].iter().zip([
        "\"external_id\":\"crm-0042\"",
        "\"score\":59",
        "\"contact\":\"ppc_leak_report\"",
    ]) {
        assert!(answer.contains(said), "{said} is not in {answer}");
    }
}
