//! What a guideline asks for.
use crate::support::{Engine, Service};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const EDITION: &str = "/v1/guidelines/ipa-sme/editions/3.1";

fn keys(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|c| c["key"].as_str().unwrap().to_owned()).collect()
}

#[rstest]
fn edition_3_1_is_there_whole(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let anonymous = service.anonymous();
    let guidelines = anonymous.get("/v1/guidelines").expect(200).json;
    assert_eq!(guidelines["items"][0]["key"], "ipa-sme");
    let edition = anonymous.get(EDITION).expect(200).json;
    assert_eq!(edition["published_on"], "2023-04-26");
    assert_eq!(edition["controls"], 149);
    let counts: Vec<(&str, i64)> = edition["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["key"].as_str().unwrap(), group["controls"].as_i64().unwrap()))
        .collect();
    assert_eq!(
        counts,
        [
            ("management-principle", 3),
            ("management-action", 7),
            ("practice", 17),
            ("basic-rules", 5),
            ("self-check", 25),
            ("regulation-template", 11),
            ("practice-website", 3),
            ("cloud-checklist", 15),
            ("telework", 17),
            ("incident-preparation", 5),
            ("incident-step", 9),
            ("incident-by-type", 20),
            ("incident-record", 1),
            ("incident-contact", 6),
            ("technical-measure", 2),
            ("risk-analysis", 3),
        ]
    );
}

#[rstest]
fn the_pages_of_controls_hold_each_control_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let anonymous = service.anonymous();
    let mut all = vec![];
    let mut path = format!("{EDITION}/controls?limit=100");
    loop {
        let page = anonymous.get(&path).expect(200).json;
        all.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("{EDITION}/controls?limit=100&after={cursor}");
    }
    let unique: BTreeSet<_> = all.iter().map(|c| c["key"].as_str().unwrap()).collect();
    assert_eq!((all.len(), unique.len()), (149, 149));
    for control in &all {
        let key = control["key"].as_str().unwrap();
        assert!(!control["sources"].as_array().unwrap().is_empty(), "{key}");
        assert!(control["present_in"].as_array().unwrap().contains(&json!("3.1")), "{key}");
        let one = anonymous.get(&format!("{EDITION}/controls/{key}")).expect(200);
        assert_eq!(&one.json, control);
    }
}

#[rstest]
fn controls_are_found_by_each_filter(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let anonymous = service.anonymous();
    for (query, count, first) in [
        ("group=self-check", 25, "self-check-01"),
        ("part=self-check-2", 13, "self-check-06"),
        ("part=executives", 10, "principle-1"),
        ("stage=recovery", 13, "incident-step-recover-1"),
        ("tag=backup", 3, "self-check-11"),
        ("tag=incident&tag=backup", 2, "incident-prepare-backup"),
        ("telework_method=vpn", 1, "telework-method-vpn"),
        ("workplace=home", 2, "telework-place-home"),
        ("incident_type=ransomware", 5, "incident-type-ransomware-detect"),
        ("incident_type=ransomware&stage=reporting", 1, "incident-type-malware-report"),
        ("q=%E3%83%91%E3%82%B9%E3%83%AF%E3%83%BC%E3%83%89", 3, "basic-rule-3"),
        ("q=PASSWORDS", 3, "basic-rule-3"),
        ("q=backup+restore", 3, "self-check-11"),
        ("q=nothing-has-this-word", 0, ""),
    ] {
        let page = anonymous.get(&format!("{EDITION}/controls?limit=100&{query}")).expect(200).json;
        let keys = keys(&page);
        let found = (keys.len(), keys.first().map_or("", String::as_str));
        assert_eq!(found, (count, first), "{query}: {keys:?}");
    }
}

#[rstest]
fn a_filter_value_that_no_one_knows_is_answered_with_the_known_ones(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let path = format!("{EDITION}/controls?group=selfcheck&workplace=moon&tag=all&tag=none");
    let refused = service.anonymous().get(&path).expect(422);
    for (path, fault) in [
        (format!("{EDITION}/controls?parent=none"), "/query/parent unknown-value"),
        (format!("{EDITION}/controls?star=3"), "/query/star unknown-value"),
        (format!("{EDITION}/controls?q=%E3%80%80"), "/query/q too-short"),
        ("/v1/mappings?from=scs&to=ipa-sme&control=none".to_owned(), "/query/control unknown-value"),
        // Where no query is read, none is taken.
        (format!("{EDITION}?x=1"), "/query/x unknown-field"),
        ("/v1/guidelines?x=1".to_owned(), "/query/x unknown-field"),
    ] {
        assert_eq!(service.anonymous().get(&path).expect(422).faults(), [fault], "{path}");
    }
    let faults =
        ["/query/group unknown-value", "/query/tag unknown-value", "/query/workplace unknown-value"];
    assert_eq!(refused.faults(), faults);
    assert!(refused.text("/errors/2/message").contains("home, mobile, satellite"));
}

#[rstest]
fn unchanged_content_is_not_sent_again(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let path = format!("{EDITION}/controls/self-check-01");
    let first = service.anonymous().get(&path).expect(200);
    assert!(first.header("cache-control").contains("public"));
    let headers = [("if-none-match", first.header("etag"))];
    let get = ureq::http::Method::GET;
    service.anonymous().send(&get, &path, &headers, None).expect(304);
}

#[rstest]
fn nothing_says_that_anybody_is_certified(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    for path in [
        format!("{EDITION}/controls?limit=100"),
        EDITION.to_owned(),
        "/v1/questionnaires/ipa-basic-rules-3.1".into(),
    ] {
        let text = service.anonymous().get(&path).expect(200).json.to_string();
        assert!(!text.contains("認定"), "{path}");
    }
}

/// The ranking: a key or number goes before a title, a title before a statement.
#[rstest]
fn words_are_found_in_both_languages_whatever_their_form(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let found = |q: &str| {
        let path = "/v1/guidelines/ipa-sme/editions/4.0/controls?limit=100&q=";
        let encoded = q.bytes().map(|b| format!("%{b:02X}")).collect::<Vec<_>>().concat();
        keys(&service.anonymous().get(&format!("{path}{encoded}")).expect(200).json)
    };
    let expected = found("パスワード");
    assert!(expected.len() > 3, "{expected:?}");
    for other in ["ぱすわーど", "ﾊﾟｽﾜｰﾄﾞ", "　パスワード　"] {
        assert_eq!(found(other), expected, "{other}");
    }
    assert_eq!(found("ＶＰＮ"), found("vpn"));
    assert_eq!(found("SELF-CHECK-11")[0], "self-check-11");
    let backups = found("バックアップ");
    assert_eq!(&backups[..2], ["basic-rule-6", "self-check-11"], "{backups:?}");
}

#[rstest]
fn what_changed_for_my_clients_is_one_call(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let anonymous = service.anonymous();
    let changes = |edition: &str, since: &str| {
        let path = format!("/v1/guidelines/ipa-sme/editions/{edition}/changes?since={since}");
        anonymous.get(&path).expect(200).json
    };
    let telework = changes("3.1", "3");
    assert_eq!(telework["counts"]["added"], 61);
    assert_eq!(
        telework["appendices"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|a| a["kinds"] == json!(["added"]))
            .count(),
        1
    );
    let six = changes("4.0", "3.1");
    assert_eq!((&six["since"], &six["steps"]), (&json!("3.1"), &json!(["4.0"])));
    let cloud = six["appendices"].as_array().unwrap().iter().find(|a| a["appendix"] == "cloud").unwrap();
    assert_eq!((&cloud["from"], &cloud["to"], &cloud["kinds"]), (&json!(6), &json!(7), &json!(["moved"])));
    assert_eq!(six["counts"]["moved"], 15);
    // Without `since` it is the published edition before.
    let default = anonymous.get("/v1/guidelines/ipa-sme/editions/4.0/changes").expect(200).json;
    assert_eq!(default, six);
    for (path, fault) in [
        ("ipa-sme/editions/4.0/changes?since=5", "/query/since unknown-value"),
        ("ipa-sme/editions/3/changes?since=4.0", "/query/since unknown-value"),
        ("ipa-sme/editions/1/changes", "/query/since unknown-value"),
        ("scs/editions/20260327/changes", "/query/since unknown-value"),
    ] {
        let refused = anonymous.get(&format!("/v1/guidelines/{path}")).expect(422);
        assert_eq!(refused.faults(), [fault], "{path}");
    }
    // Of what is not there, the ones that are there are told.
    for path in ["", "/controls", "/controls/self-check-01", "/changes", "/oscal-catalog"] {
        let missing = anonymous.get(&format!("/v1/guidelines/ipa-sme/editions/5{path}")).expect(404);
        let detail = missing.text("/detail");
        assert!(detail.ends_with(": 1, 2, 2.1, 3, 3.1-draft, 3.1, 4.0"), "{path}: {detail}");
    }
    // A draft has had what it proposed: the edition that it became did not add it.
    let since_draft = changes("3.1", "3.1-draft");
    let texts = since_draft["editions"].to_string();
    assert!(!texts.contains("Telework security") && texts.contains("Appendix 8"), "{texts}");
    assert_eq!(since_draft["counts"]["moved"], 1);
    assert_eq!(since_draft["appendices"], json!([]));
    assert_eq!(since_draft["appendices_not_known"].as_array().unwrap().len(), 8);
    let until_draft = changes("3.1-draft", "3");
    assert_eq!((&until_draft["counts"]["moved"], &until_draft["appendices"]), (&json!(0), &json!([])));
    assert_eq!(changes("3", "2.1")["counts"]["moved"], 0);
}

#[rstest]
fn mappings_are_shown_with_who_says_so(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let anonymous = service.anonymous();
    let direct = anonymous.get("/v1/mappings?from=ipa-sme&to=scs&limit=100").expect(200).json;
    for item in direct["items"].as_array().unwrap() {
        assert_eq!(
            (item["origin"].as_str(), item["hops"].as_array().unwrap().len()),
            (Some("editorial"), 1)
        );
        assert!(!item["hops"][0]["rationale"]["en"].as_str().unwrap().is_empty());
    }
    let mut path = "/v1/mappings?from=ipa-sme&to=scs&limit=7".to_owned();
    let mut seen = 0;
    while seen < 1000 {
        let page = anonymous.get(&path).expect(200).json;
        seen += page["items"].as_array().unwrap().len();
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/mappings?from=ipa-sme&to=scs&limit=7&after={cursor}");
    }
    assert_eq!(seen, 110);
    // Over a third guideline, in both directions; what does not follow is shown as not following.
    let chained =
        anonymous.get("/v1/mappings?from=ipa-sme&to=nist-csf&control=self-check-01").expect(200).json;
    let first = &chained["items"][0];
    assert_eq!(first["to"]["control"], "csf-pr.ps");
    assert_eq!(first["hops"].as_array().unwrap().len(), 2);
    let back = anonymous.get("/v1/mappings?from=nist-csf&to=ipa-sme&limit=100").expect(200).json;
    assert!(back["items"].as_array().unwrap().iter().any(|item| item["to"]["control"] == "self-check-01"));
    let unknown = anonymous.get("/v1/mappings?from=iso&to=iso").expect(422);
    assert_eq!(unknown.faults(), ["/query/from unknown-value", "/query/to unknown-value"]);
    let itself = anonymous.get("/v1/mappings?from=scs&to=scs").expect(422);
    assert_eq!(itself.faults(), ["/query/to unknown-value"]);
    assert_eq!(anonymous.get("/v1/mappings?from=scs").expect(422).faults(), ["/query/to required"]);
}

#[rstest]
fn mappings_are_an_oscal_mapping_collection(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let schema: Value = serde_json::from_str(include_str!("../data/oscal/mapping-schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for (from, to) in
        [("ipa-sme", "scs"), ("scs", "nist-csf"), ("ipa-sme", "nist-csf"), ("nist-csf", "ipa-sme")]
    {
        let path = format!("/v1/mappings/oscal-mapping?from={from}&to={to}");
        let collection = service.anonymous().get(&path).expect(200).json;
        let faults: Vec<_> = schema.iter_errors(&collection).map(|e| e.to_string()).collect();
        assert!(faults.is_empty(), "{path}: {faults:?}");
        assert!(
            !collection["mapping-collection"]["mappings"][0]["maps"].as_array().unwrap().is_empty(),
            "{path}"
        );
    }
}

#[rstest]
fn answers_are_compressed_once_and_every_form_has_a_tag_of_its_own(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let path = format!("{EDITION}/controls?limit=100");
    let get = ureq::http::Method::GET;
    let asking = |accept: &str| {
        service.anonymous().send(&get, &path, &[("accept-encoding", accept)], None).expect(200)
    };
    let plain = asking("identity");
    assert_eq!(plain.header("content-encoding"), "");
    let gzip = asking("gzip;q=0.5");
    assert_eq!(gzip.header("content-encoding"), "gzip");
    assert_eq!(gzip.json, plain.json);
    let brotli = asking("gzip;q=0.5, br");
    assert_eq!(brotli.header("content-encoding"), "br");
    assert_eq!(brotli.json, plain.json);
    assert!(brotli.bytes.len() * 5 < plain.bytes.len());
    let tags = [&plain, &gzip, &brotli].map(|answer| answer.header("etag").to_owned());
    assert_eq!(tags.iter().collect::<BTreeSet<_>>().len(), 3);
    for tag in &tags {
        assert_eq!(asking("identity").header("vary"), "accept-encoding, authorization");
        let known = [("if-none-match", tag.as_str()), ("accept-encoding", "br")];
        service.anonymous().send(&get, &path, &known, None).expect(304);
    }
    let other = [("if-none-match", "\"other\"")];
    service.anonymous().send(&get, &path, &other, None).expect(200);
    // Short answers are sent as they are, and odd wishes are no failure.
    let short = service.anonymous().send(
        &get,
        "/v1/guidelines/ipa-sme/editions/3.1/changes?since=9",
        &[("accept-encoding", "br")],
        None,
    );
    assert_eq!((short.status, short.header("content-encoding")), (422, ""));
    assert_eq!(asking("zstd;q=1, *;q=0").header("content-encoding"), "");
}
