//! Stories through HTTP on the same application that `tasuke serve` runs, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// What was counted is shown with `--nocapture`.
#![allow(clippy::print_stdout)]

mod assertions;
mod assessments;
mod audit;
mod audit_accepting;
mod audit_tampering;
mod audit_unreadable;
mod bad_input;
mod batches;
mod client_imports;
mod clients;
mod comparisons;
mod contacts;
mod departures;
mod document;
mod errors;
mod examples;
mod guidelines;
mod http;
mod idempotency;
mod incidents;
mod issuers;
mod limits;
mod links;
mod nulls;
mod oauth;
mod own_catalogs;
mod own_guidelines;
mod plans;
mod privacy;
mod questionnaires;
mod reports;
mod responses;
mod reviews;
mod routing;
mod service_accounts;
mod support;
mod tenancy;
mod token_table;
mod tokens;
