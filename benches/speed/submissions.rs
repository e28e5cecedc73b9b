//! S2 and S3: single submissions of 25 answers with an `Idempotency-Key`, from 32 connections.
use crate::Size;
use crate::data::{self, Random};
use crate::load::{self, Until};
use crate::postgres::Postgres;
use crate::program::{Program, prepare, token};
use crate::report::{Bound, Report, Row};
use crate::turns::{Rate, beside, turn};
use serde_json::{Value, json};
use std::cell::Cell;

pub const CLIENTS: u64 = 200;
pub const QUESTIONNAIRE: &str = "ipa-self-check-3.1";
const STATEMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/speed/submission.sql");

/// What one submission says, but for who and which.
pub fn answer_sets(program: &Program, token: &str, count: usize) -> Vec<Value> {
    let asked = program.get(&format!("/v1/questionnaires/{QUESTIONNAIRE}"), token);
    let mut controls = vec![];
    collect(&asked, &mut controls);
    assert_eq!(controls.len(), 25, "{asked}");
    let mut random = Random::seeded(1);
    (0..count).map(|_| data::answers(&mut random, &controls)).collect()
}

/// Every `control` in it, in order.
fn collect(value: &Value, controls: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, controls)),
        Value::Object(fields) => {
            controls.extend(fields.get("control").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| collect(field, controls));
        }
        _ => {}
    }
}

pub fn add_clients(program: &Program, token: &str, count: u64) {
    let mut random = Random::seeded(2);
    let clients: Vec<Vec<u8>> =
        (0..count).map(|n| serde_json::to_vec(&data::client(&mut random, n)).unwrap()).collect();
    load::run(program.address, 8, Until::Calls(count), 201, |n, to| {
        load::post(to, "/v1/clients", token, None, &clients[usize::try_from(n).unwrap()]);
    });
}

/// The body of a submission.
pub fn submission(client: u64, external_id: &str, answers: &Value) -> Value {
    json!({
        "client_external_id": format!("c-{client}"), "questionnaire": QUESTIONNAIRE,
        "external_id": external_id, "state": "submitted", "answers": answers,
    })
}

/// Submits from 32 connections for a round; each round under names of its own.
pub struct Submitting<'a> {
    pub size: &'a Size,
    pub token: &'a str,
    bodies: Vec<String>,
    round: Cell<u64>,
}

impl<'a> Submitting<'a> {
    pub fn new(size: &'a Size, token: &'a str, answers: &[Value]) -> Self {
        let bodies = (0..)
            .zip(answers)
            .map(|(n, answers): (u64, _)| submission(n % CLIENTS, "EXTERNAL-ID", answers).to_string());
        Self { size, token, bodies: bodies.collect(), round: Cell::default() }
    }

    pub fn write(&self, n: u64, to: &mut Vec<u8>) {
        let name = format!("s-{}-{n}", self.round.get());
        let body = &self.bodies[usize::try_from(n).unwrap() % self.bodies.len()];
        let body = body.replacen("EXTERNAL-ID", &name, 1);
        load::post(to, "/v1/assessments", self.token, Some(&name), body.as_bytes());
    }

    /// From now on under other names.
    pub fn begin(&self, round: u64) {
        self.round.set(round);
    }

    pub fn turn(&self, program: &Program) -> Rate {
        self.begin(self.round.get() + 1);
        turn(self.size, program, 201, |n, to| self.write(n, to))
    }
}

pub fn on_postgres(size: &Size, report: &mut Report) {
    let server = Postgres::start();
    let url = server.url();
    prepare(&url);
    let token = token(&url, "bench");
    let ours = Program::serve(&url, &[]);
    add_clients(&ours, &token, CLIENTS);
    let answers = answer_sets(&ours, &token, 200);
    let submitting = Submitting::new(size, &token, &answers);
    let told =
        ours.post("/v1/assessments", &token, submission(0, "one", &answers[0]).to_string().as_bytes());
    let detail = server.sql(
        "SELECT detail FROM (SELECT detail, at FROM audit_inbox UNION ALL SELECT detail, at FROM audit_events) noted \
         ORDER BY at DESC LIMIT 1",
    );
    server.sql("CHECKPOINT");
    let reference = |round: usize| {
        let seconds = size.round.as_secs().max(2).to_string();
        let ran = server.client(
            "pgbench",
            &[
                "-n",
                "-M",
                "prepared",
                "-c",
                "32",
                "-j",
                "2",
                "-T",
                &seconds,
                "-f",
                STATEMENTS,
                "-D",
                &format!("answers={}", told["answers"]),
                "-D",
                &format!("told={told}"),
                "-D",
                &format!("round={round}"),
                "-D",
                &format!("detail={detail}"),
            ],
        );
        let told = String::from_utf8(ran.stdout).unwrap();
        let rate = told.lines().find_map(|line| line.strip_prefix("tps = ")).unwrap();
        Rate { per_second: rate.split(' ').next().unwrap().parse().unwrap(), cost: 0.0 }
    };
    let (one, other) = beside(size, "submissions on PostgreSQL", |_| submitting.turn(&ours), reference);
    report.add(Row {
        id: "S2",
        what: "one submission of 25 answers over HTTP, 32 connections, PostgreSQL".into(),
        ours: format!("{:.0}/s, {:.0} µs CPU a call in the service", one.per_second, one.cost),
        reference: format!("pgbench, the same statements, a transaction each: {:.0}/s", other.per_second),
        value: one.per_second / other.per_second,
        bound: Bound::AtLeast(1.5),
    });
    report.loaded = Some(ours.memory().1);
}

pub fn on_sqlite(size: &Size, report: &mut Report) {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let urls = folders.each_ref().map(|at| format!("sqlite://{}", at.path().join("tasuke.db").display()));
    for url in &urls {
        prepare(url);
    }
    let tokens = urls.each_ref().map(|url| token(url, "bench"));
    let ours = Program::serve(&urls[0], &[]);
    let single = Program::serve(&urls[1], &[("TASUKE_DATABASE_TOGETHER", "1")]);
    add_clients(&ours, &tokens[0], CLIENTS);
    add_clients(&single, &tokens[1], CLIENTS);
    let answers = answer_sets(&ours, &tokens[0], 200);
    let submitting = tokens.each_ref().map(|token| Submitting::new(size, token, &answers));
    let (one, other) = beside(
        size,
        "submissions on SQLite",
        |_| submitting[0].turn(&ours),
        |_| submitting[1].turn(&single),
    );
    report.add(Row {
        id: "S3",
        what: "the same on SQLite, `synchronous=FULL`".into(),
        ours: format!("{:.0}/s, {:.0} µs CPU a call", one.per_second, one.cost),
        reference: format!("a commit for each: {:.0}/s, {:.0} µs", other.per_second, other.cost),
        value: one.per_second / other.per_second,
        bound: Bound::AtLeast(5.0),
    });
}
