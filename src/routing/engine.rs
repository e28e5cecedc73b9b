//! From facts to a decision: derive, fire, override, substitute, merge, drop what is done, attach
//! forms, order. Each step is a function of its own; nothing here reads a clock.
use super::condition::{Context, FactRef, Finding};
use super::decision::{Action, Completed, Decision, NotApplied, Reason, Status, Substituted};
use super::facts::{Facts, Item, Value};
use super::merge::merge;
use super::order::order;
use super::rules::{Contradiction, Party, Rule, Ruleset, Turn};
use super::words::{Obligation, OnUnknown, Tri, Truth};
use crate::text::LocalizedText;

/// A rule that fired, with what it asks for.
#[derive(Debug)]
pub struct Fired<'a> {
    pub rule: &'a Rule,
    pub action: Action,
}

/// Decides. The same facts and rules give the same decision.
pub fn decide(ruleset: &Ruleset, facts: &Facts) -> Decision {
    let derived = derive(ruleset, facts);
    let context = Context { facts, derived: &derived, item: None };
    let mut not_applied = vec![];
    let mut fired: Vec<Fired<'_>> = ruleset
        .rules
        .iter()
        .filter(|rule| rule.is_in_force(facts.as_of.date_naive()))
        .filter_map(|rule| Some((rule, rule.turn(facts.stage)?)))
        .flat_map(|(rule, turn)| fire(rule, turn, ruleset, &context, &mut not_applied))
        .collect();
    override_general(&mut fired, &mut not_applied);
    substitute(&mut fired, ruleset, &context);
    let (actions, completed) = drop_done(merge(fired), facts);
    let mut actions = attach_forms(actions, ruleset, &context);
    order(&mut actions, facts.as_of);
    let (outstanding, actions) = actions.into_iter().partition(|action| action.turn == Turn::Before);
    not_applied.sort_by(|a: &NotApplied, b| a.rule.cmp(&b.rule));
    Decision {
        as_of: facts.as_of,
        stage: facts.stage,
        derived: ruleset
            .derivations
            .iter()
            .zip(&derived)
            .map(|(derivation, tri)| (derivation.id.clone(), *tri))
            .collect(),
        guardrails: ruleset
            .guardrails
            .iter()
            .filter(|guardrail| guardrail.when.truth(&context) == Truth::Yes)
            .map(|guardrail| (guardrail.id.clone(), guardrail.text.clone()))
            .collect(),
        actions,
        outstanding,
        completed,
        not_applied,
    }
}

/// Facts that cannot both be so, by what the rules know of them.
pub fn contradictions<'a>(ruleset: &'a Ruleset, facts: &Facts) -> Vec<&'a Contradiction> {
    let derived = derive(ruleset, facts);
    let context = Context { facts, derived: &derived, item: None };
    let all = ruleset.contradictions.iter();
    all.filter(|contradiction| contradiction.when.truth(&context) == Truth::Yes).collect()
}

/// Each derivation may use those before it.
fn derive(ruleset: &Ruleset, facts: &Facts) -> Vec<Tri> {
    let mut derived = Vec::with_capacity(ruleset.derivations.len());
    for derivation in &ruleset.derivations {
        let truth = derivation.when.truth(&Context { facts, derived: &derived, item: None });
        derived.push(truth.into());
    }
    derived
}

fn fire<'a>(
    rule: &'a Rule,
    turn: Turn,
    ruleset: &'a Ruleset,
    context: &Context<'_>,
    not_applied: &mut Vec<NotApplied>,
) -> Vec<Fired<'a>> {
    let truth = rule.when.truth(context);
    let level = match (truth, rule.on_unknown) {
        (Truth::Yes, _) => Some(rule.obligation),
        (Truth::Unknown, OnUnknown::Provisional) => rule.obligation.provisional(),
        _ => None,
    };
    let Some(obligation) = level else {
        near_miss(rule, turn, || because(&rule.when.findings(context)), not_applied);
        return vec![];
    };
    let fired = |context: &Context<'_>, party: Option<String>| Fired {
        rule,
        action: Action { turn, ..action(rule, ruleset, context, obligation, truth, party) },
    };
    let Some(each) = &rule.for_each else {
        let party = match &rule.party {
            Party::Nobody => None,
            Party::Fixed(name) => Some(name.clone()),
            Party::From(fact) => context.given(*fact).map(Value::show),
        };
        return vec![fired(context, party)];
    };
    let items = context.facts.items(each.list).iter();
    let chosen: Vec<_> = items
        .map(|item| of_item(context, item))
        // An item that is not known to match is left alone: its own facts never clear a duty.
        .filter(|context| each.filter.truth(context) == Truth::Yes)
        .map(|context| {
            let party = context.given(each.party).map(Value::show);
            fired(&context, party)
        })
        .collect();
    if chosen.is_empty() {
        let path = &each.path;
        let none = || {
            LocalizedText::new(
                format!("{path} に該当する項目がないため"),
                format!("because no entry of {path} matches"),
            )
        };
        near_miss(rule, turn, none, not_applied);
    }
    chosen
}

fn of_item<'a>(context: &Context<'a>, item: &'a Item) -> Context<'a> {
    Context { item: Some(item), ..*context }
}

/// Duties that do not hold say why: a reader must see that nothing was forgotten.
fn near_miss(
    rule: &Rule,
    turn: Turn,
    why: impl FnOnce() -> LocalizedText,
    not_applied: &mut Vec<NotApplied>,
) {
    if rule.obligation == Obligation::Must && turn == Turn::Now {
        not_applied.push(NotApplied { rule: rule.id.clone(), why: why() });
    }
}

/// In words, the facts that decided.
pub fn because(findings: &[Finding]) -> LocalizedText {
    let told = |is: &str, and: &str| {
        let parts: Vec<_> = findings.iter().map(|f| format!("{}{is}{}", f.fact, f.value)).collect();
        parts.join(and)
    };
    LocalizedText::new(
        format!("{} のため", told(" = ", "、")),
        format!("because {}", told(" is ", " and ")),
    )
}

fn action(
    rule: &Rule,
    ruleset: &Ruleset,
    context: &Context<'_>,
    obligation: Obligation,
    truth: Truth,
    party: Option<String>,
) -> Action {
    let provisional = truth == Truth::Unknown;
    let (due, deadline_steps) = rule.deadline.due(context, &ruleset.holidays);
    let mut open_questions: Vec<String> =
        if provisional { open_facts(rule, ruleset, context) } else { vec![] };
    open_questions.extend(rule.deadline.open_questions(context).map(str::to_owned));
    Action {
        contact: rule.contact.clone(),
        action: rule.action.clone(),
        party,
        repeated: rule.for_each.is_some(),
        obligation,
        turn: Turn::Now,
        provisional,
        tier: rule.tier,
        priority: rule.priority,
        due,
        status: Status::Open,
        schedulable: rule.schedulable,
        channel: rule.channel,
        forms: vec![],
        info_sets: rule.info.iter().cloned().collect(),
        after: rule.after.clone(),
        open_questions,
        substituted: None,
        reasons: vec![Reason {
            rule: rule.id.clone(),
            text: rule.reason.clone(),
            legal_basis: rule.legal_basis.clone(),
            basis_type: rule.basis_type,
            sources: rule.sources.clone(),
            confidence: rule.confidence,
            unverified: rule.unverified,
            provisional,
            facts: rule.when.findings(context),
            deadline_steps,
        }],
    }
}

/// The given facts that leave the rule open: a derived fact is followed to what it is made of,
/// because only that can be asked for.
fn open_facts(rule: &Rule, ruleset: &Ruleset, context: &Context<'_>) -> Vec<String> {
    let mut open: Vec<String> = vec![];
    let mut conditions = vec![&rule.when];
    while let Some(condition) = conditions.pop() {
        for test in condition.deciding(context) {
            match test.fact {
                FactRef::Derived(index) => conditions.push(&ruleset.derivations[index].when),
                _ if !open.contains(&test.path) => open.push(test.path.clone()),
                _ => {}
            }
        }
    }
    open.sort();
    open
}

/// The special beats the general, once it is certain to hold.
fn override_general(fired: &mut Vec<Fired<'_>>, not_applied: &mut Vec<NotApplied>) {
    let beaten: Vec<(&str, &str)> = fired
        .iter()
        .filter(|f| !f.action.provisional)
        .flat_map(|f| {
            let by = f.rule.id.as_str();
            f.rule.overrides.iter().map(move |general| (general.as_str(), by))
        })
        .collect();
    fired.retain(|f| {
        let Some((_, by)) = beaten.iter().find(|(general, _)| *general == f.rule.id) else {
            return true;
        };
        let told = not_applied.iter().any(|n| n.rule == f.rule.id);
        if !told {
            not_applied.push(NotApplied {
                rule: f.rule.id.clone(),
                why: LocalizedText::new(
                    format!("より個別の規則 {by} が優先するため"),
                    format!("because the more specific rule {by} takes its place"),
                ),
            });
        }
        false
    });
}

fn substitute(fired: &mut [Fired<'_>], ruleset: &Ruleset, context: &Context<'_>) {
    for substitution in &ruleset.substitutions {
        if substitution.when.truth(context) != Truth::Yes {
            continue;
        }
        for Fired { rule, action } in fired.iter_mut() {
            let meant = action.contact == substitution.from && rule.tags.contains(&substitution.only_tag);
            if meant {
                action.substituted = Some(Substituted {
                    rule: substitution.id.clone(),
                    contact: std::mem::replace(&mut action.contact, substitution.to.clone()),
                    reason: substitution.reason.clone(),
                });
                action.party = context.given(substitution.party).map(Value::show);
            }
        }
    }
}

fn drop_done(actions: Vec<Action>, facts: &Facts) -> (Vec<Action>, Vec<Completed>) {
    let mut completed = vec![];
    let open = actions
        .into_iter()
        .filter(|action| {
            let done = facts.done.iter().find(|done| {
                done.contact == action.contact
                    && done.action == action.action
                    && (done.party.is_none() || done.party == action.party)
            });
            if let Some(done) = done {
                completed.push(Completed {
                    contact: action.contact.clone(),
                    action: action.action.clone(),
                    party: action.party.clone(),
                    at: done.at,
                    rules: action.reasons.iter().map(|r| r.rule.clone()).collect(),
                });
            }
            done.is_none()
        })
        .collect();
    (open, completed)
}

fn attach_forms(mut actions: Vec<Action>, ruleset: &Ruleset, context: &Context<'_>) -> Vec<Action> {
    for annotation in &ruleset.annotations {
        if annotation.when.truth(context) != Truth::Yes {
            continue;
        }
        for action in &mut actions {
            if annotation.contacts.contains(&action.contact) {
                action.forms.push(annotation.form.clone());
            }
        }
    }
    actions
}

#[cfg(test)]
mod tests;
