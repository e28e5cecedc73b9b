//! Several processes in front of one database.
use crate::process::{Tasuke, prepare, sqlite};
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
