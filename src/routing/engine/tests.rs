//! How the engine reasons: what is unknown, what replaces what, what is done, what comes first.
use super::*;
use crate::routing::decision::DueKind;
use crate::routing::tests::{decided, example, facts, is_said_in_both, ruleset};
use crate::text::Language;
use serde_json::{Value, json};

fn find<'a>(decision: &'a Decision<'a>, contact: &str, action: &str) -> Option<&'a Action<'a>> {
    let mut actions = decision.actions.iter();
    actions.find(|a| a.contact == contact && a.action == action)
}

fn rules<'a>(action: &Action<'a>) -> Vec<&'a str> {
    action.reasons.iter().map(|r| r.rule.id.as_str()).collect()
}

#[test]
fn what_may_be_a_duty_is_asked_for_one_level_lower_with_the_open_questions() {
    let decision = decided(&[
        ("/personal_data/involved", json!("unknown")),
        ("/personal_data/my_number", json!("ruled_out")),
    ]);
    let report = find(&decision, "ppc_leak_report", "prelim_report").unwrap();
    assert_eq!((report.obligation, report.provisional), (Obligation::Should, true));
    assert_eq!(report.open_questions, ["personal_data.involved"]);
    // The clock is taken to run.
    assert_eq!(report.due.date.unwrap().to_string(), "2026-11-28");

    let known = decided(&[("/personal_data/my_number", json!("ruled_out"))]);
    let report = find(&known, "ppc_leak_report", "prelim_report").unwrap();
    assert_eq!((report.obligation, report.provisional), (Obligation::Must, false));
    assert!(report.open_questions.is_empty());
}

#[test]
fn a_certain_rule_outweighs_a_provisional_one_for_the_same_action() {
    // The example does not know of My Numbers: that rule joins the certain one.
    let decision = decided(&[]);
    let report = find(&decision, "ppc_leak_report", "prelim_report").unwrap();
    assert_eq!(rules(report), ["R-PPC-01", "R-MYN-01"]);
    assert_eq!((report.obligation, report.provisional), (Obligation::Must, false));
    assert!(report.reasons[1].provisional);
}

#[test]
fn a_duty_that_does_not_hold_says_why() {
    let decision = decided(&[("/personal_data/involved", json!("ruled_out"))]);
    let why = |rule: &str| {
        let missed = decision.not_applied.iter().find(|n| n.rule == rule).unwrap();
        missed.why.said(Language::En)
    };
    assert_eq!(why("R-PPC-01"), "because derived.appi_reportable is ruled_out");
    assert_eq!(why("R-CRD-01"), "because personal_data.card_data is ruled_out");
    assert_eq!(why("R-CON-01"), "because no entry of contracts.customer_notice matches");
    assert!(decision.not_applied.iter().all(|n| is_said_in_both(|l| n.why.said(l))));
    assert!(decision.not_applied.is_sorted_by_key(|n| &n.rule));
    // Only duties: advice that does not apply is nobody's concern.
    assert!(!decision.not_applied.iter().any(|n| n.rule == "R-TYO-01"));
}

#[test]
fn the_special_rule_replaces_the_general_one_only_when_it_certainly_holds() {
    let card = |state: &str| {
        decided(&[
            ("/personal_data/card_data", json!(state)),
            ("/incident/types", json!(["ransomware", "web_skimming"])),
        ])
    };
    let certain = card("suspected");
    assert!(find(&certain, "pci_pfi", "engage").is_some());
    assert!(find(&certain, "jnsa_emergency_list", "find_responder").is_none());
    let replaced = certain.not_applied.iter().find(|n| n.rule == "R-FOR-02").unwrap();
    assert!(replaced.why.said(Language::En).contains("R-FOR-03"));
    let open = card("unknown");
    assert!(find(&open, "pci_pfi", "engage").is_none());
    assert!(find(&open, "jnsa_emergency_list", "find_responder").is_some());
}

#[test]
fn a_delegated_authority_takes_the_report_but_not_that_of_my_numbers() {
    let decision = decided(&[
        ("/organization/ppc_delegated_minister", json!("国土交通省関東地方整備局")),
        ("/personal_data/my_number", json!("confirmed")),
    ]);
    let delegated = find(&decision, "ppc_delegated_minister", "prelim_report").unwrap();
    assert_eq!(delegated.party.as_deref(), Some("国土交通省関東地方整備局"));
    assert_eq!(rules(delegated), ["R-PPC-01"]);
    assert_eq!(delegated.substituted.as_ref().unwrap().contact, "ppc_leak_report");
    assert_eq!(delegated.forms, ["common_form_ransomware"]);
    let own = find(&decision, "ppc_leak_report", "prelim_report").unwrap();
    assert_eq!(rules(own), ["R-MYN-01"]);
}

#[test]
fn what_is_done_leaves_the_list() {
    let done = |done: Value| decided(&[("/history/done", done)]);
    let vendor = |party: Value| json!([{"contact": "maintenance_vendor", "action": "request_hands_on", "ref": party}]);
    for (history, left, completed) in [
        (json!([]), true, 0),
        (vendor(json!(null)), false, 1),
        (vendor(json!("保守会社M")), false, 1),
        (vendor(json!("保守会社N")), true, 0),
        (json!([{"contact": "maintenance_vendor", "action": "restore"}]), true, 0),
    ] {
        let decision = done(history.clone());
        let open = find(&decision, "maintenance_vendor", "request_hands_on").is_some();
        assert_eq!((open, decision.completed.len()), (left, completed), "{history}");
    }
}

#[test]
fn one_vendor_of_two_systems_is_called_once() {
    let decision = decided(&[]);
    let calls: Vec<_> = decision.actions.iter().filter(|a| a.contact == "maintenance_vendor").collect();
    assert_eq!(calls.len(), 1);
    assert_eq!(rules(calls[0]), ["R-VEN-01"]);
}

#[test]
fn a_date_is_due_until_its_day_ends_and_then_overdue() {
    let report = |as_of: &str| {
        let decision = decided(&[("/as_of", json!(as_of))]);
        let report = find(&decision, "ppc_leak_report", "prelim_report").unwrap();
        (report.status, report.tier)
    };
    // Due on November 28: the day before at the latest it stands among what presses.
    for (as_of, status, tier) in [
        ("2026-11-27T23:58:00+09:00", Status::Open, 4),
        ("2026-11-27T23:59:00+09:00", Status::Open, 2),
        ("2026-11-28T00:00:00+09:00", Status::DueToday, 2),
        ("2026-11-28T23:59:59+09:00", Status::DueToday, 2),
        ("2026-11-29T00:00:00+09:00", Status::Overdue, 2),
    ] {
        assert_eq!(report(as_of), (status, tier), "{as_of}");
    }
}

#[test]
fn a_far_date_goes_to_the_end_until_it_is_two_weeks_away() {
    let report = |as_of: &str| {
        let decision = decided(&[("/as_of", json!(as_of))]);
        find(&decision, "ppc_leak_report", "final_report").unwrap().tier
    };
    assert_eq!(report("2027-01-07T09:00:00+09:00"), 8);
    assert_eq!(report("2027-01-08T09:00:00+09:00"), 4);
}

#[test]
fn a_thousand_people_is_the_edge() {
    let reportable = |count: Value| {
        decided(&[
            ("/incident/cause", json!("human_error")),
            ("/incident/types", json!(["misdelivery"])),
            ("/personal_data/sensitive", json!("ruled_out")),
            ("/personal_data/financial_harm_risk", json!("ruled_out")),
            ("/personal_data/principal_count", count),
        ])
        .derived
        .into_iter()
        .find(|(id, _)| *id == "appi_reportable")
        .unwrap()
        .1
    };
    assert_eq!(reportable(json!(1000)), Tri::RuledOut);
    assert_eq!(reportable(json!(1001)), Tri::Confirmed);
    assert_eq!(reportable(json!(null)), Tri::Unknown);
}

#[test]
fn rules_are_in_force_from_their_day() {
    let acd = |as_of: &str| {
        let decision = decided(&[
            ("/as_of", json!(as_of)),
            ("/incident/aware_at", json!(as_of)),
            ("/organization/designations", json!(["special_critical_infrastructure_operator"])),
            ("/organization/special_cii_designated_at", json!("2026-01-01")),
            ("/impact/special_critical_computer_affected", json!("suspected")),
        ]);
        let report = find(&decision, "acd_report", "prelim_report").cloned();
        report.map(|report| report.due.kind)
    };
    assert_eq!(acd("2026-09-30T23:59:59+09:00"), None);
    assert_eq!(acd("2026-10-01T00:00:00+09:00"), Some(DueKind::Unresolved));
}

#[test]
fn the_same_facts_give_the_same_decision() {
    let facts = facts(&example(&[]));
    let once = format!("{:?}", decide(ruleset(), &facts));
    assert_eq!(once, format!("{:?}", decide(ruleset(), &facts)));
}

#[test]
fn everything_said_to_people_is_said_in_both_languages() {
    let decision = decided(&[("/personal_data/involved", json!("unknown"))]);
    for action in &decision.actions {
        for reason in &action.reasons {
            assert!(reason.rule.reason.is_whole() && reason.rule.legal_basis.is_whole());
            assert!(reason.deadline_steps.iter().all(|step| is_said_in_both(|l| step.said(l))));
        }
    }
    assert!(decision.guardrails.iter().all(|guardrail| guardrail.text.is_whole()));
}

#[test]
fn a_trifle_beside_a_grave_type_silences_nothing() {
    let told = |types: Value| {
        let decision = decided(&[("/incident/types", types)]);
        let asked = |contact, action| find(&decision, contact, action).is_some();
        (asked("insurer", "notify"), asked("maintenance_vendor", "request_hands_on"))
    };
    for (types, expected) in [
        (json!(["ransomware"]), (true, true)),
        (json!(["phishing_received", "ransomware"]), (true, true)),
        (json!(["spam_ad", "vulnerability_found", "unauthorized_access"]), (true, true)),
        (json!(["phishing_received"]), (false, false)),
        (json!(["phishing_received", "spam_ad"]), (false, false)),
        // A leak sums up a misdelivery, but not a mail that was received.
        (json!(["misdelivery", "data_breach"]), (true, false)),
        (json!(["phishing_received", "data_breach"]), (true, true)),
        (json!(["data_breach"]), (true, true)),
    ] {
        assert_eq!(told(types.clone()), expected, "{types}");
    }
}

#[test]
fn only_certain_encryption_exempts() {
    let report = |state: &str| {
        let decision = decided(&[("/personal_data/strongly_encrypted", json!(state))]);
        find(&decision, "ppc_leak_report", "prelim_report").map(|report| report.obligation)
    };
    assert_eq!(report("confirmed"), None);
    for state in ["suspected", "unknown", "ruled_out"] {
        assert_eq!(report(state), Some(Obligation::Must), "{state}");
    }
}

#[test]
fn a_duty_of_an_earlier_stage_stays_until_it_is_done() {
    let left = |stage: &str, done: Value| {
        let decision = decided(&[("/incident/stage", json!(stage)), ("/history/done", done)]);
        decision.outstanding.iter().map(|a| format!("{}/{}", a.contact, a.action)).collect::<Vec<_>>()
    };
    assert_eq!(left("initial", json!([])), Vec::<String>::new());
    assert_eq!(left("reporting", json!([])), Vec::<String>::new());
    assert_eq!(left("recovery", json!([])), ["insurer/notify"]);
    assert!(left("recovery", json!([{"contact": "insurer", "action": "notify"}])).is_empty());
}
