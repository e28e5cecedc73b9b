//! The rows of a tenant as they lie in the database, whatever tables there are.
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::Text;
use tasuke::db::{AnyConnection, Db, StoreError};
use tasuke::on_backend;

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    said: String,
}

/// A table with a column `tenant`, and the columns it has.
struct Table {
    name: String,
    columns: Vec<(String, bool)>,
}

const SQLITE_COLUMNS: &str = "SELECT m.name AS table_name, p.name AS column_name, p.type AS kind \
     FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table' ORDER BY m.name, p.cid";
const POSTGRES_COLUMNS: &str = "SELECT table_name::text, column_name::text, data_type::text AS kind \
     FROM information_schema.columns WHERE table_schema = current_schema() \
     ORDER BY table_name, ordinal_position";

fn tables(conn: &mut AnyConnection) -> Result<Vec<Table>, StoreError> {
    let columns: Vec<Column> = match conn {
        AnyConnection::Sqlite(c) => diesel::sql_query(SQLITE_COLUMNS).load(c)?,
        AnyConnection::Postgres(c) => diesel::sql_query(POSTGRES_COLUMNS).load(c)?,
    };
    let mut tables: Vec<Table> = vec![];
    for column in columns {
        if tables.last().is_none_or(|table| table.name != column.table_name) {
            tables.push(Table { name: column.table_name, columns: vec![] });
        }
        let is_text = column.kind.eq_ignore_ascii_case("text");
        tables.last_mut().unwrap().columns.push((column.column_name, is_text));
    }
    tables.retain(|table| table.columns.iter().any(|(name, _)| name == "tenant"));
    assert!(tables.len() >= 10, "the tables of tenants were not found");
    Ok(tables)
}

/// The log of what was done is sealed beside the calls, out of one table into another: its rows are the same in
/// either, but for their number and hash. The first of the two is read first, so that none is overlooked.
fn is_of_the_log(table: &str) -> bool {
    table.starts_with("audit_")
}

/// Every row of the tenant in every table, in a fixed order.
pub fn of(db: &Db, tenant: &str) -> Vec<String> {
    let read = |conn: &mut AnyConnection| -> Result<Vec<String>, StoreError> {
        let mut all = vec![];
        for Table { name, columns } in tables(conn)?.into_iter().rev().filter(|t| t.name != "audit_heads") {
            let is_log = is_of_the_log(&name);
            let told = if is_log { "audit" } else { name.as_str() };
            let said: Vec<String> = columns
                .iter()
                .filter(|(column, _)| !(is_log && ["sequence", "hash"].contains(&column.as_str())))
                .map(|(column, _)| format!("coalesce(CAST({column} AS TEXT), '-')"))
                .collect();
            let statement = format!(
                "SELECT '{told}: ' || {} AS said FROM {name} WHERE tenant = '{tenant}' ORDER BY 1",
                said.join(" || ' | ' || ")
            );
            let rows: Vec<Row> = on_backend!(conn, c => diesel::sql_query(&statement).load(c))?;
            all.extend(rows.into_iter().map(|row| row.said));
        }
        all.sort();
        all.dedup();
        Ok(all)
    };
    db.write_now(read).unwrap()
}

/// Fails with the rows that are not the same.
#[track_caller]
pub fn same(before: &[String], after: &[String]) {
    let gone: Vec<_> = before.iter().filter(|row| !after.contains(row)).collect();
    let new: Vec<_> = after.iter().filter(|row| !before.contains(row)).collect();
    assert!(
        gone.is_empty() && new.is_empty() && before.len() == after.len(),
        "gone: {gone:#?}\nnew: {new:#?}"
    );
}

pub fn run(db: &Db, statement: &str) -> Result<(), StoreError> {
    db.write_now(|conn: &mut AnyConnection| {
        on_backend!(conn, c => diesel::sql_query(statement).execute(c))?;
        Ok(())
    })
}

/// Makes many of the tenant's rows in a table, told apart by these columns.
pub fn multiply(db: &Db, tenant: &str, table: &str, names: &[&str], times: usize) {
    let all = db.write_now(tables).unwrap();
    let table = all.iter().find(|known| known.name == table).expect("there is such a table");
    let columns: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
    let values: Vec<String> =
        columns
            .iter()
            .map(|name| {
                if names.contains(name) { format!("one.{name} || '-' || n") } else { format!("one.{name}") }
            })
            .collect();
    let statement = format!(
        "WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < {times}) \
         INSERT INTO {0} ({1}) SELECT {2} FROM (SELECT * FROM {0} WHERE tenant = '{tenant}' LIMIT 1) one, many",
        table.name,
        columns.join(", "),
        values.join(", ")
    );
    run(db, &statement).unwrap();
}

/// Gives `to` everything that `from` has, under the same ids and names; in texts the word `old` becomes `new`.
pub fn copy(db: &Db, (from, to): (&str, &str), (old, new): (&str, &str)) {
    let mut left = db.write_now(tables).unwrap();
    // A log that was copied is no log: its hashes and signatures name the tenant.
    left.retain(|table| !is_of_the_log(&table.name));
    // A table that refers to another comes after it.
    while !left.is_empty() {
        let before = left.len();
        left.retain(|table| {
            let names: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
            let values: Vec<String> = table
                .columns
                .iter()
                .map(|(name, is_text)| match name.as_str() {
                    "tenant" => format!("'{to}'"),
                    name if *is_text => format!("replace({name}, '{old}', '{new}')"),
                    name => name.to_owned(),
                })
                .collect();
            let statement = format!(
                "INSERT INTO {0} ({1}) SELECT {2} FROM {0} WHERE tenant = '{from}'",
                table.name,
                names.join(", "),
                values.join(", ")
            );
            run(db, &statement).is_err()
        });
        assert!(
            left.len() < before,
            "these cannot be copied: {:?}",
            left.iter().map(|t| &t.name).collect::<Vec<_>>()
        );
    }
}
