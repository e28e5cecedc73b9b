//! S8: how long good calls take beside a flood of bad tokens, from one address and from many.
use crate::Size;
use crate::load::{get, median, read};
use crate::program::{Program, folder, prepare, token};
use crate::report::{Bound, Report, Row};
use crate::submissions::{CLIENTS, Submitting, add_clients, answer_sets};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tasuke::secret::Secret;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpSocket;
use tokio::time::{MissedTickBehavior, interval};

/// Good calls a second, from one address: less than its limit, and its tenant's.
const GOOD: u64 = 150;
const BAD: u64 = 10_000;
/// Connections that send bad tokens.
const SENDING: u64 = 200;

pub fn measure(size: &Size, report: &mut Report) {
    let folder = folder();
    let url = format!("sqlite://{}", folder.path().join("tasuke.db").display());
    prepare(&url);
    let token = token(&url, "bench");
    let answers = {
        let unlimited = Program::serve(&url, &[]);
        add_clients(&unlimited, &token, CLIENTS);
        answer_sets(&unlimited, &token, 50)
    };
    let submitting = Submitting::new(size, &token, &url, &answers);
    let ours = Program::serve_as_shipped(&url);
    let good = |round: u64| {
        submitting.begin(round);
        // Mostly reads, as portals do.
        paced_good(ours.address, size, |n, to| match n % 4 {
            0 => submitting.write(n, to),
            _ => to.extend(get(&format!("/v1/clients?external_id=c-{}", n % CLIENTS), &token)),
        })
    };
    let bad = bad_tokens(&token);
    for (from, addresses) in [("one address", 1), ("200 addresses", SENDING)] {
        let (mut alone, mut beside, mut floods) = (vec![], vec![], vec![]);
        for round in 0..size.rounds {
            let number = u64::try_from(round).unwrap() * 2 + addresses * 1000;
            alone.push(good(number));
            let over = AtomicBool::new(false);
            let sent = AtomicU64::new(0);
            std::thread::scope(|scope| {
                scope.spawn(|| flood(ours.address, addresses, &bad, &over, &sent));
                let begun = Instant::now();
                beside.push(good(number + 1));
                floods.push(sent.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64());
                over.store(true, Ordering::Relaxed);
            });
            println!(
                "  from {from}, round {} of {}: p99 {:.2} ms alone, {:.2} ms beside {:.0} bad tokens a second",
                round + 1,
                size.rounds,
                alone[round],
                beside[round],
                floods[round]
            );
        }
        let (alone, beside) = (median(alone), median(beside));
        report.add(Row {
            id: "S8",
            what: format!("p99 of good calls beside {:.0} bad tokens a second from {from}", median(floods)),
            ours: format!("{beside:.2} ms"),
            reference: format!("without them: {alone:.2} ms"),
            value: beside / alone,
            bound: Bound::AtMost(2.0),
        });
    }
}

/// Tokens that are not good: each kind is refused at another place.
fn bad_tokens(good: &str) -> Vec<String> {
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let turned: String = signature.chars().rev().collect();
    let (_, claims) = signed.split_once('.').unwrap();
    // {"alg":"EdDSA","typ":"at+jwt","kid":"none-of-ours"}
    let unknown = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6Im5vbmUtb2Ytb3VycyJ9";
    vec![
        format!("{signed}.{turned}"),
        format!("{unknown}.{claims}.{signature}"),
        "no-token-at-all".into(),
        // A respondent's link as we make them: only the database knows that it is none.
        Secret::fresh("tsk_link_bench").unwrap().reveal().to_owned(),
    ]
}

/// Sends good calls, each at its time whether or not those before are answered; the 99th percentile in
/// milliseconds, from when a call was to be sent.
fn paced_good(address: SocketAddr, size: &Size, make: impl Fn(u64, &mut Vec<u8>)) -> f64 {
    const CONNECTIONS: u64 = 10;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let begun = Instant::now();
    let each = Duration::from_secs(CONNECTIONS) / u32::try_from(GOOD).unwrap();
    let connection = async |number: u64| {
        let mut stream = TcpSocket::new_v4().unwrap().connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut request, mut answer, mut took) = (vec![], vec![], vec![]);
        // Evenly spread over the time between two calls of one connection.
        let mut due = begun + each * u32::try_from(number).unwrap() / u32::try_from(CONNECTIONS).unwrap();
        let mut n = number;
        while due < begun + size.round * 2 {
            tokio::time::sleep_until(due.into()).await;
            request.clear();
            make(n, &mut request);
            stream.write_all(&request).await.unwrap();
            let status = read(&mut stream, &mut answer).await;
            assert!(matches!(status, 200 | 201), "{}", String::from_utf8_lossy(&answer));
            took.push(due.elapsed().as_secs_f64() * 1e3);
            due += each;
            n += CONNECTIONS;
        }
        took
    };
    let all = futures_util::future::join_all((0..CONNECTIONS).map(connection));
    let mut took = runtime.block_on(all).concat();
    took.sort_by(f64::total_cmp);
    took[took.len() * 99 / 100]
}

/// Sends bad tokens until it is over, from so many addresses.
fn flood(address: SocketAddr, addresses: u64, bad: &[String], over: &AtomicBool, sent: &AtomicU64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let requests: Vec<Vec<u8>> = bad.iter().map(|token| get("/v1/clients", token)).collect();
    let connection = async |number: u64| {
        let socket = TcpSocket::new_v4().unwrap();
        let own = Ipv4Addr::new(127, 0, 1, u8::try_from(number % addresses).unwrap() + 1);
        socket.bind((own, 0).into()).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut answer = vec![];
        let mut tick = interval(Duration::from_secs(SENDING) / u32::try_from(BAD).unwrap());
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut n = usize::try_from(number).unwrap();
        while !over.load(Ordering::Relaxed) {
            tick.tick().await;
            let request = &requests[n % requests.len()];
            stream.write_all(request).await.unwrap();
            let status = read(&mut stream, &mut answer).await;
            assert!(matches!(status, 401 | 429), "{}", String::from_utf8_lossy(&answer));
            sent.fetch_add(1, Ordering::Relaxed);
            n += 1;
        }
    };
    runtime.block_on(async { futures_util::future::join_all((0..SENDING).map(connection)).await });
}
