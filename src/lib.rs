//! Tasuke (助け): security guideline controls, assessments and incident contact routing for providers
//! that look after small companies in Japan. ARCHITECTURE.md is the map.
pub mod answer;
pub mod app;
mod assessments;
pub mod auth;
mod body;
pub mod caller;
mod clients;
mod clock;
pub mod config;
mod contacts;
pub mod db;
pub mod demo;
mod document;
mod guidelines;
mod health;
pub mod knowledge;
mod page;
mod problem;
mod questionnaires;
mod request;
pub mod routing;
mod schema;
pub mod server;
mod shipped;
pub mod tenants;
pub mod text;
