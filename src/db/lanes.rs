//! Commands that arrive together share one commit. Nothing waits for company: who finds a lane free has
//! it for itself, and who comes while all are busy goes with everybody else that did.
use super::command::{Command, Failed, Group};
use super::many::merged;
use super::{AnyConnection, Db, Retry as _, StoreError, transaction};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a transaction takes in more commands: the first one waits for the last.
const LONG_ENOUGH: Duration = Duration::from_millis(50);

/// What waits to be written, and how many lanes are at it.
pub struct Lanes {
    most: u32,
    together: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    busy: u32,
    waiting: Group,
    /// What is done again after it failed, each by itself.
    alone: Group,
}

/// The right to write, until nothing waits any more.
pub struct Lane {
    lanes: Arc<Lanes>,
    /// Whether the last one was alone: then it is the others' turn.
    was_alone: bool,
    over: bool,
}

impl Lanes {
    pub fn new(most: u32, together: u32) -> Arc<Self> {
        let together = usize::try_from(together.max(1)).unwrap_or(usize::MAX);
        Arc::new(Self { most: most.max(1), together, state: Mutex::default() })
    }

    /// Puts a command at the end of the queue; gives a lane when one is free, which is to be served then.
    pub fn join(self: &Arc<Self>, command: Box<dyn Command>) -> Option<Lane> {
        let mut state = self.state();
        state.waiting.push_back(command);
        let free = state.busy < self.most;
        if free {
            state.busy += 1;
        }
        free.then(|| Lane { lanes: Arc::clone(self), was_alone: false, over: false })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // While it is held commands are moved and nothing else: one that is answered or taken apart runs what is
        // not ours, which may panic, or come back here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    /// What is to be done next, in one transaction. With nothing left the lane is over, before anybody
    /// else can join.
    fn next(&mut self) -> Option<Group> {
        let mut state = self.lanes.state();
        let many = state.waiting.len().min(self.lanes.together);
        self.was_alone = !(state.alone.is_empty() || self.was_alone && many > 0);
        if self.was_alone {
            return state.alone.pop_front().map(|command| Group::from([command]));
        }
        if many == 0 {
            state.busy -= 1;
            self.over = true;
            return None;
        }
        Some(state.waiting.drain(..many).collect())
    }

    fn do_alone(&self, commands: Group) {
        let mut apart: Group = commands.into_iter().flat_map(Command::apart).collect();
        self.lanes.state().alone.append(&mut apart);
    }

    fn put_back(&self, mut commands: Group) {
        let mut state = self.lanes.state();
        commands.append(&mut state.waiting);
        state.waiting = commands;
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if !self.over {
            self.lanes.state().busy -= 1;
        }
    }
}

impl Db {
    /// Serves a lane until nothing waits for it.
    pub(super) fn serve(&self, mut lane: Lane) {
        while let Some(group) = lane.next() {
            let group = still_waited_for(group);
            match group.len() {
                0 => {}
                1 => group.into_iter().for_each(|command| self.alone(&lane, command)),
                _ => self.together(&lane, group),
            }
        }
    }

    /// One command in a transaction of its own.
    fn alone(&self, lane: &Lane, mut command: Box<dyn Command>) {
        let begun = Instant::now();
        let done = self.connection().map_err(Failed::from).and_then(|mut conn| {
            transaction::in_lane(&mut conn, |conn| {
                // Waiting for the lock may have taken all the time there was.
                if command.is_waited_for() { command.run(conn) } else { Err(nobody_waits().into()) }
            })
        });
        let in_the_way = match &done {
            Err(Failed::Contended) => true,
            Err(Failed::Transaction(error)) => error.may_help(),
            _ => false,
        };
        // Who waited for a lock may wait on, as long as its caller does.
        let waited = begun.elapsed() >= transaction::LOCK_WAIT;
        if in_the_way && command.is_waited_for() && (waited || command.may_be_tried_again()) {
            tracing::debug!("another transaction was in the way");
            return lane.do_alone(Group::from([command]));
        }
        if in_the_way {
            tracing::warn!("another transaction was in the way too often");
        }
        match done {
            Err(Failed::Transaction(error)) => command.fail(error),
            _ => fail(command.answer(), &nobody_waits()),
        }
    }

    fn together(&self, lane: &Lane, group: Group) {
        let mut conn = match self.connection() {
            Ok(conn) => conn,
            Err(error) => return fail(group, &error),
        };
        // Each in a step of its own costs PostgreSQL two round trips more, and hardly any fails: first
        // without. In SQLite a step is next to nothing.
        let in_steps = matches!(**conn, AnyConnection::Sqlite(_));
        let mut came = shared(&mut conn, group, in_steps);
        if let Came::Undone(group) = came {
            came = shared(&mut conn, still_waited_for(group), true);
        }
        match came {
            Came::Committed { done, contended, late } => {
                lane.put_back(late);
                lane.do_alone(contended);
                lane.do_alone(done.into_iter().flat_map(Command::answer).collect());
            }
            Came::Undone(group) => lane.do_alone(group),
            // It is not there, or it is not known what became of them.
            Came::Failed(group, error @ StoreError::Unavailable(_)) => fail(group, &error),
            Came::Failed(group, error) => {
                tracing::debug!(%error, "a shared transaction failed: each for itself");
                lane.do_alone(group);
            }
        }
    }
}

/// What became of commands that shared a transaction.
enum Came {
    /// What is done is to be answered, what was in somebody's way to be done again, and what came too
    /// late for it to be done next.
    Committed { done: Group, contended: Group, late: Group },
    /// One of them failed: none is done.
    Undone(Group),
    /// The transaction failed: none is done, as far as can be told.
    Failed(Group, StoreError),
}

fn shared(conn: &mut AnyConnection, mut group: Group, in_steps: bool) -> Came {
    if let Err(error) = transaction::begin_in_lane(conn) {
        return Came::Failed(group, error);
    }
    // Waiting for the lock may have taken all the time there was.
    group = merged(still_waited_for(group));
    let begun = Instant::now();
    let (mut done, mut contended) = (Group::new(), Group::new());
    while let Some(mut command) = group.pop_front() {
        let ran = if in_steps {
            transaction::step(conn, |conn| command.run(conn))
        } else {
            Ok(command.run(conn))
        };
        match &ran {
            // It has no answer, and its caller hears that.
            Ok(Err(Failed::Panicked)) => drop(command),
            Ok(Err(Failed::Contended)) => contended.push_back(command),
            _ => done.push_back(command),
        }
        match ran {
            Err(error) | Ok(Err(Failed::Transaction(error))) => {
                transaction::rollback(conn);
                return Came::Failed([done, contended, group].into_iter().flatten().collect(), error);
            }
            Ok(Err(_)) if !in_steps => {
                transaction::rollback(conn);
                return Came::Undone([done, contended, group].into_iter().flatten().collect());
            }
            Ok(_) if begun.elapsed() > LONG_ENOUGH => break,
            Ok(_) => {}
        }
    }
    match transaction::commit(conn) {
        Ok(()) => Came::Committed { done, contended, late: group },
        Err(error) => Came::Failed([done, contended, group].into_iter().flatten().collect(), error),
    }
}

fn still_waited_for(group: Group) -> Group {
    let (waited_for, gone): (Group, Group) = group.into_iter().partition(|command| command.is_waited_for());
    fail(gone, &nobody_waits());
    waited_for
}

fn fail(group: Group, error: &StoreError) {
    let why = match error {
        StoreError::Unavailable(cause) => cause.to_string(),
        other => other.to_string(),
    };
    for command in group {
        command.fail(StoreError::unavailable(&*why));
    }
}

/// Why a command is not begun, or not again: its caller was told to ask again, and would have it done
/// twice.
fn nobody_waits() -> StoreError {
    StoreError::unavailable("its caller does not wait any more")
}

#[cfg(test)]
mod tests {
    use super::super::command::{Command, Failed, Group};
    use super::super::{AnyConnection, Bounds, Db, StoreError};
    use super::Lanes;
    use std::sync::{Arc, Mutex};

    /// A command that looks whether the lanes are free while it is told something.
    struct Looking {
        lanes: Arc<Lanes>,
        /// What comes of its first runs.
        fails: Vec<Failed>,
        seen: Arc<Mutex<Vec<(&'static str, bool)>>>,
    }

    impl Looking {
        fn look(&self, when: &'static str) {
            self.seen.lock().unwrap().push((when, self.lanes.state.try_lock().is_ok()));
        }
    }

    impl Command for Looking {
        fn is_waited_for(&self) -> bool {
            self.look("asked");
            true
        }

        fn may_be_tried_again(&mut self) -> bool {
            self.look("tried again");
            true
        }

        fn run(&mut self, _: &mut AnyConnection) -> Result<(), Failed> {
            self.look("run");
            self.fails.pop().map_or(Ok(()), Err)
        }

        fn answer(self: Box<Self>) -> Group {
            self.look("answered");
            Group::new()
        }

        fn fail(self: Box<Self>, _: StoreError) {
            self.look("failed");
        }

        fn apart(self: Box<Self>) -> Group {
            self.look("apart");
            Group::from([self as Box<dyn Command>])
        }
    }

    #[test]
    fn nothing_of_a_command_runs_while_the_lanes_are_held() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let db = Db::open(&url, Bounds::DEFAULT).unwrap();
        let seen: Arc<Mutex<Vec<(&'static str, bool)>>> = Arc::default();
        let looking =
            |fails| Box::new(Looking { lanes: Arc::clone(&db.lanes), fails, seen: Arc::clone(&seen) });
        // Two that share a transaction and are answered, one that is in somebody's way, there and when it is alone.
        let lane = db.lanes.join(looking(vec![])).unwrap();
        assert!(db.lanes.join(looking(vec![])).is_none());
        assert!(db.lanes.join(looking(vec![Failed::Contended, Failed::Contended])).is_none());
        db.serve(lane);
        let seen = seen.lock().unwrap();
        let count = |what| seen.iter().filter(|(when, _)| *when == what).count();
        assert_eq!((count("run"), count("apart"), count("answered")), (5, 2, 3), "{seen:?}");
        assert!(seen.iter().all(|(_, is_free)| *is_free), "{seen:?}");
    }
}
