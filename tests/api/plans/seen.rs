//! The statements that a service has had run.
use crate::support::Service;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Every statement that was run, by the database it was run on.
static SEEN: Mutex<BTreeMap<String, BTreeSet<String>>> = Mutex::new(BTreeMap::new());

/// Writes down the statements of one connection.
#[derive(Default)]
struct Watching {
    url: String,
}

impl Instrumentation for Watching {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => url.clone_into(&mut self.url),
            InstrumentationEvent::StartQuery { query, .. } => {
                let text = query.to_string();
                let statement = text.split(" -- binds").next().unwrap_or_default().trim().to_owned();
                let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
                seen.entry(self.url.clone()).or_default().insert(statement);
            }
            _ => {}
        }
    }
}

/// From now on every connection that is made is watched.
pub fn watch() {
    diesel::connection::set_default_instrumentation(|| Some(Box::<Watching>::default())).unwrap();
}

/// Every statement that this service has had run that looks for rows.
pub fn seen(service: &Service) -> Vec<String> {
    let place = service.url().trim_start_matches("sqlite://");
    let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let of_it = seen.into_iter().filter(|(url, _)| url.starts_with(place)).flat_map(|(_, seen)| seen);
    of_it
        .filter(|statement| ["SELECT", "UPDATE", "DELETE"].iter().any(|verb| statement.starts_with(verb)))
        .collect()
}
