//! What the service does after it has answered: it seals the entries of the audit log, every second.
use std::time::{Duration, Instant};
use tasuke::audit;
use tasuke::db::{Bounds, Db};

/// Waits until all entries in this database are sealed: the seconds.
pub fn sealed(url: &str) -> f64 {
    let begun = Instant::now();
    // Under a name of its own: those of the service are counted.
    let url = if url.starts_with("sqlite:") { url.into() } else { format!("{url}?application_name=bench") };
    let db = Db::open(&url, Bounds { connections: 1, ..Bounds::DEFAULT }).unwrap();
    while !db.read_now(audit::inbox_is_empty).unwrap() {
        assert!(begun.elapsed() < Duration::from_secs(300), "the audit log is not sealed");
        std::thread::sleep(Duration::from_millis(20));
    }
    begun.elapsed().as_secs_f64()
}
