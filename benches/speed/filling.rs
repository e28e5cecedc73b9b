//! Databases with many assessments, filled faster than a service could: copies of a few that one has stored.
use crate::load::{self, Until};
use crate::postgres::Postgres;
use crate::program::Program;
use crate::sealing::sealed;
use crate::submissions::{CLIENTS, add_clients, answer_sets, submission};
use serde_json::Value;

/// Assessments that a client has, whatever there is in all: a provider grows by clients.
pub const EACH: u64 = 10;
pub const TENANTS: u64 = 1000;
/// The assessments that the others are copies of.
const TEMPLATES: u64 = 100;

/// Has a service store clients, and the assessments that others are copies of, `t-0` and so on; gives the answers of
/// submissions.
pub fn templates(server: &Postgres, token: &str) -> Vec<Value> {
    let ours = Program::serve(&server.url(), &[]);
    add_clients(&ours, token, CLIENTS);
    let answers = answer_sets(&ours, token, 200);
    load::run(ours.address, 8, Until::Calls(TEMPLATES), 201, |n, to| {
        let name = format!("t-{n}");
        let body = submission(n % CLIENTS, &name, &answers[usize::try_from(n).unwrap()]).to_string();
        load::post(to, "/v1/assessments", token, Some(&name), body.as_bytes());
    });
    sealed(&server.url());
    answers
}

/// Adds clients, each with its assessments, so many of these in all: copies of the templates, under
/// ids that lie in time as they would.
pub fn fill(server: &Postgres, database: &str, spread: u64, count: u64) {
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
