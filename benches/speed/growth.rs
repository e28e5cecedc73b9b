//! S5: what the busiest calls cost as assessments are added, in one tenant and over a thousand.
use crate::Size;
use crate::filling::{DRAFTS, EACH, TEMPLATES, TENANTS, fill, templates};
use crate::load::{self, Until, median};
use crate::postgres::Postgres;
use crate::program::{Program, prepare, token};
use crate::report::{Bound, Report, Row};
use crate::sealing::sealed;
use crate::submissions::Submitting;

pub fn measure(size: &Size, report: &mut Report) {
    for tenants in [1, TENANTS] {
        let over = if tenants == 1 { "1 tenant".into() } else { format!("{tenants} tenants") };
        let server = Postgres::start();
        // A process that helps with one statement has ended before its time could be read.
        server.sql("ALTER ROLE tasuke SET max_parallel_workers_per_gather = 0");
        prepare(&server.url());
        let token = token(&server.url(), "bench");
        let answers = templates(&server, &token);
        let urls: Vec<String> = size.growth.iter().map(|count| server.url_of(&database(*count))).collect();
        // A database of each size and a program on it, so that they can take turns.
        let grown = size.growth.iter().zip(&urls).map(|(&count, url)| {
            let own = if tenants == 1 { count } else { size.growth[0] };
            let submitting = Submitting::new(size, &token, url, &answers);
            let grown = Grown::new(size, &server, (own, count), url, &token, submitting);
            println!("  {count} assessments over {over}");
            grown
        });
        let grown: Vec<Grown> = grown.collect();
        for (call, name) in CALLS {
            let costs = in_turn(size, &grown, call);
            let by_size: Vec<String> = grown
                .iter()
                .zip(&costs)
                .map(|(grown, cost)| format!("{}: {cost:.0}", grown.count))
                .collect();
            println!("  {name} over {over}, µs by assessments: {}", by_size.join(", "));
            let (first, others) = (costs[0], costs[1..].iter().copied());
            report.add(Row {
                id: "S5",
                what: format!("{name}, assessments over {over}"),
                ours: format!("µs CPU a call in service and database at {}", by_size[1..].join(", ")),
                reference: format!("at {}", by_size[0]),
                value: others.fold(0.0, f64::max) / first,
                bound: Bound::AtMost(1.2),
            });
        }
    }
}

/// What the call costs at each size.
fn in_turn(size: &Size, grown: &[Grown], call: Call) -> Vec<f64> {
    let mut costs: Vec<Vec<f64>> = vec![vec![]; grown.len()];
    for round in 0..=size.rounds {
        let mut order: Vec<usize> = (0..grown.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for at in order {
            let cost = grown[at].cost(size, call);
            // The first round warms up what the others find.
            if round > 0 {
                costs[at].push(cost);
            }
        }
    }
    costs.into_iter().map(median).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Show,
    OfClient,
    History,
    LookUp,
    Drafts,
    Since,
    Submit,
}

const CALLS: [(Call, &str); 7] = [
    (Call::Show, "show an assessment"),
    (Call::OfClient, "list a client's assessments"),
    (Call::History, "a client's history"),
    (Call::LookUp, "look up a client"),
    (Call::Drafts, "list drafts"),
    (Call::Since, "list what was submitted since"),
    (Call::Submit, "submit"),
];

/// A database with so many assessments, and a program on it.
struct Grown<'a> {
    count: u64,
    server: &'a Postgres,
    url: &'a str,
    token: &'a str,
    submitting: Submitting<'a>,
    program: Program,
    clients: Vec<String>,
    names: Vec<String>,
    assessments: Vec<String>,
    /// The templates were submitted from then on, after all others.
    since: String,
}

fn database(count: u64) -> String {
    format!("with_{count}")
}

impl<'a> Grown<'a> {
    fn new(
        size: &Size,
        server: &'a Postgres,
        (own, count): (u64, u64),
        url: &'a str,
        token: &'a str,
        submitting: Submitting<'a>,
    ) -> Self {
        let database = database(count);
        server.copy_of_first(&database);
        fill(server, &database, own, count);
        // As many as there are where there are fewest.
        let sample = |column: &str, table: &str, of: &str, fewest: u64| -> Vec<String> {
            let fewest = fewest.min(1000);
            let statement = format!(
                "SELECT {column} FROM {table} WHERE tenant = 'bench' AND {of} ORDER BY md5(id) LIMIT {fewest}"
            );
            let sample: Vec<String> =
                server.sql_in(&database, &statement).lines().map(str::to_owned).collect();
            assert_eq!(sample.len() as u64, fewest, "{table}");
            sample
        };
        let smallest = size.growth[0];
        let since = "SELECT to_char(min(submitted_at), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM assessments \
                     WHERE tenant = 'bench' AND external_id LIKE 't-%'";
        let grown = Self {
            count,
            server,
            url,
            token,
            submitting,
            program: Program::serve(url, &[]),
            clients: sample("id", "clients", "external_id LIKE 'g-%'", smallest / EACH),
            names: sample("external_id", "clients", "external_id LIKE 'g-%'", smallest / EACH),
            assessments: sample("id", "assessments", "external_id LIKE 'y-%'", smallest),
            since: server.sql_in(&database, since),
        };
        for (call, there) in [(Call::Drafts, DRAFTS), (Call::Since, TEMPLATES)] {
            let all = grown.program.get(&grown.path(call, 0).replace("limit=20", "limit=100"), token);
            assert!(all["next_cursor"].is_null(), "{call:?}");
            assert_eq!(all["items"].as_array().unwrap().len() as u64, there, "{call:?}");
        }
        grown
    }

    /// What the n-th call asks for.
    fn path(&self, call: Call, n: u64) -> String {
        let pick = |all: &[String]| all[usize::try_from(n).unwrap() % all.len()].clone();
        match call {
            Call::Show => format!("/v1/assessments/{}", pick(&self.assessments)),
            Call::OfClient => format!("/v1/assessments?client_id={}&limit=20", pick(&self.clients)),
            Call::History => {
                format!("/v1/clients/{}/history?questionnaire=ipa-self-check-3.1", pick(&self.clients))
            }
            Call::LookUp => format!("/v1/clients?external_id={}", pick(&self.names)),
            Call::Drafts => "/v1/assessments?state=draft&limit=20".into(),
            Call::Since => format!("/v1/assessments?submitted_from={}&limit=20", self.since),
            Call::Submit => unreachable!("it has a body"),
        }
    }

    /// Processor time of such a call, in the service and in the database, in microseconds.
    fn cost(&self, size: &Size, call: Call) -> f64 {
        let calls = if size.quick { 500 } else { 2000 };
        let (program, backends) = (self.program.cpu(), self.server.backends());
        if call == Call::Submit {
            self.submitting.begin_next();
            let make = |n, to: &mut Vec<u8>| self.submitting.write(n, to);
            load::run(self.program.address, 8, Until::Calls(calls), 201, make);
            sealed(self.url);
        } else {
            let make = |n, to: &mut Vec<u8>| to.extend(load::get(&self.path(call, n), self.token));
            load::run(self.program.address, 8, Until::Calls(calls), 200, make);
        }
        let Some(in_database) = self.server.backends_since(&backends) else {
            println!("  a connection was closed meanwhile: once more");
            return self.cost(size, call);
        };
        (self.program.cpu_since(program) + in_database).as_secs_f64() * 1e6 / calls as f64
    }
}
