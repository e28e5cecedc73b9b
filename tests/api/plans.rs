//! How the databases go about what is asked of them: by an index, never through all tenants' rows.
use crate::support::{Answer, Caller, Engine, Service, gathered};
use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection as _};
use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Every statement that was run, by the database it was run on.
static SEEN: Mutex<BTreeMap<String, BTreeSet<String>>> = Mutex::new(BTreeMap::new());

/// Writes down the statements of one connection.
#[derive(Default)]
struct Watching {
    url: String,
}

impl Instrumentation for Watching {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => url.clone_into(&mut self.url),
            InstrumentationEvent::StartQuery { query, .. } => {
                let text = query.to_string();
                let statement = text.split(" -- binds").next().unwrap_or_default().trim().to_owned();
                let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
                seen.entry(self.url.clone()).or_default().insert(statement);
            }
            _ => {}
        }
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// A connection of the test's own.
enum Own {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Own {
    fn connect(service: &Service) -> Self {
        match service.url().strip_prefix("sqlite://") {
            Some(file) => {
                let mut conn = SqliteConnection::establish(file).unwrap();
                // The service seals its log meanwhile.
                conn.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
                Self::Sqlite(conn)
            }
            None => Self::Postgres(PgConnection::establish(service.url()).unwrap()),
        }
    }

    fn run(&mut self, statements: &str) {
        match self {
            Self::Postgres(conn) => conn.batch_execute(statements),
            Self::Sqlite(conn) => conn.batch_execute(statements),
        }
        .unwrap();
    }

    fn lines(&mut self, query: &str) -> Vec<String> {
        let rows: Vec<Line> = match self {
            Self::Postgres(conn) => diesel::sql_query(query).load(conn).unwrap(),
            Self::Sqlite(conn) => diesel::sql_query(query).load(conn).unwrap(),
        };
        rows.into_iter().map(|row| row.line).collect()
    }

    /// The tables that belong to tenants, those first that others refer to: as they were made.
    fn tables(&mut self) -> Vec<String> {
        self.lines(match self {
            Self::Postgres(_) => {
                "SELECT c.relname::text AS line FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
                 WHERE a.attname = 'tenant' AND c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace \
                 ORDER BY c.oid"
            }
            Self::Sqlite(_) => {
                "SELECT m.name AS line FROM sqlite_master m, pragma_table_info(m.name) p \
                 WHERE p.name = 'tenant' AND m.type = 'table' ORDER BY m.rowid"
            }
        })
    }

    fn columns(&mut self, table: &str) -> Vec<String> {
        self.lines(&match self {
            Self::Postgres(_) => format!(
                "SELECT attname::text AS line FROM pg_attribute WHERE attrelid = '{table}'::regclass \
                 AND attnum > 0 AND NOT attisdropped AND attname <> 'tenant'"
            ),
            Self::Sqlite(_) => {
                format!("SELECT name AS line FROM pragma_table_info('{table}') WHERE name <> 'tenant'")
            }
        })
    }

    /// Gives many tenants what this one has, and tells which tables became large.
    fn fill(&mut self, tenant: &str) -> BTreeSet<String> {
        const MANY: u32 = 2000;
        let numbers =
            format!("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {MANY})");
        self.run("BEGIN");
        self.run(&format!(
            "INSERT INTO tenants (slug, name, created_at) {numbers} SELECT 'x-' || n, 'X', '2026-01-01' FROM n"
        ));
        let tables = self.tables();
        for table in &tables {
            let columns = self.columns(table).join(", ");
            self.run(&format!(
                "INSERT INTO {table} (tenant, {columns}) {numbers} SELECT 'x-' || n, {columns} \
                 FROM {table} CROSS JOIN n WHERE tenant = '{tenant}' ON CONFLICT DO NOTHING"
            ));
        }
        self.run("COMMIT");
        self.run("ANALYZE");
        let is_large = |own: &mut Self, table: &String| {
            let count = format!(
                "WITH own AS (SELECT * FROM {table}) SELECT CAST(count(*) AS text) AS line FROM own"
            );
            own.lines(&count)[0].parse::<u32>().unwrap() >= MANY
        };
        tables.into_iter().filter(|table| is_large(self, table)).collect()
    }

    /// How the database would go about a statement, whatever its values.
    fn plan(&mut self, statement: &str) -> Vec<String> {
        match self {
            Self::Sqlite(conn) => {
                #[derive(QueryableByName)]
                struct Step {
                    #[diesel(sql_type = Text)]
                    detail: String,
                }
                let steps: Vec<Step> =
                    diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(conn).unwrap();
                steps.into_iter().map(|step| step.detail).collect()
            }
            Self::Postgres(conn) => {
                #[derive(QueryableByName)]
                struct Step {
                    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
                    step: String,
                }
                let values = (1..100).take_while(|n| statement.contains(&format!("${n}"))).count();
                let values = vec!["NULL"; values].join(", ");
                let values = if values.is_empty() { values } else { format!("({values})") };
                conn.batch_execute("SET plan_cache_mode = force_generic_plan").unwrap();
                conn.batch_execute(&format!("PREPARE asked AS {statement}")).unwrap();
                let steps: Vec<Step> =
                    diesel::sql_query(format!("EXPLAIN EXECUTE asked{values}")).load(conn).unwrap();
                conn.batch_execute("DEALLOCATE asked").unwrap();
                steps.into_iter().map(|step| step.step).collect()
            }
        }
    }
}

/// Every statement that this service has had run that looks for rows.
fn seen(service: &Service) -> Vec<String> {
    let place = service.url().trim_start_matches("sqlite://");
    let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let of_it = seen.into_iter().filter(|(url, _)| url.starts_with(place)).flat_map(|(_, seen)| seen);
    of_it
        .filter(|statement| ["SELECT", "UPDATE", "DELETE"].iter().any(|verb| statement.starts_with(verb)))
        .collect()
}

/// The table that a step goes through from its first row to its last.
fn whole_table(step: &str) -> Option<&str> {
    let step = step.trim_start().trim_start_matches("->").trim_start();
    // With an index it is read in its order, and a LIMIT ends it; without one it is not.
    let rest = step.strip_prefix("Seq Scan on ").or_else(|| step.strip_prefix("SCAN "))?;
    rest.split_whitespace().next()
}

/// Posts with an idempotency key.
fn keyed(caller: &Caller<'_>, path: &str, key: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    let body = serde_json::to_vec(body).unwrap();
    caller.send(&ureq::http::Method::POST, path, &headers, Some(&body))
}

fn submission(client: &Value, external_id: &str) -> Value {
    let answers: Vec<_> =
        (1..=5).map(|n| json!({"control": format!("basic-rule-{n}"), "status": "partial"})).collect();
    json!({
        "client_id": client, "questionnaire": "ipa-basic-rules-3.1", "external_id": external_id,
        "state": "submitted", "answers": answers,
    })
}

/// Makes something of everything that is kept, and asks for it in every way.
fn live(acme: &Caller<'_>) {
    let made = keyed(acme, "/v1/clients", "k-1", &json!({"name": "A", "external_id": "a"})).expect(201);
    let (client, id) = (made.json["id"].clone(), made.text("/id").to_owned());
    for name in ["s-1", "s-2"] {
        keyed(acme, "/v1/assessments", name, &submission(&client, name)).expect(201);
    }
    let draft = json!({"client_id": client, "questionnaire": "ipa-basic-rules-3.1"});
    let draft = acme.post("/v1/assessments", &draft).expect(201);
    let at = draft.header("location").to_owned();
    let answers = json!({"answers": [{"control": "basic-rule-1", "status": "implemented"}]});
    acme.patch(&at, draft.header("etag"), &answers).expect(200);
    let site = json!({"respondent": "本社", "answers": answers["answers"]});
    acme.post(&format!("{at}/responses"), &site).expect(201);
    let incident = json!({"client_id": client, "title": "A", "external_id": "t-1", "facts": {
        "incident": {"types": ["ransomware"], "stage": "initial", "severity": "critical",
            "cause": "external_attack", "aware_at": "2026-11-02T08:10:00+09:00"},
        "organization": {"can_handle_technically": "ruled_out", "is_sole_proprietor": false},
    }});
    let incident = acme.post("/v1/incidents", &incident).expect(201).header("location").to_owned();
    let first = acme.get(&format!("/v1/assessments?client_id={id}&limit=1")).expect(200).json;
    let submitted = first["items"][0]["id"].as_str().unwrap().to_owned();
    let second = acme.get(&format!("/v1/assessments?client_id={id}&limit=2")).expect(200).json;
    let later = second["items"][1]["id"].as_str().unwrap().to_owned();
    let next = first["next_cursor"].as_str().unwrap().to_owned();
    let questionnaire = "questionnaire=ipa-basic-rules-3.1";
    for path in [
        "/v1/clients?limit=2".to_owned(),
        "/v1/clients?external_id=a".to_owned(),
        format!("/v1/clients/{id}"),
        format!("/v1/clients/{id}/history?{questionnaire}"),
        format!("/v1/clients/{id}/standing"),
        "/v1/assessments".to_owned(),
        format!("/v1/assessments?client_id={id}&limit=1&after={next}"),
        format!("/v1/assessments?{questionnaire}&state=submitted"),
        "/v1/assessments?submitted_from=2026-01-01T00:00:00Z".to_owned(),
        format!("/v1/assessments/{submitted}"),
        format!("/v1/assessments/{submitted}/result"),
        format!("/v1/assessments/{later}/comparison?with={submitted}"),
        format!("/v1/assessments/{submitted}/plan"),
        format!("{at}/events"),
        format!("{at}/responses"),
        incident.clone(),
        format!("{incident}/plan"),
        format!("{incident}/timeline"),
        "/v1/incidents".to_owned(),
        format!("/v1/incidents?client_id={id}"),
        "/v1/contacts".to_owned(),
        "/v1/guidelines".to_owned(),
    ] {
        let answer = acme.get(&path);
        assert!([200, 409].contains(&answer.status), "{path}: {:#}", answer.json);
    }
}

#[rstest]
fn nothing_goes_through_all_tenants_rows(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    diesel::connection::set_default_instrumentation(|| Some(Box::<Watching>::default())).unwrap();
    let service = Service::start(engine);
    live(&service.tenant("acme"));
    let mut own = Own::connect(&service);
    let mut large = own.fill("acme");
    // A queue of everybody's that is emptied every second: it is never large.
    large.remove("audit_inbox");
    assert!(large.contains("assessments") && large.contains("incident_events"), "{large:?}");
    let mut asked = seen(&service);
    asked.retain(|statement| large.iter().any(|table| statement.contains(table.as_str())));
    assert!(asked.len() > 25, "only {} statements were seen", asked.len());
    let mut slow = vec![];
    for statement in &asked {
        let plan = own.plan(statement);
        if plan.iter().filter_map(|step| whole_table(step)).any(|table| large.contains(table)) {
            slow.push(format!("{statement}\n{}", plan.join("\n")));
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n\n"));
}

/// A database that is filled in its first minute knows nothing yet of how its rows lie.
#[rstest]
fn keys_are_looked_up_each_by_itself_before_there_are_statistics(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    diesel::connection::set_default_instrumentation(|| Some(Box::<Watching>::default())).unwrap();
    let service = Service::start(engine);
    let acme = service.tenant("acme");
    let client = acme.post("/v1/clients", &json!({"name": "A"})).expect(201).json["id"].clone();
    let mut own = Own::connect(&service);
    if let Own::Postgres(_) = own {
        own.run("ALTER TABLE idempotency_keys SET (autovacuum_enabled = false)");
    }
    let answers = gathered(&service, engine, 6, |n| {
        let name = format!("s-{n}");
        keyed(&acme, "/v1/assessments", &name, &submission(&client, &name))
    });
    for answer in answers {
        answer.expect(201);
    }
    let mut asked = seen(&service);
    asked.retain(|statement| statement.starts_with("SELECT") && statement.contains("idempotency_keys"));
    assert!(!asked.is_empty());
    for statement in asked {
        let plan = own.plan(&statement).join("\n");
        let is_by_key = match engine {
            Engine::Sqlite => plan.contains("(tenant=? AND route=? AND key=?)"),
            Engine::Postgres => {
                plan.lines().any(|step| step.contains("Index Cond:") && step.contains("(key = "))
            }
        };
        assert!(is_by_key, "{statement}\n{plan}");
    }
}
