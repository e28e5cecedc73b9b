use super::Relation::{self, Equal, Intersects, Subset, Superset};
use super::{Authority, EditionRef, Entry, Mapping, between};
use crate::guidelines::domain::Verification;
use crate::text::LocalizedText;

/// The sets over three elements that stand in each relation to one another.
fn stands(relation: Relation, a: u8, b: u8) -> bool {
    match relation {
        Equal => a == b,
        Subset => a & b == a,
        Superset => a & b == b,
        Intersects => a & b != 0,
    }
}

/// What follows from two hops is what holds for all sets, tried out; and where nothing is said to follow,
/// nothing does.
#[test]
fn what_follows_is_what_holds_for_all_sets() {
    let all = [Equal, Subset, Superset, Intersects];
    for first in all {
        for second in all {
            let follows = |wanted: Relation| {
                (1..8u8).all(|a| {
                    (1..8u8).all(|b| {
                        (1..8u8)
                            .all(|c| !(stands(first, a, b) && stands(second, b, c)) || stands(wanted, a, c))
                    })
                })
            };
            match first.then(second) {
                Some(said) => {
                    assert!(follows(said), "{first:?} then {second:?} is not {said:?}");
                    assert!(
                        said == Equal || !follows(Equal),
                        "{first:?} then {second:?} is more than {said:?}"
                    );
                }
                None => assert!(!all.into_iter().any(follows), "{first:?} then {second:?}"),
            }
        }
    }
}

fn mapping(from: &str, to: &str, entries: &[(&str, &str, Relation, Verification)]) -> Mapping {
    let edition = |guideline: &str| EditionRef { guideline: guideline.into(), edition: "1".into() };
    let text = || LocalizedText::new("あ", "a");
    Mapping {
        from: edition(from),
        to: edition(to),
        author: text(),
        authority: Authority::Editorial,
        note: text(),
        entries: entries
            .iter()
            .map(|(from, to, relation, verification)| Entry {
                from: (*from).into(),
                to: (*to).into(),
                relation: *relation,
                rationale: text(),
                verification: *verification,
                sources: vec![],
            })
            .collect(),
    }
}

/// `from relation to hops verification` of every result.
fn told(mappings: &[Mapping], from: &str, to: &str) -> Vec<String> {
    between(mappings, from, to)
        .iter()
        .map(|r| {
            let relation = r.relation.map_or("-".to_owned(), |relation| format!("{relation:?}"));
            format!("{} {relation} {} {} {:?}", r.from.control, r.to.control, r.hops.len(), r.verification)
        })
        .collect()
}

#[test]
fn chains_are_as_strong_as_their_weakest_hop_and_the_best_one_is_shown() {
    use Verification::{PartlyVerified, Unverified, Verified};
    let all = [
        mapping(
            "a",
            "b",
            &[
                ("a1", "b1", Subset, Verified),
                ("a1", "b2", Equal, Unverified),
                ("a2", "b1", Intersects, Verified),
                ("a3", "b3", Superset, Verified),
            ],
        ),
        mapping(
            "b",
            "c",
            &[
                ("b1", "c1", Subset, PartlyVerified),
                ("b2", "c1", Subset, Verified),
                ("b3", "c2", Superset, Verified),
            ],
        ),
        // A direct word goes before any chain.
        mapping("a", "c", &[("a3", "c2", Intersects, Unverified)]),
    ];
    assert_eq!(
        told(&all, "a", "b"),
        [
            "a1 Subset b1 1 Verified",
            "a1 Equal b2 1 Unverified",
            "a2 Intersects b1 1 Verified",
            "a3 Superset b3 1 Verified",
        ]
    );
    assert_eq!(
        told(&all, "a", "c"),
        [
            "a1 Subset c1 2 PartlyVerified",
            "a2 Intersects c1 2 PartlyVerified",
            "a3 Intersects c2 1 Unverified",
        ]
    );
    // The other way round.
    assert_eq!(
        told(&all, "c", "a"),
        [
            "c1 Superset a1 2 PartlyVerified",
            "c1 Intersects a2 2 PartlyVerified",
            "c2 Intersects a3 1 Unverified",
        ]
    );
    assert!(told(&all, "a", "d").is_empty());
}
