//! The program as an operator knows it on good and bad days: the real binary, its limits, its logs, its
//! end, and what is left after a crash.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// What was measured is shown with `--nocapture`.
#![allow(clippy::print_stdout)]

mod backups;
mod crashes;
#[path = "../support/databases.rs"]
mod databases;
mod groups;
mod imports;
mod limits;
mod logs;
mod outages;
mod power_cuts;
mod process;
mod replicas;
mod server;
mod settings;
mod stopping;
