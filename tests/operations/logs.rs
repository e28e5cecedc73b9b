//! Logs and metrics: what an operator needs, and nothing of the tenants'.
use crate::process::{Tasuke, command, free_port, get, prepare, sqlite};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const CANARIES: &[&str] =
    &["カナリア商店", "canary-external", "canary-note", "canary-party", "canary-query"];

#[test]
fn nothing_of_a_tenant_and_no_secret_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(folder.path());
    let token = prepare(&url);
    let filter = ["--log", "trace", "--log-format", "json"];
    let mut tasuke = Tasuke::serve(&url, &filter);
    let client = json!({"name": CANARIES[0], "external_id": CANARIES[1]});
    let (status, made) = tasuke.post("/v1/clients", &token, &client).unwrap();
    assert_eq!(status, 201);
    let id = made["id"].as_str().unwrap();
    let assessment = json!({
        "client_id": id, "questionnaire": "ipa-basic-rules-3.1",
        "answers": [{"control": "basic-rule-1", "status": "partial", "note": CANARIES[2]}],
    });
    assert_eq!(tasuke.post("/v1/assessments", &token, &assessment).unwrap().0, 201);
    let facts = json!({
        "as_of": "2026-11-24T09:00:00Z",
        "incident": {"types": ["ransomware"], "stage": "initial", "aware_at": "2026-11-24T08:00:00Z"},
        "contracts": {"otasuketai": {"subscribed": true, "provider": CANARIES[3]}},
    });
    assert_eq!(tasuke.post("/v1/routings", &token, &facts).unwrap().0, 200);
    assert_eq!(tasuke.post("/v1/clients", "canary-token", &client).unwrap().0, 401);
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let head = part(r#"{"typ":"at+jwt","alg":"EdDSA","kid":"canary-kid"}"#);
    let forged = format!("{head}.{}.{}", part(r#"{"sub":"canary-sub"}"#), part("canary-signature"));
    assert_eq!(tasuke.post("/v1/clients", &forged, &client).unwrap().0, 401);
    let proof = [("client_id", "acme.canary-id"), ("client_secret", "canary-secret")];
    let fields = [proof[0], proof[1], ("grant_type", "client_credentials"), ("scope", "canary-scope")];
    let asked = ureq::post(format!("http://{}/oauth2/token", tasuke.address)).send_form(fields);
    assert!(matches!(asked, Err(ureq::Error::StatusCode(401))));
    tasuke.get(&format!("/v1/contacts?category={}", CANARIES[4]));
    tasuke.signal("TERM");
    let (_, log) = tasuke.ended();
    assert!(log.lines().count() > 5, "{log}");
    let secrets = [
        token.as_str(),
        token.rsplit('.').next().unwrap(),
        "canary-token",
        id,
        head.as_str(),
        "canary-kid",
        "canary-sub",
        "canary-id",
        "canary-secret",
        "canary-scope",
    ];
    // Of the frameworks below, at `trace`, that is theirs to say; of ours, nothing.
    let own: Vec<&str> = log.lines().filter(|line| line.contains("\"target\":\"tasuke")).collect();
    assert!(own.len() > 5, "{log}");
    for canary in CANARIES.iter().chain(&secrets) {
        let told = own.iter().find(|line| line.contains(canary));
        assert!(told.is_none(), "{canary} is in the log: {told:?}");
    }
}

#[test]
fn a_line_of_the_log_names_its_request_and_its_trace() {
    let folder = tempfile::tempdir().unwrap();
    let mut tasuke = Tasuke::serve(&sqlite(folder.path()), &["--log", "info", "--log-format", "json"]);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    ureq::get(format!("http://{}/v1/guidelines", tasuke.address))
        .header("x-request-id", "portal-7")
        .header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))
        .call()
        .unwrap();
    tasuke.signal("TERM");
    let (_, log) = tasuke.ended();
    let line = log.lines().find(|line| line.contains("portal-7")).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["fields"]["route"], "/v1/guidelines");
    assert_eq!((&line["fields"]["status"], &line["span"]["trace_id"]), (&json!(200), &json!(trace)));
}

#[test]
fn the_effective_settings_are_logged_and_secrets_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut tasuke = Tasuke::serve(&sqlite(folder.path()), &["--log", "info", "--tenant-rate", "77"]);
    tasuke.signal("TERM");
    let (_, log) = tasuke.ended();
    assert!(log.contains("tenant_rate: 77") && log.contains("max_body_bytes: 1048576"), "{log}");
    let url = "postgres://tasuke:hunter2@127.0.0.1:1/tasuke";
    let refused = command(url).args(["--log", "trace", "serve"]).output().unwrap();
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("***@127.0.0.1:1") && !told.contains("hunter2"), "{told}");
}

#[test]
fn the_metrics_count_routes_and_not_paths() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(folder.path());
    let token = prepare(&url);
    let metrics = free_port();
    let tasuke = Tasuke::serve(&url, &["--metrics-listen", &metrics.to_string()]);
    tasuke.client(&token);
    tasuke.get("/v1/contacts/police_station");
    tasuke.get("/nowhere/secret");
    let (status, text) = get(metrics, "/metrics").unwrap();
    assert_eq!(status, 200);
    for line in [
        "tasuke_http_requests_total{method=\"POST\",route=\"/v1/clients\",status=\"201\"} 1",
        "tasuke_http_requests_total{method=\"GET\",route=\"/v1/contacts/{contact}\",status=\"200\"} 1",
        "tasuke_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
        "tasuke_http_request_seconds_count{method=\"POST\",route=\"/v1/clients\"} 1",
        "tasuke_database{what=\"queued\"} 0",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("police_station") && !text.contains("secret"));
    // Not where the world can ask.
    assert_eq!(tasuke.get("/metrics").unwrap().0, 404);
}

#[cfg(feature = "otlp")]
#[test]
fn a_request_is_traced_to_the_collector_in_the_callers_trace() {
    use std::io::{Read as _, Write as _};
    let collector = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let received = std::thread::spawn(move || {
        let (mut stream, _) = collector.accept().unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        let (mut all, mut part) = (vec![], [0; 4096]);
        // The whole request: its head says how long the rest is.
        loop {
            let length = stream.read(&mut part).unwrap();
            all.extend_from_slice(&part[..length]);
            let text = String::from_utf8_lossy(&all).to_lowercase();
            let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
            if all.len() >= head.len() + 4 + length.parse::<usize>().unwrap() {
                break;
            }
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        all
    });
    let folder = tempfile::tempdir().unwrap();
    let mut tasuke = Tasuke::serve(&sqlite(folder.path()), &["--otlp-endpoint", &endpoint]);
    ureq::get(format!("http://{}/v1/guidelines", tasuke.address))
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        .call()
        .unwrap();
    tasuke.signal("TERM");
    assert_eq!(tasuke.ended().0, Some(0));
    let sent = received.join().unwrap();
    assert!(sent.starts_with(b"POST /v1/traces "));
    let trace =
        [0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36];
    assert!(sent.windows(16).any(|window| window == trace), "the caller's trace is not in what was sent");
}
