//! Limits against the real process: what is slow is cut while the others go on.
use crate::process::{Tasuke, prepare, sqlite};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tasuke::db::{Bounds, Db, StoreError};

fn request(token: &str, length: usize) -> Vec<u8> {
    format!(
        "POST /v1/clients HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
    .into_bytes()
}

/// What comes back on a connection until it is closed.
fn rest(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut all = vec![];
    let _ = stream.read_to_end(&mut all);
    String::from_utf8_lossy(&all).into_owned()
}

#[test]
fn two_thousand_slow_bodies_are_cut_while_good_requests_go_on() {
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(folder.path());
    let token = prepare(&url);
    let tasuke = Tasuke::serve(&url, &["--address-burst", "100000", "--tenant-burst", "100000"]);
    let head = request(&token, 1000);
    let mut slow: Vec<TcpStream> = (0..2000)
        .map(|_| {
            let mut stream = TcpStream::connect(tasuke.address).unwrap();
            stream.write_all(&head).unwrap();
            stream.write_all(b"{").unwrap();
            stream
        })
        .collect();
    // Good requests while they hang, until the last one is cut.
    let patience = Instant::now() + Duration::from_secs(60);
    let (mut good, mut cut) = (0, 0);
    while cut < slow.len() {
        assert!(Instant::now() < patience, "{cut} were cut");
        let asked = Instant::now();
        assert_eq!(tasuke.get("/v1/guidelines/ipa-sme/editions/3.1").unwrap().0, 200);
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        good += 1;
        for stream in &mut slow[cut..] {
            stream.set_nonblocking(true).unwrap();
            let mut answer = [0; 2048];
            match stream.read(&mut answer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Ok(length) => {
                    let text = String::from_utf8_lossy(&answer[..length]);
                    assert!(length == 0 || text.starts_with("HTTP/1.1 408 "), "{text}");
                }
                Err(_) => {}
            }
            cut += 1;
        }
    }
    println!("2000 slow bodies cut, {good} good requests meanwhile");
    assert!(good > 5);
}

#[test]
fn a_body_that_trickles_is_told_why_it_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(folder.path());
    let token = prepare(&url);
    let tasuke = Tasuke::serve(&url, &["--max-body-seconds", "1"]);
    let mut stream = TcpStream::connect(tasuke.address).unwrap();
    stream.write_all(&request(&token, 10)).unwrap();
    let told = rest(&mut stream);
    assert!(told.starts_with("HTTP/1.1 408 "), "{told}");
    assert!(told.contains("\"code\":\"body-too-slow\""), "{told}");
}

#[test]
fn a_head_that_does_not_end_and_a_connection_that_says_nothing_are_closed() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(folder.path());
    let tasuke = Tasuke::serve(&url, &["--header-seconds", "1", "--keep-alive-seconds", "1"]);
    let started = Instant::now();
    let mut slow = TcpStream::connect(tasuke.address).unwrap();
    slow.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n").unwrap();
    let told = rest(&mut slow);
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 408 "), "{told}");
    let mut idle = TcpStream::connect(tasuke.address).unwrap();
    idle.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert!(rest(&mut idle).starts_with("HTTP/1.1 200 "));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn no_way_of_saying_nothing_keeps_a_connection() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(folder.path());
    let token = prepare(&url);
    let short = ["--header-seconds", "1", "--keep-alive-seconds", "1", "--max-body-seconds", "1"];
    let tasuke = Tasuke::serve(&url, &short);
    let chunked = "transfer-encoding: chunked\r\n\r\n";
    let of_body = format!(
        "POST /v1/clients HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\n{chunked}"
    );
    let started = Instant::now();
    for said in [
        // A body that no handler reads, and that never ends.
        format!("GET /livez HTTP/1.1\r\nhost: x\r\n{chunked}"),
        format!("POST /v1/clients HTTP/1.1\r\nhost: x\r\n{chunked}"),
        // One that a handler reads, until it is too slow.
        of_body,
        // A second head that does not end.
        "GET /livez HTTP/1.1\r\nhost: x\r\n\r\nGET /l".to_owned(),
        // Nothing at all.
        String::new(),
    ] {
        let mut stream = TcpStream::connect(tasuke.address).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let closed = stream.read_to_end(&mut vec![]);
        let in_time = closed.as_ref().is_ok_and(|_| true)
            || closed.as_ref().is_err_and(|error| error.kind() == ErrorKind::ConnectionReset);
        assert!(in_time, "{said:?}: {closed:?}");
    }
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    // And who asks slowly, but asks, is answered.
    assert_eq!(tasuke.get("/livez").unwrap().0, 200);
}

#[test]
fn there_are_as_many_connections_as_the_limit_and_the_next_one_waits() {
    let folder = tempfile::tempdir().unwrap();
    let url = sqlite(folder.path());
    let tasuke = Tasuke::serve(&url, &["--max-connections", "4", "--workers", "1"]);
    let ask = |stream: &mut TcpStream| {
        stream.write_all(b"HEAD /livez HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(1500))).unwrap();
        stream.read(&mut [0; 1000]).is_ok_and(|length| length > 0)
    };
    let mut open: Vec<TcpStream> = vec![];
    for number in 1..=4 {
        let mut stream = TcpStream::connect(tasuke.address).unwrap();
        assert!(ask(&mut stream), "connection {number}");
        open.push(stream);
    }
    let mut next = TcpStream::connect(tasuke.address).unwrap();
    assert!(!ask(&mut next), "a fifth one is served");
    open.pop();
    next.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert!(next.read(&mut [0; 1000]).unwrap() > 0);
}

#[actix_web::test]
async fn as_many_commands_wait_for_the_database_as_the_queue_has_room_for() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = Bounds { queue: 2, ..Bounds::DEFAULT };
    let db = Db::open(&sqlite(folder.path()), bounds).unwrap();
    let busy = || {
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let work = db.read(move |_| {
            let _ = wait.recv();
            Ok::<_, StoreError>(())
        });
        (go, work)
    };
    let (one, two) = (busy(), busy());
    let third = async {
        // The two are under way once they are counted.
        while db.load().queued < 2 {
            actix_web::rt::task::yield_now().await;
        }
        let refused = db.answers().await;
        drop((one.0, two.0));
        refused
    };
    let (refused, first, second) = futures_util::join!(third, one.1, two.1);
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(first.is_ok() && second.is_ok());
    assert!(db.answers().await.is_ok());
}
