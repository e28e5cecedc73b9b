//! Nobody else's: probes made from the document, so that an operation is covered the day it exists.
use crate::support::{Answer, Caller, Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use ureq::http::Method;

/// Operations that need no token. Think twice before you add one: whatever it answers, everybody
/// may read.
const OPEN: &[&str] = &[
    "getAuthorizationServer",
    "getCisoAssistantLibrary",
    "getContact",
    "getControl",
    "getEdition",
    "getEditionChanges",
    "getGuideline",
    "getKeySet",
    "getLiveness",
    "getOscalCatalog",
    "getOscalMapping",
    "getOscalProfile",
    "getQuestionnaire",
    "getReadiness",
    "getRoutingRule",
    "listContacts",
    "listControls",
    "listGuidelines",
    "listMappings",
    "listQuestionnaires",
    "listRoutingForms",
    "listRoutingRules",
    "listRoutingRulesets",
];

struct Operation {
    id: String,
    method: Method,
    /// With every parameter that its query must have.
    path: String,
    /// What the document gives as an example of a body.
    body: Value,
}

fn example(document: &Value, operation: &Value) -> Value {
    let content =
        operation["requestBody"]["content"].as_object().and_then(|content| content.values().next());
    let reference = content.and_then(|content| content["schema"]["$ref"].as_str());
    let schema = reference.and_then(|reference| document.pointer(reference.trim_start_matches('#')));
    schema.map_or(json!({}), |schema| {
        if schema["example"].is_null() { json!({}) } else { schema["example"].clone() }
    })
}

fn query(operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let needed = parameters.filter(|p| p["in"] == "query" && p["required"] == true);
    let pairs: Vec<_> = needed
        .map(|p| format!("{}={}", p["name"].as_str().unwrap(), p["example"].as_str().unwrap()))
        .collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

fn operations(service: &Service) -> Vec<Operation> {
    let document = service.document();
    let paths = document["paths"].as_object().unwrap().clone();
    paths
        .into_iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().unwrap().clone();
            item.into_iter().map(move |(method, operation)| Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: format!("{path}{}", query(&operation)),
                body: example(document, &operation),
            })
        })
        .collect()
}

fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let (path, query) = template.split_once('?').unwrap_or((template, ""));
    let parts = path.split('/').map(|part| {
        let name = part.strip_prefix('{').and_then(|p| p.strip_suffix('}'));
        name.map_or_else(|| part.to_owned(), &value)
    });
    format!("{}?{query}", parts.collect::<Vec<_>>().join("/"))
}

fn call(caller: &Caller<'_>, operation: &Operation, path: &str, body: &Value) -> Answer {
    match operation.method {
        Method::GET => caller.get(path),
        Method::DELETE => caller.delete(path, "*"),
        Method::PATCH => caller.patch(path, "*", body),
        _ => caller.post(path, body),
    }
}

#[rstest]
fn every_operation_that_is_not_open_needs_a_token(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let mut open = BTreeSet::new();
    for operation in operations(&service) {
        let path = fill(&operation.path, |_| "x".into());
        // Whatever else is wrong with the call, the missing token comes first.
        let answer = call(&service.anonymous(), &operation, &path, &json!({"x": 1}));
        if answer.status == 401 {
            assert!(!OPEN.contains(&operation.id.as_str()), "{}", operation.id);
        } else {
            open.insert(operation.id);
        }
    }
    assert_eq!(open.iter().map(String::as_str).collect::<Vec<_>>(), OPEN);
}

/// The parts of an answer that may differ between two requests, made equal.
fn bare(answer: &Answer, id: &str) -> String {
    let mut json = answer.json.clone();
    json["request_id"] = Value::Null;
    format!("{} {json}", answer.status).replace(id, "ID")
}

#[rstest]
fn what_is_anothers_answers_as_what_is_not_there(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let (acme, rival) = (service.tenant("acme"), service.tenant("rival"));
    let client = acme.post("/v1/clients", &json!({"name": "A", "external_id": "crm-1"})).expect(201);
    let client = client.text("/id");
    let body = json!({"client_id": client, "questionnaire": "ipa-basic-rules-3.1"});
    let assessment = acme.post("/v1/assessments", &body).expect(201);
    let assessment = assessment.text("/id");
    let facts = json!({"incident": {"stage": "initial", "aware_at": "2026-11-01T00:00:00Z"}});
    let body = json!({"client_id": client, "title": "x", "external_id": "ticket-1", "facts": facts});
    let incident = acme.post("/v1/incidents", &body).expect(201);
    let incident = incident.text("/id");
    let referrals = format!("/v1/incidents/{incident}/referrals");
    acme.post(&referrals, &json!({"contact": "insurer"})).expect(201);
    let account = json!({"name": "portal", "scopes": ["clients:read"]});
    let account = acme.post("/v1/service-accounts", &account).expect(201);
    let account = account.text("/id");
    let missing = "0198c0de-0000-7000-8000-000000000000";
    let mut probed = BTreeSet::new();
    for operation in operations(&service) {
        let foreign = match () {
            () if operation.path.contains("{client}") => client,
            () if operation.path.contains("{assessment}") => assessment,
            () if operation.path.contains("{incident}") => incident,
            () if operation.path.contains("{account}") => account,
            () => continue,
        };
        let probe = |id: &str| {
            let path = fill(&operation.path, |_| id.to_owned());
            bare(&call(&rival, &operation, &path, &operation.body), id)
        };
        assert_eq!(probe(foreign), probe(missing), "{}", operation.id);
        assert!(probe(foreign).starts_with("404 "), "{}", operation.id);
        probed.insert(operation.id);
    }
    let expected = [
        "completeAction",
        "createAssessmentLink",
        "createAssessmentResponse",
        "createReferral",
        "createServiceAccountSecret",
        "deleteAssessment",
        "deleteAssessmentLink",
        "deleteAssessmentResponse",
        "deleteClient",
        "deleteServiceAccount",
        "deleteServiceAccountSecret",
        "exportClient",
        "getAssessment",
        "getAssessmentAgreement",
        "getAssessmentComparison",
        "getAssessmentCsv",
        "getAssessmentLink",
        "getAssessmentPlan",
        "getAssessmentQuestionnaire",
        "getAssessmentReport",
        "getAssessmentResponse",
        "getAssessmentResult",
        "getAssessmentWorkbook",
        "getClient",
        "getClientApplicability",
        "getClientHistory",
        "getClientHistoryChart",
        "getClientStanding",
        "getIncident",
        "getIncidentDeadlines",
        "getIncidentForm",
        "getIncidentFormMarkdown",
        "getIncidentPlan",
        "getIncidentReport",
        "getIncidentReportMarkdown",
        "getIncidentTimeline",
        "getOscalAssessmentResults",
        "getOscalPlanOfAction",
        "getReferral",
        "getServiceAccount",
        "listAssessmentEvents",
        "listAssessmentLinks",
        "listAssessmentResponses",
        "listReferrals",
        "mergeAssessmentResponses",
        "reopenAssessment",
        "reviewAssessment",
        "submitAssessment",
        "updateAssessment",
        "updateAssessmentResponse",
        "updateClient",
        "updateIncident",
        "updateReferral",
        "updateServiceAccount",
    ];
    assert_eq!(probed.iter().map(String::as_str).collect::<Vec<_>>(), expected);

    // Ids in bodies and filters, and names that are unique in a tenant.
    let by_id = |id: &str| json!({"client_id": id, "questionnaire": "ipa-basic-rules-3.1"});
    let by_name = |name: &str| json!({"client_external_id": name, "questionnaire": "ipa-basic-rules-3.1"});
    let posted = |body: &Value, id: &str| bare(&rival.post("/v1/assessments", body), id);
    assert_eq!(posted(&by_id(client), client), posted(&by_id(missing), missing));
    assert_eq!(posted(&by_name("crm-1"), "crm-1"), posted(&by_name("crm-x"), "crm-x"));
    let routed = |id: &str| {
        let body = json!({"client_id": id, "title": "x", "facts": facts});
        bare(&rival.post("/v1/incidents", &body), id)
    };
    assert_eq!(routed(client), routed(missing));
    for path in [
        "/v1/clients".to_owned(),
        "/v1/clients?external_id=crm-1".to_owned(),
        "/v1/assessments".to_owned(),
        format!("/v1/assessments?client_id={client}"),
        "/v1/incidents".to_owned(),
        "/v1/incidents?external_id=ticket-1".to_owned(),
        format!("/v1/incidents?client_id={client}"),
    ] {
        assert_eq!(rival.get(&path).expect(200).json["items"], json!([]), "{path}");
    }
    // A guideline of another's own, wherever one can be named.
    let own = json!({"guideline": "own-x", "edition": "1", "catalog": {
        "uuid": "6f2b4a4e-9d4c-4b0e-8f0a-1c8d54a575e1",
        "metadata": {"title": "x", "last-modified": "2026-11-01T00:00:00Z", "version": "1", "oscal-version": "1.2.1"},
        "controls": [{"id": "c", "title": "c"}]}});
    acme.post("/v1/guidelines", &own).expect(201);
    let mut named = 0;
    for operation in operations(&service) {
        let probe = |name: &str| {
            let path = fill(&operation.path, |part| match part {
                "{guideline}" => name.to_owned(),
                "{edition}" => "1".to_owned(),
                "{questionnaire}" => format!("{name}-1"),
                _ => "c".to_owned(),
            });
            bare(&call(&rival, &operation, &path, &json!({})), name)
        };
        if operation.path.contains("{guideline}") || operation.path.contains("{questionnaire}") {
            assert_eq!(probe("own-x"), probe("own-y"), "{}", operation.id);
            assert!(probe("own-x").starts_with("404 "), "{}", operation.id);
            named += 1;
        }
    }
    assert_eq!(named, 10);
    // A contact of another's own.
    let text = json!({"ja": "x", "en": "x"});
    let own =
        json!({"id": "own-x", "name": text, "does": text, "channels": [{"type": "phone", "value": "1"}]});
    acme.post("/v1/contacts", &own).expect(201);
    let mut named = vec![];
    for operation in operations(&service).into_iter().filter(|o| o.path.contains("{contact}")) {
        let probe = |name: &str| {
            let path = fill(&operation.path, |_| name.to_owned());
            bare(&call(&rival, &operation, &path, &json!({})), name)
        };
        assert_eq!(probe("own-x"), probe("own-y"), "{}", operation.id);
        assert!(probe("own-x").starts_with("404 "), "{}", operation.id);
        named.push(operation.id);
    }
    named.sort();
    assert_eq!(named, ["deleteContact", "getContact", "updateContact"]);
    // And the owner still has all of it.
    assert_eq!(acme.get("/v1/assessments").expect(200).json["items"][0]["id"], assessment);
}
