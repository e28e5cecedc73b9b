//! What the defaults were chosen by: `cargo bench --bench speed -- choices` measures other settings beside them. With
//! `--quick` it takes some five minutes.
use crate::Size;
use crate::filling::{FILLED, fill, templates};
use crate::load;
use crate::postgres::{FIRST, Postgres};
use crate::program::{Program, prepare, token};
use crate::report::{head, write_apart};
use crate::submissions::{CLIENTS, Submitting};
use crate::turns::{Rate, beside, turn};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

type Setting = (&'static str, &'static str);

/// With two cores: workers are as many as there are cores.
const READING: [Setting; 3] = [("TASUKE_WORKERS", "1"), ("TASUKE_WORKERS", "3"), ("TASUKE_WORKERS", "4")];
const WRITING: [Setting; 8] = [
    ("TASUKE_WORKERS", "1"),
    ("TASUKE_WORKERS", "4"),
    ("TASUKE_DATABASE_CONNECTIONS", "4"),
    ("TASUKE_DATABASE_CONNECTIONS", "16"),
    ("TASUKE_DATABASE_LANES", "1"),
    ("TASUKE_DATABASE_LANES", "4"),
    ("TASUKE_DATABASE_TOGETHER", "16"),
    ("TASUKE_DATABASE_TOGETHER", "256"),
];

pub fn measure(size: &Size) {
    // A few hundredths are looked for: more than a quick run would show.
    let size = &Size { round: size.round.max(Duration::from_secs(2)), rounds: 5, ..size.clone() };
    let (head, begun) = (head(size), Instant::now());
    println!("{head}");
    let server = Postgres::start();
    let default = server.url();
    prepare(&default);
    let token = token(&default, "bench");
    let answers = templates(&server, &token);
    fill(&server, FIRST, FILLED, FILLED);
    // Each has a database of its own, so that none seals what the other has noted.
    server.copy_of_first("other");
    let other = server.url_of("other");
    let both = |setting| (Program::serve(&other, &[setting]), Program::serve(&default, &[]));
    let mut table = String::from("| what | with | rate | processor time a call |\n|---|---|---|---|\n");
    let mut add = |what: &str, (name, value): Setting, (other, default): (Rate, Rate)| {
        let rate = other.per_second / default.per_second;
        let cost = other.cost / default.cost;
        let line = format!("| {what} | `{name}={value}` | {rate:.2} | {cost:.2} |");
        println!("  {line}");
        writeln!(table, "{line}").unwrap();
    };
    let one = load::get(&format!("/v1/clients?external_id=c-{}", CLIENTS / 2), &token);
    let read = |program: &Program| turn(size, program, 200, |_, to| to.extend_from_slice(&one));
    for setting in READING {
        let (other, ours) = both(setting);
        add(
            "reading a client",
            setting,
            beside(size, "reading a client", |_| read(&other), |_| read(&ours)),
        );
    }
    let in_other = Submitting::new(size, &token, &other, &answers);
    let in_ours = Submitting::new(size, &token, &default, &answers);
    for setting in WRITING {
        let (other, ours) = both(setting);
        let rates = beside(size, "submitting", |_| in_other.turn(&other), |_| in_ours.turn(&ours));
        add("submitting", setting, rates);
    }
    println!("all took {:.0} s", begun.elapsed().as_secs_f64());
    let said = "The same program with another setting, on PostgreSQL; of the default's.";
    write_apart("bench-choices.md", &format!("{head} {said}\n\n{table}"));
}
