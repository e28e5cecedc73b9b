//! Facts of an incident in, an ordered and explained list of contacts out. The engine is pure; the
//! rules are data.
mod check;
mod compare;
mod condition;
mod deadline;
mod decision;
mod dto;
mod engine;
mod facts;
mod forms;
mod http;
mod merge;
mod order;
mod questions;
mod rule_dto;
mod rules;
mod schema;
mod shipped;
mod words;
mod writer;

pub use check::{FactRefusal, refusals};
pub use compare::{Change, FactChange, PlanChange, changed_facts, compare, shown};
pub use decision::{Action, Decision, Due, Status};
pub use dto::{ActionOut, DecisionOut};
pub use engine::decide;
pub use facts::{FactFault, Facts, Value as FactValue};
pub use forms::Filled;
pub use http::routes;
pub use questions::{Question, questions};
pub use rules::{Ruleset, Rulesets};
pub use schema::{KnownFacts, RoutingFacts};
pub use words::{Obligation, Stage, Tri};
pub use writer::Writer;

#[cfg(test)]
mod tables;
#[cfg(test)]
mod tests;
