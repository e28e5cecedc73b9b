//! What the service sees to whatever its database is set to.
use crate::server::PostgresServer;
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _};
use tasuke::db::{Bounds, Db, StoreError};

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    synchronous_commit: String,
}

/// What a session has that has just begun, and what the service then has.
fn settings(server: &PostgresServer) -> (String, String) {
    const SHOW: &str = "SHOW synchronous_commit";
    let mut conn = PgConnection::establish(&server.url()).unwrap();
    let found: Setting = diesel::sql_query(SHOW).get_result(&mut conn).unwrap();
    let db = Db::open(&server.url(), Bounds::DEFAULT).unwrap();
    let kept = db.read_now(|conn| Ok::<Setting, StoreError>(diesel::sql_query(SHOW).get_result(conn)?));
    (found.synchronous_commit, kept.unwrap().synchronous_commit)
}

#[test]
fn a_commit_is_on_disk_whatever_the_role_or_the_database_says() {
    let server = PostgresServer::start();
    let mut conn = PgConnection::establish(&server.url()).unwrap();
    for (altered, said, kept) in [
        ("DATABASE postgres SET synchronous_commit = off", "off", "on"),
        ("ROLE tasuke SET synchronous_commit = off", "off", "on"),
        ("DATABASE postgres RESET synchronous_commit", "off", "on"),
        ("ROLE tasuke SET synchronous_commit = local", "local", "local"),
        ("ROLE tasuke SET synchronous_commit = remote_apply", "remote_apply", "remote_apply"),
    ] {
        conn.batch_execute(&format!("ALTER {altered}")).unwrap();
        assert_eq!(settings(&server), (said.to_owned(), kept.to_owned()), "{altered}");
    }
}
