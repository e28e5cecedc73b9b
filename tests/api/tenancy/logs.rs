//! The logs of two tenants are sealed, verified and pruned apart, although their entries have the same ids and
//! numbers.
use crate::support::{Engine, Service};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use rstest::rstest;
use tasuke::audit::{self, Acceptance, Accepting, Round, Signer, Whose};
use tasuke::db::{AnyConnection, StoreError};
use tasuke::sealer::Sealer;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(conn: &mut AnyConnection, table: &str, tenant: &str) -> i64 {
    let all = format!("SELECT count(*) AS count FROM {table} WHERE tenant = '{tenant}'");
    diesel::sql_query(all).get_result::<Count>(conn).unwrap().count
}

/// Notes something, with an id that others may have as well.
fn note(conn: &mut AnyConnection, tenant: &str, id: &str) {
    let row = format!(
        "INSERT INTO audit_inbox (tenant, id, at, subject, action, effect, resource, resource_id, address, request_id, \
         detail) VALUES ('{tenant}', '{id}', '2026-11-01 00:00:00', 's', 'a', 'created', 'client', 'x', '', '', '{{}}')"
    );
    assert_eq!(diesel::sql_query(row).execute(conn).unwrap(), 1);
}

/// Seals what there is of this tenant. Other logs of the server may be sealed meanwhile.
fn seal(conn: &mut AnyConnection, signer: &Signer, tenant: &str, now: DateTime<Utc>) {
    let whose = Whose::Only(tenant.to_owned());
    let mut round = Round::Busy;
    while round == Round::Busy {
        std::thread::yield_now();
        round = audit::seal(conn, signer, &whose, now).unwrap();
    }
    assert_eq!(round, Round::Done, "{tenant}");
}

fn is_whole(conn: &mut AnyConnection, signer: &Signer, tenant: &str, events: usize) {
    let verified = audit::verify(conn, signer, tenant, &[]).unwrap();
    assert_eq!((verified.findings, verified.events), (vec![], events), "{tenant}");
}

#[rstest]
fn a_log_is_sealed_verified_pruned_and_accepted_beside_another(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::start(engine);
    let sealer = Sealer::open(&service.db).unwrap();
    let (signer, now) = (sealer.signer(), "2026-11-02T00:00:00Z".parse().unwrap());
    // In one transaction, so that nobody else seals.
    let story = |conn: &mut AnyConnection| {
        for tenant in ["acme", "rival"] {
            note(conn, tenant, "one");
        }
        seal(conn, signer, "acme", now);
        assert_eq!((count(conn, "audit_inbox", "acme"), count(conn, "audit_inbox", "rival")), (0, 1));
        seal(conn, signer, "rival", now);
        // The head of the same day goes, and the neighbour's at the same place stays.
        note(conn, "acme", "two");
        seal(conn, signer, "acme", now);
        is_whole(conn, signer, "acme", 2);
        is_whole(conn, signer, "rival", 1);

        let later = now + TimeDelta::days(10);
        assert_eq!(audit::prune(conn, signer, "acme", later)?, 2);
        is_whole(conn, signer, "acme", 0);
        is_whole(conn, signer, "rival", 1);

        // A log that nothing holds up is not accepted for the sake of one that is longer or was forged.
        for _ in 0..3 {
            note(conn, "acme", &tasuke::clock::new_id());
        }
        seal(conn, signer, "acme", later);
        let reference = "INC-1".parse().unwrap();
        let accept = |conn: &mut AnyConnection, tenant: &str| {
            let acceptance = Acceptance::of("three".into(), tenant, &reference, &[]);
            audit::accept(conn, signer, &acceptance, later).unwrap()
        };
        let forged = "UPDATE audit_heads SET base_hash = 'x' WHERE tenant = 'acme' AND sequence = 5";
        assert_eq!(diesel::sql_query(forged).execute(conn).unwrap(), 1);
        assert_eq!(accept(conn, "rival"), Accepting::NotStuck);
        // And that which is damaged goes on where it ended itself.
        let gone = "DELETE FROM audit_heads WHERE tenant = 'rival'";
        assert_eq!(diesel::sql_query(gone).execute(conn).unwrap(), 1);
        assert_eq!(accept(conn, "rival"), Accepting::GoesOn { sequence: 2 });
        assert_eq!(count(conn, "audit_heads", "acme"), 2);
        Ok::<_, StoreError>(())
    };
    service.db.write_now(story).unwrap();
}
