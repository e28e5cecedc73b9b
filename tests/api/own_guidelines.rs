//! A provider's own baseline, beside the shipped guidelines.
use crate::support::{Caller, Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::Barrier;
use tasuke::caller::Scope;
use ureq::http::Method;

pub const EDITION: &str = "/v1/guidelines/own-baseline/editions/2026.1";

/// A catalog with a control that has parts, one that stands alone, and things we have no use for.
pub fn baseline() -> Value {
    json!({
        "guideline": "own-baseline", "edition": "2026.1",
        "catalog": {
            "uuid": "6f2b4a4e-9d4c-4b0e-8f0a-1c8d54a575e1",
            "metadata": {
                "title": "当社の基準", "last-modified": "2026-11-01T00:00:00+09:00", "version": "2026.1", "oscal-version": "1.1.2",
                "parties": [{"uuid": "6f2b4a4e-9d4c-4b0e-8f0a-1c8d54a575e2", "type": "organization", "name": "Acme"}],
            },
            "params": [{"id": "bk-p", "label": "間隔", "values": ["1週間"]}],
            "groups": [{"id": "backup", "title": "バックアップ", "controls": [
                {"id": "bk-1", "title": "取得", "props": [{"name": "label", "value": "1"}],
                 "parts": [{"id": "bk-1_smt", "name": "statement", "prose": "重要なデータを {{ insert: param, bk-p }} ごとに複製する。"},
                           {"id": "bk-1_gdn", "name": "guidance", "prose": "自動で取る。"}],
                 "controls": [{"id": "bk-1.1", "title": "世代"}, {"id": "bk-1.2", "title": "保管場所"}]},
                {"id": "bk-2", "title": "復旧", "links": [{"href": "#bk-1", "rel": "related"}]},
            ]}],
        },
    })
}

pub fn put(caller: &Caller<'_>) {
    let made = caller.post("/v1/guidelines", &baseline()).expect(201);
    assert_eq!(made.header("location"), EDITION);
    assert_eq!(made.header("etag"), caller.get(EDITION).expect(200).header("etag"));
}

#[rstest]
fn an_own_catalog_is_served_and_assessed_like_the_shipped_ones(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    put(&acme);
    let edition = acme.get(EDITION).expect(200);
    assert_eq!((&edition.json["origin"], &edition.json["controls"]), (&json!("own"), &json!(4)));
    assert!(edition.header("cache-control").contains("private"));
    let controls = acme.get(&format!("{EDITION}/controls?q=%E8%A4%87%E8%A3%BD")).expect(200).json;
    assert_eq!(controls["items"][0]["key"], "bk-1");
    assert_eq!(acme.get(&format!("{EDITION}/controls/bk-1.1")).expect(200).json["parent"], "bk-1");
    // What was sent comes back whole, with all that we do not read.
    let catalog = acme.get(&format!("{EDITION}/oscal-catalog")).expect(200).json;
    assert_eq!(catalog, json!({"catalog": baseline()["catalog"]}));
    let listed = acme.get("/v1/guidelines").expect(200).json;
    let keys: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|g| g["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["ipa-sme", "scs", "nist-csf", "own-baseline"]);
    assert_eq!(
        acme.get("/v1/guidelines/own-baseline").expect(200).json["editions"][0]["edition"],
        "2026.1"
    );
    // What says something itself is asked for, also where it has parts.
    let questionnaire = acme.get("/v1/questionnaires/own-baseline-2026.1").expect(200).json;
    let items = questionnaire["sections"][0]["items"].as_array().unwrap();
    let asked: Vec<_> = items.iter().map(|item| item["control"].as_str().unwrap()).collect();
    assert_eq!(asked, ["bk-1", "bk-1.1", "bk-1.2", "bk-2"]);
    acme.get("/v1/questionnaires/own-baseline-2026.1/oscal-profile").expect(200);
    let listed = acme.get("/v1/questionnaires").expect(200).json;
    assert_eq!(listed["items"].as_array().unwrap().last().unwrap()["id"], "own-baseline-2026.1");
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let answers: Vec<_> = ["implemented", "implemented", "partial", "not_applicable"]
        .iter()
        .zip(&asked)
        .map(|(status, control)| json!({"control": control, "status": status}))
        .collect();
    let body = json!({"client_id": client.json["id"], "questionnaire": "own-baseline-2026.1", "answers": answers, "state": "submitted"});
    let made = acme.post("/v1/assessments", &body).expect(201);
    let result = acme.get(&format!("/v1/assessments/{}/result", made.text("/id"))).expect(200).json;
    assert_eq!(result["score"], 83);
    let strange = json!({"client_id": client.json["id"], "questionnaire": "own-baseline-2026.1", "answers": [{"control": "bk-9", "status": "partial"}]});
    assert_eq!(
        acme.post("/v1/assessments", &strange).expect(422).faults(),
        ["/answers/0/control unknown-control"]
    );
}

#[rstest]
fn an_edition_in_use_stays_and_an_unused_one_can_be_taken_away(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    put(&acme);
    // The same again is no failure; something else under the same name is.
    let again = acme.post("/v1/guidelines", &baseline()).expect(201);
    assert_eq!(again.header("idempotent-replayed"), "true");
    let mut other = baseline();
    other["catalog"]["metadata"]["title"] = json!("別の基準");
    assert_eq!(acme.post("/v1/guidelines", &other).expect(409).text("/code"), "duplicate");
    let etag = acme.get(EDITION).expect(200).header("etag").to_owned();
    let bare = acme.send(&Method::DELETE, EDITION, &[], None).expect(428);
    assert_eq!(bare.text("/code"), "precondition-required");
    acme.delete(EDITION, "\"other\"").expect(412);
    acme.delete(EDITION, &etag).expect(204);
    acme.get(EDITION).expect(404);
    acme.delete(EDITION, &etag).expect(404);
    // Once it is answered it stays.
    acme.post("/v1/guidelines", &other).expect(201);
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let body = json!({"client_id": client.json["id"], "questionnaire": "own-baseline-2026.1"});
    acme.post("/v1/assessments", &body).expect(201);
    let etag = acme.get(EDITION).expect(200).header("etag").to_owned();
    assert_eq!(acme.delete(EDITION, &etag).expect(409).text("/code"), "in-use");
    acme.delete("/v1/guidelines/ipa-sme/editions/3.1", "*").expect(409);
}

#[rstest]
fn editions_of_ones_own_are_compared(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    put(&acme);
    let mut next = baseline();
    next["edition"] = json!("2027");
    next["catalog"]["groups"][0]["controls"][1] = json!({"id": "bk-3", "title": "訓練"});
    acme.post("/v1/guidelines", &next).expect(201);
    let path = "/v1/guidelines/own-baseline/editions/2027/changes";
    let changes = acme.get(&format!("{path}?since=2026.1")).expect(200).json;
    assert_eq!(changes["unchanged"], json!(["bk-1", "bk-1.1", "bk-1.2"]));
    let told: Vec<_> = changes["controls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["control"].as_str().unwrap(), c["kinds"][0].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("bk-3", "added"), ("bk-2", "withdrawn")]);
    // Without `since` it is the one before; only what was there before can be compared with.
    assert_eq!(acme.get(path).expect(200).json, changes);
    for refused in [
        &format!("{path}?since=2025"),
        &format!("{path}?since=2027"),
        "/v1/guidelines/own-baseline/editions/2026.1/changes",
    ] {
        assert_eq!(acme.get(refused).expect(422).faults(), ["/query/since unknown-value"]);
    }
    next["edition"] = json!("2028");
    next["catalog"]["groups"][0]["controls"][1]["title"] = json!("毎年の訓練");
    acme.post("/v1/guidelines", &next).expect(201);
    let changes = acme.get("/v1/guidelines/own-baseline/editions/2028/changes").expect(200).json;
    assert_eq!((&changes["since"], &changes["counts"]["changed"]), (&json!("2027"), &json!(1)));
}

#[rstest]
fn a_shipped_catalog_can_be_taken_over_as_ones_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let exported = acme.get("/v1/guidelines/ipa-sme/editions/4.0/oscal-catalog").expect(200).json;
    let body = json!({"guideline": "own-ipa", "edition": "4.0", "catalog": exported["catalog"]});
    acme.post("/v1/guidelines", &body).expect(201);
    let mut theirs =
        acme.get("/v1/guidelines/own-ipa/editions/4.0/controls/self-check-01").expect(200).json;
    let ours = acme.get("/v1/guidelines/ipa-sme/editions/4.0/controls/self-check-01").expect(200).json;
    theirs["guideline"] = json!("ipa-sme");
    assert_eq!(theirs, ours);
    // What is only the heading of its criteria is not asked for.
    let scs = acme.get("/v1/guidelines/scs/editions/20260327/oscal-catalog").expect(200).json;
    let body = json!({"guideline": "own-scs", "edition": "1", "catalog": scs["catalog"]});
    acme.post("/v1/guidelines", &body).expect(201);
    assert_eq!(asked(&acme, "own-scs-1").len(), 153);
}

/// The controls that a questionnaire asks for.
pub fn asked(caller: &Caller<'_>, questionnaire: &str) -> Vec<String> {
    let told = caller.get(&format!("/v1/questionnaires/{questionnaire}")).expect(200).json;
    let sections = told["sections"].as_array().unwrap().iter();
    let items = sections.flat_map(|section| section["items"].as_array().unwrap());
    items.map(|item| item["control"].as_str().unwrap().to_owned()).collect()
}

#[rstest]
fn own_guidelines_are_nobody_elses(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    put(&acme);
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201);
    let narrow = service.caller("acme", Scope::ALL, Some(client.text("/id")));
    // A narrowed token reads what its tenant follows, and changes nothing of it.
    narrow.get(EDITION).expect(200);
    let mut other = baseline();
    other["edition"] = json!("2");
    narrow.post("/v1/guidelines", &other).expect(403);
    let etag = acme.get(EDITION).expect(200).header("etag").to_owned();
    narrow.delete(EDITION, &etag).expect(403);
    let no_scope = service.caller("acme", &[Scope::ClientsRead], None);
    let rival = service.tenant("rival");
    for stranger in [&service.anonymous(), &rival, &no_scope] {
        for path in ["", "/controls", "/controls/bk-1", "/changes", "/oscal-catalog"] {
            stranger.get(&format!("{EDITION}{path}")).expect(404);
        }
        stranger.get("/v1/guidelines/own-baseline").expect(404);
        stranger.get("/v1/questionnaires/own-baseline-2026.1").expect(404);
        stranger.get("/v1/questionnaires/own-baseline-2026.1/oscal-profile").expect(404);
        let listed = stranger.get("/v1/guidelines").expect(200).json;
        assert_eq!(listed["items"].as_array().unwrap().len(), 3);
    }
    rival.delete(EDITION, &etag).expect(404);
    no_scope.post("/v1/guidelines", &other).expect(403);
    let client = rival.post("/v1/clients", &json!({"name": "R"})).expect(201);
    let body = json!({"client_id": client.json["id"], "questionnaire": "own-baseline-2026.1"});
    assert_eq!(rival.post("/v1/assessments", &body).expect(422).faults(), ["/questionnaire unknown-value"]);
    // The same name is free for everybody.
    rival.post("/v1/guidelines", &baseline()).expect(201);
    // A token that is none is refused also where none is needed.
    service.with_authorization("Bearer nonsense").get("/v1/guidelines").expect(401);
}

/// How a good catalog is spoiled, and what is told.
type Row = (fn(&mut Value), Vec<String>);

#[rstest]
fn a_bad_catalog_is_told_everything_that_is_wrong_and_not_stored(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let control = |n: usize| format!("/catalog/groups/0/controls/{n}");
    let rows: Vec<Row> = vec![
        (|b| b["guideline"] = json!("ipa-sme"), vec!["/guideline pattern".into()]),
        (|b| b["edition"] = json!("a-b"), vec!["/edition pattern".into()]),
        (
            |b| b["catalog"] = json!({}),
            vec!["/catalog/metadata required".into(), "/catalog/uuid required".into()],
        ),
        (
            |b| b["catalog"]["metadata"]["oscal-version"] = json!("2.0.0"),
            vec!["/catalog/metadata/oscal-version oscal-version".into()],
        ),
        (|b| b["catalog"]["mood"] = json!("good"), vec!["/catalog/mood unknown-field".into()]),
        (|b| b["catalog"]["groups"] = json!([]), vec!["/catalog/groups too-few".into()]),
        (
            |b| {
                b["catalog"].as_object_mut().unwrap().remove("groups");
            },
            vec!["/catalog control-count".into()],
        ),
        (
            |b| {
                let controls = &mut b["catalog"]["groups"][0]["controls"];
                controls[0]["controls"][0]["id"] = json!("bk-2");
                controls[1]["links"] = json!([{"href": "#gone"}, {"href": "#bk-2", "rel": "required"}]);
            },
            vec![
                format!("{}/controls/0 cycle", control(0)),
                format!("{}/id duplicate-id", control(1)),
                format!("{}/links/0/href dangling-reference", control(1)),
            ],
        ),
        (
            |b| b["catalog"]["groups"][0]["controls"][1]["id"] = json!("統制"),
            vec!["/catalog control-id".into()],
        ),
        // Told where it is, not at the group that it is in.
        (
            |b| b["catalog"]["groups"][0]["controls"][1]["title"] = json!(""),
            vec![format!("{}/title pattern", control(1))],
        ),
        (
            |b| {
                b["catalog"]["groups"][0]["id"] = json!("others");
                b["catalog"]["controls"] = json!([{"id": "x", "title": "x"}]);
            },
            vec!["/catalog/groups duplicate-id".into()],
        ),
    ];
    for (spoil, faults) in rows {
        let mut body = baseline();
        spoil(&mut body);
        let refused = acme.post("/v1/guidelines", &body).expect(422);
        assert_eq!(refused.faults(), faults, "{body:#}");
    }
    // References in every direction: as many loops as one likes, and each is told once, in few words.
    let tangled: Vec<Value> = (0..400)
        .map(|n| {
            let many = (0..400)
                .filter(|_| n % 50 == 0)
                .map(|m| json!({"href": format!("#x{m}"), "rel": "required"}));
            let next = json!({"href": format!("#x{}", (n + 1) % 400), "rel": "required"});
            json!({"id": format!("x{n}"), "title": "x", "links": many.chain([next]).collect::<Vec<_>>()})
        })
        .collect();
    let mut body = baseline();
    body["catalog"]["groups"][0]["controls"] = json!(tangled);
    let refused = acme.post("/v1/guidelines", &body).expect(422);
    assert!(refused.faults().iter().all(|fault| fault.ends_with(" cycle")));
    assert!(refused.bytes.len() < 200_000, "{}", refused.bytes.len());
    let narrow = Service::with(engine, |limits| limits.max_bulk_bytes = 100_000);
    let huge = json!({"guideline": "own-x", "edition": "1", "catalog": {"remarks": "x".repeat(200_000)}});
    narrow.tenant("acme").post("/v1/guidelines", &huge).expect(413);
    acme.get("/v1/guidelines/own-baseline").expect(404);
}

#[rstest]
fn the_same_at_once_is_stored_once_and_answered_each_time(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let begin = Barrier::new(24);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let call = || {
            let acme = service.tenant("acme");
            begin.wait();
            acme.post("/v1/guidelines", &baseline())
        };
        let calls: Vec<_> = (0..24).map(|_| scope.spawn(call)).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:#?}");
    let replayed = answers.iter().filter(|answer| answer.header("idempotent-replayed") == "true").count();
    assert_eq!(replayed, 23);
}
