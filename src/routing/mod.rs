//! Facts of an incident in, an ordered and explained list of contacts out. The engine is pure; the
//! rules are data.
mod condition;
mod deadline;
mod decision;
mod dto;
mod engine;
mod facts;
mod http;
mod merge;
mod order;
mod rule_dto;
mod rules;
mod schema;
mod shipped;
mod words;

pub use decision::{Action, Decision, Due, Status};
pub use engine::decide;
pub use facts::{FactFault, Facts};
pub use http::routes;
pub use rules::Ruleset;
pub use schema::RoutingFacts;
pub use words::{Obligation, Stage, Tri};

#[cfg(test)]
mod tests;
