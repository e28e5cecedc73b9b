//! Commands of one kind that are done in one run when they come together: with few statements for all.
use super::command::{Caller, Command, Failed, Group};
use super::{AnyConnection, Retry, StoreError};
use std::any::{Any, TypeId};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One or several, for the same tenant.
pub struct Many<I, T, E, W> {
    of: String,
    work: W,
    calls: Vec<(I, Caller<T, E>)>,
}

impl<I, T, E, W> Many<I, T, E, W> {
    pub fn new(of: String, item: I, work: W, caller: Caller<T, E>) -> Self {
        Self { of, work, calls: vec![(item, caller)] }
    }
}

impl<I, T, E, W> Command for Many<I, T, E, W>
where
    I: Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Retry + Send + 'static,
    W: Fn(&mut AnyConnection, &[&I]) -> Result<Vec<Result<T, E>>, E> + Copy + Send + 'static,
{
    fn is_waited_for(&self) -> bool {
        self.calls.iter().any(|(_, caller)| caller.is_there())
    }

    fn may_be_tried_again(&mut self) -> bool {
        self.calls.iter_mut().all(|(_, caller)| caller.may_try_again())
    }

    fn run(&mut self, conn: &mut AnyConnection) -> Result<(), Failed> {
        let Self { work, calls, .. } = self;
        let ran = {
            let items: Vec<&I> = calls.iter().map(|(item, _)| item).collect();
            // Of several requests the log tells the first.
            let span = calls.first().map_or_else(tracing::Span::none, |(_, caller)| caller.span.clone());
            catch_unwind(AssertUnwindSafe(|| span.in_scope(|| work(conn, &items))))
        };
        match (ran, calls.as_mut_slice()) {
            (Ok(Ok(done)), calls) if done.len() == calls.len() => {
                for ((_, caller), done) in calls.iter_mut().zip(done) {
                    caller.keep(done);
                }
                // What is refused to one of several was refused before anything was written for it.
                if let [(_, caller)] = calls { caller.kept() } else { Ok(()) }
            }
            (Ok(Err(error)), [(_, caller)]) => {
                caller.keep(Err(error));
                caller.kept()
            }
            // Whose fault it is shows when each is done alone.
            (_, [_, _, ..]) => Err(Failed::Contended),
            (_, calls) => {
                for (_, caller) in calls.iter_mut() {
                    caller.forget();
                }
                Err(Failed::Panicked)
            }
        }
    }

    fn answer(self: Box<Self>) -> Group {
        let Self { of, work, calls } = *self;
        let mut again = Group::new();
        for (item, mut caller) in calls {
            if matches!(caller.kept(), Err(Failed::Contended)) && caller.may_try_again() {
                again.push_back(Box::new(Self { of: of.clone(), work, calls: vec![(item, caller)] }));
            } else {
                caller.tell_kept();
            }
        }
        again
    }

    fn fail(self: Box<Self>, error: StoreError) {
        for (_, mut caller) in self.calls {
            caller.tell(Err(StoreError::unavailable(error.to_string()).into()));
        }
    }

    fn kind(&self) -> Option<(TypeId, &str)> {
        Some((TypeId::of::<Self>(), &self.of))
    }

    fn take_in(&mut self, other: Box<dyn Any>) {
        if let Ok(other) = other.downcast::<Self>() {
            self.calls.extend(other.calls);
        }
    }

    fn apart(self: Box<Self>) -> Group {
        let Self { of, work, calls } = *self;
        let one = |call| Box::new(Self { of: of.clone(), work, calls: vec![call] }) as Box<dyn Command>;
        calls.into_iter().map(one).collect()
    }
}

/// Makes one of those that can be done in one run.
pub fn merged(group: Group) -> Group {
    let mut merged = Group::new();
    for command in group {
        let kind = command.kind();
        let same = |first: &&mut Box<dyn Command>| kind.is_some() && first.kind() == kind;
        match merged.iter_mut().find(same) {
            Some(first) => first.take_in(command as Box<dyn Any>),
            None => merged.push_back(command),
        }
    }
    merged
}
