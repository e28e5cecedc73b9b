//! S7: memory idle and under S2, and how soon it is ready on a database that is there.
use crate::Size;
use crate::load::median;
use crate::program::{Program, folder, prepare};
use crate::report::{Bound, Report, Row};
use std::time::Duration;

pub fn measure(size: &Size, report: &mut Report) {
    let folder = folder();
    let url = format!("sqlite://{}", folder.path().join("tasuke.db").display());
    prepare(&url);
    let started: Vec<Program> = (0..size.rounds.max(5)).map(|_| Program::serve(&url, &[])).collect();
    std::thread::sleep(Duration::from_secs(1));
    let idle = median(started.iter().map(|program| program.memory().0).collect());
    let ready = median(started.iter().map(|program| program.ready_after.as_secs_f64()).collect());
    let mut add = |what: &str, value: f64, bound: f64| {
        report.add(Row {
            id: "S7",
            what: what.into(),
            ours: "-".into(),
            reference: "-".into(),
            value,
            bound: Bound::AtMost(bound),
        });
    };
    add("memory when idle, MiB", idle, 40.0);
    add("seconds from start to ready", ready, 0.3);
    if let Some(loaded) = report.loaded {
        report.add(Row {
            id: "S7",
            what: "memory under S2 at most, MiB".into(),
            ours: "-".into(),
            reference: "-".into(),
            value: loaded,
            bound: Bound::AtMost(120.0),
        });
    }
}
