//! A respondent's link: one response to one assessment, and nothing else.
use crate::support::{Answer, Caller, Engine, Service};
use diesel::RunQueryDsl as _;
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use ureq::http::Method;

/// A client of acme's and a draft of it: where it is.
fn draft(acme: &Caller<'_>, external_id: &str) -> String {
    let client = json!({"name": external_id, "external_id": external_id});
    let client = acme.post("/v1/clients", &client).expect(201);
    let body = json!({"client_id": client.json["id"], "questionnaire": "ipa-basic-rules-3.1"});
    acme.post("/v1/assessments", &body).expect(201).header("location").to_owned()
}

fn link(acme: &Caller<'_>, draft: &str, respondent: &str) -> Answer {
    acme.post(&format!("{draft}/links"), &json!({"respondent": respondent})).expect(201)
}

fn says(respondent: &str, status: &str) -> Value {
    json!({"respondent": respondent, "answers": [{"control": "basic-rule-1", "status": status}]})
}

#[rstest]
fn a_site_answers_by_its_link(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let draft = draft(&acme, "a");
    let made = link(&acme, &draft, "大阪支店");
    assert!(made.text("/token").starts_with("tsk_link_acme_"));
    assert_eq!(made.header("cache-control"), "no-store");
    let osaka = service.bearer(made.text("/token"));
    let who = osaka.get("/v1/whoami").expect(200);
    assert_eq!(who.text("/link/respondent"), "大阪支店");
    assert_eq!(format!("/v1/assessments/{}", who.text("/link/assessment_id")), draft);
    assert_eq!(who.json["scopes"], json!([]));

    // It reads what is asked, answers, and changes its answer.
    let asked = osaka.get(&format!("{draft}/questionnaire")).expect(200);
    assert_eq!(asked.text("/id"), "ipa-basic-rules-3.1");
    let responses = format!("{draft}/responses");
    assert_eq!(osaka.get(&responses).expect(200).json["items"], json!([]));
    let refused = osaka.post(&responses, &says("東京本社", "partial")).expect(422);
    assert_eq!(refused.faults(), ["/respondent fixed"]);
    let own = osaka.post(&responses, &says("大阪支店", "partial")).expect(201);
    let path = own.header("location").to_owned();
    osaka.get(&path).expect(200);
    let patch = json!({"answers": [{"control": "basic-rule-1", "status": "implemented"}]});
    osaka.patch(&path, own.header("etag"), &patch).expect(200);
    osaka.post(&responses, &says("大阪支店", "partial")).expect(409);

    // Another's answers are not there.
    let tokyo = acme.post(&responses, &says("東京本社", "implemented")).expect(201);
    osaka.get(tokyo.header("location")).expect(404);
    osaka.patch(tokyo.header("location"), tokyo.header("etag"), &patch).expect(404);
    assert_eq!(osaka.get(&responses).expect(200).json["items"].as_array().unwrap().len(), 1);
    assert_eq!(acme.get(&format!("{draft}/agreement")).expect(200).json["responses"], 2);

    // The link is listed without its token, and taken back.
    let listed = acme.get(&format!("{draft}/links")).expect(200);
    assert_eq!(
        (&listed.json["items"][0]["id"], &listed.json["items"][0]["token"]),
        (&made.json["id"], &Value::Null)
    );
    let shown = acme.get(made.header("location")).expect(200);
    assert_eq!(shown.header("etag"), made.header("etag"));
    acme.send(&Method::DELETE, made.header("location"), &[], None).expect(428);
    acme.delete(made.header("location"), made.header("etag")).expect(204);
    osaka.get("/v1/whoami").expect(401);
    osaka.get(&path).expect(401);
    acme.get(&path).expect(200);
    // A new link for the same respondent goes on where the old one stopped.
    let again = link(&acme, &draft, "大阪支店");
    service.bearer(again.text("/token")).get(&path).expect(200);
}

#[rstest]
fn a_link_ends_with_its_time_and_its_assessment(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let draft = draft(&acme, "a");
    let links = format!("{draft}/links");
    for (end, code) in [("2020-01-01T00:00:00Z", "past"), ("2199-01-01T00:00:00Z", "too-far")] {
        let refused = acme.post(&links, &json!({"respondent": "x", "expires_at": end})).expect(422);
        assert_eq!(refused.faults(), [format!("/expires_at {code}")]);
    }
    let made = link(&acme, &draft, "x");
    let holder = service.bearer(made.text("/token"));
    holder.get("/v1/whoami").expect(200);
    let over = "UPDATE assessment_links SET expires_at = '2026-01-01 00:00:00'";
    let late = |conn: &mut _| Ok::<_, tasuke::db::StoreError>(diesel::sql_query(over).execute(conn)?);
    service.db.write_now(late).unwrap();
    holder.get("/v1/whoami").expect(401);

    // What was submitted is not answered any more; what is gone cannot be reached.
    let made = link(&acme, &draft, "y");
    let holder = service.bearer(made.text("/token"));
    let answers: Vec<_> =
        (1..=5).map(|n| json!({"control": format!("basic-rule-{n}"), "status": "partial"})).collect();
    let tag = acme.get(&draft).header("etag").to_owned();
    acme.patch(&draft, &tag, &json!({"answers": answers})).expect(200);
    acme.post(&format!("{draft}/submit"), &json!({})).expect(200);
    holder.post(&format!("{draft}/responses"), &says("y", "partial")).expect(409);
    acme.post(&links, &json!({"respondent": "z"})).expect(409);
    let another = self::draft(&acme, "b");
    let holder = service.bearer(link(&acme, &another, "y").text("/token"));
    holder.get("/v1/whoami").expect(200);
    let tag = acme.get(&another).header("etag").to_owned();
    acme.delete(&another, &tag).expect(204);
    holder.get("/v1/whoami").expect(401);
}

#[rstest]
fn a_link_leads_nowhere_else(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let (draft, elsewhere) = (draft(&acme, "a"), draft(&acme, "b"));
    // Of the same client, and of another.
    let client = acme.get(&draft).expect(200).json["client_id"].clone();
    let body = json!({"client_id": client, "questionnaire": "ipa-basic-rules-3.1"});
    let beside = acme.post("/v1/assessments", &body).expect(201).header("location").to_owned();
    let made = link(&acme, &draft, "x");
    let token = made.text("/token").to_owned();
    let holder = service.bearer(&token);
    let missing = "/v1/assessments/0198c0de-0000-7000-8000-000000000000";
    let bare = |answer: &Answer, path: &str| {
        let mut json = answer.json.clone();
        json["request_id"] = Value::Null;
        json.to_string().replace(path, "PATH")
    };
    for other in [&elsewhere, &beside] {
        for rest in ["questionnaire", "responses"] {
            let foreign = holder.get(&format!("{other}/{rest}")).expect(404);
            let absent = holder.get(&format!("{missing}/{rest}")).expect(404);
            assert_eq!(bare(&foreign, other), bare(&absent, missing));
        }
        holder.post(&format!("{other}/responses"), &says("x", "partial")).expect(404);
    }
    // Every other operation, read from the document: refused for want of a scope.
    let allowed = [
        "createAssessmentResponse",
        "getAssessmentQuestionnaire",
        "getAssessmentResponse",
        "getWhoAmI",
        "listAssessmentResponses",
        "updateAssessmentResponse",
    ];
    let mut refused = BTreeSet::new();
    let paths = service.document()["paths"].as_object().unwrap();
    for (template, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let open = operation["security"]
                .as_array()
                .is_some_and(|all| all.is_empty() || all.contains(&json!({})));
            // The document says where a token without scopes will do.
            let bare = operation["security"].as_array().unwrap().contains(&json!({"bearer": []}));
            assert_eq!(bare, allowed.contains(&id), "{id}");
            if allowed.contains(&id) || open {
                continue;
            }
            let path = template.replace("{assessment}", draft.rsplit('/').next().unwrap());
            let path = path.replace(['{', '}'], "");
            let kind = if id == "importAssessments" { "application/x-ndjson" } else { "application/json" };
            let headers = [("content-type", kind), ("if-match", "*"), ("idempotency-key", "k")];
            let method: Method = method.to_uppercase().parse().unwrap();
            let body = (method != Method::GET && method != Method::DELETE).then_some(b"{}".as_slice());
            let answer = holder.send(&method, &path, &headers, body);
            assert!([403, 415, 422].contains(&answer.status), "{id}: {}", answer.status);
            if answer.status == 403 {
                refused.insert(id);
            }
        }
    }
    assert!(refused.len() > 40, "{refused:?}");
    // The token as it is, or not at all.
    for wrong in [token.to_uppercase(), token[..token.len() - 1].to_owned(), token.replace("acme", "rival")]
    {
        service.bearer(&wrong).get("/v1/whoami").expect(401);
    }
}
