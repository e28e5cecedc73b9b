//! `POST /v1/client-imports`: a file of clients.
use super::super::domain::{Client, NewClient};
use super::super::sheet::{Encoding, MOST_ROWS, Row, Unreadable, read};
use super::super::store;
use super::taken;
use crate::answer::{self, fingerprint};
use crate::audit;
use crate::body::{File, Query};
use crate::caller::{Caller, Scope, Tenant};
use crate::clock;
use crate::db::{AnyConnection, Db, Retry, StoreError};
use crate::idempotency::{Created, Idempotency, once};
use crate::problem::{Fault, Problem, ProblemDocument, Writing, kinds};
use crate::request::RequestId;
use crate::text::{Language, LocalizedText};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashSet;
use utoipa::{IntoParams, ToSchema};

/// Rows that share a transaction.
const TOGETHER: usize = 100;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    Created,
    /// The client is there, and says the same.
    Unchanged,
    /// Nothing of it is stored.
    Rejected,
}

/// What became of one row.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = ClientRowVerdict)]
pub struct RowVerdict {
    /// As a spreadsheet numbers it: the headings are line 1.
    line: u64,
    outcome: RowOutcome,
    /// Id of the client; null when the row was rejected, and in a dry run when there is none yet.
    id: Option<String>,
    /// What is wrong with the row; null unless it was rejected.
    #[schema(value_type = Option<ProblemDocument>)]
    problem: Option<Value>,
}

/// What became of a file.
#[derive(Serialize, ToSchema)]
pub struct ClientImport {
    dry_run: bool,
    /// How the file was read: `utf-8` or `cp932`.
    #[schema(example = "cp932")]
    encoding: String,
    /// Headings that nobody knows: what stands below them was not read.
    ignored_columns: Vec<String>,
    /// Every row that is not empty, in order.
    items: Vec<RowVerdict>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportParams {
    /// Says what would become of each row, and stores nothing.
    #[param(example = false)]
    dry_run: Option<bool>,
}

/// Import clients
///
/// A CSV file, UTF-8 or CP932, with headings as they are usual in Japanese or English: name, external id,
/// industry, number of employees, prefecture. A verdict for every row, and nothing is skipped. A row whose
/// `external_id` is there is `unchanged` when it says the same and rejected when it does not: change the client
/// itself. Rows without one are made each time, unless the file is sent again with the same `Idempotency-Key`: then
/// what was done is answered again, and what was not yet done is done. A `charset` of the `Content-Type` goes before
/// what the file looks like. Needs `clients:write`; a token that is narrowed to one client may not.
#[utoipa::path(tag = "clients", operation_id = "importClients",
    params(ImportParams, ("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, new for each new file", max_length = 257)),
    request_body(content = String, content_type = "text/csv", description = "Headings, and one client a row"),
    responses((status = 200, body = ClientImport), Writing))]
#[post("/v1/client-imports")]
pub async fn import_clients(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    Query(params): Query<ImportParams>,
    idempotency: Idempotency,
    file: File,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::ClientsWrite)?;
    if tenant.only_client().is_some() {
        return Err(super::narrowed());
    }
    let dry_run = params.dry_run.unwrap_or(false);
    let encoding = encoding(file.charset.as_deref())?;
    let sheet = read(&file.bytes, encoding).map_err(unreadable)?;
    let said = fingerprint(&[&file.bytes]);
    let mut items: Vec<RowVerdict> = vec![];
    let mut replayed = true;
    for (part, rows) in sheet.rows.chunks(TOGETHER).enumerate() {
        let work = Work {
            tenant: tenant.clone(),
            rows: rows.to_vec(),
            language: Language::of(&request),
            instance: request.path().to_owned(),
            request_id: RequestId::name(&request),
        };
        if dry_run {
            let before = named_before(&sheet.rows, &items, rows);
            items.extend(work.tried(&db, before).await?);
            replayed = false;
            continue;
        }
        let (idempotency, said) = (idempotency.part(part), said.clone());
        let done = db
            .write(move |conn| once(conn, &work.tenant, &idempotency, &said, |conn| work.made(conn)))
            .await?;
        replayed &= done.replayed;
        let told: Vec<RowVerdict> =
            serde_json::from_str(&done.body).map_err(|error| StoreError::Broken(error.into()))?;
        items.extend(told);
    }
    let mut response = HttpResponse::Ok();
    if replayed && !items.is_empty() {
        response.insert_header(("idempotent-replayed", "true"));
    }
    Ok(response.json(ClientImport {
        dry_run,
        encoding: sheet.encoding.to_owned(),
        ignored_columns: sheet.ignored,
        items,
    }))
}

/// What the caller says that the text is encoded in.
fn encoding(charset: Option<&str>) -> Result<Option<Encoding>, Problem> {
    let Some(charset) = charset else { return Ok(None) };
    Encoding::named(charset).map(Some).ok_or_else(|| {
        Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE).with_detail(LocalizedText::new(
            "charset は utf-8 か shift_jis (CP932) にしてください。",
            "charset is utf-8 or shift_jis (CP932).",
        ))
    })
}

fn unreadable(why: Unreadable) -> Problem {
    let (code, ja, en) = match why {
        Unreadable::Encoding => (
            "encoding",
            "UTF-8でもCP932でもないか、CSVとして読めません".to_owned(),
            "is neither UTF-8 nor CP932, or no CSV".to_owned(),
        ),
        Unreadable::Broken { line, byte } => (
            "encoding",
            format!("{line} 行目（先頭から {byte} バイト目）がUTF-8として読めません"),
            format!("is not UTF-8 in line {line}, at byte {byte}"),
        ),
        Unreadable::Quote { line } => (
            "unclosed-quote",
            format!("{line} 行目の引用符が閉じていないか、閉じたあとに文字があります"),
            format!("has a quote in line {line} that is not closed, or is followed by more text"),
        ),
        Unreadable::Empty => {
            ("too-few", "見出しの行がありません".to_owned(), "has no line of headings".to_owned())
        }
        Unreadable::NoName { headings } => (
            "required",
            format!("会社名の列が見つかりません（見出し: {}）", headings.join(", ")),
            format!("no column holds the name (headings: {})", headings.join(", ")),
        ),
        Unreadable::Twice { column, headings } => (
            "repeated",
            format!("{} の列が二つあります: {}", column.field(), headings.join(", ")),
            format!("two columns hold {}: {}", column.field(), headings.join(", ")),
        ),
        Unreadable::TooManyRows => (
            "too-many",
            format!("{MOST_ROWS} 行以下にしてください"),
            format!("must have at most {MOST_ROWS} rows"),
        ),
    };
    Problem::invalid(vec![Fault::new("", code, LocalizedText::new(ja, en))])
}

/// What became of a row, before it is told.
type Made = Result<(RowOutcome, Option<String>), Problem>;

/// Some rows, to be done in one transaction, and how to tell what became of them.
#[derive(Clone)]
struct Work {
    tenant: Tenant,
    rows: Vec<Row>,
    language: Language,
    instance: String,
    request_id: String,
}

impl Work {
    /// Only what fails for all of them, the database itself, is an error.
    fn make(&self, conn: &mut AnyConnection, rows: &[Row]) -> Result<Vec<RowVerdict>, Problem> {
        rows.iter()
            .map(|row| match self.one(conn, row) {
                Err(problem) if problem.is_ours() || problem.may_help() => Err(problem),
                made => self.verdict(row.line, made),
            })
            .collect()
    }

    fn one(&self, conn: &mut AnyConnection, row: &Row) -> Made {
        let said = row.read.clone().map_err(|faults| {
            let fault =
                |f: super::super::sheet::CellFault| Fault::new(format!("/{}", f.field), f.code, f.message);
            Problem::invalid(faults.into_iter().map(fault).collect())
        })?;
        if let Some(external_id) = &said.external_id {
            match store::by_external_id(conn, &self.tenant, external_id) {
                Err(StoreError::Missing) => {}
                Ok(there) => return same(there, &said),
                Err(error) => return Err(error.into()),
            }
        }
        let client = said.into_client(clock::new_id(), clock::now());
        // Whoever was first has it: looking again finds it.
        store::add(conn, &self.tenant, &client).map_err(StoreError::look_again)?;
        audit::created(conn, &self.tenant, &client)?;
        Ok((RowOutcome::Created, Some(client.id)))
    }

    fn verdict(&self, line: u64, made: Made) -> Result<RowVerdict, Problem> {
        let (outcome, id, problem) = match made {
            Ok((outcome, id)) => (outcome, id, None),
            Err(problem) => {
                let told = problem.document(self.language, self.instance.clone(), self.request_id.clone());
                let told = serde_json::to_value(told).map_err(|error| StoreError::Broken(error.into()))?;
                (RowOutcome::Rejected, None, Some(told))
            }
        };
        Ok(RowVerdict { line, outcome, id, problem })
    }

    /// The same as what a call has created, so that it can be kept for its key.
    fn made(&self, conn: &mut AnyConnection) -> Result<Created, Problem> {
        let body = answer::text(&self.make(conn, &self.rows)?)?;
        Ok(Created { location: String::new(), body, replayed: false })
    }

    /// What would become of the rows: they are made, and then all of it is undone. What came `before` them is
    /// made first, as far as it could be in their way: holding everybody else up for the whole file would take
    /// too long.
    async fn tried(self, db: &Db, before: Vec<Row>) -> Result<Vec<RowVerdict>, Problem> {
        let done = db
            .write(move |conn| {
                let mut trying = || {
                    let earlier = self.make(conn, &before)?;
                    let mut verdicts = self.make(conn, &self.rows)?;
                    let made = earlier.iter().chain(&verdicts).filter(|v| v.outcome == RowOutcome::Created);
                    // Nobody will ever find these.
                    let made: HashSet<String> = made.filter_map(|verdict| verdict.id.clone()).collect();
                    for verdict in &mut verdicts {
                        verdict.id = verdict.id.take().filter(|id| !made.contains(id));
                    }
                    Ok(verdicts)
                };
                Err::<(), _>(Undone(trying()))
            })
            .await;
        match done {
            Ok(()) => Ok(vec![]),
            Err(Undone(verdicts)) => verdicts,
        }
    }
}

/// What earlier rows would have created under the names that these have.
fn named_before(all: &[Row], verdicts: &[RowVerdict], rows: &[Row]) -> Vec<Row> {
    let name = |row: &'_ Row| row.read.as_ref().ok().and_then(|client| client.external_id.clone());
    let names: HashSet<String> = rows.iter().filter_map(name).collect();
    let created = all.iter().zip(verdicts).filter(|(_, verdict)| verdict.outcome == RowOutcome::Created);
    let in_the_way = created.filter(|(row, _)| name(row).is_some_and(|name| names.contains(&name)));
    in_the_way.map(|(row, _)| row.clone()).collect()
}

/// The way out of a transaction whose work is not wanted.
struct Undone(Result<Vec<RowVerdict>, Problem>);

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self(Err(error.into()))
    }
}

impl Retry for Undone {
    fn may_help(&self) -> bool {
        self.0.as_ref().is_err_and(Retry::may_help)
    }
}

/// Whether the row says of the client what is known of it. Cells that are empty say nothing.
fn same(there: Client, said: &NewClient) -> Made {
    let agrees = |said: Option<String>, there: Option<String>| said.is_none() || said == there;
    let is_same = said.name == there.name
        && agrees(said.industry.clone(), there.industry.clone())
        && agrees(said.prefecture.clone(), there.prefecture.clone())
        && (said.employees.is_none() || said.employees == there.employees);
    if is_same { Ok((RowOutcome::Unchanged, Some(there.id))) } else { Err(taken(&there)) }
}
