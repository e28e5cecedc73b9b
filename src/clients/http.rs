//! `/v1/clients`.
mod applicability;
mod import;
mod update;

use super::domain::{Client, Contracts, NewClient, Profile};
use super::store;
use crate::answer;
use crate::audit;
use crate::body::{Body, Query};
use crate::caller::{Caller, Scope};
use crate::clock;
use crate::db::{Db, StoreError};
use crate::id::Id;
use crate::idempotency::{self, Created, Idempotency, once};
use crate::page::Page;
use crate::problem::{Listing, Problem, Reading, Writing, kinds};
use crate::routes::Routes;
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub fn routes(to: &mut impl Routes) {
    to.service(list_clients)
        .service(create_client)
        .service(show_client)
        .service(update::update_client)
        .service(import::import_clients)
        .service(applicability::show_applicability);
}

/// A company that a provider looks after.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientCompany)]
pub struct ClientOut {
    #[schema(format = Uuid)]
    id: String,
    external_id: Option<String>,
    name: String,
    industry: Option<String>,
    employees: Option<i32>,
    prefecture: Option<String>,
    profile: Profile,
    contracts: Contracts,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Client> for ClientOut {
    fn from(client: Client) -> Self {
        let Client {
            id,
            external_id,
            name,
            industry,
            employees,
            prefecture,
            profile,
            contracts,
            revision: _,
            created_at,
            updated_at,
        } = client;
        Self {
            id,
            external_id,
            name,
            industry,
            employees,
            prefecture,
            profile,
            contracts,
            created_at,
            updated_at,
        }
    }
}

/// A page of clients, oldest first.
#[derive(Serialize, ToSchema)]
pub struct ClientPage {
    items: Vec<ClientOut>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ClientParams {
    /// The one client with this external id.
    #[param(max_length = 200)]
    external_id: Option<String>,
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
    /// At most this many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
}

/// List clients
///
/// The clients of the tenant, oldest first. Needs `clients:read`.
#[utoipa::path(tag = "clients", operation_id = "listClients", params(ClientParams),
    responses((status = 200, body = ClientPage), Listing))]
#[get("/v1/clients")]
async fn list_clients(
    caller: Caller,
    db: Data<Db>,
    Query(params): Query<ClientParams>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::ClientsRead)?;
    let list = format!("{:?}", params.external_id);
    let page = Page::read(Some(&tenant), params.after.as_deref(), params.limit, &["clients", &list])?;
    let (after, fetch) = (page.after.clone(), page.fetch());
    let found = db
        .read(move |conn| {
            let external_id = params.external_id.as_deref();
            store::page(conn, &tenant, external_id, after.as_deref(), fetch)
        })
        .await?;
    let (items, next_cursor) = page.cut(found, |client| &client.id);
    let items = items.into_iter().map(ClientOut::from).collect();
    Ok(HttpResponse::Ok().json(ClientPage { items, next_cursor }))
}

/// Create a client
///
/// With an `Idempotency-Key` the call is safe to repeat for 24 hours. Needs `clients:write`; a token
/// that is narrowed to one client may not.
#[utoipa::path(tag = "clients", operation_id = "createClient", request_body = NewClient,
    params(("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, new for each new request", max_length = 257)),
    responses((status = 201, body = ClientOut, headers(("location" = String), ("etag" = String))), Writing))]
#[post("/v1/clients")]
async fn create_client(
    caller: Caller,
    db: Data<Db>,
    idempotency: Idempotency,
    Body(body, said): Body<NewClient>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::ClientsWrite)?;
    if tenant.only_client().is_some() {
        return Err(narrowed());
    }
    let client = body.into_client(clock::new_id(), clock::now());
    let created = db
        .write(move |conn| {
            once(conn, &tenant, &idempotency, &said, |conn| {
                match store::add(conn, &tenant, &client) {
                    Err(StoreError::Duplicate) => return Err(taken(&client)),
                    other => other?,
                }
                audit::created(conn, &tenant, &client)?;
                let location = format!("/v1/clients/{}", client.id);
                let body = answer::text(&ClientOut::from(client.clone()))?;
                Ok(Created { location, body, replayed: false })
            })
        })
        .await?;
    Ok(idempotency::answer(created))
}

/// Show a client
///
/// Needs `clients:read`.
#[utoipa::path(tag = "clients", operation_id = "getClient",
    params(("client" = String, Path, format = Uuid)),
    responses((status = 200, body = ClientOut), Reading))]
#[get("/v1/clients/{client}")]
async fn show_client(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::ClientsRead)?;
    let client = db.read(move |conn| store::get(conn, &tenant, &id)).await?;
    answer::private(&request, &ClientOut::from(client))
}

fn narrowed() -> Problem {
    Problem::new(&kinds::FORBIDDEN).with_detail(LocalizedText::new(
        "このトークンは1社に限定されています。",
        "This token is narrowed to one client.",
    ))
}

fn taken(client: &Client) -> Problem {
    let external_id = client.external_id.as_deref().unwrap_or_default();
    Problem::new(&kinds::DUPLICATE).with_detail(LocalizedText::new(
        format!("external_id {external_id} の顧客がすでにあります。"),
        format!("There is a client with the external_id {external_id} already."),
    ))
}
