//! Databases with many assessments, filled faster than a service could: copies of a few that one has stored.
use crate::load::{self, Until};
use crate::postgres::Postgres;
use crate::program::Program;
use crate::sealing::sealed;
use crate::submissions::{CLIENTS, add_clients, answer_sets, submission};
use serde_json::Value;

/// Assessments that a client has, whatever there is in all: a provider grows by clients.
pub const EACH: u64 = 4;
/// Drafts of the tenant that is asked, whatever there is in all.
pub const DRAFTS: u64 = 50;
/// Tenants, that one among them.
pub const TENANTS: u64 = 1000;
/// Assessments that are there before a measure of submissions, so that there are statistics to plan with.
pub const FILLED: u64 = 10_000;
/// The assessments that the others are copies of.
pub const TEMPLATES: u64 = 100;

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

/// Adds clients, each with its assessments, so many of these in all, and what is kept of each: copies of the templates,
/// under ids that lie in time as they would. The first `own` assessments are the tenant's that is asked, the rest is
/// spread over the others.
pub fn fill(server: &Postgres, database: &str, own: u64, count: u64) {
    let filling = Filling { server, database, own, count };
    filling.add_tenants();
    filling.add_clients();
    filling.add_assessments();
    filling.add_events();
    filling.add_log();
    filling.add_keys();
    filling.sql("VACUUM ANALYZE");
    filling.sql("CHECKPOINT");
}

/// In the statements `g` is the number of a client, `n` that of one of its assessments, and `t` a template.
struct Filling<'a> {
    server: &'a Postgres,
    database: &'a str,
    own: u64,
    count: u64,
}

impl Filling<'_> {
    fn add_tenants(&self) {
        let others = if self.own < self.count { TENANTS - 1 } else { 0 };
        let add = "INSERT INTO tenants (slug, name, created_at) SELECT 't-' || g, 't', now()";
        self.sql(&format!("{add} FROM generate_series(0, {others} - 1) g"));
    }

    fn add_clients(&self) {
        let said = [("tenant", self.tenant()), ("id", client()), ("external_id", "'g-' || g".into())];
        let template = "JOIN clients t ON t.tenant = 'bench' AND t.external_id = 'c-0'";
        self.copy("clients", &said, &format!("{} {template}", self.clients()), self.count / EACH);
    }

    fn add_assessments(&self) {
        let draft = draft();
        let unless_draft = |value: &str| format!("CASE WHEN NOT ({draft}) THEN {value} END");
        let said = [
            ("tenant", self.tenant()),
            ("id", assessment()),
            ("client_id", client()),
            ("external_id", "'y-' || n".into()),
            ("state", format!("CASE WHEN {draft} THEN 'draft' ELSE t.state END")),
            ("created_at", at()),
            ("updated_at", at()),
            ("submitted_at", unless_draft(&at())),
            ("submitted_by", unless_draft("t.submitted_by")),
        ];
        self.copy("assessments", &said, &self.each("assessments", "external_id LIKE 't-%'"), self.count);
    }

    /// That it was submitted.
    fn add_events(&self) {
        let said = [("tenant", self.tenant()), ("assessment_id", assessment()), ("made_at", at())];
        let from = self.each("assessment_events", "kind = 'submitted'");
        self.copy(
            "assessment_events",
            &said,
            &format!("{from} WHERE NOT ({})", draft()),
            self.count - DRAFTS,
        );
    }

    /// An entry of the audit log for each, sealed. They come before the number 1: there the service goes on from its own
    /// head, which is signed. Nobody verifies them, so the hash is any.
    fn add_log(&self) {
        let said = [
            ("tenant", self.tenant()),
            ("sequence", format!("-(g * {EACH} + n)")),
            ("id", assessment()),
            ("at", at()),
            ("resource_id", assessment()),
            ("client_id", client()),
        ];
        let from = self.each("audit_events", "action = 'createAssessment'");
        self.copy("audit_events", &said, &from, self.count);
    }

    /// Of the last half day: they are kept for one, and an assessment for years.
    fn add_keys(&self) {
        let number = format!("(g * {EACH} + n)");
        let ago = format!("{number} % 43200 * interval '1 second'");
        let said = [
            ("tenant", self.tenant()),
            ("key", "'y-' || g || '-' || n".into()),
            ("place", format!("'/v1/assessments/' || {}", assessment())),
            ("created_at", format!("now() AT TIME ZONE 'utc' - {ago}")),
        ];
        let from = self.each("idempotency_keys", "key LIKE 't-%'");
        self.copy(
            "idempotency_keys",
            &said,
            &format!("{from} WHERE {number} % 10 = 0"),
            self.count.div_ceil(10),
        );
    }

    fn tenant(&self) -> String {
        let (own, others) = (self.own / EACH, TENANTS - 1);
        format!("CASE WHEN g < {own} THEN 'bench' ELSE 't-' || g % {others} END")
    }

    fn clients(&self) -> String {
        format!("generate_series(0::bigint, {} - 1) g", self.count / EACH)
    }

    /// Each assessment, with a template of this table.
    fn each(&self, table: &str, which: &str) -> String {
        let templates = format!(
            "SELECT *, row_number() OVER () - 1 AS nth FROM {table} WHERE tenant = 'bench' AND {which}"
        );
        format!(
            "{} CROSS JOIN generate_series(0, {EACH} - 1) n JOIN ({templates}) t ON t.nth = (g * 7 + n) % {TEMPLATES}",
            self.clients()
        )
    }

    /// Adds so many rows: what is said of some columns, and the template for the others, whichever there are.
    fn copy(&self, table: &str, said: &[(&str, String)], from: &str, count: u64) {
        let columns = self.sql(&format!(
            "SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
        ));
        let columns: Vec<&str> = columns.lines().collect();
        let value = |column: &&str| {
            let own = said.iter().find(|(name, _)| name == column);
            own.map_or_else(|| format!("t.{column}"), |(_, value)| value.clone())
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        // Nothing refers to what is not there: to look for it would take most of the time.
        let added = self.sql(&format!(
            "SET session_replication_role = replica; \
             WITH added AS (INSERT INTO {table} ({}) SELECT {} FROM {from} RETURNING 1) SELECT count(*) FROM added",
            columns.join(", "),
            values.join(", ")
        ));
        assert_eq!(added, count.to_string(), "{table}");
    }

    fn sql(&self, statements: &str) -> String {
        self.server.sql_in(self.database, statements)
    }
}

/// When an assessment was made, in milliseconds: a year between two of a client's, and one client after the other.
const MADE: &str = "(1600000000000 + n * 31536000000::bigint + g * 100)";

fn at() -> String {
    format!("timestamp '1970-01-01' + {MADE} * interval '1 millisecond'")
}

fn client() -> String {
    id("(1500000000000 + g)", "g")
}

fn assessment() -> String {
    id(MADE, "g")
}

/// Whether an assessment is a draft: some of the newest are.
fn draft() -> String {
    format!("g < {DRAFTS} AND n = {}", EACH - 1)
}

/// An id of this time, in milliseconds, that ends in this number.
fn id(time: &str, tail: &str) -> String {
    format!("(lpad(to_hex({time}), 12, '0') || '70008000' || lpad(to_hex({tail}), 12, '0'))::uuid::text")
}
