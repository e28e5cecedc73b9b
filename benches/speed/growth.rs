//! S5: what the busiest calls cost as assessments are added, in one tenant and over a thousand.
use crate::Size;
use crate::load::{self, Until};
use crate::postgres::Postgres;
use crate::program::{Program, prepare, token};
use crate::report::{Bound, Report, Row};
use crate::submissions::{CLIENTS, Submitting, add_clients, answer_sets, submission};
use std::cell::Cell;

/// Assessments that a client has, whatever there is in all: a provider grows by clients.
const EACH: u64 = 10;
const TENANTS: u64 = 1000;

pub fn measure(size: &Size, report: &mut Report) {
    for spread in [1, TENANTS] {
        let server = Postgres::start();
        let url = server.url();
        prepare(&url);
        let token = token(&url, "bench");
        let ours = Program::serve(&url, &[]);
        // The templates: what the others are copies of.
        add_clients(&ours, &token, CLIENTS);
        let answers = answer_sets(&ours, &token, 100);
        for (n, answers) in (0..).zip(&answers) {
            let body = submission(n % CLIENTS, &format!("t-{n}"), answers).to_string();
            ours.post("/v1/assessments", &token, body.as_bytes());
        }
        let mut costs: Vec<Vec<(&str, f64)>> = vec![];
        let mut there = 0;
        for &count in &size.growth {
            fill(&server, spread, there, count);
            there = count;
            println!("  {count} assessments over {spread} tenants");
            costs.push(calls(size, &server, &ours, &token, count));
        }
        let (first, last) = (&costs[0], &costs[costs.len() - 1]);
        for ((name, first), (_, last)) in first.iter().zip(last) {
            report.add(Row {
                id: "S5",
                what: format!(
                    "{name}, {there} assessments over {spread} tenant{}",
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

/// Writes the n-th request.
type Make<'a> = Box<dyn Fn(u64, &mut Vec<u8>) + 'a>;

/// Adds clients, each with its assessments, until there are so many of these: copies of the templates, under
/// ids that lie in time as they would.
fn fill(server: &Postgres, spread: u64, from: u64, to: u64) {
    let tenant =
        format!("CASE WHEN g < 20 OR g % {spread} = 0 THEN 'bench' ELSE 't-' || (g % {spread}) END");
    let id = |number: &str, tail: &str| {
        format!(
            "regexp_replace(lpad(to_hex(1700000000000 + {number}), 12, '0') || '70008000' || lpad(to_hex({tail}), 12, '0'), \
             '(.{{8}})(.{{4}})(.{{4}})(.{{4}})', '\\1-\\2-\\3-\\4-')"
        )
    };
    let client_id = id("g", "g");
    let numbers = format!("generate_series({}, {}) g", from / EACH, to / EACH - 1);
    server.sql(&format!(
        "INSERT INTO tenants (slug, name, created_at) SELECT 't-' || g, 't', now() FROM generate_series(1, {spread} - 1) g \
         ON CONFLICT DO NOTHING"
    ));
    let of_clients = [("tenant", tenant.as_str()), ("id", &client_id), ("external_id", "'g-' || g")];
    copy(
        server,
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
        server,
        "assessments",
        &of_assessments,
        &format!(
            "{numbers} CROSS JOIN generate_series(0, {EACH} - 1) n JOIN {templates} ON t.place = (g * 7 + n) % 100"
        ),
    );
    server.sql("VACUUM ANALYZE");
    server.sql("CHECKPOINT");
}

/// Adds rows: what is said of some columns, and the template for the others, whichever there are.
fn copy(server: &Postgres, table: &str, said: &[(&str, &str)], from: &str) {
    let columns = server.sql(&format!(
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
    server.sql(&format!(
        "INSERT INTO {table} ({}) SELECT {} FROM {from}",
        columns.join(", "),
        values.join(", ")
    ));
}

/// Processor time of each of the busiest calls, in the service and in the database, in microseconds.
fn calls(
    size: &Size,
    server: &Postgres,
    ours: &Program,
    token: &str,
    count: u64,
) -> Vec<(&'static str, f64)> {
    let sample = |column: &str, table: &str, of: &str| -> Vec<String> {
        let statement = format!(
            "SELECT {column} FROM {table} WHERE tenant = 'bench' AND {of} ORDER BY md5(id || '{count}') LIMIT 500"
        );
        server.sql(&statement).lines().map(str::to_owned).collect()
    };
    let clients = sample("id", "clients", "external_id LIKE 'g-%'");
    let names = sample("external_id", "clients", "external_id LIKE 'g-%'");
    let assessments = sample("id", "assessments", "external_id LIKE 'y-%'");
    let answers = answer_sets(ours, token, 50);
    let submitting = Submitting::new(size, token, &answers);
    submitting.begin(count);
    let pick = |all: &[String], n: u64| all[usize::try_from(n).unwrap() % all.len()].clone();
    let get = |path: String, to: &mut Vec<u8>| to.extend(load::get(&path, token));
    let history = "history?questionnaire=ipa-self-check-3.1";
    let busiest: [(&str, u16, Make); 5] = [
        (
            "show an assessment",
            200,
            Box::new(|n, to| get(format!("/v1/assessments/{}", pick(&assessments, n)), to)),
        ),
        (
            "list a client's assessments",
            200,
            Box::new(|n, to| {
                get(format!("/v1/assessments?client_id={}&limit=20", pick(&clients, n)), to);
            }),
        ),
        (
            "a client's history",
            200,
            Box::new(|n, to| get(format!("/v1/clients/{}/{history}", pick(&clients, n)), to)),
        ),
        (
            "look up a client",
            200,
            Box::new(|n, to| get(format!("/v1/clients?external_id={}", pick(&names, n)), to)),
        ),
        ("submit", 201, Box::new(|n, to| submitting.write(n, to))),
    ];
    let many = if size.quick { 2000 } else { 8000 };
    busiest
        .iter()
        .map(|(name, status, make)| {
            let offset = Cell::new(0);
            let run = |calls| {
                load::run(ours.address, 8, Until::Calls(calls), *status, |n, to| {
                    make(offset.get() + n, to);
                });
                offset.set(offset.get() + calls);
            };
            run(many / 4);
            let spent = || ours.cpu() + server.backends();
            let before = spent();
            run(many);
            let spent = spent().saturating_sub(before).as_secs_f64() * 1e6 / many as f64;
            println!("    {name}: {spent:.0} µs");
            (*name, spent)
        })
        .collect()
}
