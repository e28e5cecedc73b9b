//! Commands that come together share a transaction: what each of them hears, and what is stored.
use crate::databases::{Database, Engine};
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection};
use rstest::rstest;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};
use tasuke::db::{AnyConnection, Bounds, Db, StoreError};
use tokio::task::JoinHandle;

type Done<T> = Result<T, StoreError>;

/// A database with one lane and a list of notes.
struct Notes {
    db: Db,
    database: Database,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

const NAMES: &str = "SELECT name FROM notes ORDER BY name";
const COUNT: &str = "SELECT count(*) AS n FROM notes";

fn add(conn: &mut AnyConnection, name: &str) -> Done<()> {
    diesel::sql_query(format!("INSERT INTO notes (name) VALUES ('{name}')")).execute(conn)?;
    Ok(())
}

fn say(conn: &mut AnyConnection, name: &str) -> Done<()> {
    diesel::sql_query(format!("UPDATE notes SET said = said + 1 WHERE name = '{name}'")).execute(conn)?;
    Ok(())
}

fn names(conn: &mut AnyConnection) -> Done<Vec<String>> {
    let rows: Vec<Name> = diesel::sql_query(NAMES).load(conn)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

impl Notes {
    fn open(engine: Engine) -> Self {
        let database = Database::create(engine);
        let db = Db::open(&database.url, Bounds { lanes: 1, ..Bounds::DEFAULT }).unwrap();
        db.write_now(|conn| {
            conn.batch_execute(
                "CREATE TABLE notes (name TEXT PRIMARY KEY, \
                 after TEXT REFERENCES notes (name) DEFERRABLE INITIALLY DEFERRED, \
                 said INTEGER NOT NULL DEFAULT 0)",
            )
            .map_err(StoreError::from)
        })
        .unwrap();
        Self { db, database }
    }

    /// Keeps the lane busy until told to go on.
    async fn hold(&self) -> (Sender<()>, JoinHandle<Done<()>>) {
        let ((go, wait), (begun, is_begun)) = (channel(), channel());
        let db = self.db.clone();
        let held = actix_web::rt::spawn(async move {
            db.write(move |_| {
                let _ = begun.send(());
                let _ = wait.recv();
                Ok::<_, StoreError>(())
            })
            .await
        });
        while is_begun.try_recv().is_err() {
            actix_web::rt::task::yield_now().await;
        }
        (go, held)
    }

    /// Puts a command into the queue, after those that are in it.
    async fn send<T: Send + 'static>(
        &self,
        work: impl Fn(&mut AnyConnection) -> Done<T> + Send + 'static,
    ) -> JoinHandle<Done<T>> {
        let (db, before) = (self.db.clone(), self.db.load().queued);
        let sent = actix_web::rt::spawn(async move { db.write(work).await });
        while self.db.load().queued == before {
            actix_web::rt::task::yield_now().await;
        }
        sent
    }

    /// How many notes somebody else sees.
    fn outside(&self) -> impl Fn() -> i64 + Send + use<> {
        let url = self.database.url.clone();
        move || {
            let counted: Counted = if let Some(file) = url.strip_prefix("sqlite://") {
                let mut conn = SqliteConnection::establish(file).unwrap();
                diesel::sql_query(COUNT).get_result(&mut conn).unwrap()
            } else {
                let mut conn = PgConnection::establish(&url).unwrap();
                diesel::sql_query(COUNT).get_result(&mut conn).unwrap()
            };
            counted.n
        }
    }

    async fn said(&self) -> i64 {
        let sum = "SELECT CAST(sum(said) AS bigint) AS n FROM notes";
        let said = self.db.read(move |conn| {
            let said: Counted = diesel::sql_query(sum).get_result(conn)?;
            Ok::<_, StoreError>(said.n)
        });
        said.await.unwrap()
    }

    async fn kept(&self) -> Vec<String> {
        self.db.read(names).await.unwrap()
    }
}

#[rstest]
#[actix_web::test]
async fn a_command_that_fails_does_not_take_the_others_along(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    // A transaction that takes long leaves the last ones to the next: on a busy machine not each try shows
    // all of them in one.
    for _ in 0..10 {
        if share_with_some_that_fail(engine).await == 0 {
            return;
        }
    }
    panic!("they were never in one transaction");
}

/// How many notes somebody outside saw when the last command saw all of them.
async fn share_with_some_that_fail(engine: Engine) -> i64 {
    let notes = Notes::open(engine);
    let (go, held) = notes.hold().await;
    let outside = notes.outside();
    let first = notes.send(|conn| add(conn, "first")).await;
    let twice = notes.send(|conn| add(conn, "first")).await;
    let refused = notes
        .send(|conn| {
            add(conn, "refused")?;
            Err::<(), _>(StoreError::Stale)
        })
        .await;
    let last = notes.send(|conn| add(conn, "last")).await;
    let look = notes.send(move |conn| Ok((names(conn)?, outside()))).await;
    let panics = notes
        .send(|conn| -> Done<()> {
            add(conn, "panics")?;
            panic!("on purpose")
        })
        .await;
    go.send(()).unwrap();
    assert!(held.await.unwrap().is_ok());
    assert!(first.await.unwrap().is_ok());
    assert!(matches!(twice.await.unwrap(), Err(StoreError::Duplicate)));
    assert!(matches!(refused.await.unwrap(), Err(StoreError::Stale)));
    assert!(matches!(panics.await.unwrap(), Err(StoreError::Broken(_))));
    assert!(last.await.unwrap().is_ok());
    // In one transaction the last one sees what nobody outside does.
    let (inside, outside) = look.await.unwrap().unwrap();
    assert_eq!(inside, ["first", "last"]);
    assert_eq!(notes.kept().await, ["first", "last"]);
    // The lane goes on.
    assert!(notes.db.write(|conn| add(conn, "after")).await.is_ok());
    assert_eq!(notes.db.load().queued, 0);
    outside
}

#[rstest]
#[actix_web::test]
async fn a_commit_that_fails_is_nobodys_answer_but_its_cause(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let notes = Notes::open(engine);
    let (go, held) = notes.hold().await;
    let one = notes.send(|conn| add(conn, "one")).await;
    // Told only at the commit: nothing is there that this comes after.
    let dangling = notes
        .send(|conn| {
            let insert = "INSERT INTO notes (name, after) VALUES ('dangling', 'nothing')";
            diesel::sql_query(insert).execute(conn)?;
            Ok(())
        })
        .await;
    let two = notes.send(|conn| add(conn, "two")).await;
    go.send(()).unwrap();
    assert!(held.await.unwrap().is_ok());
    assert!(one.await.unwrap().is_ok());
    assert!(matches!(dangling.await.unwrap(), Err(StoreError::Contended(_))));
    assert!(two.await.unwrap().is_ok());
    assert_eq!(notes.kept().await, ["one", "two"]);
}

/// A work that takes a failed statement for nothing. PostgreSQL stores nothing then, whatever it is told.
fn careless(conn: &mut AnyConnection, name: &str) -> Done<()> {
    add(conn, name)?;
    drop(add(conn, name));
    Ok(())
}

#[rstest]
#[actix_web::test]
async fn what_is_acknowledged_is_stored_also_when_the_work_overlooks_a_failure(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let notes = Notes::open(engine);
    let alone = notes.db.write(|conn| careless(conn, "alone")).await;
    let (go, held) = notes.hold().await;
    let good = notes.send(|conn| add(conn, "good")).await;
    let shared = notes.send(|conn| careless(conn, "shared")).await;
    let last = notes.send(|conn| careless(conn, "last")).await;
    go.send(()).unwrap();
    assert!(held.await.unwrap().is_ok());
    assert!(good.await.unwrap().is_ok());
    let answers = [("alone", alone), ("shared", shared.await.unwrap()), ("last", last.await.unwrap())];
    let kept = notes.kept().await;
    for (name, answer) in answers {
        assert_eq!(answer.is_ok(), kept.iter().any(|kept| kept == name), "{name}: {answer:?}, {kept:?}");
    }
}

#[actix_web::test]
async fn who_waits_for_a_lock_does_not_hold_up_the_others() {
    let notes = Notes::open(Engine::Postgres);
    notes.db.write(|conn| add(conn, "locked")).await.unwrap();
    let mut other = PgConnection::establish(&notes.database.url).unwrap();
    other.batch_execute("BEGIN; UPDATE notes SET said = 1").unwrap();
    let (go, held) = notes.hold().await;
    let waits = notes.send(|conn| say(conn, "locked")).await;
    let free = notes.send(|conn| add(conn, "free")).await;
    let asked = Instant::now();
    go.send(()).unwrap();
    assert!(held.await.unwrap().is_ok());
    let free = free.await.unwrap();
    assert!(free.is_ok(), "{free:?}");
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    assert!(!waits.is_finished());
    // Also who comes later.
    assert!(notes.db.write(|conn| add(conn, "later")).await.is_ok());
    assert!(!waits.is_finished());
    other.batch_execute("COMMIT").unwrap();
    assert!(waits.await.unwrap().is_ok());
    assert_eq!(notes.said().await, 2);
}

#[actix_web::test]
async fn two_lanes_that_wait_for_each_other_both_go_on() {
    let notes = Notes::open(Engine::Postgres);
    // Before PostgreSQL would notice: it looks for deadlocks after a second, unless told otherwise.
    let url = notes.database.url.replacen("options=", "options=-c%20deadlock_timeout%3D60s%20", 1);
    assert_ne!(url, notes.database.url);
    let db = Db::open(&url, Bounds { lanes: 2, ..Bounds::DEFAULT }).unwrap();
    for name in ["a", "b"] {
        db.write(move |conn| add(conn, name)).await.unwrap();
    }
    // Each has one of the two by the time it asks for the other one.
    let both_have_one = Arc::new(Barrier::new(2));
    let (begun, is_begun) = channel();
    let work = |names: [&'static str; 2]| {
        let (db, begun, first_try) = (db.clone(), begun.clone(), AtomicBool::new(true));
        let both_have_one = Arc::clone(&both_have_one);
        actix_web::rt::spawn(async move {
            db.write(move |conn| {
                say(conn, names[0])?;
                let _ = begun.send(());
                if first_try.swap(false, Ordering::Relaxed) {
                    both_have_one.wait();
                }
                say(conn, names[1])
            })
            .await
        })
    };
    let one = work(["a", "b"]);
    while is_begun.try_recv().is_err() {
        actix_web::rt::task::yield_now().await;
    }
    let two = work(["b", "a"]);
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    assert_eq!(notes.said().await, 4);
}
