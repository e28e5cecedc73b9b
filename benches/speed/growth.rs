//! S5: what the busiest calls cost as assessments are added, in one tenant and over a thousand.
use crate::Size;
use crate::load::{self, Until, median};
use crate::postgres::Postgres;
use crate::program::{Program, prepare, token};
use crate::report::{Bound, Report, Row};
use crate::submissions::{CLIENTS, Submitting, add_clients, answer_sets, submission};
use serde_json::Value;

/// Assessments that a client has, whatever there is in all: a provider grows by clients.
const EACH: u64 = 10;
const TENANTS: u64 = 1000;

pub fn measure(size: &Size, report: &mut Report) {
    for spread in [1, TENANTS] {
        let server = Postgres::start();
        prepare(&server.url());
        let token = token(&server.url(), "bench");
        let answers = templates(&server, &token);
        // A database of each size and a program on it, so that they can take turns.
        let grown: Vec<Grown> =
            size.growth.iter().map(|&count| Grown::new(&server, spread, count)).collect();
        let submitting: Vec<Submitting> =
            grown.iter().map(|_| Submitting::new(size, &token, &answers)).collect();
        for name in BUSIEST {
            let mut costs: Vec<Vec<f64>> = vec![vec![]; grown.len()];
            for round in 0..=size.rounds {
                for ((grown, submitting), costs) in grown.iter().zip(&submitting).zip(&mut costs) {
                    let cost = grown.cost(size, &server, &token, submitting, name, round);
                    // The first round warms up what the others find.
                    if round > 0 {
                        costs.push(cost);
                    }
                }
            }
            let costs: Vec<f64> = costs.into_iter().map(median).collect();
            let (first, last) = (costs[0], costs[costs.len() - 1]);
            let others: Vec<String> =
                grown.iter().zip(&costs).map(|(g, c)| format!("{}: {c:.0}", g.count)).collect();
            println!("  {name} over {spread}, µs by assessments: {}", others.join(", "));
            report.add(Row {
                id: "S5",
                what: format!(
                    "{name}, {} assessments over {spread} tenant{}",
                    size.growth[size.growth.len() - 1],
                    if spread == 1 { "" } else { "s" }
                ),
                ours: format!("{last:.0} µs CPU a call in service and database"),
                reference: format!("at {}: {first:.0} µs", size.growth[0]),
                value: last / first,
                bound: Bound::AtMost(1.2),
            });
        }
    }
}

const BUSIEST: [&str; 5] = [
    "show an assessment",
    "list a client's assessments",
    "a client's history",
    "look up a client",
    "submit",
];

/// What the others are copies of; the answers of submissions.
fn templates(server: &Postgres, token: &str) -> Vec<Value> {
    let ours = Program::serve(&server.url(), &[]);
    add_clients(&ours, token, CLIENTS);
    let answers = answer_sets(&ours, token, 100);
    for (n, answers) in (0..).zip(&answers) {
        let body = submission(n % CLIENTS, &format!("t-{n}"), answers).to_string();
        ours.post("/v1/assessments", token, body.as_bytes());
    }
    answers
}

/// A database with so many assessments, and a program on it.
struct Grown {
    count: u64,
    program: Program,
    clients: Vec<String>,
    names: Vec<String>,
    assessments: Vec<String>,
}

impl Grown {
    fn new(server: &Postgres, spread: u64, count: u64) -> Self {
        let database = format!("with_{count}");
        server.copy_of_first(&database);
        fill(server, &database, spread, count);
        println!("  {count} assessments over {spread} tenants");
        let sample = |column: &str, table: &str, of: &str| -> Vec<String> {
            let statement = format!(
                "SELECT {column} FROM {table} WHERE tenant = 'bench' AND {of} ORDER BY md5(id) LIMIT 200"
            );
            server.sql_in(&database, &statement).lines().map(str::to_owned).collect()
        };
        Self {
            count,
            program: Program::serve(&server.url_of(&database), &[]),
            clients: sample("id", "clients", "external_id LIKE 'g-%'"),
            names: sample("external_id", "clients", "external_id LIKE 'g-%'"),
            assessments: sample("id", "assessments", "external_id LIKE 'y-%'"),
        }
    }

    /// Processor time of such a call, in the service and in the database, in microseconds.
    fn cost(
        &self,
        size: &Size,
        server: &Postgres,
        token: &str,
        submitting: &Submitting,
        name: &str,
        round: usize,
    ) -> f64 {
        let pick = |all: &[String], n: u64| all[usize::try_from(n).unwrap() % all.len()].clone();
        let get = |path: String, to: &mut Vec<u8>| to.extend(load::get(&path, token));
        submitting.begin(u64::try_from(round).unwrap());
        let (status, make): (u16, Make) = match name {
            "show an assessment" => {
                (200, Box::new(|n, to| get(format!("/v1/assessments/{}", pick(&self.assessments, n)), to)))
            }
            "list a client's assessments" => (
                200,
                Box::new(|n, to| {
                    get(format!("/v1/assessments?client_id={}&limit=20", pick(&self.clients, n)), to);
                }),
            ),
            "a client's history" => (
                200,
                Box::new(|n, to| {
                    let client = pick(&self.clients, n);
                    get(format!("/v1/clients/{client}/history?questionnaire=ipa-self-check-3.1"), to);
                }),
            ),
            "look up a client" => (
                200,
                Box::new(|n, to| get(format!("/v1/clients?external_id={}", pick(&self.names, n)), to)),
            ),
            _ => (201, Box::new(|n, to| submitting.write(n, to))),
        };
        let calls = if size.quick { 500 } else { 2000 };
        let (program, backends) = (self.program.cpu(), server.backends());
        load::run(self.program.address, 8, Until::Calls(calls), status, make);
        let in_database = server.backends_since(&backends).expect("connections stay");
        (self.program.cpu_since(program) + in_database).as_secs_f64() * 1e6 / calls as f64
    }
}

/// Writes the n-th request.
type Make<'a> = Box<dyn Fn(u64, &mut Vec<u8>) + 'a>;

/// Adds clients, each with its assessments, so many of these in all: copies of the templates, under
/// ids that lie in time as they would.
fn fill(server: &Postgres, database: &str, spread: u64, count: u64) {
    let tenant =
        format!("CASE WHEN g < 20 OR g % {spread} = 0 THEN 'bench' ELSE 't-' || (g % {spread}) END");
    let id = |number: &str, tail: &str| {
        format!(
            "regexp_replace(lpad(to_hex(1700000000000 + {number}), 12, '0') || '70008000' || lpad(to_hex({tail}), 12, '0'), \
             '(.{{8}})(.{{4}})(.{{4}})(.{{4}})', '\\1-\\2-\\3-\\4-')"
        )
    };
    let client_id = id("g", "g");
    let numbers = format!("generate_series(0, {}) g", count / EACH - 1);
    let sql = |statements: &str| server.sql_in(database, statements);
    sql(&format!(
        "INSERT INTO tenants (slug, name, created_at) SELECT 't-' || g, 't', now() FROM generate_series(1, {spread} - 1) g \
         ON CONFLICT DO NOTHING"
    ));
    let of_clients = [("tenant", tenant.as_str()), ("id", &client_id), ("external_id", "'g-' || g")];
    copy(
        &sql,
        "clients",
        &of_clients,
        &format!("{numbers} JOIN clients t ON t.tenant = 'bench' AND t.external_id = 'c-0'"),
    );
    // A year between two of a client's.
    let own_id = id("n * 31536000000::bigint + g", "g");
    let at = "timestamp '2016-01-01' + n * interval '1 year'";
    let of_assessments = [
        ("tenant", tenant.as_str()),
        ("id", &own_id),
        ("client_id", &client_id),
        ("external_id", "'y-' || n"),
        ("created_at", at),
        ("updated_at", at),
        ("submitted_at", at),
    ];
    let templates = "(SELECT *, row_number() OVER (ORDER BY id) - 1 AS place FROM assessments \
                     WHERE tenant = 'bench' AND external_id LIKE 't-%') t";
    copy(
        &sql,
        "assessments",
        &of_assessments,
        &format!(
            "{numbers} CROSS JOIN generate_series(0, {EACH} - 1) n JOIN {templates} ON t.place = (g * 7 + n) % 100"
        ),
    );
    sql("VACUUM ANALYZE");
    sql("CHECKPOINT");
}

/// Adds rows: what is said of some columns, and the template for the others, whichever there are.
fn copy(sql: &impl Fn(&str) -> String, table: &str, said: &[(&str, &str)], from: &str) {
    let columns = sql(&format!(
        "SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
    ));
    let columns: Vec<&str> = columns.lines().collect();
    let values: Vec<String> = columns
        .iter()
        .map(|column| {
            let own = said.iter().find(|(name, _)| name == column);
            own.map_or_else(|| format!("t.{column}"), |(_, value)| (*value).to_owned())
        })
        .collect();
    sql(&format!("INSERT INTO {table} ({}) SELECT {} FROM {from}", columns.join(", "), values.join(", ")));
}
