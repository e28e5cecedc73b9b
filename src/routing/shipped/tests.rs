//! Spoiled rule files: everything that is wrong with them is told, at once.
use super::*;
use crate::routing::tests::rulesets;

fn faults(spoil: impl Fn(&mut RuleFiles)) -> String {
    let mut faults = Faults::default();
    let directory = Directory::load(&mut faults);
    let mut files = RuleFiles::shipped();
    spoil(&mut files);
    let _ = Rulesets::of(&files, &directory, &mut faults);
    faults.to_string()
}

fn replace(text: &mut String, from: &str, to: &str) {
    assert!(text.contains(from), "{from}");
    *text = text.replacen(from, to, 1);
}

#[test]
fn what_ships_has_no_fault() {
    assert_eq!(faults(|_| {}), "");
}

#[test]
fn each_way_to_spoil_a_rule_is_told() {
    // (file, from, to, told)
    for (file, from, to, told) in [
        (0, "fact: incident.life_safety_risk", "fact: incident.mood", "R-LIFE-01: no fact incident.mood"),
        (
            0,
            "op: established}\n  deadline: {kind: immediate}",
            "op: eq, value: x}\n  deadline: {kind: immediate}",
            "R-LIFE-01: incident.life_safety_risk cannot be asked",
        ),
        (0, "contact: emergency_110_119", "contact: nobody", "R-LIFE-01: no contact nobody"),
        (0, "value: [domain_hijack]", "value: [kidnapping]", "R-DOM-01: kidnapping is not known"),
        (0, "action: call", "action: sing", "R-LIFE-01: sing is not known"),
        (0, "SRC-SAITAMA-2024", "SRC-RUMOUR", "R-LIFE-01: no source SRC-RUMOUR"),
        (0, "days: 30", "days: 0", "R-BNK-02: a number of days or hours is not from 1 to 10,000"),
        (
            0,
            "start: impact.money_transferred_at",
            "start: impact.money_lost",
            "R-BNK-02: impact.money_lost is of the wrong type",
        ),
        (1, "overrides: [R-FOR-01, R-FOR-02]", "overrides: [R-FOR-99]", "R-FOR-03: R-FOR-99 is not known"),
        (
            1,
            "overrides: [R-FOR-01, R-FOR-02]",
            "overrides: [R-FOR-03]",
            "R-FOR-03: its overrides lead back to itself",
        ),
        (
            3,
            "  tags: [appi]",
            "  tags: [appi]\n  effective_until: 2026-01-01",
            "unknown field `effective_until`",
        ),
        (3, "min_days: 3, max_days: 5", "min_days: 5, max_days: 3", "R-PPC-01: the deadline is not whole"),
    ] {
        let found = faults(|files| replace(&mut files.rules[file].1, from, to));
        assert!(found.contains(told), "{from} -> {to}: {found}");
    }
}

#[test]
fn a_loop_of_overrides_is_found_from_each_of_its_rules() {
    let found = faults(|files| {
        let cover = &mut files.rules[1].1;
        replace(cover, "- id: R-FOR-01\n", "- id: R-FOR-01\n  overrides: [R-FOR-02]\n");
        replace(cover, "- id: R-FOR-02\n", "- id: R-FOR-02\n  overrides: [R-FOR-03]\n");
    });
    for id in ["R-FOR-01", "R-FOR-02", "R-FOR-03"] {
        assert!(found.contains(&format!("{id}: its overrides lead back to itself")), "{found}");
    }
}

#[test]
fn everything_wrong_is_told_in_one_run() {
    let found = faults(|files| {
        replace(&mut files.rules[0].1, "fact: incident.life_safety_risk", "fact: incident.mood");
        replace(&mut files.rules[3].1, "fact: personal_data.role", "fact: personal_data.roll");
        replace(&mut files.derivations, "fact: personal_data.involved", "fact: personal_data.in");
        replace(&mut files.extras, "fact: incident.aware_at\n", "fact: incident.aware\n");
        replace(&mut files.holidays, "\"12-29\"", "\"29 Dec\"");
        replace(&mut files.versions, "R-FOR-02", "R-FOR-77");
        replace(&mut files.facts, "data_breach: [misdelivery", "data_breach: [misplaced");
    });
    for told in [
        "R-LIFE-01: no fact incident.mood",
        "R-PPC-01: no fact personal_data.roll",
        "appi_reportable: no fact personal_data.in",
        "C-AWARE-BEFORE-OCCURRED: no fact incident.aware",
        "29 Dec is not MM-DD",
        "R-FOR-77 was Changed since",
        "does not name R-FOR-02",
        "incident.types: misplaced is not known",
    ] {
        assert!(found.contains(told), "{told}: {found}");
    }
}

#[test]
fn a_version_is_what_it_was() {
    let [newest, now, before] = rulesets().all() else { panic!("three versions ship") };
    let versions =
        [newest, now, before].map(|set| (set.version.as_str(), set.rules.len(), set.about.current));
    assert_eq!(
        versions,
        [("2026.11.26", 83, true), ("2026.11.23.2", 83, false), ("2026.11.23", 80, false)]
    );
    let rule = |set: &Ruleset, id: &str| set.documents.iter().find(|r| r.id == id).cloned();
    assert!(rule(before, "R-MYN-04").is_none() && rule(now, "R-MYN-04").is_some());
    // What the newest changed stands in each older one as it did.
    let when = |set: &Ruleset| serde_json::to_string(&rule(set, "R-IPA-04").unwrap().condition).unwrap();
    assert!(!when(newest).contains("phishing_received"));
    assert!(when(now).contains("phishing_received") && when(before).contains("phishing_received"));
    let legal = |set: &Ruleset| rule(set, "R-PPC-04").unwrap().legal_basis.ja.clone();
    assert!(legal(now).contains("29条の4第2項") && !legal(before).contains("29条の4"));
}
