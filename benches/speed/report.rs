//! The table: on screen as it comes, and whole in a file, which for a full run is docs/benchmarks.md.
use crate::Size;
use crate::load::median;
use crate::postgres::newest;
use crate::program::DISK;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::Command;
use std::time::Instant;

pub struct Row {
    /// Which of the promises.
    pub id: &'static str,
    pub what: String,
    pub ours: String,
    pub reference: String,
    pub value: f64,
    pub bound: Bound,
}

#[derive(Debug, Clone, Copy)]
pub enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Row {
    fn is_met(&self) -> bool {
        match self.bound {
            Bound::AtLeast(bound) => self.value >= bound,
            Bound::AtMost(bound) => self.value <= bound,
        }
    }

    fn line(&self) -> String {
        let bound = match self.bound {
            Bound::AtLeast(bound) => format!("at least {bound}"),
            Bound::AtMost(bound) => format!("at most {bound}"),
        };
        let met = if self.is_met() { "met" } else { "**not met**" };
        let Self { id, what, ours, reference, value, .. } = self;
        format!("| {id} | {what} | {ours} | {reference} | {value:.2} | {bound} | {met} |")
    }
}

pub struct Report {
    quick: bool,
    head: String,
    rows: Vec<Row>,
    notes: Vec<String>,
    /// Memory under the load of S2, in MiB.
    pub loaded: Option<f64>,
}

impl Report {
    pub fn begin(size: &Size) -> Self {
        let head = head(size);
        println!("{head}");
        Self { quick: size.quick, head, rows: vec![], notes: vec![], loaded: None }
    }

    pub fn add(&mut self, row: Row) {
        println!("  {}", row.line());
        self.rows.push(row);
    }

    /// Something measured that no promise is about.
    pub fn note(&mut self, note: String) {
        println!("  {note}");
        self.notes.push(note);
    }

    /// Prints the table, and keeps it when everything was measured. The page has that of a full run.
    pub fn end(self, keep: bool) {
        let mut text = String::from(
            "| | what | ours | reference | ratio | promised | |\n|---|---|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            writeln!(text, "{}", row.line()).unwrap();
        }
        for note in &self.notes {
            write!(text, "\n- {note}").unwrap();
        }
        println!("\n{text}");
        let measured = format!("{}\n\n{text}\n", self.head);
        match (keep, self.quick) {
            (true, true) => write_apart("bench-quick.md", &measured),
            (true, false) => put(&measured),
            (false, _) => {}
        }
    }
}

const BEGIN: &str = "<!-- measured: written by `make bench` -->\n";
const END: &str = "<!-- end of what is measured -->\n";

/// Writes what was measured between its marks; the rest of the page is written by hand.
fn put(measured: &str) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/benchmarks.md");
    let page = fs::read_to_string(file).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has its marks");
    let (_, after) = rest.split_once(END).expect("the page has its marks");
    fs::write(file, format!("{before}{BEGIN}{measured}{END}{after}")).unwrap();
    println!("written to {file}");
}

/// Writes what was measured where it is not checked in.
pub fn write_apart(name: &str, measured: &str) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/target");
    fs::create_dir_all(folder).unwrap();
    fs::write(format!("{folder}/{name}"), measured).unwrap();
    println!("written to {folder}/{name}");
}

/// On which machine it runs, and what.
pub fn head(size: &Size) -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok())
        .unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("?");
    let run = if size.quick { "quick" } else { "full" };
    let Size { round, rounds, .. } = size;
    format!(
        "A {run} run of {date} UTC, version {version}, commit {commit}: {cores} cores ({model}), {memory} GiB, Linux \
         {kernel}, {rustc}, PostgreSQL {postgres}, SQLite {sqlite}, {sync:.2} ms for an fsync of 16 KiB in {DISK}, load {load} when \
         it began. {rounds} rounds of {round:?} for each side in turn, medians. The client, the database and the service \
         share the cores.",
        date = said("date", &["-u", "+%Y-%m-%d %H:%M"]),
        version = env!("CARGO_PKG_VERSION"),
        commit = commit(),
        memory = kib / 1024 / 1024,
        kernel = said("uname", &["-r"]),
        rustc = said("rustc", &["--version"]),
        postgres = postgres(),
        sqlite = libsqlite3_sys::SQLITE_VERSION.to_string_lossy(),
        sync = sync(),
    )
}

fn said(program: impl AsRef<OsStr>, arguments: &[&str]) -> String {
    let ran = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let ran = ran.ok().filter(|ran| ran.status.success());
    ran.map_or_else(|| "?".into(), |ran| String::from_utf8_lossy(&ran.stdout).trim().to_owned())
}

/// Its version: the third word of what it says.
fn postgres() -> String {
    let version = newest().map(|bin| said(bin.join("postgres"), &["--version"]));
    version.and_then(|said| said.split(' ').nth(2).map(str::to_owned)).unwrap_or_else(|| "?".into())
}

/// With a plus where not all is committed.
fn commit() -> String {
    let changed = said("git", &["status", "--porcelain"]);
    said("git", &["rev-parse", "--short", "HEAD"]) + if changed.is_empty() { "" } else { "+" }
}

/// Milliseconds until 16 KiB more of a file are on disk, where the databases lie.
fn sync() -> f64 {
    let mut file = tempfile::tempfile_in(DISK).unwrap();
    let once = |_| {
        file.write_all(&[1; 16 * 1024]).unwrap();
        let begun = Instant::now();
        file.sync_all().unwrap();
        begun.elapsed().as_secs_f64() * 1e3
    };
    median((0..100).map(once).collect())
}
