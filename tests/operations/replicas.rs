//! Several processes in front of one database.
use crate::process::{Tasuke, prepare, run, sqlite, token, until};
use crate::server::PostgresServer;
use serde_json::{Value, json};
use std::sync::Barrier;
use std::time::Duration;

#[test]
fn one_key_over_two_replicas_makes_one_row_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    at_once(&sqlite(folder.path()));
}

#[test]
fn one_key_over_two_replicas_makes_one_row_on_postgresql() {
    let server = PostgresServer::start();
    at_once(&server.url());
}

fn at_once(url: &str) {
    let token = prepare(url);
    let limits = ["--tenant-burst", "100000", "--address-burst", "100000"];
    let replicas = [Tasuke::serve(url, &limits), Tasuke::serve(url, &limits)];
    let client = replicas[0].client(&token);
    let body = json!({"client_id": client, "questionnaire": "ipa-basic-rules-3.1"});
    let together = Barrier::new(64);
    let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|n| {
                let (address, token, body, together) = (replicas[n % 2].address, &token, &body, &together);
                scope.spawn(move || {
                    let config = ureq::Agent::config_builder().http_status_as_error(false);
                    let agent: ureq::Agent =
                        config.timeout_global(Some(Duration::from_secs(30))).build().into();
                    together.wait();
                    let call = agent.post(format!("http://{address}/v1/assessments"));
                    let call = call
                        .header("authorization", format!("Bearer {token}"))
                        .header("idempotency-key", "one");
                    let mut answer = call.send_json(body).unwrap();
                    (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let made: Vec<&Value> =
        answers.iter().filter(|(status, _)| *status == 201).map(|(_, body)| body).collect();
    assert!(!made.is_empty());
    assert!(made.iter().all(|body| *body == made[0]), "{made:#?}");
    for (status, body) in answers.iter().filter(|(status, _)| *status != 201) {
        // Who came while the first was under way is told so, or to wait.
        let told = ["idempotency-key-in-use", "unavailable", "contended"]
            .contains(&body["code"].as_str().unwrap());
        assert!(told, "{status} {body:#}");
    }
    for replica in &replicas {
        let call = ureq::get(format!("http://{}/v1/assessments", replica.address));
        let answer = call.header("authorization", format!("Bearer {token}")).call();
        let page: Value = answer.unwrap().body_mut().read_json().unwrap();
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_revoked_account_is_refused_by_the_next_call_on_every_replica_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    revoked_everywhere(&sqlite(folder.path()));
}

#[test]
fn a_revoked_account_is_refused_by_the_next_call_on_every_replica_on_postgresql() {
    let server = PostgresServer::start();
    revoked_everywhere(&server.url());
}

/// The status of a call with this token.
fn status(replica: &Tasuke, token: &str) -> u16 {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent: ureq::Agent = config.build().into();
    let call = agent.get(format!("http://{}/v1/whoami", replica.address));
    call.header("authorization", format!("Bearer {token}")).call().unwrap().status().as_u16()
}

fn printed(url: &str, arguments: &[&str]) -> String {
    let output = run(url, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn revoked_everywhere(url: &str) {
    prepare(url);
    let replicas = [Tasuke::serve(url, &[]), Tasuke::serve(url, &[])];
    for _ in 0..10 {
        let made = printed(
            url,
            &[
                "service-account",
                "create",
                "--tenant",
                "acme",
                "--name",
                "portal",
                "--scope",
                "clients:read",
            ],
        );
        let told = |name: &str| made.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let (id, secret) = (told("client_id="), told("client_secret="));
        let mut answer = ureq::post(format!("http://{}/oauth2/token", replicas[0].address))
            .send_form([("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)])
            .unwrap();
        let token: Value = answer.body_mut().read_json().unwrap();
        let token = token["access_token"].as_str().unwrap();
        assert_eq!(replicas.each_ref().map(|replica| status(replica, token)), [200, 200]);
        let id = id.split_once('.').unwrap().1;
        printed(url, &["service-account", "revoke", "--tenant", "acme", id]);
        assert_eq!(replicas.each_ref().map(|replica| status(replica, token)), [401, 401]);
    }
}

#[test]
fn a_key_that_ends_at_once_ends_on_every_replica_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(folder.path());
    let before = prepare(&url);
    let limits = ["--address-rate", "100000", "--address-burst", "100000"];
    let replicas = [Tasuke::serve(&url, &limits), Tasuke::serve(&url, &limits)];
    assert_eq!(replicas.each_ref().map(|replica| status(replica, &before)), [200, 200]);
    printed(&url, &["key", "rotate", "--now"]);
    let after = token(&url);
    for replica in &replicas {
        // A key that a replica does not know is looked for, though not more than once a second.
        until("the new key is known", || status(replica, &after) == 200);
        assert_eq!(status(replica, &before), 401);
    }
}
