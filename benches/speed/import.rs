//! S4: an import of many lines, beside `COPY` of the same rows into the same tables.
use crate::Size;
use crate::data::Random;
use crate::load::median;
use crate::postgres::Postgres;
use crate::program::{Program, prepare, token};
use crate::report::{Bound, Report, Row};
use crate::sealing::sealed;
use crate::submissions::{CLIENTS, add_clients, answer_sets, submission};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

pub fn measure(size: &Size, report: &mut Report) {
    let lines = size.import_lines;
    let server = Postgres::start();
    prepare(&server.url());
    let token = token(&server.url(), "bench");
    let body = {
        let ours = Program::serve(&server.url(), &[]);
        add_clients(&ours, &token, CLIENTS);
        sealed(&server.url());
        lines_of(&answer_sets(&ours, &token, 1000), lines)
    };
    let before = counts(&server, "postgres");
    let rounds = if size.quick { 2 } else { size.rounds };
    let (mut imports, mut all, mut copies, mut costs, mut peaks) = (vec![], vec![], vec![], vec![], vec![]);
    for round in 1..=rounds {
        server.copy_of_first("imported");
        server.sql("CHECKPOINT");
        let url = server.url_of("imported");
        let ours = Program::serve(&url, &[]);
        let cpu = ours.cpu();
        let took = import(&ours, &token, &body, lines);
        let rest = sealed(&url);
        costs.push(ours.cpu_since(cpu).as_secs_f64() * 1e6 / lines as f64);
        peaks.push(ours.memory().1);
        drop(ours);
        let took_copy = copy(&server, &before);
        println!(
            "  round {round} of {rounds}: import {took:.2} s (its audit entries sealed {rest:.2} s later), COPY {took_copy:.2} s"
        );
        imports.push(took);
        all.push(took + rest);
        copies.push(took_copy);
    }
    let (took, took_in_all, took_copy) = (median(imports), median(all), median(copies));
    report.add(Row {
        id: "S4",
        what: format!("`assessment-imports` of {lines} lines, {} MB", body.len() / 1_000_000),
        ours: format!(
            "{took:.1} s until the last verdict, {:.0} lines/s; {took_in_all:.1} s until the audit log is sealed, \
             {:.0} µs CPU a line in the service",
            lines as f64 / took,
            median(costs)
        ),
        reference: format!("`COPY` of the same rows: {took_copy:.1} s"),
        // `COPY` writes the entries of the audit log where they stay.
        value: took_copy / took_in_all,
        bound: Bound::AtLeast(0.5),
    });
    report.note(format!(
        "S4: until the last verdict, with entries of the audit log that are not yet where `COPY` writes them, the ratio is \
         {:.2}. Memory of the service at most {:.0} MiB.",
        took_copy / took,
        median(peaks)
    ));
}

/// The body: one submission a line.
fn lines_of(answers: &[Value], lines: usize) -> String {
    let mut random = Random::seeded(3);
    let line = |n: usize| {
        submission(random.below(CLIENTS), &format!("i-{n}"), &answers[n % answers.len()]).to_string() + "\n"
    };
    (0..lines).map(line).collect()
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

/// How many rows each table has, those first that others refer to: a table refers to older ones.
fn counts(server: &Postgres, database: &str) -> Counts {
    let tables = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY oid";
    let count = |table: &str| {
        server.sql_in(database, &format!("SELECT count(*) FROM \"{table}\"")).parse().unwrap()
    };
    server.sql_in(database, tables).lines().map(|table| (table.to_owned(), count(table))).collect()
}

/// The seconds that COPY takes for the tables that the import made longer, with all of their indexes, in a database
/// that is as it was before. Both databases are gone after that.
fn copy(server: &Postgres, before: &Counts) -> f64 {
    let file = |table: &String| server.folder().join(table).display().to_string();
    let after = counts(server, "imported");
    let grown = after.iter().zip(before).filter(|(now, then)| now.1 > then.1);
    let grown: Vec<&String> = grown.map(|(now, _)| &now.0).collect();
    server.copy_of_first("copied");
    for table in &grown {
        server.sql_in("imported", &format!("COPY \"{table}\" TO '{}'", file(table)));
        server.sql_in("copied", &format!("TRUNCATE \"{table}\" CASCADE"));
    }
    server.sql("CHECKPOINT");
    let begun = Instant::now();
    for table in &grown {
        server.sql_in("copied", &format!("COPY \"{table}\" FROM '{}'", file(table)));
    }
    let took = begun.elapsed().as_secs_f64();
    assert_eq!(after, counts(server, "copied"), "not the same rows");
    for table in grown {
        std::fs::remove_file(file(table)).unwrap();
    }
    for database in ["imported", "copied"] {
        server.sql(&format!("DROP DATABASE {database}"));
    }
    took
}
