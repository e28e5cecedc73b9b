//! Every write leaves an entry in the log of its tenant, and nothing that somebody typed stands in it.
use crate::support::{Answer, Caller, Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tasuke::caller::Scope;
use ureq::http::Method;

/// Operations that are no reading by their method and write nothing. Think twice before you add one.
const WRITES_NOTHING: &[&str] = &["decideRouting", "issueToken"];

/// Stands in every text that a caller can choose, and so must never stand in the log.
const TYPED: &str = "ないしょ";

fn events(acme: &Caller<'_>, filter: &str) -> Vec<Value> {
    let mut all = vec![];
    let mut after = String::new();
    loop {
        let page = acme.get(&format!("/v1/audit-events?limit=100{filter}{after}")).expect(200).json;
        all.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => after = format!("&after={cursor}"),
            None => return all,
        }
    }
}

/// `effect resource` of each.
fn told(events: &[Value]) -> Vec<String> {
    let text = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
    events.iter().map(|event| format!("{} {}", text(event, "effect"), text(event, "resource"))).collect()
}

/// Does one thing after the other, and looks each time what the log says of it.
struct Story<'a> {
    acme: Caller<'a>,
    done: BTreeSet<String>,
    seen: usize,
}

impl Story<'_> {
    #[track_caller]
    fn noted(&mut self, operation: &str, expected: &[&str]) {
        let all = events(&self.acme, "");
        let new = &all[self.seen..];
        assert_eq!(told(new), expected, "{operation}");
        assert!(new.iter().all(|event| event["action"] == operation), "{operation}: {new:#?}");
        self.seen = all.len();
        self.done.insert(operation.to_owned());
    }

    #[track_caller]
    fn post(&mut self, operation: &str, path: &str, body: &Value, expected: &[&str]) -> Answer {
        let answer = self.acme.post(path, body);
        assert!((200..300).contains(&answer.status), "{operation}: {:#}", answer.json);
        self.noted(operation, expected);
        answer
    }

    #[track_caller]
    fn patch(&mut self, operation: &str, path: &str, body: &Value, expected: &[&str]) {
        let etag = self.acme.get(path).expect(200).header("etag").to_owned();
        self.acme.patch(path, &etag, body).expect(200);
        self.noted(operation, expected);
    }

    #[track_caller]
    fn delete(&mut self, operation: &str, path: &str, expected: &[&str]) {
        let etag = self.acme.get(path).expect(200).header("etag").to_owned();
        assert!(self.acme.delete(path, &etag).status < 300, "{operation}");
        self.noted(operation, expected);
    }

    #[track_caller]
    fn sent(&mut self, operation: &str, path: &str, kind: &str, body: &str, expected: &[&str]) {
        let headers = [("content-type", kind), ("idempotency-key", operation)];
        self.acme.send(&Method::POST, path, &headers, Some(body.as_bytes())).expect(200);
        self.noted(operation, expected);
    }
}

fn own_guideline() -> Value {
    json!({"guideline": "own-x", "edition": "1", "catalog": {
        "uuid": "6f2b4a4e-9d4c-4b0e-8f0a-1c8d54a575e1",
        "metadata": {"title": TYPED, "last-modified": "2026-11-01T00:00:00Z", "version": "1", "oscal-version": "1.2.1"},
        "controls": [{"id": "c", "title": TYPED}]}})
}

fn own_contact() -> Value {
    let text = json!({"ja": TYPED, "en": TYPED});
    json!({"id": "own-x", "name": text, "does": text, "channels": [{"type": "phone", "value": "03-0000-0000"}]})
}

fn rules(status: &str) -> Vec<Value> {
    (1..=5)
        .map(|n| json!({"control": format!("basic-rule-{n}"), "status": status, "note": TYPED}))
        .collect()
}

/// Every operation that writes, at least once. One that is not told here fails the test that calls it.
fn everything(story: &mut Story<'_>) {
    let contracts = json!({"cyber_insurance": {"enrolled": true, "insurer": TYPED}});
    let client = json!({"name": TYPED, "external_id": TYPED, "employees": 45, "contracts": contracts});
    let client = story.post("createClient", "/v1/clients", &client, &["created client"]);
    let (client, id) = (client.header("location").to_owned(), client.text("/id").to_owned());
    story.patch("updateClient", &client, &json!({"name": format!("{TYPED}2")}), &["changed client"]);
    let sheet = format!("会社名,顧客番号\n{TYPED}3,{TYPED}3\n{TYPED}4,{TYPED}4\n");
    let rows = ["created client", "created client"];
    story.sent("importClients", "/v1/client-imports", "text/csv", &sheet, &rows);
    assessments(story, &id);
    incidents(story, &id);
    story.post("createGuideline", "/v1/guidelines", &own_guideline(), &["created guideline_edition"]);
    let edition = "/v1/guidelines/own-x/editions/1";
    story.delete("deleteEdition", edition, &["removed guideline_edition"]);
    story.post("createContact", "/v1/contacts", &own_contact(), &["created contact"]);
    story.patch(
        "updateContact",
        "/v1/contacts/own-x",
        &json!({"verify_by": "2027-01-01"}),
        &["changed contact"],
    );
    story.delete("deleteContact", "/v1/contacts/own-x", &["removed contact"]);
    accounts(story, &id);
    story.delete("deleteClient", &client, &["removed client"]);
}

fn accounts(story: &mut Story<'_>, client: &str) {
    let body = json!({"name": TYPED, "scopes": ["clients:read"], "client_id": client});
    let made =
        story.post("createServiceAccount", "/v1/service-accounts", &body, &["created service_account"]);
    let account = made.header("location").to_owned();
    let changed = &["changed service_account"];
    let secrets = format!("{account}/secrets");
    let secret = story.post("createServiceAccountSecret", &secrets, &json!({}), changed);
    let secret = format!("{secrets}/{}", secret.text("/id"));
    assert_eq!(story.acme.delete(&secret, "*").status, 204);
    story.noted("deleteServiceAccountSecret", changed);
    story.patch("updateServiceAccount", &account, &json!({"disabled": true}), changed);
    story.delete("deleteServiceAccount", &account, &["removed service_account"]);
}

fn assessments(story: &mut Story<'_>, client: &str) {
    let body = json!({"client_id": client, "questionnaire": "ipa-basic-rules-3.1", "external_id": TYPED, "answers": rules("partial")});
    let made = story.post("createAssessment", "/v1/assessments", &body, &["created assessment"]);
    let made = made.header("location").to_owned();
    let answers = json!({"answers": [{"control": "basic-rule-1", "status": "implemented", "note": TYPED}]});
    story.patch("updateAssessment", &made, &answers, &["changed assessment"]);
    let body = json!({"respondent": TYPED, "answers": rules("partial")});
    let responses = format!("{made}/responses");
    let response =
        story.post("createAssessmentResponse", &responses, &body, &["created assessment_response"]);
    let response = response.header("location").to_owned();
    story.patch("updateAssessmentResponse", &response, &answers, &["changed assessment_response"]);
    let merge = json!({"take_agreed": true});
    story.post("mergeAssessmentResponses", &format!("{made}/merge"), &merge, &["changed assessment"]);
    story.delete("deleteAssessmentResponse", &response, &["removed assessment_response"]);
    let links = format!("{made}/links");
    let link = story.post(
        "createAssessmentLink",
        &links,
        &json!({"respondent": TYPED}),
        &["created assessment_link"],
    );
    let link = link.header("location").to_owned();
    story.delete("deleteAssessmentLink", &link, &["removed assessment_link"]);
    let changed = ["changed assessment"];
    story.post("submitAssessment", &format!("{made}/submit"), &json!({}), &changed);
    let review = json!({"decision": "changes_requested", "comment": TYPED});
    story.post("reviewAssessment", &format!("{made}/review"), &review, &changed);
    story.post("reopenAssessment", &format!("{made}/reopen"), &json!({}), &changed);
    // What was submitted stays; what never was may go.
    let body = json!({"client_id": client, "questionnaire": "ipa-basic-rules-3.1"});
    let other = story.post("createAssessment", "/v1/assessments", &body, &["created assessment"]);
    story.delete("deleteAssessment", other.header("location"), &["removed assessment"]);
    let item = |name: &str| json!({"client_id": client, "questionnaire": "ipa-basic-rules-3.1", "external_id": format!("{TYPED}{name}"), "answers": rules("partial")});
    // What is rejected leaves nothing.
    let batch = json!({"items": [item("1"), {"questionnaire": "none"}, item("2")]}).to_string();
    let two = ["created assessment", "created assessment"];
    story.sent("createAssessmentBatch", "/v1/assessment-batches", "application/json", &batch, &two);
    let stream = format!("{}\n{}\nnonsense\n{}\n", item("1"), item("3"), item("4"));
    story.sent("importAssessments", "/v1/assessment-imports", "application/x-ndjson", &stream, &two);
}

fn incidents(story: &mut Story<'_>, client: &str) {
    let facts = json!({"incident": {"types": ["ransomware"], "stage": "initial", "aware_at": "2026-11-02T08:10:00+09:00"}});
    let body = json!({"client_id": client, "title": TYPED, "external_id": TYPED, "facts": facts});
    let made = story.post("createIncident", "/v1/incidents", &body, &["created incident"]);
    let made = made.header("location").to_owned();
    let patch = json!({"title": format!("{TYPED}!"), "facts": {"incident": {"severity": "critical"}}});
    story.patch("updateIncident", &made, &patch, &["changed incident"]);
    let plan = story.acme.get(&format!("{made}/plan")).expect(200);
    let first = &plan.json["actions"][0];
    let done = json!({"contact": first["contact"], "action": first["action"], "party": first["party"], "note": TYPED});
    story.post("completeAction", &format!("{made}/completions"), &done, &["created incident_event"]);
    let referral = json!({"contact": "insurer", "party": TYPED, "note": TYPED});
    let sent = story.post("createReferral", &format!("{made}/referrals"), &referral, &["created referral"]);
    let sent = sent.header("location").to_owned();
    let closed = json!({"state": "closed", "outcome": TYPED});
    story.patch("updateReferral", &sent, &closed, &["changed referral"]);
}

/// The operations of the document that are no reading.
fn writing(service: &Service) -> BTreeSet<String> {
    let paths = service.document()["paths"].as_object().unwrap();
    let items = paths.values().flat_map(|item| item.as_object().unwrap());
    items
        .filter(|(method, _)| *method != "get")
        .map(|(_, operation)| operation["operationId"].as_str().unwrap().to_owned())
        .filter(|operation| !WRITES_NOTHING.contains(&operation.as_str()))
        .collect()
}

#[rstest]
fn every_operation_that_writes_leaves_an_entry_and_nothing_that_was_typed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let mut story = Story { acme: service.tenant("acme"), done: BTreeSet::new(), seen: 0 };
    everything(&mut story);
    assert_eq!(story.done, writing(&service), "tell in `everything` how to do what is missing");

    let all = events(&story.acme, "");
    for (index, event) in all.iter().enumerate() {
        assert_eq!(event["sequence"], index + 1);
        assert_eq!((&event["subject"], &event["address"]), (&json!("tester"), &json!("127.0.0.1")));
    }
    let log = story.acme.get("/v1/audit-events/export").expect(200);
    assert!(!log.text("").contains(TYPED), "{}", log.text(""));
    // What a client was called is nowhere, also in what tells that it was taken away; with how much, it says.
    let gone = all.last().unwrap();
    assert_eq!(gone["before"], json!({"revision": 2, "assessments": 5, "links": 0, "incidents": 1}));
    assert_eq!((&gone["after"], &gone["client_id"]), (&Value::Null, &gone["resource_id"]));
}

#[rstest]
fn an_entry_says_who_did_what_when_from_where_and_what_it_changed(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::with(engine, |limits| limits.trusted_proxies = 1);
    let acme = service.tenant("acme");
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let body = json!({"client_id": client.json["id"], "questionnaire": "ipa-basic-rules-3.1", "answers": rules("partial")});
    let made = acme.post("/v1/assessments", &body).expect(201);
    let path = format!("{}/submit", made.header("location"));
    let headers = [("x-request-id", "call-7"), ("x-forwarded-for", "2001:db8::7")];
    acme.send(&Method::POST, &path, &headers, None).expect(200);
    let event = events(&acme, "&action=submitAssessment").remove(0);
    let expected = json!({
        "sequence": 3, "subject": "tester", "account": null, "action": "submitAssessment", "effect": "changed",
        "resource": "assessment", "resource_id": made.json["id"], "client_id": client.json["id"],
        "address": "2001:db8::7", "request_id": "call-7", "fields": ["state", "revision", "submitted"],
        "before": {"state": "draft", "questionnaire": "ipa-basic-rules-3.1", "revision": 1},
        "after": {"state": "submitted", "questionnaire": "ipa-basic-rules-3.1", "revision": 2},
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(event[name], *value, "{name}");
    }
}

/// What could still be used, and what somebody has answered.
#[rstest]
fn what_goes_with_a_draft_is_counted(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let body = json!({"client_id": client.json["id"], "questionnaire": "ipa-basic-rules-3.1"});
    let draft = acme.post("/v1/assessments", &body).expect(201).header("location").to_owned();
    for respondent in ["1", "2"] {
        acme.post(&format!("{draft}/links"), &json!({"respondent": respondent})).expect(201);
    }
    let response = json!({"respondent": "3", "answers": rules("partial")});
    acme.post(&format!("{draft}/responses"), &response).expect(201);
    assert_eq!(acme.delete(&draft, acme.get(&draft).expect(200).header("etag")).status, 204);
    let gone = events(&acme, "&action=deleteAssessment").remove(0);
    assert_eq!((&gone["before"]["links"], &gone["before"]["responses"]), (&json!(2), &json!(1)));
}

#[rstest]
fn what_is_refused_tried_or_answered_again_leaves_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let keyed = |path: &str, body: &Value| {
        let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
        acme.send(&Method::POST, path, &headers, Some(body.to_string().as_bytes()))
    };
    let client = keyed("/v1/clients", &json!({"name": "A", "external_id": "a"})).expect(201);
    let path = client.header("location").to_owned();
    let assessment =
        json!({"client_id": client.json["id"], "questionnaire": "ipa-basic-rules-3.1", "external_id": "x"});
    acme.post("/v1/assessments", &assessment).expect(201);
    let batch = json!({"items": [assessment]});
    keyed("/v1/assessment-batches", &batch).expect(200);
    acme.post("/v1/guidelines", &own_guideline()).expect(201);
    let before = events(&acme, "").len();
    assert_eq!(before, 3);

    assert_eq!(
        keyed("/v1/clients", &json!({"name": "A", "external_id": "a"}))
            .expect(201)
            .header("idempotent-replayed"),
        "true"
    );
    keyed("/v1/clients", &json!({"name": "B"})).expect(422);
    acme.post("/v1/assessments", &assessment).expect(201);
    acme.post("/v1/guidelines", &own_guideline()).expect(201);
    keyed("/v1/assessment-batches", &batch).expect(200);
    let tried = json!({"dry_run": true, "items": [{"client_id": client.json["id"], "questionnaire": "ipa-basic-rules-3.1"}]});
    keyed("/v1/assessment-batches", &tried).expect(200);
    let csv = [("content-type", "text/csv")];
    acme.send(&Method::POST, "/v1/client-imports?dry_run=true", &csv, Some("会社名\nB\n".as_bytes()))
        .expect(200);
    acme.post("/v1/clients", &json!({"name": ""})).expect(422);
    acme.post("/v1/clients", &json!({"name": "A", "external_id": "a"})).expect(409);
    acme.patch(&path, "\"old\"", &json!({"name": "B"})).expect(412);
    acme.delete(&path, "\"old\"").expect(412);
    service.caller("acme", &[Scope::ClientsRead], None).delete(&path, "*").expect(403);
    service.tenant("rival").delete(&path, "*").expect(404);
    service.anonymous().delete(&path, "*").expect(401);
    assert_eq!(events(&acme, "").len(), before);
    assert_eq!(events(&service.tenant("rival"), ""), [] as [Value; 0]);
}

#[rstest]
fn the_log_is_for_who_administers_the_tenant(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let rest: Vec<Scope> = Scope::ALL.iter().copied().filter(|scope| *scope != Scope::Admin).collect();
    for path in ["/v1/audit-events", "/v1/audit-events/export", "/v1/audit-heads"] {
        service.caller("acme", &rest, None).get(path).expect(403);
        service.caller("acme", Scope::ALL, Some(client.text("/id"))).get(path).expect(403);
        service.caller("acme", &[Scope::Admin], None).get(path).expect(200);
    }
}

#[rstest]
fn the_log_is_filtered_and_paged(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let made: Vec<Answer> =
        (0..5).map(|n| acme.post("/v1/clients", &json!({"name": format!("{n}")})).expect(201)).collect();
    let (id, path) = (made[2].text("/id"), made[2].header("location"));
    acme.patch(path, made[2].header("etag"), &json!({"name": "x"})).expect(200);
    let all = events(&acme, "");
    let moment = all[3]["at"].as_str().unwrap();
    for (filter, expected) in [
        (String::new(), vec![1, 2, 3, 4, 5, 6]),
        ("&action=updateClient".into(), vec![6]),
        (format!("&resource_id={id}"), vec![3, 6]),
        (format!("&client_id={}", id.to_uppercase()), vec![3, 6]),
        ("&resource=client&subject=tester".into(), vec![1, 2, 3, 4, 5, 6]),
        ("&subject=nobody".into(), vec![]),
        (format!("&from={moment}"), vec![4, 5, 6]),
        (format!("&to={moment}"), vec![1, 2, 3]),
    ] {
        let found: Vec<i64> =
            events(&acme, &filter).iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
        assert_eq!(found, expected, "{filter}");
    }
    let first = acme.get("/v1/audit-events?limit=4").expect(200);
    let cursor = first.text("/next_cursor");
    let rest = acme.get(&format!("/v1/audit-events?limit=4&after={cursor}")).expect(200);
    assert_eq!(rest.json["items"], json!(all[4..]));
    acme.get(&format!("/v1/audit-events?action=x&after={cursor}")).expect(400);
    service.tenant("rival").get(&format!("/v1/audit-events?limit=4&after={cursor}")).expect(400);
    acme.get("/v1/audit-events?from=0001-01-01T00:00:00Z").expect(422);

    // The export is the same, and ends with the head that covers it.
    let export = acme.get("/v1/audit-events/export").expect(200);
    let lines: Vec<Value> =
        export.text("").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[..6], all[..]);
    let heads = acme.get("/v1/audit-heads").expect(200);
    assert_eq!(lines[6..], heads.json["items"].as_array().unwrap()[..]);
    assert_eq!((&lines[6]["sequence"], &lines[6]["hash"]), (&json!(6), &all[5]["hash"]));
}
