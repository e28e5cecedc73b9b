//! What to ask next: the facts that nobody knows yet, by how much their answers would change.
//!
//! Each answer that a rule tells apart is tried on a copy of the facts. That is bounded by the list of
//! facts, and costs a few milliseconds: who asks for a plan pays it, a bare decision does not.
use super::compare::compare;
use super::condition::{Condition, FactRef, Op};
use super::decision::Decision;
use super::engine::decide;
use super::facts::{Entry, Facts, Kind, Value};
use super::rules::{Rule, Ruleset};
use super::words::{Obligation, Tri};
use crate::text::LocalizedText;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// More questions than anybody asks at once.
const MOST: usize = 10;

/// A fact worth asking for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OpenQuestion)]
pub struct Question {
    /// Its path; `list[].member` where it is asked of every item of a list of which it is not known.
    #[schema(example = "personal_data.involved")]
    pub fact: String,
    /// What the fact means, and of whom it is asked.
    pub text: LocalizedText,
    /// Answers that change something.
    pub answers: Vec<String>,
    /// Contacts that come, go or change with an answer.
    pub decides: Vec<String>,
    /// How much the answer that changes most would change: a duty counts nine, advice three, an option one.
    pub weight: u32,
}

/// The open questions, what would change most first.
pub fn questions(ruleset: &Ruleset, facts: &Facts, now: &Decision<'_>) -> Vec<Question> {
    let mut asked = told_apart(ruleset, facts);
    for action in now.actions.iter().chain(&now.outstanding) {
        for path in &action.open_questions {
            // A clock that cannot be started: there is no answer to try, and it is worth asking all the same.
            if let Some((index, _)) = ruleset.schema.find(path) {
                asked.entry(index).or_default();
            }
        }
    }
    let mut questions: Vec<Question> = asked
        .into_iter()
        .filter(|(index, _)| facts.get(*index).is_none())
        .filter_map(|(index, answers)| question(ruleset, facts, now, index, &answers))
        .collect();
    questions.extend(of_items(ruleset, facts, now));
    questions.sort_by(|a, b| (b.weight, &a.fact).cmp(&(a.weight, &b.fact)));
    questions.truncate(MOST);
    questions
}

fn question(
    ruleset: &Ruleset,
    facts: &Facts,
    now: &Decision<'_>,
    index: usize,
    answers: &[Value],
) -> Option<Question> {
    let entry = &ruleset.schema.entries[index];
    let (mut weight, mut decides, mut worth) = (0, BTreeSet::new(), vec![]);
    for answer in answers {
        let changes = compare(now, &decide(ruleset, &facts.with(index, answer.clone())));
        let sum = changes.iter().map(|c| worth_of(c.obligation.max(c.obligation_before))).sum();
        if sum > 0 {
            worth.push(answer.show());
        }
        weight = weight.max(sum);
        decides.extend(changes.into_iter().map(|change| change.contact));
    }
    for action in now.actions.iter().chain(&now.outstanding) {
        if action.open_questions.contains(&entry.path.as_str()) {
            weight = weight.max(worth_of(Some(action.obligation)));
            decides.insert(action.contact.to_owned());
        }
    }
    (weight > 0).then(|| Question {
        fact: entry.path.clone(),
        text: entry.meaning.clone(),
        answers: worth,
        decides: decides.into_iter().collect(),
        weight,
    })
}

/// What is not known of the items of a list, all of them at once: is this customer's data affected, and that one's?
fn of_items(ruleset: &Ruleset, facts: &Facts, now: &Decision<'_>) -> Vec<Question> {
    let mut asked = BTreeMap::new();
    for rule in asked_now(ruleset, facts) {
        if let Some(each) = &rule.for_each {
            members(&each.filter, &mut |member| asked.insert(member, each.list));
        }
    }
    asked.into_iter().filter_map(|(member, list)| of_member(ruleset, facts, now, list, member)).collect()
}

fn of_member(
    ruleset: &Ruleset,
    facts: &Facts,
    now: &Decision<'_>,
    list: usize,
    member: usize,
) -> Option<Question> {
    let entry = &ruleset.schema.entries[member];
    if entry.kind != Kind::Tri {
        return None;
    }
    let affected = facts.with_member(list, member, &Value::Tri(Tri::Confirmed));
    let changes = compare(now, &decide(ruleset, &affected));
    let weight = changes.iter().map(|c| worth_of(c.obligation.max(c.obligation_before))).sum();
    let whom: BTreeSet<&str> = changes.iter().filter_map(|change| change.party.as_deref()).collect();
    let whom = whom.into_iter().collect::<Vec<_>>();
    let LocalizedText { ja, en } = &entry.meaning;
    let text = match whom.as_slice() {
        [] => entry.meaning.clone(),
        whom => LocalizedText::new(
            format!("{ja}（{}）", whom.join("、")),
            format!("{en} ({})", whom.join(", ")),
        ),
    };
    (weight > 0).then(|| Question {
        fact: entry.path.clone(),
        text,
        answers: vec![Tri::Confirmed.as_str().to_owned()],
        decides: changes.iter().map(|c| c.contact.clone()).collect::<BTreeSet<_>>().into_iter().collect(),
        weight,
    })
}

fn members(condition: &Condition, found: &mut impl FnMut(usize) -> Option<usize>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| members(part, found)),
        Condition::Not(part) => members(part, found),
        Condition::Test(test) => {
            if let FactRef::Member(member) = test.fact {
                found(member);
            }
        }
    }
}

/// The rules that are asked on this day, in this stage.
fn asked_now<'a>(ruleset: &'a Ruleset, facts: &Facts) -> impl Iterator<Item = &'a Rule> {
    let (today, stage) = (facts.as_of.date_naive(), facts.stage);
    ruleset.rules.iter().filter(move |rule| rule.is_in_force(today) && rule.turn(stage).is_some())
}

fn worth_of(obligation: Option<Obligation>) -> u32 {
    match obligation {
        Some(Obligation::Must) => 9,
        Some(Obligation::Should) => 3,
        Some(Obligation::May) => 1,
        None => 0,
    }
}

/// For each fact, the answers that some rule of this stage tells apart.
fn told_apart(ruleset: &Ruleset, facts: &Facts) -> BTreeMap<usize, Vec<Value>> {
    let mut asked = BTreeMap::new();
    for rule in asked_now(ruleset, facts) {
        collect(ruleset, &rule.when, &mut asked);
    }
    for substitution in &ruleset.substitutions {
        collect(ruleset, &substitution.when, &mut asked);
    }
    asked
}

fn collect(ruleset: &Ruleset, condition: &Condition, asked: &mut BTreeMap<usize, Vec<Value>>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                collect(ruleset, part, asked);
            }
        }
        Condition::Not(part) => collect(ruleset, part, asked),
        Condition::Test(test) => match test.fact {
            FactRef::Given(index) => {
                let answers = asked.entry(index).or_default();
                for answer in answers_of(&ruleset.schema.entries[index], &test.op) {
                    if !answers.contains(&answer) {
                        answers.push(answer);
                    }
                }
            }
            FactRef::Derived(index) => collect(ruleset, &ruleset.derivations[index].when, asked),
            FactRef::Member(_) => {}
        },
    }
}

/// The answers that this test tells apart.
fn answers_of(entry: &Entry, op: &Op) -> Vec<Value> {
    let scalar = |text: &str| Value::Scalar(text.to_owned());
    match (entry.kind, op) {
        (Kind::Tri, _) => vec![Value::Tri(Tri::Confirmed), Value::Tri(Tri::RuledOut)],
        (Kind::Bool, _) => vec![scalar("true"), scalar("false")],
        (Kind::Count, Op::Compare(_, limit)) => vec![Value::Count(*limit), Value::Count(limit + 1)],
        (Kind::Word, Op::Eq(word) | Op::Ne(word)) if word != "unknown" => vec![scalar(word)],
        (Kind::Word, Op::In(words)) => {
            words.iter().filter(|w| *w != "unknown").map(|w| scalar(w)).collect()
        }
        (Kind::Words, Op::AnyOf(words)) => words.iter().map(|w| Value::Words(vec![w.clone()])).collect(),
        (Kind::Text, Op::Eq(text)) => vec![scalar(text)],
        (Kind::Text, Op::Exists) => vec![scalar("?")],
        _ => vec![],
    }
}
