//! `tasuke import`: a file sent to a running service, with a bar for whoever waits.
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What kind of file, and where to send it.
#[derive(clap::Args)]
pub struct Options {
    /// What the file holds
    #[arg(value_enum)]
    pub what: What,
    /// The file: CSV of clients, or newline-delimited JSON of assessments
    pub file: PathBuf,
    /// Where the service is
    #[arg(long, env = "TASUKE_URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// An access token; better in the environment than on the command line
    #[arg(long, env = "TASUKE_TOKEN", hide_env_values = true)]
    pub token: String,
    /// Say what would become of each row, and store nothing (clients only)
    #[arg(long)]
    pub dry_run: bool,
}

/// The token does not show itself.
impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("what", &self.what)
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    Clients,
    Assessments,
}

/// Lines of one request: what is cut off is then little to send again.
const TOGETHER: usize = 500;

/// How many of each.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    stored: u64,
    there: u64,
    rejected: u64,
}

/// Sends the file, writes a line for each row that was rejected to `out`, and tells how many were stored;
/// `false` when any was rejected.
pub fn run(options: &Options, out: &mut impl Write) -> Result<bool, String> {
    let counts = match options.what {
        What::Clients => clients(options, out)?,
        What::Assessments => assessments(options, out)?,
    };
    let Counts { stored, there, rejected } = counts;
    writeln!(out, "{stored} stored, {there} there already, {rejected} rejected").map_err(told)?;
    Ok(rejected == 0)
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn opened(file: &Path) -> Result<File, String> {
    File::open(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Shown to people only: a script sees the verdicts and nothing else.
fn bar(length: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {percent}% {msg} ({eta} left)");
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn send(options: &Options, path: &str, kind: &str, body: &[u8]) -> Result<String, String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(300)))
        .build()
        .into();
    let url = format!("{}{path}", options.url.trim_end_matches('/'));
    let sent = agent
        .post(&url)
        .header("authorization", format!("Bearer {}", options.token))
        .header("content-type", kind)
        .send(body);
    let mut answer = sent.map_err(|error| format!("{url}: {error}"))?;
    let status = answer.status();
    let limit = 256 * 1024 * 1024;
    let text = answer.body_mut().with_config().limit(limit).read_to_string().map_err(told)?;
    if status.is_success() { Ok(text) } else { Err(format!("{url}: {status}: {text}")) }
}

fn clients(options: &Options, out: &mut impl Write) -> Result<Counts, String> {
    let mut bytes = vec![];
    opened(&options.file)?.read_to_end(&mut bytes).map_err(told)?;
    let bar = bar(1);
    bar.set_message("sending");
    let text =
        send(options, &format!("/v1/client-imports?dry_run={}", options.dry_run), "text/csv", &bytes)?;
    bar.finish_and_clear();
    let answer: Value = serde_json::from_str(&text).map_err(told)?;
    for column in answer["ignored_columns"].as_array().into_iter().flatten() {
        writeln!(out, "column {column} is not read").map_err(told)?;
    }
    let mut counts = Counts::default();
    for item in answer["items"].as_array().into_iter().flatten() {
        counts.add(item, &item["line"], out)?;
    }
    Ok(counts)
}

fn assessments(options: &Options, out: &mut impl Write) -> Result<Counts, String> {
    if options.dry_run {
        return Err(
            "assessments have no dry run here; send them to /v1/assessment-batches with dry_run".to_owned()
        );
    }
    let file = opened(&options.file)?;
    let bar = bar(file.metadata().map_err(told)?.len());
    let mut lines = BufReader::new(file);
    let (mut counts, mut before) = (Counts::default(), 0);
    loop {
        let (mut body, mut count) = (vec![], 0);
        while count < TOGETHER && lines.read_until(b'\n', &mut body).map_err(told)? > 0 {
            count += 1;
        }
        if count == 0 {
            bar.finish_and_clear();
            return Ok(counts);
        }
        let text = send(options, "/v1/assessment-imports", "application/x-ndjson", &body)?;
        let mut verdicts = 0;
        for line in text.lines() {
            let verdict: Value = serde_json::from_str(line).map_err(told)?;
            let index = verdict["index"].as_u64().unwrap_or(0) + before;
            counts.add(&verdict, &index.into(), out)?;
            verdicts += 1;
        }
        if verdicts != count {
            return Err(format!(
                "{count} lines were sent and {verdicts} were answered: send the file again"
            ));
        }
        before += count as u64;
        bar.inc(body.len() as u64);
        bar.set_message(format!("{before} lines, {} rejected", counts.rejected));
    }
}

impl Counts {
    fn add(&mut self, verdict: &Value, line: &Value, out: &mut impl Write) -> Result<(), String> {
        match verdict["outcome"].as_str() {
            Some("created") => self.stored += 1,
            Some("replayed" | "unchanged") => self.there += 1,
            _ => {
                let problem = &verdict["problem"];
                if problem["status"].as_u64().is_some_and(|status| status >= 500) {
                    let why = problem["title"].as_str().unwrap_or_default();
                    return Err(format!("line {line}: {why}: send the file again"));
                }
                self.rejected += 1;
                let why = problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or_default();
                let faults = problem["errors"].as_array().into_iter().flatten();
                let faults: Vec<String> = faults
                    .map(|f| {
                        format!(
                            "{} {}",
                            f["pointer"].as_str().unwrap_or_default(),
                            f["message"].as_str().unwrap_or_default()
                        )
                    })
                    .collect();
                writeln!(out, "line {line}: {why}; {}", faults.join("; ")).map_err(told)?;
            }
        }
        Ok(())
    }
}
