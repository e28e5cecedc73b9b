//! What a plan says of how rows are found.
use crate::support::Engine;

/// A step that finds rows of a table.
#[derive(Debug)]
pub struct Step {
    pub table: String,
    /// By which columns the index is gone into, and how: `=`, `>=`.
    pub by: Vec<(String, String)>,
}

/// Columns of which a tenant has many rows with the same value.
const WIDE: [&str; 5] = ["tenant", "state", "questionnaire", "route", "resource"];

impl Step {
    pub fn all(engine: Engine, plan: &[String]) -> Vec<Self> {
        match engine {
            Engine::Sqlite => plan.iter().filter_map(|line| Self::of_sqlite(line)).collect(),
            Engine::Postgres => {
                let at = |(n, line): (usize, &String)| Self::of_postgres(line, &plan[n + 1..]);
                plan.iter().enumerate().filter_map(at).collect()
            }
        }
    }

    fn of_sqlite(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("SEARCH ").or_else(|| line.strip_prefix("SCAN "))?;
        let table = rest.split_whitespace().next()?.to_owned();
        let inside = rest.split_once('(').map_or("", |(_, inside)| inside.trim_end_matches(')'));
        let by = inside.split(" AND ").filter_map(|condition| {
            let end = condition.find(['=', '<', '>'])?;
            Some((condition[..end].to_owned(), condition[end..].trim_end_matches('?').to_owned()))
        });
        Some(Self { table, by: by.collect() })
    }

    fn of_postgres(line: &str, after: &[String]) -> Option<Self> {
        const KINDS: [&str; 4] = ["Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan"];
        let step = line.trim_start().trim_start_matches("->").trim_start();
        let kind = KINDS.iter().find(|kind| step.starts_with(**kind))?;
        let table = step.split(" on ").nth(1)?.split_whitespace().next()?.to_owned();
        let name = if *kind == "Bitmap Heap Scan" { "Recheck Cond: " } else { "Index Cond: " };
        let own = after.iter().take_while(|line| !line.contains("->"));
        let conditions =
            own.filter_map(|line| line.trim_start().strip_prefix(name)).flat_map(|all| all.split(" AND "));
        let by = conditions.filter_map(|condition| {
            let mut words = condition.trim_start_matches('(').split_whitespace();
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        });
        Some(Self { table, by: by.collect() })
    }

    /// Whether it finds few rows, however many the tenant has: those of one thing.
    pub fn is_narrow(&self) -> bool {
        self.by.iter().any(|(column, how)| how == "=" && !WIDE.contains(&column.as_str()))
    }

    /// Whether it goes along an index as far as a page goes: each row that it finds is one of the page.
    pub fn is_page_of(&self, statement: &str) -> bool {
        let after = statement.split_once(" WHERE ").map_or("", |(_, after)| after);
        let Some((conditions, _)) = after.split_once(" LIMIT ") else { return false };
        let conditions =
            conditions.split_once(" ORDER BY ").map_or(conditions, |(conditions, _)| conditions);
        let by = |column: &str| self.by.iter().any(|(by, _)| by == column);
        // Of rows of the same time the ones before.
        let leads = |column: &String| by(column) || column == "id" && by("submitted_at");
        !self.by.is_empty() && columns(conditions).iter().all(leads)
    }
}

/// Whether rows are found first and put in order then.
pub fn sorts(plan: &[String]) -> bool {
    plan.iter().any(|line| line.contains("Sort") || line.contains("USE TEMP B-TREE FOR ORDER BY"))
}

/// The columns that are compared with something, as they stand.
fn columns(conditions: &str) -> Vec<String> {
    let quoted = conditions.replace('`', "\"");
    let names = quoted.split("\".\"").skip(1);
    names.filter_map(|name| name.split('"').next()).map(str::to_owned).collect()
}
