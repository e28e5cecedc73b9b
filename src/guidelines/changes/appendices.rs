//! What became of the appendices.
use super::super::domain::Verification;
use super::super::edition::{Appendix, Coverage, Edition};
use super::AppendixDifference;
use super::Kind;
use super::doubt;
use crate::text::LocalizedText;

/// Whether it is known which appendices the edition has. One that is here only in part lists them, or it is not
/// known whether there are any.
pub fn are_known(edition: &Edition) -> bool {
    edition.coverage == Coverage::Full || !edition.appendices.is_empty()
}

/// The differences, and the keys of those of which nothing can be said.
pub fn between(
    steps: &[&Edition],
    since: &Edition,
    now: &Edition,
) -> (Vec<AppendixDifference>, Vec<String>) {
    if !are_known(since) || !are_known(now) {
        let all = now.appendices.iter().chain(&since.appendices);
        return (vec![], all.map(|appendix| appendix.key.clone()).collect());
    }
    let find = |edition: &'_ Edition, key: &str| edition.appendices.iter().find(|a| a.key == key).cloned();
    let mut all = vec![];
    for appendix in &now.appendices {
        let old = find(since, &appendix.key);
        let told = steps.iter().rev().find_map(|step| find(step, &appendix.key)?.change);
        let kinds: Vec<Kind> = match &old {
            None => vec![Kind::Added],
            Some(old) => [
                (Kind::Moved, old.number != appendix.number),
                (Kind::Changed, told.is_some() && old.number == appendix.number),
            ]
            .into_iter()
            .filter_map(|(kind, is_so)| is_so.then_some(kind))
            .collect(),
        };
        if !kinds.is_empty() {
            let doubt = if old.is_none() { doubt(since) } else { None };
            all.push(changed(
                appendix,
                kinds,
                old.map(|old| old.number),
                Some(appendix.number),
                told,
                doubt,
            ));
        }
    }
    let gone = since.appendices.iter().filter(|old| find(now, &old.key).is_none());
    // What is not in the part of an edition that is known may be in the rest of it.
    if now.coverage != Coverage::Full {
        return (all, gone.map(|old| old.key.clone()).collect());
    }
    all.extend(gone.map(|old| changed(old, vec![Kind::Withdrawn], Some(old.number), None, None, None)));
    (all, vec![])
}

fn changed(
    appendix: &Appendix,
    kinds: Vec<Kind>,
    from: Option<u8>,
    to: Option<u8>,
    note: Option<LocalizedText>,
    doubt: Option<LocalizedText>,
) -> AppendixDifference {
    AppendixDifference {
        appendix: appendix.key.clone(),
        title: appendix.title.clone(),
        kinds,
        from,
        to,
        note,
        evidence: appendix.sources.clone(),
        verification: doubt.as_ref().map_or(appendix.verification, |_| Verification::Unverified),
        verification_note: doubt.or_else(|| appendix.verification_note.clone()),
    }
}
