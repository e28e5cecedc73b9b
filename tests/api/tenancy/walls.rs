//! Takes down each of the walls that keep tenants and clients apart, one at a time: somebody must notice. The walls
//! are found in the sources, so that a new one is tried the day it exists.
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// One `wall!` that stands in a statement; of a macro `mine!`, one for each use of it.
struct Wall {
    /// As `wall!` calls it: file, line and kind.
    name: String,
    /// The sources say that another wall stands before it, so that nobody can notice.
    is_second: bool,
    /// The sources say that it stands in a statement of PostgreSQL: elsewhere nobody can notice.
    is_of_postgres: bool,
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("db/wall.rs")
        {
            found.push(path);
        }
    }
}

/// What kinds of wall this text has.
fn kinds(text: &str) -> Vec<String> {
    text.split("wall!(").skip(1).map(|rest| rest.split('"').nth(1).unwrap().to_owned()).collect()
}

/// What `mine!` puts up that a file of the folder `store` has from `store.rs` above it.
fn of_mine_above(file: &Path) -> Vec<String> {
    let above = file.parent().unwrap().with_extension("rs");
    let text = if above.ends_with("store.rs") { fs::read_to_string(above).unwrap() } else { String::new() };
    let rest = text.split_once("macro_rules! mine {").map_or("", |(_, rest)| rest);
    kinds(rest.split_once("\n}\n").map_or("", |(of_mine, _)| of_mine))
}

fn walls() -> Vec<Wall> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![];
    sources(&root.join("src"), &mut files);
    files.sort();
    let mut walls = vec![];
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(root).unwrap().display().to_string();
        let text = text.split("#[cfg(test)]").next().unwrap();
        // What `mine!` puts up, it puts up wherever it is used.
        let (before, rest) = text.split_once("macro_rules! mine {").unwrap_or((text, ""));
        let (of_mine, after) = rest.split_once("\n}\n").unwrap_or(("", ""));
        let of_mine = if of_mine.is_empty() { of_mine_above(&file) } else { kinds(of_mine) };
        let skipped = text.len() - after.len();
        for (from, part) in [(0, before), (skipped, after)] {
            let mut comment = String::new();
            let first = text[..from].lines().count();
            for (number, line) in part.lines().enumerate() {
                let code = line.trim();
                if code.starts_with("//") {
                    comment.push_str(code);
                    continue;
                }
                let here = if code.contains("mine!(") { of_mine.clone() } else { vec![] };
                assert!(
                    !here.is_empty() || !code.contains("mine!("),
                    "{name}: {code}: its walls were not found"
                );
                let at = part.lines().take(number).map(|line| line.len() + 1).sum::<usize>();
                let own = if code.contains("wall!(") { kinds(&part[at..])[..1].to_vec() } else { vec![] };
                for kind in here.into_iter().chain(own) {
                    walls.push(Wall {
                        name: format!("{name}:{} {kind}", first + number + 1),
                        is_second: comment.contains(&format!("Second wall ({kind})")),
                        is_of_postgres: comment.contains("On PostgreSQL only"),
                    });
                }
                if code.ends_with([';', '{', '}']) {
                    comment.clear();
                }
            }
        }
    }
    walls
}

/// What the names of the tests hold that are likely to notice that a wall is down; and of the others.
fn rounds(wall: &str) -> [&'static [&'static str]; 2] {
    if wall.starts_with("src/audit/") {
        [&["tenancy::logs::", "audit"], &["tenancy::"]]
    } else {
        [&["tenancy::"], &["audit"]]
    }
}

/// The first test that fails while this wall is down.
fn notices(wall: &str, engine: &str, patience: Duration) -> Option<String> {
    rounds(wall).iter().find_map(|tests| failing(wall, engine, tests, patience))
}

fn failing(wall: &str, engine: &str, tests: &[&str], patience: Duration) -> Option<String> {
    // Nothing is to outlive a test: where there is a disk in memory, it is much faster.
    let memory = Path::new("/dev/shm");
    let disk = if memory.is_dir() { memory.into() } else { std::env::temp_dir() };
    let folder = tempfile::tempdir_in(disk).unwrap();
    let other = if engine == "Sqlite" { "Postgres" } else { "Sqlite" };
    let run = Command::new(std::env::current_exe().unwrap())
        .args(tests)
        .args(["--skip", "tenancy::walls::", "--skip", other])
        .env("TASUKE_WALL_DOWN", wall)
        .env("TMPDIR", folder.path())
        .env_remove("RUST_BACKTRACE")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    first_failure(run.unwrap(), patience)
}

/// The test runner would go on to its last test: it is ended at the first that fails. Without a wall one may also
/// never end.
fn first_failure(mut run: Child, patience: Duration) -> Option<String> {
    let (tell, told) = mpsc::channel();
    let lines = BufReader::new(run.stdout.take().unwrap()).lines();
    let reader = std::thread::spawn(move || {
        // Nobody listens any more when one has failed.
        lines.map_while(Result::ok).try_for_each(|line| tell.send(line))
    });
    let (begun, mut passed) = (Instant::now(), 0);
    let failed = loop {
        match told.recv_timeout(patience.saturating_sub(begun.elapsed())) {
            Ok(line) if line.ends_with("... ok") => passed += 1,
            Ok(line) => {
                if let Some((test, _)) = line.split_once(" ... FAILED") {
                    break Some(test.trim_start_matches("test ").to_owned());
                }
            }
            Err(RecvTimeoutError::Timeout) => break Some("one that never ends".to_owned()),
            Err(RecvTimeoutError::Disconnected) => break None,
        }
    };
    if failed.is_some() {
        run.kill().unwrap();
    }
    drop((told, reader));
    let ended = run.wait().unwrap();
    assert!(passed > 0 || !ended.success(), "no test was run");
    failed.or_else(|| (!ended.success()).then(|| format!("{ended}")))
}

#[test]
#[ignore = "takes minutes: `make mutants-tenancy`"]
fn somebody_notices_when_a_wall_is_down() {
    let asked = std::env::var("ENGINE").unwrap_or_else(|_| "Sqlite".to_owned());
    let only = std::env::var("WALL").unwrap_or_default();
    let walls: Vec<Wall> = walls().into_iter().filter(|wall| wall.name.contains(&only)).collect();
    assert!(walls.len() >= 50 || !only.is_empty(), "the walls were not found");
    let engine_of = |wall: &Wall| if wall.is_of_postgres { "Postgres" } else { asked.as_str() };
    let (begun, mut wrong) = (Instant::now(), vec![]);
    for engine in walls.iter().map(engine_of).collect::<BTreeSet<_>>() {
        let failed = notices("none", engine, Duration::from_secs(600));
        assert_eq!(failed, None, "fails on {engine} with every wall standing");
    }
    // Much longer than it takes with every wall standing.
    let patience = Duration::from_secs(30) + begun.elapsed() * 3;
    let (mut tried, mut killed, mut second) = (0, 0, 0);
    for wall in &walls {
        let (since, engine) = (Instant::now(), engine_of(wall));
        let noticed = notices(&wall.name, engine, patience);
        let told = match (&noticed, wall.is_second) {
            (Some(test), false) => format!("noticed by {test}"),
            (None, true) => format!("second wall on {engine}"),
            (None, false) => format!("NOT NOTICED on {engine}"),
            (Some(test), true) => {
                format!("NOTICED by {test}, but the sources say that another wall stands before it")
            }
        };
        println!("{} ({:.1} s): {told}", wall.name, since.elapsed().as_secs_f32());
        if noticed.is_some() == wall.is_second {
            wrong.push(wall.name.clone());
        }
        second += usize::from(wall.is_second);
        tried += usize::from(!wall.is_second);
        killed += usize::from(!wall.is_second && noticed.is_some());
    }
    let of_postgres = walls.iter().filter(|wall| wall.is_of_postgres).count();
    println!(
        "walls taken down on {asked}: tried {tried}, killed {killed}; {second} are second walls; {of_postgres} stand \
         on PostgreSQL only and were tried there; {} s",
        begun.elapsed().as_secs()
    );
    assert!(
        wrong.is_empty(),
        "write a test that notices, or say in the source which wall stands before: {wrong:#?}"
    );
}
