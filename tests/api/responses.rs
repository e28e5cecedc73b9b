//! Several sites answer, and a person in charge merges.
use crate::support::{Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};

fn says(statuses: &[(&str, &str)]) -> Value {
    statuses.iter().map(|(control, status)| json!({"control": control, "status": status})).collect()
}

#[rstest]
fn the_weakest_answer_is_proposed_and_nothing_is_imposed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let body = json!({"client_id": client.json["id"], "questionnaire": "ipa-basic-rules-3.1"});
    let made = acme.post("/v1/assessments", &body).expect(201).header("location").to_owned();
    let responses = format!("{made}/responses");
    let head = json!({"respondent": "本社", "answers": says(&[("basic-rule-1", "implemented"), ("basic-rule-2", "implemented"), ("basic-rule-3", "implemented")])});
    let branch = json!({"respondent": "大阪支店", "answers": says(&[("basic-rule-1", "implemented"), ("basic-rule-2", "not_implemented")])});
    acme.post(&responses, &head).expect(201);
    let second = acme.post(&responses, &branch).expect(201);
    assert_eq!(acme.post(&responses, &branch).expect(409).text("/code"), "duplicate");
    let agreement = acme.get(&format!("{made}/agreement")).expect(200).json;
    let told: Vec<_> = agreement["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["agreement"].as_str().unwrap(), item["proposed"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("agreed", Some("implemented")),
            ("differs", Some("not_implemented")),
            ("incomplete", Some("implemented")),
            ("unanswered", None),
            ("unanswered", None),
        ]
    );
    // Nothing has been taken yet, and taking what is agreed takes that and nothing else.
    assert_eq!(acme.get(&made).expect(200).json["answers"], json!([]));
    let merged = acme.post(&format!("{made}/merge"), &json!({"take_agreed": true})).expect(200);
    assert_eq!(merged.json["answers"].as_array().unwrap().len(), 1);
    let decided = json!({"take_agreed": true, "answers": says(&[("basic-rule-2", "partial")])});
    let merged = acme.post(&format!("{made}/merge"), &decided).expect(200);
    assert_eq!(merged.json["answers"][1]["status"], "partial");
    // A respondent may change its mind, and leave.
    let path = second.header("location").to_owned();
    let changed = acme
        .patch(&path, second.header("etag"), &json!({"answers": says(&[("basic-rule-2", "implemented")])}))
        .expect(200);
    acme.patch(&path, second.header("etag"), &json!({"answers": []})).expect(412);
    let agreement = acme.get(&format!("{made}/agreement")).expect(200).json;
    assert_eq!(agreement["items"][1]["agreement"], "agreed");
    acme.delete(&path, changed.header("etag")).expect(204);
    acme.get(&path).expect(404);
    assert_eq!(acme.get(&responses).expect(200).json["items"].as_array().unwrap().len(), 1);
    let unknown = json!({"respondent": "倉庫", "answers": says(&[("self-check-01", "partial")])});
    assert_eq!(
        acme.post(&responses, &unknown).expect(422).faults(),
        ["/answers/0/control other-questionnaire"]
    );
    let kinds: Vec<_> = acme.get(&format!("{made}/events")).expect(200).json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, ["created", "merged", "merged"]);
}
