//! What the service sees to whatever its database is set to.
use crate::server::PostgresServer;
use actix_web::rt::System;
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _};
use futures_util::future::join_all;
use tasuke::db::{AnyConnection, Bounds, Db, StoreError};

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
    let shown =
        |conn: &mut AnyConnection| Ok::<Setting, StoreError>(diesel::sql_query(SHOW).get_result(conn)?);
    // Each by itself in a lane, and several that share one.
    let kept = System::new().block_on(async { join_all((0..20).map(|_| db.write(shown))).await });
    let kept: Vec<String> = kept.into_iter().map(|kept| kept.unwrap().synchronous_commit).collect();
    assert!(kept.iter().all(|one| *one == kept[0]), "{kept:?}");
    (found.synchronous_commit, kept[0].clone())
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
