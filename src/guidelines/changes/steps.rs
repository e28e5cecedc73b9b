//! The editions that lie between two, and which of the changes that they tell lie between the two as well.
use super::super::catalogue::Held;
use super::super::edition::{Edition, EditionChange, EditionChangeKind, EditionStatus};

/// The editions after `since` up to `now`. A draft is none of the steps between two published editions.
pub fn between<'a>(editions: &[&'a Held], since: &Edition, now: &Edition) -> Vec<&'a Edition> {
    let all = editions.iter().map(|held| &held.edition);
    let after = all.skip_while(|edition| edition.edition != since.edition).skip(1);
    let last = editions.iter().position(|held| held.edition.edition == now.edition);
    let end = last.map(|at| &editions[at].edition);
    let mut steps = vec![];
    for edition in after {
        let is_end = end.is_some_and(|end| end.edition == edition.edition);
        if is_end || edition.status == EditionStatus::Published {
            steps.push(edition);
        }
        if is_end {
            break;
        }
    }
    steps
}

/// The edition that the draft `since` became. It tells what it changed of the published edition before, and the
/// draft may have had that already: as a change since the draft it is not known.
pub fn became<'a>(since: &Edition, steps: &[&'a Edition]) -> Option<&'a str> {
    steps.first().filter(|_| since.status == EditionStatus::Draft).map(|step| step.edition.as_str())
}

/// Whether what a step says of itself is a change since `since`.
pub fn is_change_since(change: &EditionChange, since: &Edition, became: Option<&str>) -> bool {
    match &change.compared_with {
        Some(other) => *other == since.edition,
        // Of what it added, that is known of which the draft had nothing.
        None if became == Some(change.edition.as_str()) => {
            let had = |group: &String| since.groups.iter().any(|had| had.key == *group);
            change.kind == EditionChangeKind::Added && !change.groups.iter().all(had)
        }
        None => true,
    }
}
