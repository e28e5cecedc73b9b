//! S2 and S3: single submissions of 25 answers with an `Idempotency-Key`, from 32 connections.
use crate::Size;
use crate::data::{self, Random};
use crate::filling::{FILLED, fill, templates};
use crate::load::{self, Until};
use crate::postgres::{FIRST, Postgres};
use crate::program::{Program, folder, prepare, token};
use crate::report::{Bound, Report, Row};
use crate::sealing::sealed;
use crate::turns::{Rate, beside, turn_and_rest};
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::Duration;

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
    size: &'a Size,
    token: &'a str,
    url: &'a str,
    bodies: Vec<String>,
    round: Cell<u64>,
}

impl<'a> Submitting<'a> {
    pub fn new(size: &'a Size, token: &'a str, url: &'a str, answers: &[Value]) -> Self {
        let bodies = (0..)
            .zip(answers)
            .map(|(n, answers): (u64, _)| submission(n % CLIENTS, "EXTERNAL-ID", answers).to_string());
        Self { size, token, url, bodies: bodies.collect(), round: Cell::default() }
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

    pub fn begin_next(&self) {
        self.begin(self.round.get() + 1);
    }

    /// The entries of the audit log are sealed at its end: that is part of the work, and none of what is measured next.
    pub fn turn(&self, program: &Program) -> Rate {
        self.begin_next();
        turn_and_rest(self.size, program, 201, |n, to| self.write(n, to), || sealed(self.url))
    }
}

/// What pgbench fills: as the first one was, and nobody else is there.
const REFERENCE: &str = "reference";

pub fn on_postgres(size: &Size, report: &mut Report) {
    let server = Postgres::start();
    let url = server.url();
    prepare(&url);
    let token = token(&url, "bench");
    let answers = templates(&server, &token);
    fill(&server, FIRST, FILLED, FILLED);
    server.copy_of_first(REFERENCE);
    let stored = Stored::of(&server);
    let ours = Program::serve(&url, &[]);
    let submitting = Submitting::new(size, &token, &url, &answers);
    server.sql("CHECKPOINT");
    let (one, other) = beside(
        size,
        "submissions on PostgreSQL",
        |_| submitting.turn(&ours),
        |round| stored.again(&server, size.round, round),
    );
    report.add(Row {
        id: "S2",
        what: format!(
            "one submission of 25 answers over HTTP, 32 connections, PostgreSQL with {FILLED} assessments"
        ),
        ours: format!(
            "{:.0}/s, {:.0} µs CPU a call in the service, with the sealing, which ends {:.1} s later",
            one.per_second, one.cost, one.rest
        ),
        reference: format!("pgbench, the same statements, a transaction each: {:.0}/s", other.per_second),
        value: one.per_second / other.per_second,
        bound: Bound::AtLeast(1.5),
    });
    report.loaded = Some(ours.memory().1);
}

/// What the service stored of one submission.
struct Stored {
    answers: String,
    told: String,
    detail: String,
}

impl Stored {
    fn of(server: &Postgres) -> Self {
        Self {
            answers: server.sql("SELECT answers FROM assessments WHERE external_id = 't-0'"),
            told: server.sql("SELECT body FROM idempotency_keys WHERE key = 't-0'"),
            detail: server.sql(
                "SELECT detail FROM audit_events e JOIN assessments a ON a.tenant = e.tenant AND a.id = e.resource_id \
                 WHERE a.external_id = 't-0'",
            ),
        }
    }

    /// Has pgbench store the same again and again, under other names.
    fn again(&self, server: &Postgres, time: Duration, round: usize) -> Rate {
        let Self { answers, told, detail } = self;
        let mut arguments: Vec<String> =
            ["-n", "-M", "prepared", "-c", "32", "-j", "2"].map(str::to_owned).into();
        arguments.extend(["-T".into(), time.as_secs().to_string(), "-f".into(), STATEMENTS.into()]);
        for (name, value) in
            [("answers", answers), ("told", told), ("detail", detail), ("round", &round.to_string())]
        {
            arguments.extend(["-D".into(), format!("{name}={value}")]);
        }
        arguments.push(REFERENCE.into());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let told = String::from_utf8(server.client("pgbench", &arguments).stdout).unwrap();
        let rate = told.lines().find_map(|line| line.strip_prefix("tps = ")).unwrap();
        Rate { per_second: rate.split(' ').next().unwrap().parse().unwrap(), cost: 0.0, rest: 0.0 }
    }
}

pub fn on_sqlite(size: &Size, report: &mut Report) {
    let folders = [folder(), folder()];
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
    let submitting =
        [0, 1].map(|which: usize| Submitting::new(size, &tokens[which], &urls[which], &answers));
    let (one, other) = beside(
        size,
        "submissions on SQLite",
        |_| submitting[0].turn(&ours),
        |_| submitting[1].turn(&single),
    );
    report.add(Row {
        id: "S3",
        what: "the same on SQLite, `synchronous=FULL`".into(),
        ours: format!("{:.0}/s, {:.0} µs CPU a call, with the sealing", one.per_second, one.cost),
        reference: format!("a commit for each: {:.0}/s, {:.0} µs", other.per_second, other.cost),
        value: one.per_second / other.per_second,
        bound: Bound::AtLeast(5.0),
    });
}
