//! What changed between two decisions, and why.
use super::decision::{Action, Decision, Due, because};
use super::words::Obligation;
use crate::calendar::TOKYO;
use crate::text::{Language, LocalizedText};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;

/// One line of the plan that came, went or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanChange {
    /// `added`, `removed`, `completed` or `changed`.
    #[schema(value_type = String, example = "added")]
    pub change: Change,
    #[schema(example = "ppc_leak_report")]
    pub contact: String,
    #[schema(example = "prelim_report")]
    pub action: String,
    pub party: Option<String>,
    pub obligation_before: Option<Obligation>,
    pub obligation: Option<Obligation>,
    /// Date or moment in Tokyo, or `immediate`, `asap`, `unresolved`, `none`.
    #[schema(example = "2026-11-28")]
    pub due_before: Option<String>,
    pub due: Option<String>,
    /// Rules that ask for it, or asked.
    pub rules: Vec<String>,
    pub why: LocalizedText,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Added,
    Removed,
    Completed,
    Changed,
}

/// A fact that was said differently before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FactChange {
    #[schema(example = "personal_data.involved")]
    pub fact: String,
    /// As JSON; null where it was not said.
    pub before: Option<String>,
    pub after: Option<String>,
}

/// In the order of the later decision; what went comes last.
pub fn compare(before: &Decision<'_>, after: &Decision<'_>) -> Vec<PlanChange> {
    let mut changes = vec![];
    for action in all(after) {
        match all(before).find(|old| key(old) == key(action)) {
            None => changes.push(line(Change::Added, None, Some(action), holds(action))),
            Some(old) if told(old) != told(action) => {
                changes.push(line(Change::Changed, Some(old), Some(action), differs(old, action)));
            }
            Some(_) => {}
        }
    }
    for action in all(before).filter(|old| !all(after).any(|new| key(new) == key(old))) {
        let done = after.completed.iter().any(|c| (c.contact, c.action, &c.party) == key(action));
        let (change, why) = if done {
            (Change::Completed, LocalizedText::new("済んだため", "because it is done"))
        } else {
            (Change::Removed, gone(action, after))
        };
        changes.push(line(change, Some(action), None, why));
    }
    changes
}

fn all<'d>(decision: &'d Decision<'_>) -> impl Iterator<Item = &'d Action<'d>> {
    decision.actions.iter().chain(&decision.outstanding)
}

/// Every fact whose value differs, by its dotted path.
pub fn changed_facts(before: &Json, after: &Json) -> Vec<FactChange> {
    let mut changes = vec![];
    walk("", before, after, &mut changes);
    changes
}

fn walk(path: &str, before: &Json, after: &Json, changes: &mut Vec<FactChange>) {
    if let (Some(then), Some(now)) = (before.as_object(), after.as_object()) {
        let mut names: Vec<&String> = then.keys().chain(now.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            walk(&path, &before[name.as_str()], &after[name.as_str()], changes);
        }
    } else if before.is_null() && after.is_object() {
        walk(path, &Json::Object(serde_json::Map::new()), after, changes);
    } else if before != after {
        let shown = |value: &Json| match value {
            Json::Null => None,
            Json::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        changes.push(FactChange { fact: path.to_owned(), before: shown(before), after: shown(after) });
    }
}

fn key<'d>(action: &'d Action<'_>) -> (&'d str, &'d str, &'d Option<String>) {
    (action.contact, action.action, &action.party)
}

/// What a reader of the plan would see change.
fn told(action: &Action<'_>) -> (Obligation, bool, String) {
    (action.obligation, action.provisional, shown(&action.due))
}

/// A due as a word.
pub fn shown(due: &Due) -> String {
    match (due.date, due.at) {
        (Some(date), _) => date.to_string(),
        (_, Some(at)) => at.with_timezone(&TOKYO).to_rfc3339(),
        _ => due.kind.as_str().to_owned(),
    }
}

fn line(
    change: Change,
    old: Option<&Action<'_>>,
    new: Option<&Action<'_>>,
    why: LocalizedText,
) -> PlanChange {
    let named = new.or(old);
    PlanChange {
        change,
        contact: named.map(|a| a.contact.to_owned()).unwrap_or_default(),
        action: named.map(|a| a.action.to_owned()).unwrap_or_default(),
        party: named.and_then(|a| a.party.clone()),
        obligation_before: old.map(|a| a.obligation),
        obligation: new.map(|a| a.obligation),
        due_before: old.map(|a| shown(&a.due)),
        due: new.map(|a| shown(&a.due)),
        rules: named.map(rules).unwrap_or_default(),
        why,
    }
}

fn rules(action: &Action<'_>) -> Vec<String> {
    action.reasons.iter().map(|reason| reason.rule.id.clone()).collect()
}

fn holds(action: &Action<'_>) -> LocalizedText {
    let findings: Vec<_> = action.reasons.iter().flat_map(|reason| reason.facts.iter().cloned()).collect();
    LocalizedText::new(because(&findings, Language::Ja), because(&findings, Language::En))
}

fn differs(old: &Action<'_>, new: &Action<'_>) -> LocalizedText {
    let settled = old.provisional && !new.provisional;
    let because = holds(new);
    if settled {
        return LocalizedText::new(
            format!("要否が確定した（{}）", because.ja),
            format!("it is settled that this is needed, {}", because.en),
        );
    }
    LocalizedText::new(
        format!("期限または義務の区分が変わった（{}）", because.ja),
        format!("the deadline or the obligation changed, {}", because.en),
    )
}

fn gone(action: &Action<'_>, after: &Decision<'_>) -> LocalizedText {
    let rules = rules(action);
    let told = after.not_applied.iter().find(|missed| rules.iter().any(|rule| rule == missed.rule));
    told.map_or_else(
        || {
            let rules = rules.join(", ");
            LocalizedText::new(
                format!("{rules} がこの事実では求めないため"),
                format!("because {rules} does not ask for it with these facts"),
            )
        },
        |missed| LocalizedText::new(missed.why.said(Language::Ja), missed.why.said(Language::En)),
    )
}
