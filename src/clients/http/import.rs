//! `POST /v1/client-imports`: a file of clients.
use super::super::domain::{Client, NewClient};
use super::super::sheet::{MOST_ROWS, Row, Unreadable, read};
use super::super::store;
use super::taken;
use crate::audit;
use crate::body::{File, Query};
use crate::caller::{Caller, Scope, Tenant};
use crate::clock;
use crate::db::{AnyConnection, Db, Retry, StoreError};
use crate::problem::{Fault, Problem, ProblemDocument, Writing};
use crate::request::RequestId;
use crate::text::{Language, LocalizedText};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Rows that share a transaction.
const TOGETHER: usize = 100;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    Created,
    /// The client is there, and says the same.
    Unchanged,
    /// Nothing of it is stored.
    Rejected,
}

/// What became of one row.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientRowVerdict)]
pub struct RowVerdict {
    /// As a spreadsheet numbers it: the headings are line 1.
    line: u64,
    outcome: RowOutcome,
    /// Id of the client; null when the row was rejected, and in a dry run when it would be created.
    id: Option<String>,
    /// What is wrong with the row; null unless it was rejected.
    problem: Option<ProblemDocument>,
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
/// itself. Rows without one are made each time. Needs `clients:write`; a token that is narrowed to one client
/// may not.
#[utoipa::path(tag = "clients", operation_id = "importClients", params(ImportParams),
    request_body(content = String, content_type = "text/csv", description = "Headings, and one client a row"),
    responses((status = 200, body = ClientImport), Writing))]
#[post("/v1/client-imports")]
pub async fn import_clients(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    Query(params): Query<ImportParams>,
    File(bytes): File,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::ClientsWrite)?;
    if tenant.only_client().is_some() {
        return Err(super::narrowed());
    }
    let dry_run = params.dry_run.unwrap_or(false);
    let sheet = read(&bytes).map_err(unreadable)?;
    let told = Telling {
        language: Language::of(&request),
        instance: request.path().to_owned(),
        request_id: RequestId::name(&request),
    };
    let now = clock::now();
    let mut items = vec![];
    for rows in sheet.rows.chunks(TOGETHER) {
        let work = Work { tenant: tenant.clone(), rows: rows.to_vec(), now };
        let made =
            if dry_run { work.tried(&db).await? } else { db.write(move |conn| work.make(conn)).await? };
        items.extend(rows.iter().zip(made).map(|(row, made)| told.verdict(row.line, made)));
    }
    Ok(HttpResponse::Ok().json(ClientImport {
        dry_run,
        encoding: sheet.encoding.to_owned(),
        ignored_columns: sheet.ignored,
        items,
    }))
}

fn unreadable(why: Unreadable) -> Problem {
    let (code, ja, en) = match why {
        Unreadable::Encoding => (
            "encoding",
            "UTF-8でもCP932でもないか、CSVとして読めません".to_owned(),
            "is neither UTF-8 nor CP932, or no CSV".to_owned(),
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

/// Some rows, to be done in one transaction.
#[derive(Clone)]
struct Work {
    tenant: Tenant,
    rows: Vec<Row>,
    now: DateTime<Utc>,
}

impl Work {
    /// Only what fails for all of them, the database itself, is an error.
    fn make(&self, conn: &mut AnyConnection) -> Result<Vec<Made>, Problem> {
        self.rows
            .iter()
            .map(|row| match self.one(conn, row) {
                Err(problem) if problem.is_ours() || problem.may_help() => Err(problem),
                made => Ok(made),
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
        let client = said.into_client(clock::new_id(), self.now);
        // Whoever was first has it: looking again finds it.
        store::add(conn, &self.tenant, &client).map_err(|error| match error {
            StoreError::Duplicate => StoreError::Contended("somebody else added the client first".into()),
            other => other,
        })?;
        audit::created(conn, &self.tenant, &client)?;
        Ok((RowOutcome::Created, Some(client.id)))
    }

    /// What would become of the rows: they are made, and then all of it is undone.
    async fn tried(self, db: &Db) -> Result<Vec<Made>, Problem> {
        let done = db.write(move |conn| Err::<(), _>(Undone(self.make(conn)))).await;
        let made = match done {
            Ok(()) => vec![],
            Err(Undone(made)) => made?,
        };
        let unmade =
            |made: Made| made.map(|(outcome, id)| (outcome, id.filter(|_| outcome != RowOutcome::Created)));
        Ok(made.into_iter().map(unmade).collect())
    }
}

/// The way out of a transaction whose work is not wanted.
struct Undone(Result<Vec<Made>, Problem>);

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

/// How to tell what became of a row.
struct Telling {
    language: Language,
    instance: String,
    request_id: String,
}

impl Telling {
    fn verdict(&self, line: u64, made: Made) -> RowVerdict {
        let (outcome, id, problem) = match made {
            Ok((outcome, id)) => (outcome, id, None),
            Err(problem) => {
                let told = problem.document(self.language, self.instance.clone(), self.request_id.clone());
                (RowOutcome::Rejected, None, Some(told))
            }
        };
        RowVerdict { line, outcome, id, problem }
    }
}
