//! S5: what the busiest calls cost as assessments are added, in one tenant and over a thousand.
use crate::Size;
use crate::filling::{TENANTS, fill, templates};
use crate::load::{self, Until, median};
use crate::postgres::Postgres;
use crate::program::{Program, prepare, token};
use crate::report::{Bound, Report, Row};
use crate::submissions::Submitting;

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
            grown.iter().map(|grown| Submitting::new(size, &token, &grown.url, &answers)).collect();
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

/// A database with so many assessments, and a program on it.
struct Grown {
    count: u64,
    url: String,
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
        let url = server.url_of(&database);
        Self {
            count,
            program: Program::serve(&url, &[]),
            url,
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
