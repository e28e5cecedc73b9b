//! Many assessments at once: a verdict for each, and nothing half stored.
use crate::support::{Answer, Caller, Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use ureq::http::Method;

fn client(acme: &Caller<'_>) {
    acme.post("/v1/clients", &json!({"name": "A", "external_id": "crm-1"})).expect(201);
}

fn item(external_id: &str) -> Value {
    json!({"client_external_id": "crm-1", "questionnaire": "ipa-basic-rules-4.0", "external_id": external_id,
        "answers": [{"control": "basic-rule-1", "status": "implemented"}]})
}

fn batch(acme: &Caller<'_>, key: &str, body: &Value) -> Answer {
    let body = serde_json::to_vec(body).unwrap();
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    acme.send(&Method::POST, "/v1/assessment-batches", &headers, Some(&body))
}

fn outcomes(items: &Value) -> Vec<(&str, Vec<String>)> {
    let faults = |item: &Value| -> Vec<String> {
        let errors = item["problem"]["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|e| format!("{} {}", e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap()))
            .collect()
    };
    items.as_array().unwrap().iter().map(|item| (item["outcome"].as_str().unwrap(), faults(item))).collect()
}

#[rstest]
fn a_thousand_items_with_faults_at_given_places_have_exactly_those_verdicts(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    client(&acme);
    let mut items: Vec<Value> = (0..1000).map(|n| item(&format!("n{n}"))).collect();
    let spoiled: [(usize, Value, &str); 5] = [
        (0, json!("nonsense"), " type"),
        (
            49,
            json!({"questionnaire": "ipa-basic-rules-4.0", "client_external_id": "nobody"}),
            "/client_external_id unknown-client",
        ),
        (
            50,
            json!({"client_external_id": "crm-1", "questionnaire": "none"}),
            "/questionnaire unknown-value",
        ),
        (
            700,
            json!({"client_external_id": "crm-1", "questionnaire": "ipa-basic-rules-4.0", "mood": 1}),
            "/mood unknown-field",
        ),
        (
            999,
            json!({"client_external_id": "crm-1", "questionnaire": "ipa-basic-rules-4.0", "answers": [{"control": "x", "status": "partial"}]}),
            "/answers/0/control unknown-control",
        ),
    ];
    for (at, wrong, _) in &spoiled {
        items[*at] = wrong.clone();
    }
    // The same twice inside one batch: the second is the first one again. Something else under its name is not.
    items[300] = item("n299");
    items[301] = item("n299");
    items[301]["answers"] = json!([]);
    let body = json!({"items": items});
    let first = batch(&acme, "k1", &body).expect(200);
    assert_eq!(first.json["counts"], json!({"created": 993, "replayed": 1, "rejected": 6}));
    for (index, (outcome, faults)) in outcomes(&first.json["items"]).into_iter().enumerate() {
        let wrong = spoiled.iter().find(|(at, _, _)| *at == index);
        let expected = match (index, wrong) {
            (_, Some((_, _, fault))) => ("rejected", vec![(*fault).to_owned()]),
            (300, _) => ("replayed", vec![]),
            (301, _) => ("rejected", vec![]),
            _ => ("created", vec![]),
        };
        assert_eq!((outcome, faults), expected, "item {index}");
    }
    assert_eq!(first.json["items"][301]["problem"]["code"], "duplicate");
    // Sent again it is a no-op: with its key the same answer, with another one what is there.
    let again = batch(&acme, "k1", &body).expect(200);
    assert_eq!((again.header("idempotent-replayed"), &again.json), ("true", &first.json));
    let other = batch(&acme, "k2", &body).expect(200);
    assert_eq!(other.json["counts"], json!({"created": 0, "replayed": 994, "rejected": 6}));
    assert_eq!(other.json["items"][1]["id"], first.json["items"][1]["id"]);
    let reused = batch(&acme, "k1", &json!({"items": [item("new")]})).expect(422);
    assert_eq!(reused.text("/code"), "idempotency-key-reused");
}

#[rstest]
fn a_dry_run_says_the_same_and_stores_nothing(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    client(&acme);
    let body = |dry_run: bool| json!({"dry_run": dry_run, "items": [item("a"), item("a"), {"questionnaire": "x"}]});
    let dry = batch(&acme, "k", &body(true)).expect(200);
    assert_eq!(dry.json["counts"], json!({"created": 1, "replayed": 1, "rejected": 1}));
    assert_eq!(dry.json["items"][0]["id"], Value::Null);
    assert_eq!(acme.get("/v1/assessments").expect(200).json["items"], json!([]));
    let wet = batch(&acme, "k", &body(false)).expect(200);
    assert_eq!(outcomes(&wet.json["items"]), outcomes(&dry.json["items"]));
    assert_eq!(acme.get("/v1/assessments").expect(200).json["items"].as_array().unwrap().len(), 1);
}

#[rstest]
fn a_batch_that_is_none_is_refused_as_a_whole(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let many: Vec<Value> = (0..1001).map(|n| item(&n.to_string())).collect();
    for (body, fault) in [
        (json!({"items": []}), "/items too-few"),
        (json!({"items": many}), "/items too-many"),
        (json!({"items": "all"}), "/items type"),
        (json!([]), " type"),
        (json!(5), " type"),
        (json!("x"), " type"),
        (json!(null), " type"),
        (json!({}), "/items required"),
        (json!({"items": null}), "/items required"),
        (json!({"dry_run": true}), "/items required"),
        (json!({"items": [item("a")], "mood": 1}), "/mood unknown-field"),
    ] {
        assert_eq!(batch(&acme, "k", &body).expect(422).faults(), [fault], "{fault}");
    }
    let both = batch(&acme, "k", &json!({"items": [], "mood": 1})).expect(422);
    assert_eq!(both.faults(), ["/items too-few", "/mood unknown-field"]);
    let bare = acme.post("/v1/assessment-batches", &json!({"items": [item("a")]})).expect(422);
    assert_eq!(bare.faults(), ["/header/idempotency-key required"]);
}

fn import(acme: &Caller<'_>, lines: &[u8]) -> Vec<Value> {
    let kind = [("content-type", "application/x-ndjson")];
    let told = acme.send(&Method::POST, "/v1/assessment-imports", &kind, Some(lines)).expect(200);
    assert_eq!(told.header("content-type"), "application/x-ndjson");
    String::from_utf8(told.bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[rstest]
fn an_import_has_one_verdict_for_each_line(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    client(&acme);
    let mut lines: Vec<u8> = vec![];
    let mut expected = vec![];
    for n in 0..350 {
        let (line, outcome, code): (Vec<u8>, _, _) = match n {
            7 => (b"{broken".to_vec(), "rejected", "malformed-body"),
            8 => (b"".to_vec(), "rejected", "malformed-body"),
            9 => (b"{\"note\": \"\xff\xfe\"}".to_vec(), "rejected", "malformed-body"),
            10 => (serde_json::to_vec(&json!({"questionnaire": "x"})).unwrap(), "rejected", "invalid"),
            11 => (vec![b'x'; 70_000], "rejected", "body-too-large"),
            12 => (serde_json::to_vec(&item("n3")).unwrap(), "replayed", ""),
            _ => (serde_json::to_vec(&item(&format!("n{n}"))).unwrap(), "created", ""),
        };
        lines.extend(&line);
        // Either end of line, and none at the end.
        match n {
            349 => {}
            n if n % 2 == 0 => lines.extend(b"\r\n"),
            _ => lines.push(b'\n'),
        }
        expected.push((n + 1, outcome, code));
    }
    let told = import(&acme, &lines);
    let seen: Vec<_> = told
        .iter()
        .map(|v| {
            (
                v["index"].as_i64().unwrap(),
                v["outcome"].as_str().unwrap(),
                v["problem"]["code"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(seen, expected);
    // The whole file again stores nothing more.
    let again = import(&acme, &lines);
    assert!(again.iter().all(|verdict| verdict["outcome"] != "created"));
    assert_eq!(import(&acme, b""), Vec::<Value>::new());
    acme.send(
        &Method::POST,
        "/v1/assessment-imports",
        &[("content-type", "application/json")],
        Some(b"{}"),
    )
    .expect(415);
}

#[rstest]
fn a_dry_run_knows_what_came_long_before(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    client(&acme);
    let mut items: Vec<Value> = (0..120).map(|n| item(&format!("n{n}"))).collect();
    items[55] = item("n0");
    items[55]["answers"] = json!([]);
    items[110] = item("n0");
    items[111] = item("n110");
    items[112] = item("n111");
    let body = |dry_run: bool| json!({"dry_run": dry_run, "items": items});
    let dry = batch(&acme, "k", &body(true)).expect(200);
    let wet = batch(&acme, "k", &body(false)).expect(200);
    assert_eq!(wet.json["counts"], json!({"created": 118, "replayed": 1, "rejected": 1}));
    assert_eq!(outcomes(&dry.json["items"]), outcomes(&wet.json["items"]));
    // None of them is there, so none has an id; what was there before has its own.
    assert!(dry.json["items"].as_array().unwrap().iter().all(|verdict| verdict["id"].is_null()));
    let again = batch(&acme, "k2", &body(true)).expect(200);
    assert_eq!(again.json["items"][110]["id"], wet.json["items"][0]["id"]);
}

#[rstest]
fn a_line_is_told_everything_that_is_wrong_with_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    client(&acme);
    let mut lines = b"\xef\xbb\xbf".to_vec();
    let unnamed = json!({"client_external_id": "crm-1", "questionnaire": "ipa-basic-rules-4.0", "answers": [{"control": "x", "status": "partial"}]});
    for line in [
        &item("first"),
        &json!({"questionnaire": 5, "mood": 1}),
        &json!({"external_id": null, "questionnaire": ""}),
        &unnamed,
        &json!([]),
        &json!("x"),
    ] {
        serde_json::to_writer(&mut lines, line).unwrap();
        lines.push(b'\n');
    }
    let told = import(&acme, &lines);
    let told = Value::Array(told);
    let told: Vec<_> =
        outcomes(&told).into_iter().map(|(outcome, faults)| (outcome, faults.join("; "))).collect();
    let told: Vec<_> = told.iter().map(|(outcome, faults)| (*outcome, faults.as_str())).collect();
    assert_eq!(
        told,
        [
            ("created", ""),
            ("rejected", "/external_id required; /mood unknown-field; /questionnaire type"),
            ("rejected", "/external_id required; /questionnaire too-short"),
            ("rejected", "/external_id required; /answers/0/control unknown-control"),
            ("rejected", " type"),
            ("rejected", " type"),
        ]
    );
    // Packed it would be nonsense, line by line.
    for (path, kind) in [
        ("/v1/assessment-imports", "application/x-ndjson"),
        ("/v1/client-imports", "text/csv"),
        ("/v1/clients", "application/json"),
    ] {
        let headers = [("content-type", kind), ("content-encoding", "gzip")];
        let refused = acme.send(&Method::POST, path, &headers, Some(b"\x1f\x8b\n\n")).expect(415);
        assert_eq!(refused.header("accept-encoding"), "identity");
    }
    let plain = [("content-type", "application/json"), ("content-encoding", "identity")];
    acme.send(&Method::POST, "/v1/clients", &plain, Some(b"{\"name\": \"A\"}")).expect(201);
}

#[rstest]
fn each_line_has_a_time_of_its_own(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    client(&acme);
    let answers: Vec<Value> =
        (1..=5).map(|n| json!({"control": format!("basic-rule-{n}"), "status": "implemented"})).collect();
    let line = |name: &str| json!({"client_external_id": "crm-1", "questionnaire": "ipa-basic-rules-3.1", "external_id": name, "answers": answers, "state": "submitted"});
    let lines: Vec<String> = ["spring", "autumn"].map(|name| line(name).to_string()).into();
    import(&acme, lines.join("\n").as_bytes());
    let all = acme.get("/v1/assessments").expect(200).json;
    let at = |n: usize| all["items"][n]["submitted_at"].as_str().unwrap().to_owned();
    assert!(at(0) < at(1), "{all:#}");
}

#[rstest]
fn a_line_that_does_not_come_to_its_end_is_cut(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::with(engine, |limits| limits.max_body_seconds = 3600);
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(25))).unwrap();
    let token = service.authorization_of("acme");
    write!(
        stream,
        "POST /v1/assessment-imports HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\n\
         content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n1\r\n{{\r\n"
    )
    .unwrap();
    // The verdict comes; when the connection ends is the framework's affair.
    let (mut answer, mut some) = (vec![], [0; 4096]);
    while !String::from_utf8_lossy(&answer).contains("body-too-slow") {
        let read = stream.read(&mut some).unwrap();
        assert_ne!(read, 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend(&some[..read]);
    }
}

#[rstest]
fn one_tenants_batch_reaches_nobody_else(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let (acme, rival) = (service.tenant("acme"), service.tenant("rival"));
    client(&acme);
    let refused = batch(&rival, "k", &json!({"items": [item("a")]})).expect(200);
    assert_eq!(
        outcomes(&refused.json["items"]),
        [("rejected", vec!["/client_external_id unknown-client".to_owned()])]
    );
    let line = serde_json::to_vec(&item("a")).unwrap();
    assert_eq!(import(&rival, &line)[0]["outcome"], "rejected");
    // The same key is another's own.
    batch(&acme, "k", &json!({"items": [item("a")]})).expect(200);
}
