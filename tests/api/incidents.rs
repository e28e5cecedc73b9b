//! Incidents: the client's own data in the facts, the plan and what changed in it, what was done, exports.
use crate::support::{Answer, Caller, Engine, Service};
use diesel::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use tasuke::caller::Scope;
use tasuke::db::{AnyConnection, StoreError};

// What a test has to reach past the API: an event that was noted under another clock.
diesel::table! {
    incident_events (tenant, id) {
        tenant -> Text,
        id -> Text,
    }
}

fn client(acme: &Caller<'_>, name: &str) -> String {
    let body = json!({
        "name": name, "external_id": name, "industry": "E", "employees": 45, "prefecture": "23",
        "contracts": {
            "otasuketai": {"subscribed": true, "provider": "お助け隊O社"},
            "cyber_insurance": {"enrolled": true, "insurer": "損保I社", "notice_days": 30},
            "lawyer": {"retained": true, "name": "弁護士L"},
            "forensics": {"retained": false, "firm": "昔の会社"},
            "maintenance_vendors": [{"vendor": "保守会社M", "systems": ["ファイルサーバ"]}],
            "customer_notice": [
                {"counterparty": "顧客A社", "notice_hours": 24},
                {"counterparty": "顧客B社", "notice_hours": 48},
            ],
        },
    });
    acme.post("/v1/clients", &body).expect(201).text("/id").to_owned()
}

fn body(client: &str) -> Value {
    json!({
        "client_id": client, "title": "ファイルサーバの *ランサムウェア*", "external_id": "ticket-1",
        "facts": {
            "incident": {"types": ["ransomware"], "stage": "initial", "severity": "critical",
                "cause": "external_attack", "aware_at": "2026-11-02T08:10:00+09:00"},
            "organization": {"can_handle_technically": "ruled_out", "is_sole_proprietor": false},
            "systems": [{"name": "ファイルサーバ", "kind": "server", "affected": "confirmed"}],
            "contracts": {"customer_notice": [
                {"counterparty": "顧客A社", "data_or_service_affected": "confirmed"}]},
        },
    })
}

fn incident(acme: &Caller<'_>) -> (String, Answer) {
    let client = client(acme, "A");
    let created = acme.post("/v1/incidents", &body(&client)).expect(201);
    (format!("/v1/incidents/{}", created.text("/id")), created)
}

/// `contact/action party` of each line.
fn lines(plan: &Value) -> Vec<String> {
    plan["actions"].as_array().unwrap().iter().map(line).collect()
}

fn line(action: &Value) -> String {
    let text = |name: &str| action[name].as_str().unwrap_or_default().to_owned();
    format!("{}/{} {}", text("contact"), text("action"), text("party"))
}

#[rstest]
fn the_client_feeds_the_facts(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let (incident, _) = incident(&acme);
    let plan = acme.get(&format!("{incident}/plan?as_of=2026-11-02T09:00:00%2B09:00")).expect(200).json;
    let lines = lines(&plan);
    for expected in [
        "otasuketai_provider/request_hands_on お助け隊O社",
        "maintenance_vendor/request_hands_on 保守会社M",
        "insurer/notify 損保I社",
        "customers_contractual/notify 顧客A社",
        "lawyer/consult ",
        "jnsa_emergency_list/find_responder ",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected}: {lines:#?}");
    }
    // Not affected, or not known to be: that contract is not woken. A firm without a contract is none.
    assert!(!lines.iter().any(|line| line.contains("顧客B社") || line.contains("昔の会社")));
    let notice =
        plan["actions"].as_array().unwrap().iter().find(|a| a["contact"] == "customers_contractual");
    assert_eq!(notice.unwrap()["due"]["at"], "2026-11-02T23:10:00Z");
}

#[rstest]
fn what_changes_in_the_facts_changes_the_plan_and_both_are_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let (incident, created) = incident(&acme);
    let before = acme.get(&format!("{incident}/plan")).expect(200).json;
    let report =
        before["actions"].as_array().unwrap().iter().find(|a| a["action"] == "prelim_report").unwrap();
    assert_eq!((&report["obligation"], &report["provisional"]), (&json!("should"), &json!(true)));
    let asked: Vec<_> = before["questions"].as_array().unwrap().iter().map(|q| q["fact"].clone()).collect();
    let at = asked.iter().position(|fact| fact == "personal_data.involved").unwrap();
    assert!(at < 3, "{asked:?}");
    assert!(before["questions"][at]["decides"].as_array().unwrap().contains(&json!("ppc_leak_report")));
    assert!(
        before["questions"]
            .as_array()
            .unwrap()
            .is_sorted_by(|a, b| a["weight"].as_u64() >= b["weight"].as_u64())
    );

    let known = json!({"facts": {"personal_data": {"involved": "confirmed", "role": "controller", "my_number": "ruled_out"}}});
    let etag = created.header("etag").to_owned();
    let changed = acme.patch(&incident, &etag, &known).expect(200);
    // What was not said stays; the tag is that of reading it.
    assert_eq!(changed.json["facts"]["incident"]["severity"], "critical");
    assert_eq!(acme.get(&incident).expect(200).header("etag"), changed.header("etag"));
    acme.patch(&incident, &etag, &known).expect(412);
    acme.send(&ureq::http::Method::PATCH, &incident, &[("content-type", "application/json")], Some(b"{}"))
        .expect(428);

    let plan = acme.get(&format!("{incident}/plan")).expect(200).json;
    let change = |plan: &Value, contact: &str, action: &str| {
        let changes = plan["changes"].as_array().unwrap();
        changes.iter().find(|c| c["contact"] == contact && c["action"] == action).cloned()
    };
    let settled = change(&plan, "ppc_leak_report", "prelim_report").unwrap();
    assert_eq!(
        (&settled["change"], &settled["obligation_before"], &settled["obligation"]),
        (&json!("changed"), &json!("should"), &json!("must"))
    );
    assert!(settled["why"]["ja"].as_str().unwrap().contains("要否が確定"));

    let timeline = acme.get(&format!("{incident}/timeline")).expect(200).json;
    let kinds: Vec<_> = timeline["items"].as_array().unwrap().iter().map(|e| e["kind"].clone()).collect();
    assert_eq!(kinds, ["created", "facts_changed"]);
    let facts = &timeline["items"][1]["facts"];
    assert_eq!(facts[0], json!({"fact": "personal_data.involved", "before": null, "after": "confirmed"}));
    assert!(timeline["items"][1]["plan"].as_array().unwrap().len() > 1);

    // Taking it back: null goes away. The duties of the stage before stay in sight.
    let etag = changed.header("etag").to_owned();
    let moved = json!({"title": "復旧中", "facts": {"incident": {"stage": "recovery"}, "impact": null}});
    let moved = acme.patch(&incident, &etag, &moved).expect(200);
    let plan = acme.get(&format!("{incident}/plan")).expect(200).json;
    let left: Vec<_> = plan["outstanding"].as_array().unwrap().iter().map(line).collect();
    assert_eq!(left, ["customers_contractual/notify 顧客A社", "insurer/notify 損保I社"]);
    let same = acme.patch(&incident, moved.header("etag"), &json!({})).expect(200);
    assert_eq!(same.json["facts"], moved.json["facts"]);
    assert_eq!(acme.get(&format!("{incident}/timeline")).json["items"].as_array().unwrap().len(), 3);
}

#[rstest]
fn what_is_done_leaves_the_plan_once(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let (incident, _) = incident(&acme);
    let completions = format!("{incident}/completions");
    let done = json!({"contact": "insurer", "action": "notify", "party": "損保I社", "note": "受付番号 12"});
    let event = acme.post(&completions, &done).expect(201).json;
    assert_eq!(event["completion"]["note"], "受付番号 12");
    let plan = acme.get(&format!("{incident}/plan")).expect(200).json;
    assert!(!lines(&plan).iter().any(|line| line.starts_with("insurer/notify")));
    assert_eq!(plan["completed"][0]["contact"], "insurer");
    let gone = plan["changes"].as_array().unwrap().iter().find(|c| c["contact"] == "insurer").unwrap();
    assert_eq!(gone["change"], "completed");
    assert_eq!(acme.post(&completions, &done).expect(409).text("/code"), "duplicate");
    let refused = acme.post(
        &completions,
        &json!({"contact": "bank", "action": "stop_payment", "at": "2099-01-01T00:00:00Z"}),
    );
    assert_eq!(refused.expect(422).faults(), ["/at in-the-future", "/contact not-in-plan"]);
    // The same key is the same completion.
    let keyed = |body: &Value| {
        let bytes = serde_json::to_vec(body).unwrap();
        let headers = [("content-type", "application/json"), ("idempotency-key", "k-1")];
        acme.send(&ureq::http::Method::POST, &completions, &headers, Some(&bytes))
    };
    let vendor = json!({"contact": "maintenance_vendor", "action": "request_hands_on"});
    let first = keyed(&vendor).expect(201);
    let again = keyed(&vendor).expect(201);
    assert_eq!((again.header("idempotent-replayed"), &again.json), ("true", &first.json));
}

#[rstest]
fn each_of_several_parties_is_told_by_itself(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let (incident, created) = incident(&acme);
    let plan = || acme.get(&format!("{incident}/plan")).expect(200).json;
    // Nobody said yet whether the other customer is affected: that is asked, with what it decides.
    let asked = plan()["questions"].as_array().unwrap().clone();
    let question =
        asked.iter().find(|q| q["fact"] == "contracts.customer_notice[].data_or_service_affected");
    let question = question.unwrap_or_else(|| panic!("{asked:#?}"));
    assert_eq!(question["decides"], json!(["customers_contractual"]));
    assert!(question["text"]["ja"].as_str().unwrap().ends_with("（顧客B社）"), "{question}");
    assert_eq!(question["weight"], 9);
    let affected = |who: &[&str]| {
        let notices: Vec<_> = who
            .iter()
            .map(|who| json!({"counterparty": who, "data_or_service_affected": "confirmed"}))
            .collect();
        json!({"facts": {"contracts": {"customer_notice": notices}}})
    };
    let both = affected(&["顧客A社", "顧客B社"]);
    let changed = acme.patch(&incident, created.header("etag"), &both).expect(200);
    let completions = format!("{incident}/completions");
    let told = json!({"contact": "customers_contractual", "action": "notify"});
    let refused = acme.post(&completions, &told).expect(422);
    assert_eq!(refused.faults(), ["/party required"]);
    assert!(refused.json["errors"][0].to_string().contains("顧客A社, 顧客B社"), "{}", refused.json);
    let mut one = told.clone();
    one["party"] = json!("顧客A社");
    acme.post(&completions, &one).expect(201);
    // One is left, so that it is clear who is meant; it is noted by its name.
    let event = acme.post(&completions, &told).expect(201).json;
    assert_eq!(event["completion"]["party"], "顧客B社");
    // Whoever is found to be affected after that is still to be told.
    assert_ne!(acme.get(&incident).expect(200).header("etag"), changed.header("etag"));
    let etag = acme.get(&incident).expect(200).header("etag").to_owned();
    let three = affected(&["顧客A社", "顧客B社", "顧客C社"]);
    acme.patch(&incident, &etag, &three).expect(200);
    let left: Vec<_> =
        lines(&plan()).into_iter().filter(|l| l.starts_with("customers_contractual/")).collect();
    assert_eq!(left, ["customers_contractual/notify 顧客C社"]);
    // Before anybody knew, nothing was done about it.
    let early = json!({"contact": "lawyer", "action": "consult", "at": "2026-11-02T08:09:59+09:00"});
    assert_eq!(acme.post(&completions, &early).expect(422).faults(), ["/at contradiction"]);
    let in_time = json!({"contact": "lawyer", "action": "consult", "at": "2026-11-02T08:10:00+09:00"});
    acme.post(&completions, &in_time).expect(201);
}

#[rstest]
fn a_replica_whose_clock_is_behind_takes_no_knowledge_back(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let (incident, created) = incident(&acme);
    let known = json!({"facts": {"personal_data": {"involved": "confirmed", "role": "controller"}}});
    acme.patch(&incident, created.header("etag"), &known).expect(200);
    let timeline = acme.get(&format!("{incident}/timeline")).expect(200).json;
    let changed = timeline["items"][1]["id"].as_str().unwrap().to_owned();
    // As if it had been noted by a replica that thinks it is long ago.
    service
        .db
        .write_now(|conn: &mut AnyConnection| -> Result<(), StoreError> {
            let event = incident_events::table.filter(incident_events::id.eq(&changed));
            let early = incident_events::id.eq("0098c0de-0000-7000-8000-000000000000");
            assert_eq!(diesel::update(event).set(early).execute(conn)?, 1);
            Ok(())
        })
        .unwrap();
    let plan = acme.get(&format!("{incident}/plan")).expect(200).json;
    let mut actions = plan["actions"].as_array().unwrap().iter();
    let report = actions.find(|a| a["contact"] == "ppc_leak_report" && a["action"] == "prelim_report");
    assert_eq!(report.unwrap()["obligation"], "must");
}

#[rstest]
fn a_referral_is_followed_to_its_outcome(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let (incident, _) = incident(&acme);
    let referrals = format!("{incident}/referrals");
    let refused = acme.post(&referrals, &json!({"contact": "nobody", "action": "sing"})).expect(422);
    assert_eq!(refused.faults(), ["/contact unknown-value", "/action unknown-value"]);
    let sent =
        acme.post(&referrals, &json!({"contact": "jpcert_consult", "action": "consult"})).expect(201);
    let referral = format!("{referrals}/{}", sent.text("/id"));
    assert_eq!(sent.json["state"], "sent");
    let accepted = acme.patch(&referral, sent.header("etag"), &json!({"state": "accepted"})).expect(200);
    acme.patch(&referral, sent.header("etag"), &json!({"state": "declined"})).expect(412);
    acme.patch(&referral, accepted.header("etag"), &json!({"state": "sent"})).expect(409);
    let closing = json!({"state": "closed"});
    let refused = acme.patch(&referral, accepted.header("etag"), &closing).expect(422);
    assert_eq!(refused.faults(), ["/outcome required"]);
    let closing = json!({"state": "closed", "outcome": "助言を受けた"});
    acme.patch(&referral, accepted.header("etag"), &closing).expect(200);
    assert_eq!(acme.get(&referral).expect(200).json["outcome"], "助言を受けた");
    assert_eq!(acme.get(&referrals).expect(200).json["items"].as_array().unwrap().len(), 1);
    let timeline = acme.get(&format!("{incident}/timeline?limit=2")).expect(200).json;
    let next = timeline["next_cursor"].as_str().unwrap();
    let rest = acme.get(&format!("{incident}/timeline?limit=2&after={next}")).expect(200).json;
    assert_eq!(rest["items"][1]["referral"]["state"], "closed");
}

#[rstest]
fn facts_that_cannot_be_so_are_refused_all_at_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = client(&acme, "A");
    let mut wrong = body(&client);
    wrong["facts"]["incident"]["occurred_at"] = json!("2026-11-03T00:00:00+09:00");
    wrong["facts"]["personal_data"] =
        json!({"involved": "ruled_out", "principal_count": 3, "my_number": "confirmed"});
    let refused = acme.post("/v1/incidents", &wrong).expect(422);
    assert_eq!(
        refused.faults(),
        [
            "/facts/incident/aware_at contradiction",
            "/facts/personal_data/principal_count contradiction",
            "/facts/personal_data/my_number contradiction",
        ]
    );
    let mut unread = body(&client);
    unread["facts"]["organization"]["prefecture"] = json!("48");
    unread["facts"]["incident"]["mood"] = json!("bad");
    unread["facts"]["history"] = json!({"done": []});
    let refused = acme.post("/v1/incidents", &unread).expect(422);
    assert_eq!(
        refused.faults(),
        [
            "/facts/history unknown-field",
            "/facts/incident/mood unknown-field",
            "/facts/organization/prefecture pattern"
        ]
    );
    assert_eq!(acme.get("/v1/incidents").expect(200).json["items"], json!([]));
    let created = acme.post("/v1/incidents", &body(&client)).expect(201);
    let path = format!("/v1/incidents/{}", created.text("/id"));
    acme.post("/v1/incidents", &body(&client)).expect(409);
    // A patch is judged by what would come of it.
    let wrong = json!({"facts": {"personal_data": {"involved": "ruled_out", "my_number_count": 7}, "incident": {"stage": null}}});
    let refused = acme.patch(&path, created.header("etag"), &wrong).expect(422);
    assert_eq!(refused.faults(), ["/facts/incident/stage required"]);
    let other = json!({"client_id": "0198c0de-0000-7000-8000-000000000000"});
    assert_eq!(
        acme.patch(&path, created.header("etag"), &other).expect(422).faults(),
        ["/client_id fixed"]
    );
    let early = acme.get(&format!("{path}/plan?as_of=2026-11-01T00:00:00Z")).expect(422);
    assert_eq!(early.faults(), ["/query/as_of contradiction"]);
    let late = acme.get(&format!("{path}/plan?since=2099-01-01T00:00:00Z")).expect(422);
    assert_eq!(late.faults(), ["/query/since contradiction"]);
    // Who does not know may say so in a word, and leaves the question open.
    let open =
        json!({"facts": {"incident": {"severity": "unknown"}, "organization": {"sector": "unknown"}}});
    let etag = acme.get(&path).expect(200).header("etag").to_owned();
    acme.patch(&path, &etag, &open).expect(200);
    let plan = acme.get(&format!("{path}/plan")).expect(200).json;
    let asked: Vec<_> = plan["questions"].as_array().unwrap().iter().map(|q| q["fact"].clone()).collect();
    assert!(asked.contains(&json!("organization.sector")), "{asked:?}");
    let stage = json!({"facts": {"incident": {"stage": "unknown"}}});
    let etag = acme.get(&path).expect(200).header("etag").to_owned();
    let refused = acme.patch(&path, &etag, &stage).expect(422);
    assert_eq!(refused.faults(), ["/facts/incident/stage unknown-value"]);
    let strange = acme.get(&format!("{path}/plan?ruleset=1999")).expect(422);
    assert_eq!(strange.faults(), ["/query/ruleset unknown-value"]);
}

#[rstest]
fn an_incident_is_shown_to_others_as_text_and_calendar(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let (incident, _) = incident(&acme);
    let report = acme.get(&format!("{incident}/report")).expect(200).json;
    assert_eq!((&report["client_name"], &report["timeline"][0]["kind"]), (&json!("A"), &json!("created")));
    let markdown = acme.get(&format!("{incident}/report.md")).expect(200);
    let text = markdown.json.as_str().unwrap();
    // What somebody wrote is text, not markup.
    assert!(text.starts_with("# ファイルサーバの \\*ランサムウェア\\*"), "{text}");
    assert!(text.contains("Whom to contact") && text.contains("R-OTS-01"));
    let calendar = acme.get(&format!("{incident}/deadlines.ics")).expect(200);
    let text = calendar.json.as_str().unwrap();
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"));
    assert!(text.lines().all(|line| line.len() <= 75), "{text}");
    let unfolded = text.replace("\r\n ", "");
    assert!(unfolded.contains("DTSTART;VALUE=DATE:20261106"), "{unfolded}");
    // An end on the same day would be none: what has no end is that day.
    assert!(!unfolded.contains("DTEND"), "{unfolded}");
    // The same facts, the same bytes.
    assert_eq!(acme.get(&format!("{incident}/deadlines.ics")).bytes, calendar.bytes);
    // What somebody wrote ends no line of the calendar, and begins none.
    let etag = acme.get(&incident).expect(200).header("etag").to_owned();
    let title = json!({"title": "A; B, C\\D\r\nEND:VEVENT\n\rX:1"});
    acme.patch(&incident, &etag, &title).expect(200);
    let insurer = json!({
        "id": "own-hoken-i", "stands_for": "insurer", "name": {"ja": "損保I社", "en": "Insurer I"},
        "does": {"ja": "保険", "en": "Insurance"}, "channels": [{"type": "phone", "value": "03-0000-0000"}],
    });
    acme.post("/v1/contacts", &insurer).expect(201);
    let text = acme.get(&format!("{incident}/deadlines.ics")).expect(200);
    let text = text.json.as_str().unwrap().replace("\r\n ", "");
    assert!(text.contains("DESCRIPTION:A\\; B\\, C\\\\D  END:VEVENT  X:1\\n[must]"), "{text}");
    let lines = || text.split(['\r', '\n']);
    let begun = lines().filter(|line| *line == "BEGIN:VEVENT").count();
    assert_eq!(lines().filter(|line| *line == "END:VEVENT").count(), begun);
    assert!(!lines().any(|line| line.starts_with("X:")), "{text}");
    // Where a contact of one's own stands in for one that ships, the calendar names it.
    assert!(text.contains("SUMMARY:Insurer I: Notify (損保I社)"), "{text}");
    // When it was done, and with what words, is on the paper too.
    let done = json!({"contact": "insurer", "action": "notify", "at": "2026-11-02T09:30:00+09:00", "note": "受付番号 *12*"});
    acme.post(&format!("{incident}/completions"), &done).expect(201);
    let markdown = acme.get(&format!("{incident}/report.md")).expect(200);
    let markdown = markdown.json.as_str().unwrap();
    assert!(markdown.contains("  - 2026-11-02T00:30:00+00:00: 受付番号 \\*12\\*"), "{markdown}");
}

#[rstest]
fn a_narrowed_token_sees_the_incidents_of_its_client_only(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let (a, _) = incident(&acme);
    let other = client(&acme, "B");
    let narrowed = service.caller("acme", Scope::ALL, Some(&other));
    let mine = json!({"client_id": other, "title": "B", "facts": body(&other)["facts"]});
    let mine = narrowed.post("/v1/incidents", &mine).expect(201);
    for path in ["", "/plan", "/timeline", "/referrals", "/report", "/report.md", "/deadlines.ics"] {
        narrowed.get(&format!("{a}{path}")).expect(404);
    }
    narrowed
        .post(&format!("{a}/completions"), &json!({"contact": "insurer", "action": "notify"}))
        .expect(404);
    narrowed.post(&format!("{a}/referrals"), &json!({"contact": "insurer"})).expect(404);
    let listed = narrowed.get("/v1/incidents").expect(200).json;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["id"], mine.json["id"]);
    assert_eq!(acme.get("/v1/incidents").json["items"].as_array().unwrap().len(), 2);
    let foreign = acme.get("/v1/clients?external_id=A").json["items"][0]["id"].as_str().unwrap().to_owned();
    let refused = narrowed.post("/v1/incidents", &body(&foreign)).expect(422);
    assert_eq!(refused.faults(), ["/client_id unknown-client"]);
    service
        .caller("acme", &[Scope::IncidentsRead], None)
        .post("/v1/incidents", &body(&foreign))
        .expect(403);
}

#[rstest]
fn a_report_is_filled_as_far_as_the_facts_go(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let (incident, _) = incident(&acme);
    let forms = service.anonymous().get("/v1/routing-forms").expect(200).json;
    let forms = forms["items"].as_array().unwrap();
    assert_eq!(forms.len(), 7);
    for form in forms {
        let form = form["form"].as_str().unwrap();
        let filled = acme.get(&format!("{incident}/forms/{form}")).expect(200).json;
        assert!(filled["complete"].as_u64().unwrap() < filled["fields"].as_array().unwrap().len() as u64);
        let text = acme.get(&format!("{incident}/forms/{form}/markdown")).expect(200);
        assert!(text.json.as_str().unwrap().starts_with("# "));
    }
    let filled = acme.get(&format!("{incident}/forms/ppc_preliminary")).expect(200).json;
    let field = |name: &str| {
        filled["fields"].as_array().unwrap().iter().find(|field| field["field"] == name).unwrap().clone()
    };
    let reporter = field("reporter");
    let values: Vec<_> =
        reporter["values"].as_array().unwrap().iter().map(|v| v["value"].clone()).collect();
    assert_eq!(values, ["A", "23", "manufacturing", "45"]);
    assert_eq!(
        field("principals")["missing"],
        json!(["personal_data.principal_count", "personal_data.my_number_count"])
    );
    assert_eq!(field("prevention")["by_hand"], true);
    let ransomware = acme.get(&format!("{incident}/forms/common_form_ransomware")).expect(200).json;
    assert_eq!(ransomware["fields"][3]["values"][0]["value"], "ファイルサーバ");
    acme.get(&format!("{incident}/forms/tax_return")).expect(404);
    let plan = acme.get(&format!("{incident}/plan")).expect(200).json;
    let police =
        plan["actions"].as_array().unwrap().iter().find(|a| a["contact"] == "police_pref_cyber").unwrap();
    // Not the form for another kind of attack.
    assert_eq!(police["reports"], json!(["common_form_ransomware", "police_consultation"]));
}
