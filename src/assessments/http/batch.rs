//! `POST /v1/assessment-batches`.
use super::super::dto::NewAssessment;
use super::verdict::{Asking, Entry, Outcome, Verdict, VerdictCounts};
use crate::answer;
use crate::body::Bulk;
use crate::caller::{Caller, Scope};
use crate::db::{AnyConnection, Db, Retry, StoreError};
use crate::idempotency::{Created, Idempotency, once};
use crate::metrics::Metrics;
use crate::problem::{Problem, Writing};
use crate::questionnaires::Questionnaires;
use crate::request::RequestId;
use crate::text::Language;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::ToSchema;

/// Items that share a transaction: few enough that nobody else waits long for the database.
const TOGETHER: usize = 50;

/// Assessments to create, up to 1,000.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"dry_run": false, "items": [
    {"client_external_id": "crm-0042", "questionnaire": "ipa-basic-rules-4.0", "external_id": "2026-11", "answers": [{"control": "basic-rule-1", "status": "implemented"}]}
]}))]
pub struct NewAssessmentBatch {
    /// Says what would become of each item, and stores nothing.
    #[serde(default)]
    dry_run: bool,
    /// Each is judged by itself: one that is wrong does not take the others along.
    #[schema(min_items = 1, max_items = 1000)]
    #[expect(dead_code, reason = "the items are read one by one; this is how the document knows them")]
    items: Vec<NewAssessment>,
}

/// What became of each item, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssessmentBatch {
    dry_run: bool,
    counts: VerdictCounts,
    items: Vec<Verdict>,
}

/// Create many assessments
///
/// A verdict for each item, in their order; each is stored whole or not at all, and nothing is skipped. Needs an
/// `Idempotency-Key`: sent again with the same key, what was done is answered again, and what was not yet
/// done, because the service ended in between, is done. Needs `assessments:write`.
#[utoipa::path(tag = "assessments", operation_id = "createAssessmentBatch", request_body = NewAssessmentBatch,
    params(("Idempotency-Key" = String, Header, description = "A key of the caller's own, new for each new request", max_length = 257)),
    responses((status = 200, body = AssessmentBatch), Writing))]
#[post("/v1/assessment-batches")]
pub async fn create_batch(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    metrics: Data<Metrics>,
    idempotency: Idempotency,
    bulk: Bulk<NewAssessmentBatch>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::AssessmentsWrite)?;
    idempotency.needed()?;
    let Bulk { rest, items, said, schemas } = bulk;
    let asking = Asking {
        tenant,
        subject: caller.subject().to_owned(),
        needs_names: false,
        language: Language::of(&request),
        instance: request.path().to_owned(),
        request_id: RequestId::name(&request),
    };
    let all: Vec<Entry> = items
        .into_iter()
        .enumerate()
        .map(|(index, item)| Entry::of(index as u64, item, &schemas).checked(&asking, &questionnaires))
        .collect();
    let mut verdicts: Vec<Verdict> = vec![];
    let mut replayed = true;
    for (part, entries) in all.chunks(TOGETHER).enumerate() {
        let work = Part {
            asking: asking.clone(),
            entries: entries.to_vec(),
            questionnaires: questionnaires.clone(),
        };
        if rest.dry_run {
            let before = named_before(&all, &verdicts, entries);
            verdicts.extend(tried(&db, before, work).await?);
            replayed = false;
            continue;
        }
        let (idempotency, said) = (idempotency.part(part), said.clone());
        let done = db
            .write(move |conn| once(conn, &work.asking.tenant, &idempotency, &said, |conn| work.make(conn)))
            .await?;
        let told: Vec<Verdict> =
            serde_json::from_str(&done.body).map_err(|error| StoreError::Broken(error.into()))?;
        if !done.replayed {
            count(&metrics, entries, &told);
            replayed = false;
        }
        verdicts.extend(told);
    }
    let batch =
        AssessmentBatch { dry_run: rest.dry_run, counts: VerdictCounts::of(&verdicts), items: verdicts };
    let mut response = HttpResponse::Ok();
    if replayed {
        response.insert_header(("idempotent-replayed", "true"));
    }
    Ok(response.json(batch))
}

/// Counts what has just been submitted.
pub fn count(metrics: &Metrics, entries: &[Entry], verdicts: &[Verdict]) {
    for (entry, verdict) in entries.iter().zip(verdicts) {
        if let (Ok(body), Outcome::Created) = (&entry.read, verdict.outcome)
            && body.submits()
        {
            metrics.count_submission(&body.questionnaire);
        }
    }
}

/// Some items of a batch, to be done in one transaction.
#[derive(Clone)]
struct Part {
    asking: Asking,
    entries: Vec<Entry>,
    questionnaires: Data<Questionnaires>,
}

impl Part {
    fn make(&self, conn: &mut AnyConnection) -> Result<Created, Problem> {
        let verdicts = self.asking.make(conn, &self.questionnaires, &self.entries)?;
        Ok(Created { location: String::new(), body: answer::text(&verdicts)?, replayed: false })
    }
}

/// The way out of a transaction whose work is not wanted.
enum Undone {
    Tried(Vec<Verdict>),
    Failed(Problem),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl Retry for Undone {
    fn may_help(&self) -> bool {
        matches!(self, Self::Failed(problem) if problem.may_help())
    }
}

/// What earlier parts would have created under the names that these items have.
fn named_before(all: &[Entry], verdicts: &[Verdict], items: &[Entry]) -> Vec<Entry> {
    let name = |entry: &'_ Entry| entry.read.as_ref().ok().and_then(|body| body.external_id.clone());
    let names: HashSet<String> = items.iter().filter_map(name).collect();
    let created = all.iter().zip(verdicts).filter(|(_, verdict)| verdict.outcome == Outcome::Created);
    let in_the_way = created.filter(|(entry, _)| name(entry).is_some_and(|name| names.contains(&name)));
    in_the_way.map(|(entry, _)| entry.clone()).collect()
}

/// What would become of the items: they are made, and then all of it is undone. What came `before` them is made
/// first, as far as it could be in their way: holding everybody else up for the whole of it would take too long.
async fn tried(db: &Db, before: Vec<Entry>, work: Part) -> Result<Vec<Verdict>, Problem> {
    let done = db
        .write(move |conn| {
            let tell = |conn: &mut AnyConnection, entries: &[Entry]| {
                work.asking.make(conn, &work.questionnaires, entries).map_err(Undone::Failed)
            };
            let earlier = tell(conn, &before)?;
            let mut verdicts = tell(conn, &work.entries)?;
            let made = earlier.iter().chain(&verdicts).filter(|v| v.outcome == Outcome::Created);
            // Nobody will ever find these.
            let made: HashSet<String> = made.filter_map(|verdict| verdict.id.clone()).collect();
            for verdict in &mut verdicts {
                verdict.id = verdict.id.take().filter(|id| !made.contains(id));
            }
            Err::<(), _>(Undone::Tried(verdicts))
        })
        .await;
    match done {
        Ok(()) => Ok(vec![]),
        Err(Undone::Tried(verdicts)) => Ok(verdicts),
        Err(Undone::Failed(problem)) => Err(problem),
    }
}
