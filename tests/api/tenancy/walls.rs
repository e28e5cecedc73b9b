//! Takes down each of the walls that keep tenants and clients apart, one at a time: somebody must notice. The walls
//! are found in the sources, so that a new one is tried the day it exists.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One `wall!` that stands in a statement; of a macro `mine!`, one for each use of it.
struct Wall {
    /// As `wall!` calls it: file, line and kind.
    name: String,
    /// The sources say that another wall stands before it, so that nobody can notice.
    is_second: bool,
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
        let of_mine = kinds(of_mine);
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
                let at = part.lines().take(number).map(|line| line.len() + 1).sum::<usize>();
                let own = if code.contains("wall!(") { kinds(&part[at..])[..1].to_vec() } else { vec![] };
                for kind in here.into_iter().chain(own) {
                    walls.push(Wall {
                        name: format!("{name}:{} {kind}", first + number + 1),
                        is_second: comment.contains(&format!("Second wall ({kind})")),
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

/// Whether the tests notice that this wall is down: those first that are likely to.
fn is_noticed(wall: &str, engine: &str) -> bool {
    let (first, then): (&[&str], &str) = if wall.starts_with("src/audit/") {
        (&["tenancy::matrix::", "audit"], "tenancy::")
    } else if wall.ends_with("client") {
        (&["tenancy::matrix::", "tenancy::corners::"], "tenancy::twins::")
    } else {
        (&["tenancy::twins::"], "tenancy::")
    };
    let fails = |filters: &[&str]| {
        let run = Command::new(std::env::current_exe().unwrap())
            .args(filters)
            .args([
                "--skip",
                "tenancy::walls::",
                "--skip",
                if engine == "Sqlite" { "Postgres" } else { "Sqlite" },
            ])
            .env("TASUKE_WALL_DOWN", wall)
            .env_remove("RUST_BACKTRACE")
            // Nothing is to outlive a test: where there is a disk in memory, it is much faster.
            .env(
                "TMPDIR",
                if Path::new("/dev/shm").is_dir() { "/dev/shm".into() } else { std::env::temp_dir() },
            )
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(!told.contains("running 0 tests"), "no test was run: {told}");
        !run.status.success()
    };
    fails(first) || fails(&[then])
}

#[test]
#[ignore = "takes minutes: `make mutants-tenancy`"]
fn somebody_notices_when_a_wall_is_down() {
    let engine = std::env::var("ENGINE").unwrap_or_else(|_| "Sqlite".to_owned());
    let only = std::env::var("WALL").unwrap_or_default();
    assert!(!is_noticed("none", &engine), "the tests fail with every wall standing");
    let walls: Vec<Wall> = walls().into_iter().filter(|wall| wall.name.contains(&only)).collect();
    assert!(walls.len() >= 50 || !only.is_empty(), "the walls were not found");
    let (mut tried, mut killed, mut wrong) = (0, 0, vec![]);
    let mut second = 0;
    for wall in &walls {
        let noticed = is_noticed(&wall.name, &engine);
        let told = match (noticed, wall.is_second) {
            (true, false) => "noticed",
            (false, true) => "second wall",
            (false, false) => "NOT NOTICED",
            (true, true) => "NOTICED, but the sources say that another wall stands before it",
        };
        println!("{told}: {}", wall.name);
        if noticed == wall.is_second {
            wrong.push(wall.name.clone());
        }
        if wall.is_second {
            second += 1;
        } else {
            tried += 1;
            killed += usize::from(noticed);
        }
    }
    println!("walls taken down on {engine}: tried {tried}, killed {killed}; {second} are second walls");
    assert!(
        wrong.is_empty(),
        "write a test that notices, or say in the source which wall stands before: {wrong:#?}"
    );
}
