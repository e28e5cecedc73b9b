//! Work that waits to be done, whatever comes of it.
use super::{ATTEMPTS, AnyConnection, Retry, StoreError, controls};
use std::any::{Any, TypeId};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::Span;

pub type Group = VecDeque<Box<dyn Command>>;

/// One command of somebody who waits, or one that was made of several. It may run several times; the last
/// time counts.
pub trait Command: Any + Send {
    /// Whether a caller is still there for the answer.
    fn is_waited_for(&self) -> bool;
    /// Counts a try that came to nothing; whether there may be one more.
    fn may_be_tried_again(&mut self) -> bool;
    /// Runs the work and keeps what comes of it.
    fn run(&mut self, conn: &mut AnyConnection) -> Result<(), Failed>;
    /// Tells the callers what came of it the last time; gives back what is to be done again.
    fn answer(self: Box<Self>) -> Group;
    /// Tells the callers that it was not done.
    fn fail(self: Box<Self>, error: StoreError);
    /// What it can be done in one run with: the same work for the same tenant.
    fn kind(&self) -> Option<(TypeId, &str)> {
        None
    }
    /// Takes in one of the same kind.
    fn take_in(&mut self, _other: Box<dyn Any>) {}
    /// The commands that it is made of.
    fn apart(self: Box<Self>) -> Group;
}

/// Why a run is undone.
#[derive(Debug)]
pub enum Failed {
    /// The work says no, and that is the answer.
    Refused,
    /// Another transaction was in the way, or one of several that were done in one run.
    Contended,
    Panicked,
    /// The transaction itself.
    Transaction(StoreError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Transaction(error)
    }
}

/// Where the answer goes.
pub type Answer<T, E> = oneshot::Receiver<Result<T, E>>;

/// Somebody who waits for an answer.
pub struct Caller<T, E> {
    /// The request that it belongs to, for the log.
    pub span: Span,
    deadline: Instant,
    tries: u32,
    done: Option<Result<T, E>>,
    /// Until it is answered: who asked, and the place in the queue.
    waits: Option<(oneshot::Sender<Result<T, E>>, OwnedSemaphorePermit)>,
}

impl<T, E: From<StoreError> + Retry> Caller<T, E> {
    pub fn with_answer(deadline: Instant, place: OwnedSemaphorePermit) -> (Self, Answer<T, E>) {
        let (caller, answer) = oneshot::channel();
        let waits = Some((caller, place));
        (Self { span: Span::current(), deadline, tries: 0, done: None, waits }, answer)
    }

    pub fn is_there(&self) -> bool {
        Instant::now() < self.deadline && self.waits.as_ref().is_some_and(|(caller, _)| !caller.is_closed())
    }

    pub fn may_try_again(&mut self) -> bool {
        self.tries += 1;
        self.tries < ATTEMPTS
    }

    /// Keeps what came of the work.
    pub fn keep(&mut self, done: Result<T, E>) {
        if controls::answers_early() {
            self.tell(done);
        } else {
            self.done = Some(done);
        }
    }

    /// What came of it last.
    pub fn kept(&self) -> Result<(), Failed> {
        match &self.done {
            Some(Err(error)) if error.may_help() => Err(Failed::Contended),
            Some(Err(_)) => Err(Failed::Refused),
            _ => Ok(()),
        }
    }

    /// Nothing came of it: without a word the caller hears that by itself.
    pub fn forget(&mut self) {
        self.done = None;
    }

    pub fn tell(&mut self, done: Result<T, E>) {
        if let Some((caller, place)) = self.waits.take() {
            drop(place);
            // Whoever has gone meanwhile asks again, and finds it done.
            drop(caller.send(done));
        }
    }

    pub fn tell_kept(&mut self) {
        if let Some(done) = self.done.take() {
            self.tell(done);
        }
    }
}

/// One command.
pub struct Waiting<T, E, W> {
    work: W,
    caller: Caller<T, E>,
}

impl<T, E, W> Waiting<T, E, W> {
    pub fn new(work: W, caller: Caller<T, E>) -> Self {
        Self { work, caller }
    }
}

impl<T, E, W> Command for Waiting<T, E, W>
where
    T: Send + 'static,
    E: From<StoreError> + Retry + Send + 'static,
    W: Fn(&mut AnyConnection) -> Result<T, E> + Send + 'static,
{
    fn is_waited_for(&self) -> bool {
        self.caller.is_there()
    }

    fn may_be_tried_again(&mut self) -> bool {
        self.caller.may_try_again()
    }

    fn run(&mut self, conn: &mut AnyConnection) -> Result<(), Failed> {
        let Self { work, caller } = self;
        let Ok(done) = catch_unwind(AssertUnwindSafe(|| caller.span.in_scope(|| work(conn)))) else {
            caller.forget();
            return Err(Failed::Panicked);
        };
        caller.keep(done);
        caller.kept()
    }

    fn answer(mut self: Box<Self>) -> Group {
        self.caller.tell_kept();
        Group::new()
    }

    fn fail(mut self: Box<Self>, error: StoreError) {
        self.caller.tell(Err(error.into()));
    }

    fn apart(self: Box<Self>) -> Group {
        Group::from([self as Box<dyn Command>])
    }
}
