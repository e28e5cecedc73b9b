//! A connection of the test's own to the service's database: it fills tables, and asks how statements would be done.
use crate::support::Service;
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection};
use std::collections::BTreeSet;
use tasuke::db::SESSION;

/// How often everything is there that was there once.
const MANY: u32 = 1000;

/// Columns that hold a name: what refers to a row is named as it is.
const NAMES: [&str; 13] = [
    "id",
    "external_id",
    "client_id",
    "assessment_id",
    "incident_id",
    "account_id",
    "resource_id",
    "name",
    "key",
    "place",
    "secret",
    "jti",
    "guideline",
];

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// A line of what PostgreSQL explains.
#[derive(QueryableByName)]
pub struct Told {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    pub line: String,
}

/// A connection of the test's own.
pub enum Own {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Own {
    pub fn connect(service: &Service) -> Self {
        let Some(file) = service.url().strip_prefix("sqlite://") else {
            let mut own = Self::Postgres(PgConnection::establish(service.url()).unwrap());
            // It goes about things as the service's own connections do.
            own.run(SESSION);
            own.run("SET plan_cache_mode = force_generic_plan");
            for table in own.tables() {
                // It would count rows while there are few, whenever it comes by.
                own.run(&format!("ALTER TABLE {table} SET (autovacuum_enabled = false)"));
            }
            return own;
        };
        let mut conn = SqliteConnection::establish(file).unwrap();
        // The service seals its log meanwhile.
        conn.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
        Self::Sqlite(conn)
    }

    pub fn run(&mut self, statements: &str) {
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

    /// Gives this tenant a thousand times what it has, under other names, and a thousand other tenants what it had;
    /// tells which tables became large.
    pub fn fill(&mut self, tenant: &str) -> BTreeSet<String> {
        let numbers =
            format!("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {MANY})");
        self.run("BEGIN");
        self.run(&format!(
            "INSERT INTO tenants (slug, name, created_at) {numbers} SELECT 'x-' || n, 'X', '2026-01-01' FROM n"
        ));
        let tables = self.tables();
        for table in &tables {
            let columns = self.columns(table);
            let others = |column: &String| match column.as_str() {
                "sequence" if table.starts_with("audit_") => "sequence + 1000000 * n".to_owned(),
                name if NAMES.contains(&name) => format!("{name} || '-' || n"),
                name => name.to_owned(),
            };
            let values: Vec<String> = columns.iter().map(others).collect();
            let (columns, values) = (columns.join(", "), values.join(", "));
            self.run(&format!(
                "INSERT INTO {table} (tenant, {columns}) {numbers} SELECT 'x-' || n, {values} \
                 FROM {table} CROSS JOIN n WHERE tenant = '{tenant}' ON CONFLICT DO NOTHING"
            ));
            self.run(&format!(
                "INSERT INTO {table} (tenant, {columns}) {numbers} SELECT '{tenant}', {values} \
                 FROM {table} CROSS JOIN n WHERE tenant = '{tenant}'"
            ));
        }
        self.run("COMMIT");
        let is_large = |own: &mut Self, table: &String| {
            let count = format!(
                "WITH own AS (SELECT * FROM {table} WHERE tenant = '{tenant}') \
                 SELECT CAST(count(*) AS text) AS line FROM own"
            );
            own.lines(&count)[0].parse::<u32>().unwrap() >= MANY
        };
        tables.into_iter().filter(|table| is_large(self, table)).collect()
    }

    /// What the database itself looks for: the row that a new one refers to, and those that refer to one that goes.
    pub fn looks_of_its_own(&mut self) -> Vec<String> {
        let keys = self.lines(match self {
            Self::Postgres(_) => {
                "SELECT c.conrelid::regclass || ' ' || c.confrelid::regclass || ' ' \
                 || (SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.conrelid AND attnum = ANY (c.conkey)) \
                 || ' ' || (SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.confrelid AND attnum = ANY (c.confkey)) AS line \
                 FROM pg_constraint c WHERE contype = 'f' AND cardinality(conkey) > 1 \
                 AND connamespace = current_schema()::regnamespace"
            }
            Self::Sqlite(_) => {
                "SELECT m.name || ' ' || k.\"table\" || ' ' || group_concat(k.\"from\") || ' ' || group_concat(k.\"to\") AS line \
                 FROM sqlite_master m, pragma_foreign_key_list(m.name) k WHERE m.type = 'table' \
                 GROUP BY m.name, k.id HAVING count(*) > 1"
            }
        });
        assert!(keys.len() > 6, "{keys:?}");
        let both = |key: &String| {
            let [child, parent, from, to] = *key.split(' ').collect::<Vec<_>>() else { panic!("{key}") };
            let equal = |columns: &str| {
                let equal = columns.split(',').zip(1..).map(|(column, n)| format!("{column} = ${n}"));
                equal.collect::<Vec<_>>().join(" AND ")
            };
            [
                format!("SELECT 1 FROM {parent} WHERE {}", equal(to)),
                format!("DELETE FROM {child} WHERE {}", equal(from)),
            ]
        };
        keys.iter().flat_map(both).collect()
    }

    /// How the database would go about a statement, whatever its values.
    pub fn plan(&mut self, statement: &str) -> Vec<String> {
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
                let values = (1..100).take_while(|n| statement.contains(&format!("${n}"))).count();
                let values = vec!["NULL"; values].join(", ");
                let values = if values.is_empty() { values } else { format!("({values})") };
                conn.batch_execute(&format!("PREPARE asked AS {statement}")).unwrap();
                let steps: Vec<Told> =
                    diesel::sql_query(format!("EXPLAIN EXECUTE asked{values}")).load(conn).unwrap();
                conn.batch_execute("DEALLOCATE asked").unwrap();
                steps.into_iter().map(|step| step.line).collect()
            }
        }
    }
}
