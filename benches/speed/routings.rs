//! S6: a routing decision, beside a bare handler that parses and answers JSON of the same sizes.
use crate::Size;
use crate::load;
use crate::program::{Program, folder, prepare, token};
use crate::report::{Bound, Report, Row};
use crate::turns::{beside, turn};
use serde_json::Value;
use std::fs;
use std::time::Instant;
use tasuke::knowledge::Knowledge;
use tasuke::routing::{Facts, decide};

const SCENARIOS: &str = include_str!("../../tests/data/routing-scenarios.yaml");

pub fn measure(size: &Size, report: &mut Report) {
    let folder = folder();
    let url = format!("sqlite://{}", folder.path().join("tasuke.db").display());
    prepare(&url);
    let token = token(&url, "bench");
    let scenarios: Value = serde_saphyr::from_str(SCENARIOS).unwrap();
    let first = scenarios["scenarios"].as_array().unwrap().iter().find(|s| s["id"] == "S01").unwrap();
    let facts = serde_json::to_vec(&first["facts"]).unwrap();
    let ours = Program::serve(&url, &[]);
    let told = ours.post("/v1/routings", &token, &facts);
    let file = folder.path().join("answer.json");
    fs::write(&file, serde_json::to_vec(&told).unwrap()).unwrap();
    let bare = Program::bare(&file);
    let rate = |program: &Program| {
        turn(size, program, 200, |_, to| load::post(to, "/v1/routings", &token, None, &facts))
    };
    let (of_ours, of_bare) = beside(size, "routings", |_| rate(&ours), |_| rate(&bare));
    report.add(Row {
        id: "S6",
        what: format!(
            "`POST /v1/routings`, scenario S01, {} bytes in, {} out",
            facts.len(),
            fs::metadata(&file).unwrap().len()
        ),
        ours: format!("{:.0}/s, {:.1} µs CPU a call", of_ours.per_second, of_ours.cost),
        reference: format!(
            "bare actix handler, parses and answers as much JSON: {:.0}/s, {:.1} µs",
            of_bare.per_second, of_bare.cost
        ),
        value: of_ours.per_second / of_bare.per_second,
        bound: Bound::AtLeast(0.5),
    });
    report.add(Row {
        id: "S6",
        what: "the decision itself, µs".into(),
        ours: "in this process, one thread".into(),
        reference: "-".into(),
        value: decision(&first["facts"]),
        bound: Bound::AtMost(150.0),
    });
}

/// Microseconds that a decision takes.
fn decision(facts: &Value) -> f64 {
    let knowledge = Knowledge::load().unwrap();
    let ruleset = knowledge.rulesets.current();
    let facts = Facts::read(&ruleset.schema, facts).unwrap();
    let rounds = 2000;
    let begun = Instant::now();
    for _ in 0..rounds {
        std::hint::black_box(decide(ruleset, std::hint::black_box(&facts)));
    }
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
}
