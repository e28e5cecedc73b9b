//! From facts to a decision: derive, fire, override, substitute, merge, drop what is done, attach
//! forms, order. Each step is a function of its own; nothing here reads a clock.
use super::condition::{Context, FactRef};
use super::decision::{Action, Completed, Decision, NotApplied, Reason, Status, Substituted, WhyNot};
use super::facts::{Facts, Item, Value};
use super::merge::merge;
use super::order::order;
use super::rules::{Contradiction, Party, Rule, Ruleset, Turn};
use super::words::{Obligation, OnUnknown, Tri, Truth};

/// A rule that fired, with what it asks for.
#[derive(Debug)]
pub struct Fired<'a> {
    pub rule: &'a Rule,
    pub action: Action<'a>,
}

/// Decides. The same facts and rules give the same decision.
pub fn decide<'a>(ruleset: &'a Ruleset, facts: &Facts) -> Decision<'a> {
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
    not_applied.sort_by_key(|missed: &NotApplied<'_>| missed.rule);
    Decision {
        as_of: facts.as_of,
        stage: facts.stage,
        derived: ruleset
            .derivations
            .iter()
            .zip(&derived)
            .map(|(derivation, tri)| (derivation.id.as_str(), *tri))
            .collect(),
        guardrails: ruleset
            .guardrails
            .iter()
            .filter(|guardrail| guardrail.when.truth(&context) == Truth::Yes)
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
    not_applied: &mut Vec<NotApplied<'a>>,
) -> Vec<Fired<'a>> {
    let truth = rule.when.truth(context);
    let level = match (truth, rule.on_unknown) {
        (Truth::Yes, _) => Some(rule.obligation),
        (Truth::Unknown, OnUnknown::Provisional) => rule.obligation.provisional(),
        _ => None,
    };
    let Some(obligation) = level else {
        near_miss(rule, turn, || WhyNot::Facts(rule.when.findings(context)), not_applied);
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
        near_miss(rule, turn, || WhyNot::NoItem(&each.path), not_applied);
    }
    chosen
}

fn of_item<'a>(context: &Context<'a>, item: &'a Item) -> Context<'a> {
    Context { item: Some(item), ..*context }
}

/// Duties that do not hold say why: a reader must see that nothing was forgotten.
fn near_miss<'a>(
    rule: &'a Rule,
    turn: Turn,
    why: impl FnOnce() -> WhyNot<'a>,
    not_applied: &mut Vec<NotApplied<'a>>,
) {
    if rule.obligation == Obligation::Must && turn == Turn::Now {
        not_applied.push(NotApplied { rule: &rule.id, why: why() });
    }
}

fn action<'a>(
    rule: &'a Rule,
    ruleset: &'a Ruleset,
    context: &Context<'_>,
    obligation: Obligation,
    truth: Truth,
    party: Option<String>,
) -> Action<'a> {
    let provisional = truth == Truth::Unknown;
    let (due, deadline_steps) = rule.deadline.due(context, &ruleset.holidays);
    let mut open_questions = if provisional { open_facts(rule, ruleset, context) } else { vec![] };
    open_questions.extend(rule.deadline.open_questions(context));
    Action {
        contact: &rule.contact,
        action: &rule.action,
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
        info_sets: rule.info.iter().map(String::as_str).collect(),
        after: rule.after.iter().map(String::as_str).collect(),
        open_questions,
        substituted: None,
        reasons: vec![Reason { rule, provisional, facts: rule.when.findings(context), deadline_steps }],
    }
}

/// The given facts that leave the rule open: a derived fact is followed to what it is made of,
/// because only that can be asked for.
fn open_facts<'a>(rule: &'a Rule, ruleset: &'a Ruleset, context: &Context<'_>) -> Vec<&'a str> {
    let mut open: Vec<&str> = vec![];
    let mut conditions = vec![&rule.when];
    while let Some(condition) = conditions.pop() {
        for test in condition.deciding(context) {
            match test.fact {
                FactRef::Derived(index) => conditions.push(&ruleset.derivations[index].when),
                _ if !open.contains(&test.path.as_str()) => open.push(&test.path),
                _ => {}
            }
        }
    }
    open.sort_unstable();
    open
}

/// The special beats the general, once it is certain to hold.
fn override_general<'a>(fired: &mut Vec<Fired<'a>>, not_applied: &mut Vec<NotApplied<'a>>) {
    let beaten: Vec<(&'a str, &'a str)> = fired
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
            not_applied.push(NotApplied { rule: &f.rule.id, why: WhyNot::Replaced(by) });
        }
        false
    });
}

fn substitute<'a>(fired: &mut [Fired<'a>], ruleset: &'a Ruleset, context: &Context<'_>) {
    for substitution in &ruleset.substitutions {
        if substitution.when.truth(context) != Truth::Yes {
            continue;
        }
        for Fired { rule, action } in fired.iter_mut() {
            let meant = action.contact == substitution.from && rule.tags.contains(&substitution.only_tag);
            if meant {
                let contact = std::mem::replace(&mut action.contact, &substitution.to);
                action.substituted = Some(Substituted { contact, by: substitution });
                action.party = context.given(substitution.party).map(Value::show);
            }
        }
    }
}

fn drop_done<'a>(actions: Vec<Action<'a>>, facts: &Facts) -> (Vec<Action<'a>>, Vec<Completed<'a>>) {
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
                    contact: action.contact,
                    action: action.action,
                    party: action.party.clone(),
                    at: done.at,
                    rules: action.reasons.iter().map(|r| r.rule.id.as_str()).collect(),
                });
            }
            done.is_none()
        })
        .collect();
    (open, completed)
}

fn attach_forms<'a>(
    mut actions: Vec<Action<'a>>,
    ruleset: &'a Ruleset,
    context: &Context<'_>,
) -> Vec<Action<'a>> {
    for annotation in &ruleset.annotations {
        if annotation.when.truth(context) != Truth::Yes {
            continue;
        }
        for action in &mut actions {
            if annotation.contacts.iter().any(|contact| contact == action.contact) {
                action.forms.push(&annotation.form);
            }
        }
    }
    actions
}

#[cfg(test)]
mod tests;
