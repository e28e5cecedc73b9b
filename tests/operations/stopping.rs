//! The end of the process.
use crate::process::{Tasuke, get, sqlite};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn sigterm_ends_it_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut tasuke = Tasuke::serve(&sqlite(folder.path()), &[]);
    tasuke.signal("TERM");
    assert_eq!(tasuke.ended().0, Some(0));
    assert!(get(tasuke.address, "/livez").is_none());
}

#[test]
fn it_tells_that_it_is_about_to_stop_and_still_answers() {
    let folder = tempfile::tempdir().unwrap();
    let mut tasuke = Tasuke::serve(&sqlite(folder.path()), &["--drain-seconds", "30"]);
    tasuke.signal("TERM");
    let patience = Instant::now() + Duration::from_secs(10);
    while tasuke.get("/readyz").unwrap().0 != 503 {
        assert!(Instant::now() < patience, "it stays ready");
    }
    assert_eq!(tasuke.get("/livez").unwrap().0, 200);
    assert_eq!(tasuke.get("/v1/guidelines").unwrap().0, 200);
    // A second signal: at once.
    tasuke.signal("TERM");
    assert_eq!(tasuke.ended().0, Some(0));
}

#[test]
fn a_client_that_does_not_read_cannot_hold_it_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut tasuke = Tasuke::serve(&sqlite(folder.path()), &["--shutdown-seconds", "1"]);
    let mut stuck = TcpStream::connect(tasuke.address).unwrap();
    // Far more than the buffers between us take.
    for _ in 0..100 {
        stuck.write_all(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    }
    stuck.read_exact(&mut [0; 10]).unwrap();
    let started = Instant::now();
    tasuke.signal("TERM");
    assert_eq!(tasuke.ended().0, Some(0));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}
