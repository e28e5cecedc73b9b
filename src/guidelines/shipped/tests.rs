use super::files::{SHIPPED, Shipped};
use crate::guidelines::Catalogue;
use crate::guidelines::changes::{EditionChanges, Kind, before, between};
use crate::shipped::Faults;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

fn catalogue() -> &'static Catalogue {
    static LOADED: OnceLock<Catalogue> = OnceLock::new();
    LOADED.get_or_init(|| {
        let mut faults = Faults::default();
        let catalogue = Catalogue::load(&mut faults);
        assert!(faults.is_empty(), "{faults}");
        catalogue
    })
}

/// Controls of an edition by group.
fn counts(guideline: &str, edition: &str) -> Vec<(&'static str, usize)> {
    let held = catalogue().edition(guideline, edition).unwrap();
    assert_eq!(held.edition.controls, held.controls.len());
    held.edition.groups.iter().map(|group| (group.key.as_str(), group.controls)).collect()
}

#[test]
fn every_edition_has_its_controls() {
    let editions = |guideline: &str| -> Vec<(&str, usize)> {
        let all = catalogue().editions(guideline);
        all.iter().map(|held| (held.edition.edition.as_str(), held.controls.len())).collect()
    };
    let known =
        [("1", 0), ("2", 10), ("2.1", 15), ("3", 88), ("3.1-draft", 110), ("3.1", 149), ("4.0", 150)];
    assert_eq!(editions("ipa-sme"), known);
    assert_eq!(editions("scs"), [("20260327", 196)]);
    assert_eq!(editions("nist-csf"), [("2.0", 22)]);
    assert_eq!(
        counts("ipa-sme", "3"),
        [
            ("management-principle", 3),
            ("management-action", 7),
            ("practice", 15),
            ("basic-rules", 5),
            ("self-check", 25),
            ("regulation-template", 10),
            ("practice-website", 3),
            ("cloud-checklist", 15),
            ("technical-measure", 2),
            ("risk-analysis", 3),
        ]
    );
    assert_eq!(
        counts("ipa-sme", "4.0").into_iter().collect::<BTreeSet<_>>(),
        BTreeSet::from([
            ("management-principle", 3),
            ("management-action", 7),
            ("practice", 13),
            ("basic-rules", 6),
            ("backup-operation", 3),
            ("self-check", 25),
            ("full-scale", 11),
            ("practice-website", 3),
            ("cloud-checklist", 15),
            ("telework", 17),
            ("incident-preparation", 5),
            ("incident-step", 9),
            ("incident-by-type", 20),
            ("incident-record", 1),
            ("incident-contact", 6),
            ("technical-measure", 3),
            ("risk-analysis", 3),
        ])
    );
}

#[test]
fn scs_has_26_requirements_for_three_stars_and_43_for_four() {
    let held = catalogue().edition("scs", "20260327").unwrap();
    for (star, requirements, criteria) in [(3, 26, 81), (4, 43, 153)] {
        let asked = held.controls.iter().filter(|control| control.star.unwrap() <= star);
        let (parts, wholes): (Vec<_>, Vec<_>) = asked.partition(|control| control.parent.is_some());
        assert_eq!((wholes.len(), parts.len()), (requirements, criteria));
    }
    let recurring = held.controls.iter().filter(|control| control.recurrence.is_some()).count();
    let numbers = held.controls.iter().filter(|control| !control.thresholds.is_empty()).count();
    assert_eq!((recurring, numbers), (25, 8));
    assert!(held.controls.iter().all(|control| control.csf_function.is_some()));
}

#[test]
fn every_control_is_told_in_both_languages_with_a_source_and_how_sure_it_is() {
    for guideline in catalogue().guidelines() {
        for held in catalogue().editions(&guideline.key) {
            for control in &held.controls {
                let place = format!("{} {} {}", guideline.key, control.edition, control.key);
                assert!(control.title.is_whole() && control.statement.is_whole(), "{place}");
                assert!(!control.sources.is_empty(), "{place}");
                assert!(
                    control.verification_note.is_some()
                        || format!("{:?}", control.verification) == "Verified",
                    "{place}"
                );
                let text = format!("{control:?}");
                assert!(
                    !text.contains("認定") || text.contains("認定個人情報"),
                    "{place} says that somebody is certified"
                );
                // What is pointed to is in the same edition.
                for other in control.related.iter().chain(&control.parent) {
                    assert!(held.control(other).is_some(), "{place} points to {other}");
                }
            }
        }
    }
}

/// What was found to have changed, written by hand from the research.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reviewed {
    from: String,
    to: String,
    texts: Vec<String>,
    added: Vec<String>,
    changed: Vec<String>,
    moved: Vec<String>,
    renumbered: Vec<String>,
    not_known: Vec<String>,
    appendices: ReviewedAppendices,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewedAppendices {
    added: Vec<ReviewedAppendix>,
    moved: Vec<ReviewedAppendix>,
    not_known: Vec<String>,
    changed: Vec<ReviewedAppendix>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewedAppendix {
    key: String,
    from: Option<u8>,
    to: Option<u8>,
}

fn told(changes: &EditionChanges, kind: Kind) -> BTreeSet<&str> {
    changes.controls.iter().filter(|c| c.kinds.contains(&kind)).map(|c| c.control.as_str()).collect()
}

#[test]
fn what_changed_is_what_the_reviewed_file_says() {
    let text = include_str!("../../../tests/data/guideline-changes.yaml");
    let all: Vec<Reviewed> = serde_saphyr::from_str(text).unwrap();
    assert_eq!(all.len(), 7);
    for reviewed in &all {
        let edition = |name: &str| catalogue().edition("ipa-sme", name).unwrap();
        let changes =
            between(&catalogue().editions("ipa-sme"), edition(&reviewed.from), edition(&reviewed.to));
        let pair = format!("{} to {}", reviewed.from, reviewed.to);
        for (kind, expected) in [
            (Kind::Added, &reviewed.added),
            (Kind::Changed, &reviewed.changed),
            (Kind::Moved, &reviewed.moved),
            (Kind::Renumbered, &reviewed.renumbered),
        ] {
            let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
            assert_eq!(told(&changes, kind), expected, "{pair}: {kind:?}");
        }
        // What could not be found in what is known of an edition is not said to be withdrawn.
        assert_eq!(told(&changes, Kind::Withdrawn), BTreeSet::new(), "{pair}");
        assert_eq!(
            changes.not_known.iter().collect::<BTreeSet<_>>(),
            reviewed.not_known.iter().collect(),
            "{pair}"
        );
        for (kind, expected) in [
            (Kind::Added, &reviewed.appendices.added),
            (Kind::Moved, &reviewed.appendices.moved),
            (Kind::Withdrawn, &vec![]),
            (Kind::Changed, &reviewed.appendices.changed),
        ] {
            let found: BTreeSet<_> = changes
                .appendices
                .iter()
                .filter(|a| a.kinds.contains(&kind))
                .map(|a| (a.appendix.as_str(), a.from, a.to))
                .collect();
            let expected = expected.iter().map(|a| (a.key.as_str(), a.from, a.to)).collect();
            assert_eq!(found, expected, "{pair}: appendices {kind:?}");
        }
        assert_eq!(changes.appendices_not_known, reviewed.appendices.not_known, "{pair}");
        let texts: Vec<&str> = changes.editions.iter().map(|change| change.text.en.as_str()).collect();
        assert_eq!(texts.len(), reviewed.texts.len(), "{pair}: {texts:#?}");
        for (text, begin) in texts.iter().zip(&reviewed.texts) {
            assert!(text.starts_with(begin), "{pair}: {text}");
        }
        assert!(changes.controls.iter().all(|change| !change.evidence.is_empty()), "{pair}");
    }
}

#[test]
fn five_rules_became_six() {
    let all = catalogue().editions("ipa-sme");
    let edition = |name: &str| catalogue().edition("ipa-sme", name).unwrap();
    let changes = between(&all, before(&all, "4.0").unwrap(), edition("4.0"));
    assert_eq!(changes.since, "3.1");
    let sixth = changes.controls.iter().find(|c| c.control == "basic-rule-6").unwrap();
    assert_eq!(sixth.kinds, [Kind::Added]);
    let whole = changes.editions.iter().find(|c| c.groups.contains(&"basic-rules".to_owned())).unwrap();
    assert!(whole.text.ja.contains('6') && whole.text.ja.contains('5'), "{}", whole.text.ja);
    let title = |name: &str| {
        let groups = &edition(name).edition.groups;
        groups.iter().find(|group| group.key == "basic-rules").unwrap().title.ja.clone()
    };
    assert_eq!(
        (title("3.1").as_str(), title("4.0").as_str()),
        ("情報セキュリティ5か条", "情報セキュリティ6か条")
    );
}

/// The published edition before 3.1 is 3: its draft is none.
#[test]
fn a_draft_is_no_step_between_published_editions() {
    let all = catalogue().editions("ipa-sme");
    let edition = |name: &str| catalogue().edition("ipa-sme", name).unwrap();
    assert_eq!(before(&all, "3.1").unwrap().edition.edition, "3");
    assert_eq!(between(&all, edition("3"), edition("4.0")).steps, ["3.1", "4.0"]);
    assert_eq!(between(&all, edition("3.1-draft"), edition("3.1")).steps, ["3.1"]);
    assert_eq!(between(&all, edition("3"), edition("3.1-draft")).steps, ["3.1-draft"]);
    let order = |name: &str| -> Vec<&str> {
        edition(name).edition.stages.iter().map(|stage| stage.key.as_str()).collect()
    };
    let of = |name: &str, keys: [&str; 3]| keys.map(|key| order(name).iter().position(|k| *k == key));
    let final_order = of("3.1", ["initial", "reporting", "recovery"]);
    let draft_order = of("3.1-draft", ["draft-detect", "draft-respond", "draft-report"]);
    assert!(final_order.is_sorted() && final_order[0].is_some());
    assert!(draft_order.is_sorted() && draft_order[0].is_some());
}

/// A guideline with one of every kind of fault.
const SPOILED: &[Shipped] = &[Shipped {
    name: "spoiled",
    guideline: r#"
revised_on: 2026-01-01
key: Spoiled
title: {ja: "あ", en: ""}
publisher: {ja: "あ", en: "a"}
attribution: {ja: "あ", en: "a"}
groups: [{key: g, title: {ja: "あ", en: "a"}}, {key: g, title: {ja: "あ", en: "a"}}]
parts: [{key: p, title: {ja: "あ", en: "a"}}]
editions:
- edition: "1"
  title: {ja: "あ", en: "a"}
  status: published
  published_on: null
  coverage: full
  structure: {ja: "あ", en: "a"}
  appendices: [{key: x, number: 1, title: {ja: "あ", en: "a"}, groups: [nowhere], change: null, sources: [], verification: unverified, verification_note: null}]
  notes: []
  sources: [none]
  verification: verified
  verification_note: null
"#,
    sources: r#"[{key: s, title: {ja: "あ", en: ""}, url: null, kind: primary}]"#,
    controls: &[
        (
            "g",
            r#"
- {key: c, number: null, part: q, stage: t, category: null, title: {ja: "あ", en: "a"}, statement: {ja: "", en: "a"},
   applicability: [nothing], telework_methods: [], workplaces: [], incident_types: [], introduced_in: "1", present_in: ["2"],
   changes: [{edition: "1", kind: changed, note: {ja: "あ", en: "a"}, sources: []}], in_editions: {"3": {title: {ja: "あ", en: ""}}},
   thresholds: [{key: t, value: many, unit: days, title: {ja: "あ", en: "a"}}],
   sources: [{source: none, section: null}], verification: unverified, verification_note: null, related: [d], parent: e}
- {key: c, number: null, part: p, stage: null, category: null, title: {ja: "あ", en: "a"}, statement: {ja: "あ", en: "a"},
   applicability: [], telework_methods: [], workplaces: [], incident_types: [], introduced_in: "1", present_in: ["1"],
   changes: [], sources: [], verification: verified, verification_note: null, related: []}
"#,
        ),
        ("broken", "- {key: ["),
    ],
}];

#[test]
fn everything_wrong_with_the_files_is_told_in_one_run() {
    let mut faults = Faults::default();
    super::read(SPOILED, &mut faults);
    let told = faults.to_string();
    for fault in [
        "controls/broken.yaml",
        "the key is not of [a-z0-9.-]",
        "guideline Spoiled: a language is missing",
        "reuse_note is missing",
        "groups: g stands there twice",
        "source s: a language is missing",
        "edition 1: none is not known",
        "appendix x: nowhere is not known",
        "appendix x: has no source",
        "appendix x: does not say what is not verified",
        "controls: c stands there twice",
        "c: q is not known",
        "c: t is not known",
        "c: nothing is not known",
        "c: a language is missing",
        "c: d is not known",
        "c: e is not known",
        "c: none is not known",
        "c: is not present in 1",
        "c: 1 did not keep it",
        "c: 2 is not known",
        "c: is not in 3",
        "c: threshold t is no number",
        "c: has no source",
        "c: does not say what is not verified",
    ] {
        assert!(told.contains(fault), "{fault}\n{told}");
    }
}

#[test]
fn every_file_that_lies_there_is_shipped() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guidelines/data");
    let names = |folder: &Path| -> BTreeSet<String> {
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    };
    let mut folders = names(&data);
    assert!(folders.remove("mappings"));
    assert_eq!(folders, SHIPPED.iter().map(|s| s.name.to_owned()).collect());
    for shipped in SHIPPED {
        let files = names(&data.join(shipped.name).join("controls"));
        assert_eq!(files, shipped.controls.iter().map(|(group, _)| format!("{group}.yaml")).collect());
    }
}
