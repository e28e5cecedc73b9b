//! Nothing is lost on the way to OSCAL and back.
use super::{catalog, edition};
use crate::guidelines::Catalogue;
use crate::guidelines::domain::{
    Change, ChangeKind, Control, Source, SourceKind, Term, Threshold, Verification,
};
use crate::guidelines::edition::{
    Appendix, Coverage, Edition, EditionChange, EditionChangeKind, EditionStatus, Group, Origin,
};
use crate::oscal::{CatalogDocument, catalog_schema, check};
use crate::shipped::Faults;
use crate::text::LocalizedText;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;

/// Writes and reads, holding what is written against NIST's schema and our own checks.
fn there_and_back(was: &Edition, controls: &[Control]) -> (Edition, Vec<Control>) {
    let written: Value = serde_json::to_value(catalog(was, controls)).unwrap();
    let schema = catalog_schema().unwrap();
    let refused: Vec<String> =
        schema.iter_errors(&written).map(|e| format!("{} {e}", e.instance_path())).collect();
    assert!(refused.is_empty(), "{} {}: {refused:#?}", was.guideline, was.edition);
    let read: CatalogDocument = serde_json::from_value(written).unwrap();
    assert_eq!(check(&read.catalog), vec![], "{} {}", was.guideline, was.edition);
    let (mut edition, controls) = edition(&read.catalog, &was.guideline, &was.edition);
    edition.origin = was.origin;
    (edition, controls.all)
}

#[test]
fn every_shipped_edition_comes_back_as_it_was() {
    let mut faults = Faults::default();
    let catalogue = Catalogue::load(&mut faults);
    let mut editions = 0;
    for guideline in catalogue.guidelines() {
        for held in catalogue.editions(&guideline.key) {
            let (edition, controls) = there_and_back(&held.edition, &held.controls);
            assert_eq!(edition, held.edition);
            assert_eq!(controls, held.controls);
            editions += 1;
        }
    }
    assert_eq!(editions, 9);
}

fn title() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9あ-んァ-ン一-龠、。（）]([ -~あ-んァ-ン一-龠]{0,12}[a-zA-Z0-9あ-んァ-ン一-龠、。])?"
}

fn titled() -> impl Strategy<Value = LocalizedText> {
    (title(), title()).prop_map(|(ja, en)| LocalizedText::new(ja, en))
}

/// Texts may be anything, also nothing, and more than one line.
fn text() -> impl Strategy<Value = LocalizedText> {
    ("(?s).{0,40}", "(?s).{0,40}").prop_map(|(ja, en)| LocalizedText::new(ja, en))
}

fn key(prefix: &'static str) -> impl Strategy<Value = String> {
    (0..30u8).prop_map(move |n| format!("{prefix}-{n}"))
}

fn words() -> impl Strategy<Value = Vec<String>> {
    vec("[a-z][a-z0-9-]{0,6}", 0..3)
}

fn terms() -> impl Strategy<Value = Vec<Term>> {
    vec(("[a-z][a-z0-9-]{0,6}", titled()).prop_map(|(key, title)| Term { key, title }), 0..3)
}

/// A source says the same wherever it is cited, but for the section.
fn sources() -> impl Strategy<Value = Vec<Source>> {
    vec((0..4u8, option::of(title())), 0..3).prop_map(|cited| {
        cited
            .into_iter()
            .map(|(n, section)| Source {
                key: format!("source-{n}"),
                title: LocalizedText::new(format!("出典{n}"), format!("source {n}")),
                url: (n % 2 == 0).then(|| format!("https://example.com/{n}")),
                kind: if n == 1 { SourceKind::Primary } else { SourceKind::Secondary },
                section,
            })
            .collect()
    })
}

fn verification() -> impl Strategy<Value = Verification> {
    prop_oneof![
        Just(Verification::Verified),
        Just(Verification::PartlyVerified),
        Just(Verification::Unverified)
    ]
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let kind =
        prop_oneof![Just(ChangeKind::Changed), Just(ChangeKind::Moved), Just(ChangeKind::Unconfirmed)];
    let one = ("[0-9.]{1,4}", kind, text(), sources());
    vec(one.prop_map(|(edition, kind, note, sources)| Change { edition, kind, note, sources }), 0..3)
}

fn thresholds() -> impl Strategy<Value = Vec<Threshold>> {
    let one = (key("t"), "[0-9]{1,3}", titled());
    vec(one.prop_map(|(key, value, title)| Threshold { key, value, unit: "days".into(), title }), 0..2)
}

prop_compose! {
    fn control()(
        (title, statement, category, guidance, contact_when) in (titled(), text(), option::of(text()), option::of(text()), option::of(text())),
        (number, part, stage, star, csf_function, recurrence) in
            (option::of(title()), key("p"), option::of(key("s")), option::of(1..5u8), option::of(Just("PR".to_owned())), option::of(Just("P1Y".to_owned()))),
        (applicability, telework_methods, workplaces, incident_types, present_in) in (words(), words(), words(), words(), vec("[0-9.]{1,3}", 1..3)),
        (changes, sources, verification, verification_note, thresholds) in (changes(), sources(), verification(), option::of(text()), thresholds()),
    ) -> Control {
        Control {
            key: String::new(), guideline: "g".into(), edition: "1".into(), number, group: String::new(), part, stage,
            parent: None, category, title, statement, guidance, star, csf_function, recurrence, thresholds,
            applicability, telework_methods, workplaces, incident_types, contact_when,
            introduced_in: "1".into(), present_in, changes, sources, verification, verification_note, related: vec![],
        }
    }
}

/// Groups of controls, some of which are parts of the one before them; some name others as related.
fn controls() -> impl Strategy<Value = (Vec<Group>, Vec<Control>)> {
    let grouped = vec((titled(), vec((control(), any::<bool>(), option::of(0..20usize)), 0..5)), 0..4);
    grouped.prop_map(|groups| {
        let (mut made, mut all): (Vec<Group>, Vec<Control>) = (vec![], vec![]);
        for (at, (title, controls)) in groups.into_iter().enumerate() {
            let group = format!("group.{at}");
            let mut whole: Option<String> = None;
            made.push(Group { key: group.clone(), title, controls: controls.len() });
            for (mut control, is_part, related) in controls {
                control.key = format!("c-{}", all.len());
                control.group = group.clone();
                control.parent = whole.clone().filter(|_| is_part);
                if control.parent.is_none() {
                    whole = Some(control.key.clone());
                }
                control.related =
                    related.filter(|n| *n <= all.len()).map(|n| format!("c-{n}")).into_iter().collect();
                all.push(control);
            }
        }
        (made, all)
    })
}

prop_compose! {
    fn appendix()(
        (n, title, groups, change) in (0..9u8, titled(), words(), option::of(text())),
        (sources, verification, verification_note) in (sources(), verification(), option::of(text())),
    ) -> Appendix {
        Appendix { key: format!("appendix-{n}"), number: n, title, groups, change, sources, verification, verification_note }
    }
}

prop_compose! {
    fn edition_change()(
        (text, groups, sources, verification, verification_note) in (text(), words(), sources(), verification(), option::of(text())),
        compared_with in option::of("[0-9.]{1,4}"),
    ) -> EditionChange {
        EditionChange { edition: "1".into(), kind: EditionChangeKind::Moved, compared_with, text, groups, sources, verification, verification_note }
    }
}

prop_compose! {
    fn whole_edition()(
        (groups, controls) in controls(),
        (title, structure, attribution, reuse_note, notes) in (titled(), text(), text(), text(), vec(text(), 0..3)),
        (appendices, changes, sources, verification, verification_note) in
            (vec(appendix(), 0..3), vec(edition_change(), 0..3), sources(), verification(), option::of(text())),
        (parts, stages, tags, telework_methods, workplaces, incident_types) in (terms(), terms(), terms(), terms(), terms(), terms()),
        (published, draft) in (option::of(0..9000u16), any::<bool>()),
    ) -> (Edition, Vec<Control>) {
        let day = |n: u16| chrono::NaiveDate::from_ymd_opt(2009, 1, 1).unwrap() + chrono::Days::new(n.into());
        (Edition {
            guideline: "g".into(), edition: "1".into(), title, published_on: published.map(day), revised_on: day(6000),
            status: if draft { EditionStatus::Draft } else { EditionStatus::Published },
            coverage: if draft { Coverage::Structure } else { Coverage::Partial },
            origin: Origin::Own, structure, appendices, changes, notes, controls: controls.len(), groups, parts, stages, tags,
            telework_methods, workplaces, incident_types, attribution, reuse_note, sources, verification, verification_note,
        }, controls)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_edition_comes_back_as_it_was((was, controls) in whole_edition()) {
        let (edition, read) = there_and_back(&was, &controls);
        prop_assert_eq!(edition, was);
        prop_assert_eq!(read, controls);
    }
}
