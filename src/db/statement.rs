//! Statements for PostgreSQL in words of their own, prepared once in a connection: Diesel takes what it is given as text
//! for another statement each time, and many rows in one `INSERT` for another one with each number of rows.
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Untyped;
use diesel::{PgConnection, QueryResult, RunQueryDsl};

/// A statement of fixed texts and the values between them. There is to be a small number of different texts.
#[derive(Default)]
pub struct Statement<'a>(Vec<Part<'a>>);

enum Part<'a> {
    Text(&'static str),
    Value(Box<dyn QueryFragment<Pg> + 'a>),
}

impl<'a> Statement<'a> {
    #[must_use]
    pub fn text(mut self, text: &'static str) -> Self {
        self.0.push(Part::Text(text));
        self
    }

    /// A value with its type in SQL: `value.into_sql::<Text>()`.
    #[must_use]
    pub fn value(mut self, value: impl QueryFragment<Pg> + 'a) -> Self {
        self.0.push(Part::Value(Box::new(value)));
        self
    }
}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_sql(text),
                Part::Value(value) => value.walk_ast(out.reborrow())?,
            }
        }
        Ok(())
    }
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    // Its text tells it from others.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_> {
    type SqlType = Untyped;
}

impl RunQueryDsl<PgConnection> for Statement<'_> {}

/// `INSERT INTO table (...) SELECT * FROM unnest(...)`: rows by their columns, one array for each.
#[macro_export]
macro_rules! insert_columns {
    ($table:ident, $rows:expr, $row:ident { $first:ident, $($column:ident),+ $(,)? }) => {{
        use ::diesel::IntoSql as _;
        use ::diesel::sql_types::Array;
        let rows: &[_] = $rows;
        // A field that is not named here would not be stored.
        let _all = |row: &$row| { let $row { $first: _, $($column: _),+ } = row; };
        $crate::db::Statement::default()
            .text(concat!(
                "INSERT INTO ", stringify!($table), " (", stringify!($first), $(", ", stringify!($column)),+,
                ") SELECT * FROM unnest("
            ))
            .value(rows.iter().map(|row| &row.$first).collect::<Vec<_>>()
                .into_sql::<Array<::diesel::dsl::SqlTypeOf<$table::$first>>>())
            $(.text(", ").value(rows.iter().map(|row| &row.$column).collect::<Vec<_>>()
                .into_sql::<Array<::diesel::dsl::SqlTypeOf<$table::$column>>>()))+
            .text(")")
    }};
}

/// Adds rows: PostgreSQL takes several in one statement; SQLite needs no round trip for each, and keeps the
/// statement for one.
#[macro_export]
macro_rules! insert_rows {
    ($conn:expr, $table:ident, $rows:expr, $row:ident { $($column:ident),+ $(,)? }) => {{
        let mut rows: Vec<$row> = $rows.collect();
        match (&mut *$conn, rows.len()) {
            ($crate::db::AnyConnection::Postgres(c), 2..) => {
                $crate::insert_columns!($table, &rows, $row { $($column),+ }).execute(c)?;
            }
            (conn, _) => {
                for row in rows.drain(..) {
                    ::diesel::insert_into($table::table).values(row).execute(conn)?;
                }
            }
        }
    }};
}
