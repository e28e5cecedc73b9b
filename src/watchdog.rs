//! Connections that hold their place and ask for nothing. The framework has a deadline for the first
//! head on a connection and for idle ones; not for later heads, nor for what is left of a body that
//! nobody read. Here every connection that is in no handler for too long is shut.
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use std::any::Any;
use std::net::Shutdown;
use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// All connections of this process.
#[derive(Debug, Clone, Default)]
pub struct Watchdog(Arc<Mutex<Vec<Weak<Watched>>>>);

/// One connection. Lives as long as the framework keeps it.
#[derive(Debug)]
pub struct Watched {
    socket: std::net::TcpStream,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Handlers under way.
    busy: u32,
    /// Since when there is none.
    since: Instant,
}

/// A handler under way on a connection.
#[derive(Debug)]
pub struct Busy(Arc<Watched>);

impl Watched {
    pub fn begin(connection: &Arc<Self>) -> Busy {
        connection.change(1);
        Busy(Arc::clone(connection))
    }

    /// Something goes on here, though no handler is under way: an answer is being sent as a stream.
    pub fn touch(&self) {
        self.change(0);
    }

    fn change(&self, by: i32) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.busy = state.busy.saturating_add_signed(by);
        state.since = Instant::now();
    }

    fn is_stuck(&self, longest: Duration) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.busy == 0 && state.since.elapsed() > longest
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.change(-1);
    }
}

impl Watchdog {
    /// Takes note of a new connection.
    pub fn watch(&self, connection: &dyn Any, extensions: &mut Extensions) {
        let Some(stream) = connection.downcast_ref::<TcpStream>() else { return };
        let socket = match stream.as_fd().try_clone_to_owned() {
            Ok(socket) => std::net::TcpStream::from(socket),
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be watched");
                return;
            }
        };
        let state = Mutex::new(State { busy: 0, since: Instant::now() });
        let watched = Arc::new(Watched { socket, state });
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&watched));
        extensions.insert(watched);
    }

    /// Looks at every connection again and again, and shuts those that were in no handler for longer
    /// than `longest`.
    pub async fn guard(self, longest: Duration) {
        loop {
            actix_web::rt::time::sleep(Duration::from_millis(500)).await;
            let mut connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            connections.retain(|connection| {
                let Some(watched) = connection.upgrade() else { return false };
                if watched.is_stuck(longest) {
                    // It is gone already, or goes now.
                    let _ = watched.socket.shutdown(Shutdown::Both);
                    return false;
                }
                true
            });
        }
    }
}
