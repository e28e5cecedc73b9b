//! The self-check and the basic rules, scored: tables over the shipped questionnaires.
use super::*;
use crate::assessments::domain::Source;
use crate::guidelines::Catalogue;
use crate::questionnaires::Questionnaires;
use crate::shipped::Faults;
use Status::{Implemented, NotApplicable, NotImplemented, Partial, Unknown};

fn questionnaire(id: &str) -> Questionnaire {
    let mut faults = Faults::default();
    let catalogue = Catalogue::load(&mut faults);
    let all = Questionnaires::load(&catalogue, &mut faults);
    assert!(faults.is_empty(), "{faults}");
    all.get(id).unwrap().as_ref().clone()
}

/// Answers the items in order with `statuses`; what is beyond them stays unanswered.
fn answers(questionnaire: &Questionnaire, statuses: &[(Status, usize)]) -> Vec<Answer> {
    let statuses = statuses.iter().flat_map(|(status, times)| std::iter::repeat_n(*status, *times));
    questionnaire
        .items()
        .zip(statuses)
        .map(|(at, status)| Answer {
            control: at.item.control.clone(),
            status,
            note: None,
            evidence_url: None,
            observed_at: None,
            source: Source::Own,
        })
        .collect()
}

#[test]
fn points_make_the_score_and_the_score_makes_the_band() {
    let self_check = questionnaire("ipa-self-check-3.1");
    for (statuses, score, band) in [
        (&[(Implemented, 25)][..], 100, "achieved"),
        (&[(Unknown, 25)], -25, "urgent"),
        (&[(NotImplemented, 25)], 0, "urgent"),
        (&[(Partial, 25)], 50, "insufficient"),
        (&[(NotApplicable, 25)], 100, "achieved"),
        // Each edge of a band, from both sides.
        (&[(Implemented, 24), (Unknown, 1)], 95, "mostly"),
        (&[(Implemented, 24), (Partial, 1)], 98, "mostly"),
        (&[(Implemented, 18), (Unknown, 2), (NotImplemented, 5)], 70, "mostly"),
        (&[(Implemented, 18), (Unknown, 3), (NotImplemented, 4)], 69, "insufficient"),
        (&[(Implemented, 13), (Unknown, 2), (NotImplemented, 10)], 50, "insufficient"),
        (&[(Implemented, 13), (Unknown, 3), (NotImplemented, 9)], 49, "urgent"),
        (&[(NotApplicable, 1), (Implemented, 24)], 100, "achieved"),
    ] {
        let result = super::score(&self_check, &answers(&self_check, statuses));
        assert_eq!(result.score, Some(score), "{statuses:?}");
        assert_eq!(result.band.unwrap().id, band, "{statuses:?}");
    }
    let scoring = &self_check.scoring;
    for (score, band) in [
        (-25, Some("urgent")),
        (49, Some("urgent")),
        (50, Some("insufficient")),
        (69, Some("insufficient")),
        (70, Some("mostly")),
        (99, Some("mostly")),
        (100, Some("achieved")),
        (101, None),
        (-26, None),
    ] {
        assert_eq!(scoring.band(score).map(|b| b.id.as_str()), band, "{score}");
    }
}

#[test]
fn the_basic_rules_are_counted_as_coverage() {
    let rules = questionnaire("ipa-basic-rules-3.1");
    for (statuses, score, band) in [
        (&[(Implemented, 5)][..], Some(100), Some("all_implemented")),
        (&[(Implemented, 4), (Partial, 1)], Some(90), Some("started")),
        (&[(Unknown, 5)], Some(0), Some("started")),
        // What does not apply is left out of the count.
        (&[(Implemented, 1), (NotApplicable, 4)], Some(100), Some("all_implemented")),
        (&[(Implemented, 1), (Partial, 2), (NotApplicable, 2)], Some(66), Some("started")),
        // Where nothing applies, nothing is covered and nothing is missing.
        (&[(NotApplicable, 5)], None, None),
    ] {
        let result = super::score(&rules, &answers(&rules, statuses));
        assert!(result.complete, "{statuses:?}");
        assert_eq!(result.score, score, "{statuses:?}");
        assert_eq!(result.band.map(|band| band.id).as_deref(), band, "{statuses:?}");
    }
}

/// 152 of 153 is 99 percent: only all of it is all of it.
#[test]
fn coverage_is_rounded_down_and_a_criterion_counts_only_when_it_is_met() {
    let stars = questionnaire("scs-star4-20260327");
    let result = super::score(&stars, &answers(&stars, &[(Implemented, 152), (Partial, 1)]));
    assert_eq!((result.score, result.minimum, result.maximum), (Some(99), 0, 100));
    assert_eq!((result.counts.implemented, result.counts.partial, result.counts.unanswered), (152, 1, 0));
    let whole = super::score(&stars, &answers(&stars, &[(Implemented, 153)]));
    assert_eq!(whole.score, Some(100));
}

#[test]
fn an_unanswered_item_leaves_no_score() {
    let self_check = questionnaire("ipa-self-check-3.1");
    let result = super::score(&self_check, &answers(&self_check, &[(Implemented, 24)]));
    assert_eq!((result.complete, result.score), (false, None));
    assert!(result.band.is_none());
    assert_eq!(result.unanswered, ["self-check-25"]);
    // The parts that are whole have theirs.
    let scores: Vec<_> = result.sections.iter().map(|s| s.score).collect();
    assert_eq!(scores, [Some(20), Some(52), None]);
}

#[test]
fn parts_and_categories_add_up() {
    let self_check = questionnaire("ipa-self-check-3.1");
    let mixed = [(Implemented, 5), (Unknown, 13), (Partial, 7)];
    let result = super::score(&self_check, &answers(&self_check, &mixed));
    let parts: Vec<_> = result.sections.iter().map(|s| (s.items, s.score, s.minimum, s.maximum)).collect();
    assert_eq!(parts, [(5, Some(20), -5, 20), (13, Some(-13), -13, 52), (7, Some(14), -7, 28)]);
    let sum = |of: &dyn Fn(&CategoryResult) -> i32| result.categories.iter().map(of).sum::<i32>();
    assert_eq!(Some(sum(&|c| c.score.unwrap())), result.score);
    assert_eq!(sum(&|c| c.maximum), 100);
    assert_eq!(result.categories.len(), 20);
}

#[test]
fn gaps_come_by_points_then_effort_then_the_order_of_the_questionnaire() {
    let self_check = questionnaire("ipa-self-check-3.1");
    let mixed = [(Partial, 5), (NotImplemented, 5), (Unknown, 5), (NotApplicable, 5), (Implemented, 5)];
    let result = super::score(&self_check, &answers(&self_check, &mixed));
    assert_eq!(result.gaps.len(), 15);
    assert!(result.gaps.is_sorted_by_key(|gap| {
        (std::cmp::Reverse(gap.points_to_gain), gap.effort, gap.control.clone())
    }));
    let gains: Vec<_> = result.gaps.iter().map(|gap| gap.points_to_gain).collect();
    assert_eq!(gains, [[5; 5], [4; 5], [2; 5]].concat());
    assert_eq!(result.unknown.len(), 5);
    assert_eq!(result.not_applicable.controls.len(), 5);
    assert!(result.not_applicable.note.is_some());
}
