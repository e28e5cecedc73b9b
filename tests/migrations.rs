//! The schema: up, down and up again with data in place, and the same as the tables in the code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/databases.rs"]
mod databases;

use databases::{Database, Engine};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{FileBasedMigrations, MigrationHarness as _};
use rstest::rstest;
use std::collections::BTreeMap;
use std::sync::Barrier;
use tasuke::audit;
use tasuke::db::{Bounds, Db};
use tasuke::sealer::Sealer;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    nullable: String,
}

const SQLITE_COLUMNS: &str = "SELECT m.name AS table_name, p.name AS column_name, p.type AS kind, \
     CASE WHEN p.\"notnull\" THEN 'NO' ELSE 'YES' END AS nullable \
     FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'";
const POSTGRES_COLUMNS: &str = "SELECT table_name::text, column_name::text, data_type::text AS kind, \
     is_nullable::text AS nullable FROM information_schema.columns \
     WHERE table_schema = current_schema() ORDER BY ordinal_position";

/// Runs `$body` on a connection of its own.
macro_rules! connected {
    ($database:expr, $engine:expr, $conn:ident => $body:expr) => {
        match $engine {
            Engine::Sqlite => {
                let path = $database.url.trim_start_matches("sqlite://");
                let $conn = &mut SqliteConnection::establish(path).unwrap();
                diesel::sql_query("PRAGMA foreign_keys = ON").execute($conn).unwrap();
                $body
            }
            Engine::Postgres => {
                let $conn = &mut PgConnection::establish(&$database.url).unwrap();
                $body
            }
        }
    };
}

/// `table -> column type null`, in Diesel's words, in the order of the columns.
type Tables = BTreeMap<String, Vec<String>>;

fn real(database: &Database, engine: Engine) -> Tables {
    let statement = match engine {
        Engine::Sqlite => SQLITE_COLUMNS,
        Engine::Postgres => POSTGRES_COLUMNS,
    };
    let columns: Vec<Column> =
        connected!(database, engine, conn => diesel::sql_query(statement).load(conn).unwrap());
    let mut tables = Tables::new();
    for column in columns.into_iter().filter(|c| !c.table_name.starts_with("__diesel")) {
        let kind = match column.kind.to_uppercase().as_str() {
            "TEXT" => "Text",
            "INTEGER" => "Integer",
            "BIGINT" => "BigInt",
            "TIMESTAMP" | "TIMESTAMP WITHOUT TIME ZONE" => "Timestamp",
            other => panic!("{}.{}: {other}", column.table_name, column.column_name),
        };
        let kind = if column.nullable == "YES" { format!("Nullable<{kind}>") } else { kind.into() };
        let told = format!("{} -> {kind}", column.column_name);
        tables.entry(column.table_name).or_default().push(told);
    }
    tables
}

/// The same from the source of `schema.rs`.
fn told() -> Tables {
    let mut tables = Tables::new();
    for table in include_str!("../src/schema.rs").split("diesel::table!").skip(1) {
        let mut lines = table.lines().map(str::trim).skip(1);
        let name = lines.next().unwrap().split(' ').next().unwrap();
        let columns =
            lines.filter(|line| line.contains(" -> ")).map(|line| line.trim_end_matches(',').to_owned());
        tables.insert(name.to_owned(), columns.collect());
    }
    tables
}

#[rstest]
fn the_tables_of_the_code_are_the_real_ones(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let database = Database::create(engine);
    Db::open(&database.url, Bounds::DEFAULT).unwrap().migrate().unwrap();
    let real = real(&database, engine);
    assert_eq!(real, told());
    assert!(real.len() >= 4);
}

#[rstest]
fn migrations_go_up_down_and_up_with_data_in_place(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const ROWS: &[&str] = &[
        "INSERT INTO tenants VALUES ('acme', 'Acme', '2026-11-23 00:00:00')",
        "INSERT INTO clients VALUES ('acme', 'c', NULL, 'A', NULL, NULL, NULL, '{}', '{}', 1, \
         '2026-11-23 00:00:00', '2026-11-23 00:00:00')",
        "INSERT INTO assessments VALUES ('acme', 'a', 'c', 'q', NULL, 'draft', '[]', 'f', NULL, 1, 'me', \
         '2026-11-23 00:00:00', '2026-11-23 00:00:00', NULL, NULL, NULL)",
    ];
    let database = Database::create(engine);
    let all = FileBasedMigrations::from_path("migrations").unwrap();
    connected!(database, engine, conn => {
        conn.run_pending_migrations(all.clone()).unwrap();
        for row in ROWS {
            diesel::sql_query(*row).execute(conn).unwrap();
        }
        conn.revert_all_migrations(all.clone()).unwrap();
        conn.run_pending_migrations(all).unwrap();
    });
    assert_eq!(real(&database, engine), told());
}

/// The table of assessments is made anew on the way: what was in the old one is in the new one.
#[rstest]
fn what_was_stored_before_the_review_is_there_after_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const BEFORE: &[&str] = &[
        "INSERT INTO tenants VALUES ('acme', 'Acme', '2026-11-23 00:00:00')",
        "INSERT INTO clients VALUES ('acme', 'c', NULL, 'A', NULL, NULL, NULL, '{}', '{}', 1, \
         '2026-11-23 00:00:00', '2026-11-23 00:00:00')",
        "INSERT INTO assessments VALUES ('acme', 'a', 'c', 'q', 'x', 'submitted', '[]', 'f', 3, 'me', \
         '2026-11-23 00:00:00', '2026-11-23 00:00:01', '2026-11-23 00:00:02', 'you')",
    ];
    #[derive(QueryableByName)]
    struct Kept {
        #[diesel(sql_type = Text)]
        kept: String,
    }
    let database = Database::create(engine);
    let all = FileBasedMigrations::from_path("migrations").unwrap();
    let kept: Vec<Kept> = connected!(database, engine, conn => {
        for _ in 0..3 {
            conn.run_next_migration(all.clone()).unwrap();
        }
        for row in BEFORE {
            diesel::sql_query(*row).execute(conn).unwrap();
        }
        conn.run_pending_migrations(all).unwrap();
        diesel::sql_query("SELECT id || external_id || state || submitted_by AS kept FROM assessments").load(conn).unwrap()
    });
    assert_eq!(kept.into_iter().map(|row| row.kept).collect::<Vec<_>>(), ["axsubmittedyou"]);
}

/// So are incidents with what happened to them, in both directions.
#[rstest]
fn incidents_keep_what_belongs_to_them_when_their_names_change(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const ROWS: &[&str] = &[
        "INSERT INTO tenants VALUES ('acme', 'Acme', '2026-11-23 00:00:00')",
        "INSERT INTO clients VALUES ('acme', 'c', NULL, 'A', NULL, NULL, NULL, '{}', '{}', 1, \
         '2026-11-23 00:00:00', '2026-11-23 00:00:00')",
        "INSERT INTO clients VALUES ('acme', 'd', NULL, 'A', NULL, NULL, NULL, '{}', '{}', 1, \
         '2026-11-23 00:00:00', '2026-11-23 00:00:00')",
        "INSERT INTO incidents VALUES ('acme', 'i', 'c', 'ticket', 't', '{}', 1, 'me', '2026-11-23 00:00:00', \
         '2026-11-23 00:00:00')",
        "INSERT INTO incident_events VALUES ('acme', 'i', 'e', 'c', '2026-11-23 00:00:00', 'me', '{}')",
        "INSERT INTO incident_referrals VALUES ('acme', 'i', 'r', 'c', 'police', NULL, NULL, 'sent', NULL, NULL, 1, \
         '2026-11-23 00:00:00', '2026-11-23 00:00:00')",
    ];
    const SAME_NAME: &str = "INSERT INTO incidents VALUES ('acme', 'j', 'd', 'ticket', 't', '{}', 1, 'me', \
         '2026-11-23 00:00:00', '2026-11-23 00:00:00')";
    const KEPT: &str = "SELECT i.id || e.id || r.id || i.external_id AS kept FROM incidents i \
         JOIN incident_events e ON e.incident_id = i.id JOIN incident_referrals r ON r.incident_id = i.id";
    #[derive(QueryableByName)]
    struct Kept {
        #[diesel(sql_type = Text)]
        kept: String,
    }
    let database = Database::create(engine);
    let all = FileBasedMigrations::from_path("migrations").unwrap();
    connected!(database, engine, conn => {
        conn.run_pending_migrations(all.clone()).unwrap();
        for row in ROWS {
            diesel::sql_query(*row).execute(conn).unwrap();
        }
        // Another client's incident may be called the same, until the name is the tenant's again.
        diesel::sql_query(SAME_NAME).execute(conn).unwrap();
        while !conn.revert_last_migration(all.clone()).unwrap().to_string().starts_with("0040") {}
        let kept: Vec<Kept> = diesel::sql_query(KEPT).load(conn).unwrap();
        assert_eq!(kept.iter().map(|row| row.kept.as_str()).collect::<Vec<_>>(), ["ierticket"]);
        conn.run_pending_migrations(all).unwrap();
        let kept: Vec<Kept> = diesel::sql_query(KEPT).load(conn).unwrap();
        assert_eq!(kept.iter().map(|row| row.kept.as_str()).collect::<Vec<_>>(), ["ierticket"]);
        diesel::sql_query("DELETE FROM clients").execute(conn).unwrap();
        let kept: Vec<Kept> = diesel::sql_query("SELECT id AS kept FROM incident_events").load(conn).unwrap();
        assert!(kept.is_empty());
    });
}

/// Answers that were kept before they had a place have one, by which they are forgotten.
#[rstest]
fn answers_that_are_kept_get_the_place_that_they_tell_of(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const ID: &str = "019ac000-0000-7000-8000-000000000001";
    #[derive(QueryableByName)]
    struct Kept {
        #[diesel(sql_type = Text)]
        place: String,
    }
    let database = Database::create(engine);
    let all = FileBasedMigrations::from_path("migrations").unwrap();
    let kept: Vec<Kept> = connected!(database, engine, conn => {
        conn.run_pending_migrations(all.clone()).unwrap();
        while !conn.revert_last_migration(all.clone()).unwrap().to_string().starts_with("0043") {}
        diesel::sql_query("INSERT INTO tenants VALUES ('acme', 'Acme', '2026-11-23 00:00:00')").execute(conn).unwrap();
        let places = ["assessments", "clients", "incidents"].map(|of| format!("/v1/{of}/{ID}"));
        for (n, place) in places.iter().flat_map(|at| [at.clone(), format!("{at}/events/1")]).chain([String::new()]).enumerate() {
            diesel::sql_query(format!(
                "INSERT INTO idempotency_keys VALUES ('acme', 'r', '{n}', 'f', '{place}', '{{}}', '2026-11-23 00:00:00')"
            )).execute(conn).unwrap();
        }
        conn.run_pending_migrations(all).unwrap();
        diesel::sql_query("SELECT DISTINCT place FROM idempotency_keys ORDER BY place").load(conn).unwrap()
    });
    let places = ["assessments", "clients", "incidents"].map(|of| format!("/v1/{of}/{ID}"));
    let kept: Vec<String> = kept.into_iter().map(|kept| kept.place).collect();
    assert_eq!(kept, [&[String::new()], places.as_slice()].concat());
}

/// So that an empty log is always one that was emptied.
#[rstest]
fn a_tenant_from_before_the_log_gets_a_first_entry(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const ROWS: &[&str] = &[
        "INSERT INTO tenants VALUES ('acme', 'Acme', '2026-11-23 00:00:00'), ('rival', 'R', '2026-11-23 00:00:00')",
        "INSERT INTO audit_heads VALUES ('rival', 1, 'x', 0, 'x', '2026-11-23 00:00:00', 'x', 'x')",
    ];
    let database = Database::create(engine);
    let all = FileBasedMigrations::from_path("migrations").unwrap();
    connected!(database, engine, conn => {
        conn.run_pending_migrations(all.clone()).unwrap();
        for row in ROWS {
            diesel::sql_query(*row).execute(conn).unwrap();
        }
        while !conn.revert_last_migration(all.clone()).unwrap().to_string().starts_with("0042") {}
        conn.run_pending_migrations(all).unwrap();
        diesel::sql_query("DELETE FROM audit_heads").execute(conn).unwrap();
    });
    let db = Db::open(&database.url, Bounds::DEFAULT).unwrap();
    let sealer = Sealer::open(&db).unwrap();
    sealer.seal_now().unwrap();
    let verify = |tenant: &str| {
        let verified = db.read_now(|conn| audit::verify(conn, sealer.signer(), tenant, &[])).unwrap();
        (verified.events, verified.findings)
    };
    assert_eq!(verify("acme"), (1, vec![]));
    assert_eq!(verify("rival"), (0, vec![audit::Finding::Gone]));
}

#[rstest]
fn a_reference_into_another_tenant_cannot_be_stored(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    const OTHERS: &str = "INSERT INTO assessments VALUES ('rival', 'a', 'c', 'q', NULL, 'draft', '[]', 'f', \
         NULL, 1, 'me', '2026-11-23 00:00:00', '2026-11-23 00:00:00', NULL, NULL, NULL)";
    const OWN: &[&str] = &[
        "INSERT INTO tenants VALUES ('acme', 'A', '2026-11-23 00:00:00'), ('rival', 'R', '2026-11-23 00:00:00')",
        "INSERT INTO clients VALUES ('acme', 'c', NULL, 'A', NULL, NULL, NULL, '{}', '{}', 1, \
         '2026-11-23 00:00:00', '2026-11-23 00:00:00')",
    ];
    let database = Database::create(engine);
    Db::open(&database.url, Bounds::DEFAULT).unwrap().migrate().unwrap();
    let refused = connected!(database, engine, conn => {
        for row in OWN {
            diesel::sql_query(*row).execute(conn).unwrap();
        }
        diesel::sql_query(OTHERS).execute(conn).unwrap_err().to_string()
    });
    assert!(refused.to_lowercase().contains("foreign key"), "{refused}");
}

#[rstest]
fn replicas_that_migrate_at_once_do_no_harm(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    // Often enough for two to meet.
    for _ in 0..10 {
        let database = Database::create(engine);
        let together = Barrier::new(4);
        let ran: usize = std::thread::scope(|scope| {
            let migrate = || {
                together.wait();
                Db::open(&database.url, Bounds::DEFAULT).unwrap().migrate().unwrap().len()
            };
            let replicas: Vec<_> = (0..4).map(|_| scope.spawn(migrate)).collect();
            replicas.into_iter().map(|replica| replica.join().unwrap()).sum()
        });
        assert_eq!(ran, std::fs::read_dir("migrations").unwrap().count());
        let difference = Db::open(&database.url, Bounds::DEFAULT).unwrap().difference().unwrap();
        assert!(difference.pending.is_empty() && difference.unknown.is_empty());
    }
}
