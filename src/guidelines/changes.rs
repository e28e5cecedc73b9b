//! What became of a guideline between two of its editions.
mod appendices;
mod steps;

use super::catalogue::Held;
use super::domain::{Change, ChangeKind, Control, Source, Verification};
use super::edition::{Appendix, Coverage, Edition, EditionChange, EditionStatus, Origin};
use crate::text::LocalizedText;
use serde::Serialize;
use utoipa::ToSchema;

/// What an edition has that an earlier one had not, and the other way round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EditionChanges {
    #[schema(example = "ipa-sme")]
    pub guideline: String,
    #[schema(example = "4.0")]
    pub edition: String,
    #[schema(example = "3.1")]
    pub since: String,
    /// The editions whose changes these are, oldest first. Drafts count only where one was asked for.
    pub steps: Vec<String>,
    /// Both editions are here in full. Otherwise `added` may mean "not known to have been there".
    pub complete: bool,
    pub counts: ChangeCounts,
    /// What is not about one control: structure, wording, counts.
    pub editions: Vec<EditionChange>,
    pub appendices: Vec<AppendixDifference>,
    /// Appendices of one of the two editions of which nothing is known in the other.
    pub appendices_not_known: Vec<String>,
    /// In the order of the edition; withdrawn ones last.
    pub controls: Vec<ControlDifference>,
    /// Kept, compared, and found to say the same.
    pub unchanged: Vec<String>,
    /// Kept, but nobody has compared the texts.
    pub unconfirmed: Vec<String>,
    /// Controls of the earlier edition that are not in what is known of this one: whether they were withdrawn is
    /// not known.
    pub not_known: Vec<String>,
}

/// How many controls; one that moved and changed counts as both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangeCounts {
    pub added: usize,
    pub changed: usize,
    pub moved: usize,
    pub renumbered: usize,
    pub withdrawn: usize,
}

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DifferenceKind)]
pub enum Kind {
    Added,
    Changed,
    Moved,
    Renumbered,
    Withdrawn,
}

/// What became of a control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ControlDifference {
    #[schema(example = "basic-rule-6")]
    pub control: String,
    pub title: LocalizedText,
    #[schema(example = "basic-rules")]
    pub group: String,
    /// `added`, `changed`, `moved`, `renumbered`, `withdrawn`; at least one.
    #[schema(value_type = Vec<String>)]
    pub kinds: Vec<Kind>,
    /// Where it stood; null when it was added.
    pub from: Option<Placement>,
    /// Where it stands; null when it was withdrawn.
    pub to: Option<Placement>,
    /// What is known of each change, oldest first.
    pub changes: Vec<Change>,
    /// What shows that it is so.
    pub evidence: Vec<Source>,
    pub verification: Verification,
    pub verification_note: Option<LocalizedText>,
}

/// Where an edition has a control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ControlPlacement)]
pub struct Placement {
    pub number: Option<String>,
    pub group: String,
    pub part: String,
    pub stage: Option<String>,
    /// Number of the appendix, if it is known to be printed in one.
    pub appendix: Option<u8>,
}

/// What became of an appendix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AppendixDifference {
    #[schema(example = "cloud")]
    pub appendix: String,
    pub title: LocalizedText,
    /// `added`, `changed`, `moved` (another number), `withdrawn`; at least one.
    #[schema(value_type = Vec<String>)]
    pub kinds: Vec<Kind>,
    /// Its number before; null when it was added.
    #[schema(example = 6)]
    pub from: Option<u8>,
    /// Its number now; null when it was withdrawn.
    #[schema(example = 7)]
    pub to: Option<u8>,
    pub note: Option<LocalizedText>,
    pub evidence: Vec<Source>,
    pub verification: Verification,
    pub verification_note: Option<LocalizedText>,
}

/// The edition that `edition` is compared with when nobody says: the published one before it.
pub fn before<'a>(editions: &[&'a Held], edition: &str) -> Option<&'a Held> {
    let at = editions.iter().position(|held| held.edition.edition == edition)?;
    editions[..at].iter().rev().find(|held| held.edition.status == EditionStatus::Published).copied()
}

/// What became of the guideline from `since` to `now`; `editions` are all of them, oldest first.
pub fn between(editions: &[&Held], since: &Held, now: &Held) -> EditionChanges {
    let steps = steps::between(editions, &since.edition, &now.edition);
    let became = steps::became(&since.edition, &steps);
    let telling: Vec<&Edition> =
        steps.iter().copied().filter(|step| Some(step.edition.as_str()) != became).collect();
    let is_told = |edition: &str| telling.iter().any(|step| step.edition == edition);
    let numbered = appendices::are_known(&since.edition) && appendices::are_known(&now.edition);
    let mut controls = vec![];
    let (mut unchanged, mut unconfirmed) = (vec![], vec![]);
    // A tenant's own texts are both at hand; of shipped ones only summaries are, and what was compared is told.
    let compared = now.edition.origin == Origin::Own;
    for control in &now.controls {
        let old = since.control(&control.key);
        let changes: Vec<Change> =
            control.changes.iter().filter(|c| is_told(&c.edition)).cloned().collect();
        let kinds = match old {
            None => vec![Kind::Added],
            Some(old) => {
                let (from, to) = (place(&since.edition, old), place(&now.edition, control));
                let mut kinds = kinds(&from, &to, numbered, &changes);
                if compared && !kinds.contains(&Kind::Changed) && says(old) != says(control) {
                    kinds.insert(0, Kind::Changed);
                }
                kinds
            }
        };
        if !kinds.is_empty() {
            controls.push(difference(kinds, old, Some(control), changes, since, now, &telling));
        } else if compared
            || changes.iter().any(|c| c.kind == ChangeKind::Unchanged)
                && changes.iter().all(|c| c.kind == ChangeKind::Unchanged)
        {
            unchanged.push(control.key.clone());
        } else {
            unconfirmed.push(control.key.clone());
        }
    }
    let gone: Vec<&Control> = since.controls.iter().filter(|old| now.control(&old.key).is_none()).collect();
    // What is not in the part of an edition that is known may be in the rest of it.
    let (withdrawn, not_known) =
        if now.edition.coverage == Coverage::Full { (gone, vec![]) } else { (vec![], gone) };
    controls.extend(
        withdrawn
            .into_iter()
            .map(|old| difference(vec![Kind::Withdrawn], Some(old), None, vec![], since, now, &telling)),
    );
    let (appendices, appendices_not_known) = appendices::between(&steps, &since.edition, &now.edition);
    let count = |kind| controls.iter().filter(|c| c.kinds.contains(&kind)).count();
    EditionChanges {
        guideline: now.edition.guideline.clone(),
        edition: now.edition.edition.clone(),
        since: since.edition.edition.clone(),
        complete: [since, now].iter().all(|held| held.edition.coverage == Coverage::Full),
        counts: ChangeCounts {
            added: count(Kind::Added),
            changed: count(Kind::Changed),
            moved: count(Kind::Moved),
            renumbered: count(Kind::Renumbered),
            withdrawn: count(Kind::Withdrawn),
        },
        editions: steps
            .iter()
            .flat_map(|step| &step.changes)
            .filter(|change| steps::is_change_since(change, &since.edition, became))
            .cloned()
            .collect(),
        appendices,
        appendices_not_known,
        steps: steps.iter().map(|step| step.edition.clone()).collect(),
        controls,
        unchanged,
        unconfirmed,
        not_known: not_known.into_iter().map(|old| old.key.clone()).collect(),
    }
}

/// What a control says, in the words of its guideline.
fn says(control: &Control) -> (&LocalizedText, &LocalizedText, Option<&LocalizedText>) {
    (&control.title, &control.statement, control.guidance.as_ref())
}

/// `numbered`: the appendices of both editions are known. Otherwise a number that is not there says nothing.
fn kinds(from: &Placement, to: &Placement, numbered: bool, changes: &[Change]) -> Vec<Kind> {
    let told = |kind| changes.iter().any(|change| change.kind == kind);
    let elsewhere = (&from.group, &from.part, &from.stage) != (&to.group, &to.part, &to.stage)
        || numbered && from.appendix != to.appendix;
    [
        (Kind::Changed, told(ChangeKind::Changed)),
        (Kind::Moved, told(ChangeKind::Moved) || elsewhere),
        (Kind::Renumbered, told(ChangeKind::Renumbered) || from.number != to.number),
    ]
    .into_iter()
    .filter_map(|(kind, is_so)| is_so.then_some(kind))
    .collect()
}

fn place(edition: &Edition, control: &Control) -> Placement {
    Placement {
        number: control.number.clone(),
        group: control.group.clone(),
        part: control.part.clone(),
        stage: control.stage.clone(),
        appendix: appendix_of(edition, &control.group).map(|appendix| appendix.number),
    }
}

fn appendix_of<'a>(edition: &'a Edition, group: &str) -> Option<&'a Appendix> {
    edition.appendices.iter().find(|appendix| appendix.groups.iter().any(|g| g == group))
}

fn difference(
    kinds: Vec<Kind>,
    old: Option<&Control>,
    new: Option<&Control>,
    changes: Vec<Change>,
    since: &Held,
    now: &Held,
    telling: &[&Edition],
) -> ControlDifference {
    // The one or the other is there: a difference is about a control.
    let shown = new.or(old);
    let moved = kinds.contains(&Kind::Moved);
    let mut evidence: Vec<Source> = changes.iter().flat_map(|change| change.sources.clone()).collect();
    if let Some(appendix) = new.filter(|_| moved).and_then(|new| appendix_of(&now.edition, &new.group)) {
        evidence.extend(appendix.sources.clone());
    }
    if evidence.is_empty() {
        evidence = shown.map(|control| control.sources.clone()).unwrap_or_default();
    }
    evidence.dedup();
    let known = shown.map_or(Verification::Unverified, |c| c.verification);
    let doubt = match (old, new) {
        // It is known to be new where one of the steps is known to have brought it.
        (None, Some(new)) if telling.iter().any(|step| step.edition == new.introduced_in) => None,
        (None, _) => doubt(&since.edition),
        (_, None) => doubt(&now.edition),
        _ => None,
    };
    ControlDifference {
        control: shown.map(|c| c.key.clone()).unwrap_or_default(),
        title: shown.map_or_else(|| LocalizedText::new("", ""), |c| c.title.clone()),
        group: shown.map(|c| c.group.clone()).unwrap_or_default(),
        kinds,
        from: old.map(|old| place(&since.edition, old)),
        to: new.map(|new| place(&now.edition, new)),
        changes,
        evidence,
        verification: doubt.as_ref().map_or(known, |_| Verification::Unverified),
        verification_note: doubt.or_else(|| shown.and_then(|c| c.verification_note.clone())),
    }
}

/// Where an edition is here only in part, what it does not have may be what is not known of it.
fn doubt(without: &Edition) -> Option<LocalizedText> {
    (without.coverage != Coverage::Full).then(|| {
        LocalizedText::new(
            format!("{}版は一部しか分かっていないため、なかったとは言い切れない。", without.edition),
            format!("Edition {} is known only in part: it may be there all the same.", without.edition),
        )
    })
}
