//! A fresh database for each test: a SQLite file in a temporary folder, or a schema of its own on the
//! PostgreSQL server that `make test` starts.
use diesel::{Connection as _, PgConnection, RunQueryDsl as _};

/// Which database a test runs on.
#[derive(Debug, Clone, Copy)]
pub enum Engine {
    Sqlite,
    Postgres,
}

pub struct Database {
    pub url: String,
    _folder: Option<tempfile::TempDir>,
    schema: Option<(String, String)>,
}

impl Database {
    pub fn create(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                Self {
                    url: format!("sqlite://{}", folder.path().join("test.db").display()),
                    _folder: Some(folder),
                    schema: None,
                }
            }
            Engine::Postgres => {
                let server = std::env::var("TEST_DATABASE_URL")
                    .expect("no PostgreSQL: run `make test`, which starts one, or set TEST_DATABASE_URL");
                let schema = format!("test_{}", uuid::Uuid::now_v7().simple());
                execute(&server, &format!("CREATE SCHEMA {schema}"));
                let separator = if server.contains('?') { '&' } else { '?' };
                Self {
                    url: format!("{server}{separator}options=-csearch_path%3D{schema}"),
                    _folder: None,
                    schema: Some((server, schema)),
                }
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, schema)) = &self.schema {
            execute(server, &format!("DROP SCHEMA {schema} CASCADE"));
        }
    }
}

fn execute(server: &str, statement: &str) {
    let mut conn = PgConnection::establish(server).unwrap();
    diesel::sql_query(statement).execute(&mut conn).unwrap();
}
