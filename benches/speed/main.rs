//! What the project promises of speed, measured beside its reference in one run: `make bench`,
//! `make bench-quick`. Rounds of the one and of the other take turns, because machines are shared and noisy;
//! what counts is the median, and the ratio.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// Progress is shown, and the numbers are small.
#![allow(clippy::print_stdout, clippy::cast_precision_loss)]

mod bare;
mod catalogue;
mod choices;
mod data;
mod filling;
mod flood;
mod growth;
mod import;
mod load;
mod memory;
mod postgres;
mod program;
mod report;
mod routings;
mod sealing;
mod submissions;
mod turns;

use report::Report;
use std::time::{Duration, Instant};

/// How much is measured.
#[derive(Debug, Clone)]
pub struct Size {
    pub quick: bool,
    pub round: Duration,
    pub rounds: usize,
    pub import_lines: usize,
    /// Assessments in the database, from few to many.
    pub growth: Vec<u64>,
}

impl Size {
    fn quick() -> Self {
        // All of it in three minutes. pgbench goes by whole seconds.
        let round = Duration::from_secs(1);
        Self { quick: true, round, rounds: 3, import_lines: 10_000, growth: vec![1_000, 20_000] }
    }

    fn full() -> Self {
        let growth = vec![1_000, 100_000, 1_000_000];
        Self { quick: false, round: Duration::from_secs(5), rounds: 5, import_lines: 100_000, growth }
    }
}

/// Its name in the table, and what does it.
type Measure = (&'static str, fn(&Size, &mut Report));

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--bare") {
        return bare::serve(&arguments[at + 1], &arguments[at + 2]);
    }
    let is_given = |name: &str| arguments.iter().any(|argument| argument == name);
    let size = if is_given("--quick") { Size::quick() } else { Size::full() };
    if is_given("choices") {
        return choices::measure(&size);
    }
    let only: Vec<&String> = arguments.iter().filter(|argument| argument.starts_with('S')).collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|only| only.as_str() == name);
    let mut report = Report::begin(&size);
    let measures: [Measure; 8] = [
        ("S1", catalogue::measure),
        ("S2", submissions::on_postgres),
        ("S3", submissions::on_sqlite),
        ("S4", import::measure),
        ("S5", growth::measure),
        ("S6", routings::measure),
        ("S7", memory::measure),
        ("S8", flood::measure),
    ];
    let begun = Instant::now();
    for (name, measure) in measures {
        if wanted(name) {
            println!("{name} ...");
            let begun = Instant::now();
            measure(&size, &mut report);
            println!("{name} took {:.0} s", begun.elapsed().as_secs_f64());
        }
    }
    println!("all took {:.0} s", begun.elapsed().as_secs_f64());
    report.end(only.is_empty());
}
