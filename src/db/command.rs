//! Work that waits to be done, whatever comes of it.
use super::{ATTEMPTS, AnyConnection, Retry, StoreError, controls};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::Span;

/// One command of somebody who waits. It may run several times; the last time counts.
pub trait Command: Send {
    /// Whether the caller is still there for the answer.
    fn is_waited_for(&self) -> bool;
    /// Counts a try that came to nothing; whether there may be one more.
    fn may_be_tried_again(&mut self) -> bool;
    /// Runs the work and keeps what comes of it.
    fn run(&mut self, conn: &mut AnyConnection) -> Result<(), Failed>;
    /// Tells the caller what came of it the last time.
    fn answer(self: Box<Self>);
    /// Tells the caller that it was not done.
    fn fail(self: Box<Self>, error: StoreError);
}

/// Why a run is undone.
#[derive(Debug)]
pub enum Failed {
    /// The work says no, and that is the answer.
    Refused,
    /// Another transaction was in the way.
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

pub struct Waiting<T, E, W> {
    work: W,
    /// The request that it belongs to, for the log.
    span: Span,
    deadline: Instant,
    tries: u32,
    done: Option<Result<T, E>>,
    /// Until it is answered: who asked, and the place in the queue.
    caller: Option<(oneshot::Sender<Result<T, E>>, OwnedSemaphorePermit)>,
}

impl<T, E, W> Waiting<T, E, W>
where
    T: Send + 'static,
    E: From<StoreError> + Retry + Send + 'static,
    W: Fn(&mut AnyConnection) -> Result<T, E> + Send + 'static,
{
    /// The command, and where its answer comes.
    pub fn with_answer(
        work: W,
        deadline: Instant,
        place: OwnedSemaphorePermit,
    ) -> (Box<dyn Command>, oneshot::Receiver<Result<T, E>>) {
        let (caller, answer) = oneshot::channel();
        let (span, caller) = (Span::current(), Some((caller, place)));
        (Box::new(Self { work, span, deadline, tries: 0, done: None, caller }), answer)
    }

    fn tell(&mut self, done: Result<T, E>) {
        if let Some((caller, place)) = self.caller.take() {
            drop(place);
            // Whoever has gone meanwhile asks again, and finds it done.
            drop(caller.send(done));
        }
    }
}

impl<T, E, W> Command for Waiting<T, E, W>
where
    T: Send + 'static,
    E: From<StoreError> + Retry + Send + 'static,
    W: Fn(&mut AnyConnection) -> Result<T, E> + Send + 'static,
{
    fn is_waited_for(&self) -> bool {
        Instant::now() < self.deadline
            && self.caller.as_ref().is_some_and(|(caller, _)| !caller.is_closed())
    }

    fn may_be_tried_again(&mut self) -> bool {
        self.tries += 1;
        self.tries < ATTEMPTS
    }

    fn run(&mut self, conn: &mut AnyConnection) -> Result<(), Failed> {
        let Self { work, span, .. } = &*self;
        let Ok(done) = catch_unwind(AssertUnwindSafe(|| span.in_scope(|| work(conn)))) else {
            // Nobody is told anything: the caller hears that by itself.
            self.done = None;
            return Err(Failed::Panicked);
        };
        let came = match &done {
            Ok(_) => Ok(()),
            Err(error) if error.may_help() => Err(Failed::Contended),
            Err(_) => Err(Failed::Refused),
        };
        if controls::answers_early() {
            self.tell(done);
        } else {
            self.done = Some(done);
        }
        came
    }

    fn answer(mut self: Box<Self>) {
        if let Some(done) = self.done.take() {
            self.tell(done);
        }
    }

    fn fail(mut self: Box<Self>, error: StoreError) {
        self.tell(Err(error.into()));
    }
}
