//! S4: an import of many lines, beside `COPY` of the same rows into the same tables.
use crate::Size;
use crate::data::Random;
use crate::load::median;
use crate::postgres::Postgres;
use crate::program::{Program, prepare, token};
use crate::report::{Bound, Report, Row};
use crate::submissions::{CLIENTS, add_clients, answer_sets, submission};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

pub fn measure(size: &Size, report: &mut Report) {
    let lines = size.import_lines;
    let server = Postgres::start();
    let url = server.url();
    prepare(&url);
    let token = token(&url, "bench");
    let ours = Program::serve(&url, &[]);
    add_clients(&ours, &token, CLIENTS);
    let answers = answer_sets(&ours, &token, 1000);
    let mut random = Random::seeded(3);
    let body: Vec<String> = (0..lines)
        .map(|n| {
            let answers = &answers[n % answers.len()];
            submission(random.below(CLIENTS), &format!("i-{n}"), answers).to_string() + "\n"
        })
        .collect();
    let body = body.concat();
    let before = counts(&server);
    let rounds = if size.quick { 3 } else { size.rounds };
    let (mut imports, mut copies, mut costs) = (vec![], vec![], vec![]);
    for round in 1..=rounds {
        empty(&server, &before);
        server.sql("CHECKPOINT");
        let cpu = ours.cpu();
        let took = import(&ours, &token, &body, lines);
        costs.push(ours.cpu().saturating_sub(cpu).as_secs_f64() * 1e6 / lines as f64);
        let tables = grown(&server, &before);
        let took_copy = copy(&server, &tables, &before);
        println!(
            "  round {round} of {rounds}: import {took:.2} s, COPY {took_copy:.2} s of {}",
            tables.join(", ")
        );
        imports.push(took);
        copies.push(took_copy);
    }
    let (took, took_copy) = (median(imports), median(copies));
    report.add(Row {
        id: "S4",
        what: format!("`assessment-imports` of {lines} lines, {} MB", body.len() / 1_000_000),
        ours: format!(
            "{took:.1} s, {:.0} lines/s, {:.0} µs CPU a line in the service",
            lines as f64 / took,
            median(costs)
        ),
        reference: format!("`COPY` of the same rows: {took_copy:.1} s"),
        value: took_copy / took,
        bound: Bound::AtLeast(0.5),
    });
    report.note(format!(
        "Memory of the service after the imports, at most so far: {:.0} MiB.",
        ours.memory().1
    ));
}

/// Sends all lines while it reads the verdicts; the seconds until the last one.
fn import(program: &Program, token: &str, body: &str, lines: usize) -> f64 {
    let begun = Instant::now();
    let stream = TcpStream::connect(program.address).unwrap();
    let mut sending = stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let head = format!(
                "POST /v1/assessment-imports HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\
                 content-type: application/x-ndjson\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            sending.write_all(head.as_bytes()).unwrap();
            sending.write_all(body.as_bytes()).unwrap();
        });
        let created = BufReader::new(&stream)
            .split(b'\n')
            .map_while(Result::ok)
            .filter(|line| line.windows(9).any(|part| part == b"\"created\""))
            .take(lines)
            .count();
        assert_eq!(created, lines, "not all were stored");
    });
    let took = begun.elapsed().as_secs_f64();
    let _ = stream.shutdown(Shutdown::Both);
    took
}

type Counts = Vec<(String, u64)>;

/// How many rows each table has.
fn counts(server: &Postgres) -> Counts {
    let tables = server.sql("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY 1");
    let count = |table: &str| server.sql(&format!("SELECT count(*) FROM \"{table}\"")).parse().unwrap();
    tables.lines().map(|table| (table.to_owned(), count(table))).collect()
}

/// The tables that have more rows than before.
fn grown(server: &Postgres, before: &Counts) -> Vec<String> {
    let now = counts(server);
    now.into_iter().zip(before).filter(|(now, then)| now.1 > then.1).map(|(now, _)| now.0).collect()
}

/// Empties the tables that had no rows before.
fn empty(server: &Postgres, before: &Counts) {
    for table in grown(server, before) {
        server.sql(&format!("TRUNCATE \"{table}\" CASCADE"));
    }
}

/// The seconds that COPY takes for the rows of these tables.
fn copy(server: &Postgres, tables: &[String], before: &Counts) -> f64 {
    let file = |table: &String| server.folder().join(table).display().to_string();
    for table in tables {
        let had = before.iter().find(|(name, _)| name == table).unwrap().1;
        assert_eq!(had, 0, "{table} had rows before");
        server.sql(&format!("COPY \"{table}\" TO '{}'", file(table)));
    }
    empty(server, before);
    server.sql("CHECKPOINT");
    let begun = Instant::now();
    for table in tables {
        server.sql(&format!("COPY \"{table}\" FROM '{}'", file(table)));
    }
    let took = begun.elapsed().as_secs_f64();
    for table in tables {
        std::fs::remove_file(file(table)).unwrap();
    }
    took
}
