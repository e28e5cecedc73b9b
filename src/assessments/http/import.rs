//! `POST /v1/assessment-imports`: lines of any number, streamed both ways.
use super::batch::count;
use super::name_needed;
use super::verdict::{Asking, Entry, Outcome, Verdict};
use crate::body::{ENOUGH, Lines, Schemas};
use crate::caller::{Caller, Scope};
use crate::db::Db;
use crate::metrics::Metrics;
use crate::problem::{Problem, Writing};
use crate::questionnaires::Questionnaires;
use crate::request::RequestId;
use crate::text::Language;
use actix_web::rt::task::{JoinHandle, yield_now};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, post, rt};
use futures_util::future::{Either, select};
use futures_util::stream::poll_fn;
use std::convert::Infallible;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::mpsc::{Sender, channel};

/// Lines that share a transaction, or fewer where they are long.
const TOGETHER: usize = 100;

/// Import assessments
///
/// Newline-delimited JSON of any length in, one assessment a line; a verdict for each line out, in their
/// order, while lines still come. Each line is stored whole or not at all, and needs an `external_id`: so the
/// same file can be sent again, from the start or from where it was cut, and what is there is answered with
/// `replayed`. A verdict's `index` is the number of its line, from 1 on. Where a line cannot be read, the ones
/// after it still are. When the service itself fails, the last line says so with a problem of status 500 or 503: from
/// that line on it is not known what was stored, and they are sent again. Needs `assessments:write`.
#[utoipa::path(tag = "assessments", operation_id = "importAssessments",
    request_body(content = String, content_type = "application/x-ndjson", description = "One `NewAssessment` a line"),
    responses((status = 200, body = String, content_type = "application/x-ndjson", description = "One `BatchVerdict` a line"), Writing))]
#[post("/v1/assessment-imports")]
pub async fn import_assessments(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    metrics: Data<Metrics>,
    schemas: Data<Schemas>,
    lines: Lines,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsWrite)?;
    let asking = Asking {
        tenant,
        subject: caller.subject().to_owned(),
        needs_names: true,
        language: Language::of(&request),
        instance: request.path().to_owned(),
        request_id: RequestId::name(&request),
    };
    // A slow reader holds the writer back, and with it whoever sends.
    let (verdicts, mut told) = channel::<Bytes>(4);
    let import = Import { asking, db, questionnaires, metrics, schemas, verdicts };
    rt::spawn(import.run(lines));
    let stream =
        poll_fn(move |context| told.poll_recv(context).map(|bytes| bytes.map(Ok::<_, Infallible>)));
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").streaming(stream))
}

/// A line without the mark that some editors put before the first one.
fn unmarked(index: u64, line: &[u8]) -> &[u8] {
    if index == 1 { line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line) } else { line }
}

struct Import {
    asking: Asking,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    metrics: Data<Metrics>,
    schemas: Data<Schemas>,
    verdicts: Sender<Bytes>,
}

/// Lines that are read and checked, and go into one transaction.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    bytes: usize,
}

impl Batch {
    /// How many lines and bytes may come yet.
    fn room(&self) -> (usize, usize) {
        (TOGETHER.saturating_sub(self.entries.len()), ENOUGH.saturating_sub(self.bytes))
    }

    fn is_full(&self) -> bool {
        let (lines, bytes) = self.room();
        lines == 0 || bytes == 0
    }

    fn add(&mut self, import: &Import, lines: Vec<Result<Bytes, Problem>>, index: &mut u64) {
        for line in lines {
            *index += 1;
            self.bytes += line.as_ref().map_or(0, Bytes::len);
            self.entries.push(import.read(*index, line));
        }
    }
}

impl Import {
    async fn run(self, mut lines: Lines) {
        let this = Rc::new(self);
        let (mut index, mut next) = (0, Batch::default());
        let mut storing: Option<JoinHandle<bool>> = None;
        let ended = loop {
            // While some lines are being stored, the next ones are read and checked: what goes together, not more. They
            // wait for nothing but what is being stored.
            let (most, enough) = next.room();
            let came = match storing.as_mut() {
                None => Either::Left(lines.next(most, enough).await),
                Some(stored) if next.is_full() => Either::Right(stored.await),
                Some(stored) => match select(pin!(lines.next(most, enough)), stored).await {
                    Either::Left((came, _)) => Either::Left(came),
                    Either::Right((stored, _)) => Either::Right(stored),
                },
            };
            match came {
                Either::Left((batch, ended)) => {
                    next.add(&this, batch, &mut index);
                    if let Some(ended) = ended {
                        break ended;
                    }
                }
                Either::Right(stored) => {
                    storing = None;
                    if !stored.unwrap_or(false) {
                        return;
                    }
                }
            }
            if storing.is_none() && !next.entries.is_empty() {
                let (this, entries) = (Rc::clone(&this), std::mem::take(&mut next).entries);
                storing = Some(rt::spawn(async move { this.done(entries).await }));
                // It begins before more is read: that may all be there, and nobody would let it.
                yield_now().await;
            }
        };
        if let Some(stored) = storing
            && !stored.await.unwrap_or(false)
        {
            return;
        }
        let stored = next.entries.is_empty() || this.done(next.entries).await;
        // What was cut is no line: nothing of it is stored.
        if let (true, Err(problem)) = (stored, ended) {
            this.tell(&[this.failed(index + 1, &problem)]).await;
        }
    }

    fn read(&self, index: u64, line: Result<Bytes, Problem>) -> Entry {
        let read = line.and_then(|line| self.schemas.parse(unmarked(index, &line)));
        let value = match read {
            Ok(value) => value,
            Err(problem) => return Entry::refused(index, problem),
        };
        let is_named = !value.is_object() || value.get("external_id").is_some_and(|name| !name.is_null());
        let mut entry = Entry::of(index, value, &self.schemas);
        if !is_named {
            // One that can be read is told with everything else that is wrong with it.
            entry.read = entry.read.map_err(|problem| problem.and(name_needed()));
        }
        entry.checked(&self.asking, &self.questionnaires)
    }

    /// Stores some lines and tells what became of them; `false` when that is the end.
    async fn done(&self, entries: Vec<Entry>) -> bool {
        let first = entries.first().map_or(0, |entry| entry.index);
        let (asking, questionnaires) = (self.asking.clone(), self.questionnaires.clone());
        let entries = Arc::new(entries);
        let work = Arc::clone(&entries);
        let made = self.db.write(move |conn| asking.make(conn, &questionnaires, &work)).await;
        match made {
            Ok(verdicts) => {
                count(&self.metrics, &entries, &verdicts);
                self.tell(&verdicts).await
            }
            Err(problem) => {
                self.tell(&[self.failed(first, &problem)]).await;
                false
            }
        }
    }

    /// Says that it is not known what was done from this line on.
    fn failed(&self, index: u64, problem: &Problem) -> Verdict {
        let problem = self.asking.told(problem).ok();
        Verdict { index, outcome: Outcome::Rejected, id: None, problem }
    }

    async fn tell(&self, verdicts: &[Verdict]) -> bool {
        let mut bytes = Vec::new();
        for verdict in verdicts {
            if serde_json::to_writer(&mut bytes, verdict).is_err() {
                return false;
            }
            bytes.push(b'\n');
        }
        // Nobody listens any more: what is stored stays, and the rest is not begun.
        self.verdicts.send(bytes.into()).await.is_ok()
    }
}
