//! A load of calls over HTTP: some connections, each with one call after the other. It shares the cores with
//! what it measures, so it is one thread that does as little as it can.
use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What came of a load.
#[derive(Debug, Clone, Copy)]
pub struct Came {
    pub calls: u64,
    pub per_second: f64,
}

/// How long a load goes on.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    Over(Duration),
    Calls(u64),
}

/// Calls until it is over; `make` writes the request of each number. Every answer must have this status.
pub fn run(
    address: SocketAddr,
    connections: usize,
    until: Until,
    expected: u16,
    make: impl Fn(u64, &mut Vec<u8>),
) -> Came {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let (next, done) = (Cell::new(0), Cell::new(0));
    let begun = Instant::now();
    let call = async || {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut request, mut answer) = (vec![], vec![]);
        loop {
            let number: u64 = next.get();
            let over = match until {
                Until::Over(time) => begun.elapsed() >= time,
                Until::Calls(calls) => number >= calls,
            };
            if over {
                return;
            }
            next.set(number + 1);
            request.clear();
            make(number, &mut request);
            stream.write_all(&request).await.unwrap();
            let status = read(&mut stream, &mut answer).await;
            assert_eq!(status, expected, "{}", String::from_utf8_lossy(&answer));
            done.set(done.get() + 1);
        }
    };
    runtime.block_on(async { futures_util::future::join_all((0..connections).map(|_| call())).await });
    let calls = done.get();
    Came { calls, per_second: calls as f64 / begun.elapsed().as_secs_f64() }
}

/// Reads one answer to its end, and gives its status.
pub async fn read(stream: &mut TcpStream, answer: &mut Vec<u8>) -> u16 {
    answer.clear();
    let mut length = None;
    loop {
        assert!(stream.read_buf(answer).await.unwrap() > 0, "the connection was closed");
        if length.is_none() {
            length = whole(answer);
        }
        if length.is_some_and(|length| answer.len() >= length) {
            return std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
        }
    }
}

/// How long the answer is in all, once its head is there.
fn whole(answer: &[u8]) -> Option<usize> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    Some(end + 4 + length.expect("an answer with a length"))
}

/// A request without a body.
pub fn get(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// Writes a request with a JSON body, and perhaps a key.
pub fn post(request: &mut Vec<u8>, path: &str, token: &str, key: Option<&str>, body: &[u8]) {
    use std::io::Write as _;
    let length = body.len();
    write!(
        request,
        "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n"
    )
    .unwrap();
    if let Some(key) = key {
        write!(request, "idempotency-key: {key}\r\n").unwrap();
    }
    request.extend_from_slice(b"\r\n");
    request.extend_from_slice(body);
}

/// The median of what was measured.
pub fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}
