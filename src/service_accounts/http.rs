//! `/v1/service-accounts`: with the scope `admin`, and never with a token that is narrowed to one client.
mod change;
mod secrets;

use super::domain::{Account, MOST, NewServiceAccount, Refusal, accept};
use super::reach::{Beyond, Reach};
use super::store;
use crate::answer;
use crate::audit;
use crate::body::{Body, Query};
use crate::caller::{Caller, Scope, Tenant};
use crate::clients;
use crate::clock;
use crate::db::{AnyConnection, Db, StoreError};
use crate::era;
use crate::id::Id;
use crate::idempotency::{self, Created, Idempotency, once};
use crate::jwk::PublicJwk;
use crate::page::Page;
use crate::problem::{Fault, Listing, Problem, Reading, Writing, kinds};
use crate::routes::Routes;
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub use secrets::PREFIX as SECRET_PREFIX;

pub fn routes(to: &mut impl Routes) {
    to.service(list_accounts)
        .service(create_account)
        .service(show_account)
        .service(change::update_account)
        .service(change::delete_account)
        .service(secrets::create_secret)
        .service(secrets::delete_secret);
}

/// A machine that calls for a provider.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceAccount)]
pub struct AccountOut {
    #[schema(format = Uuid)]
    id: String,
    /// Its `client_id` at the token endpoint.
    #[schema(example = "acme.0198c0de-0000-7000-8000-000000000000")]
    oauth_client_id: String,
    name: String,
    scopes: Vec<String>,
    /// The one client company that it may see.
    #[schema(format = Uuid)]
    client_id: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    allowed_addresses: Vec<String>,
    /// The secrets that it has, without themselves.
    secrets: Vec<SecretSummary>,
    public_keys: Vec<PublicJwk>,
    disabled: bool,
    created_by: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A secret, without itself.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceAccountSecretSummary)]
pub struct SecretSummary {
    #[schema(format = Uuid)]
    id: String,
    created_at: DateTime<Utc>,
    /// When it ends, once another one has followed.
    good_until: Option<DateTime<Utc>>,
}

impl AccountOut {
    fn of(tenant: &Tenant, account: Account) -> Self {
        let NewServiceAccount {
            name,
            scopes,
            client_id,
            expires_at,
            allowed_addresses,
            public_keys,
            disabled: _,
        } = account.said();
        let secrets = account.secrets.into_iter();
        Self {
            oauth_client_id: format!("{}.{}", tenant.slug(), account.id),
            id: account.id,
            name,
            scopes,
            client_id,
            expires_at,
            allowed_addresses: allowed_addresses.unwrap_or_default(),
            secrets: secrets
                .map(|kept| SecretSummary {
                    id: kept.id,
                    created_at: kept.created_at,
                    good_until: kept.good_until,
                })
                .collect(),
            public_keys: public_keys.unwrap_or_default(),
            disabled: account.disabled,
            created_by: account.created_by,
            created_at: account.created_at,
            updated_at: account.updated_at,
        }
    }
}

/// A page of service accounts, oldest first.
#[derive(Serialize, ToSchema)]
pub struct ServiceAccountPage {
    items: Vec<AccountOut>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccountParams {
    /// `next_cursor` of the page before.
    #[param(max_length = 200)]
    after: Option<String>,
    /// At most this many items.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u8>,
}

impl From<Vec<Refusal>> for Problem {
    fn from(refusals: Vec<Refusal>) -> Self {
        Self::invalid(refusals.into_iter().map(fault).collect())
    }
}

fn fault(refusal: Refusal) -> Fault {
    let said = |pointer: String, code: &'static str, ja: &str, en: &str| {
        Fault::new(pointer, code, LocalizedText::new(ja, en))
    };
    match refusal {
        Refusal::UnknownScope { index } => {
            let known: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
            Fault::unknown_value(format!("/scopes/{index}"), &known)
        }
        Refusal::Address { index } => said(
            format!("/allowed_addresses/{index}"),
            "pattern",
            "IPアドレス、または 203.0.113.0/24 の形のネットワークにしてください",
            "must be an address, or a network such as 203.0.113.0/24",
        ),
        Refusal::Past => {
            said("/expires_at".into(), "past", "これからの日時にしてください", "must be in the future")
        }
        Refusal::Era => said("/expires_at".into(), era::CODE, era::RULE.0, era::RULE.1),
        Refusal::Key { index, why } => Fault::new(
            format!("/public_keys/{index}"),
            "weak-key",
            LocalizedText::new(format!("使えない鍵です（{why}）"), why.to_string()),
        ),
        Refusal::SameKid { index } => said(
            format!("/public_keys/{index}/kid"),
            "repeated",
            "鍵の名前が重複しています",
            "is the name of another key as well",
        ),
        Refusal::Beyond(Beyond::Scope { index, scope }) => Fault::new(
            format!("/scopes/{index}"),
            "beyond-caller",
            LocalizedText::new(
                format!("自分が持たないスコープ {scope} は与えられません"),
                format!("is {scope}, which the caller does not have"),
            ),
        ),
        Refusal::Beyond(Beyond::Client) => said(
            "/client_id".into(),
            "beyond-caller",
            "自分に許された顧客に限定してください",
            "must be the client that the caller is narrowed to",
        ),
        Refusal::Beyond(Beyond::Expiry { until }) => Fault::new(
            "/expires_at",
            "beyond-caller",
            LocalizedText::new(
                format!("自分の期限（{until}）より後にはできません"),
                format!("must not be later than the caller's own end, {until}"),
            ),
        ),
        Refusal::Beyond(Beyond::Address { index }) => said(
            index
                .map_or_else(|| "/allowed_addresses".into(), |index| format!("/allowed_addresses/{index}")),
            "beyond-caller",
            "自分に許されたアドレスの範囲にしてください",
            "must be within the addresses that the caller may call from",
        ),
    }
}

/// The tenant, for whoever may look after its accounts.
fn administrator(caller: &Caller) -> Result<Tenant, Problem> {
    let tenant = caller.with(Scope::Admin)?;
    if tenant.only_client().is_none() {
        return Ok(tenant);
    }
    Err(Problem::new(&kinds::FORBIDDEN).with_detail(LocalizedText::new(
        "このトークンは1社に限定されています。",
        "This token is narrowed to one client.",
    )))
}

/// How far the caller reaches itself: a token as far as it says, an account as far as it may still go.
fn own_reach(conn: &mut AnyConnection, tenant: &Tenant, caller: &Caller) -> Result<Reach, StoreError> {
    let of_token = Reach::of_token(caller.scopes(), tenant.only_client());
    let Some(id) = caller.account() else {
        return Ok(of_token);
    };
    let account = store::get(conn, tenant, id)?;
    Ok(Reach { scopes: of_token.scopes, ..account.reach })
}

fn beyond(wanted: &Reach, own: &Reach) -> Result<(), Problem> {
    let beyond = wanted.beyond(own);
    if beyond.is_empty() {
        return Ok(());
    }
    Err(beyond.into_iter().map(Refusal::Beyond).collect::<Vec<_>>().into())
}

/// What the database says of an account that is to be written.
fn written(saved: Result<(), StoreError>) -> Result<(), Problem> {
    match saved {
        Err(StoreError::Duplicate) => Err(Problem::new(&kinds::DUPLICATE).with_detail(LocalizedText::new(
            "この名前のサービスアカウントがすでにあります。",
            "There is a service account of this name already.",
        ))),
        other => Ok(other?),
    }
}

/// Refuses a client that is not there. Another's is told as one that does not exist.
fn known_client(conn: &mut AnyConnection, tenant: &Tenant, reach: &Reach) -> Result<(), Problem> {
    let Some(id) = &reach.client else { return Ok(()) };
    match clients::get(conn, tenant, id) {
        Err(StoreError::Missing) => Err(Problem::invalid(vec![Fault::new(
            "/client_id",
            "unknown-client",
            LocalizedText::new("この顧客はありません", "is no client that we know"),
        )])),
        other => other.map(|_| ()).map_err(Problem::from),
    }
}

/// List service accounts
///
/// The machines that call for the tenant, oldest first. Needs `admin`; a token that is narrowed to one client
/// may not.
#[utoipa::path(tag = "identity", operation_id = "listServiceAccounts", params(AccountParams),
    responses((status = 200, body = ServiceAccountPage), Listing))]
#[get("/v1/service-accounts")]
async fn list_accounts(
    caller: Caller,
    db: Data<Db>,
    Query(params): Query<AccountParams>,
) -> Result<HttpResponse, Problem> {
    let tenant = administrator(&caller)?;
    let page = Page::read(Some(&tenant), params.after.as_deref(), params.limit, &["service-accounts"])?;
    let (after, fetch, of) = (page.after.clone(), page.fetch(), tenant.clone());
    let found = db.read(move |conn| store::page(conn, &of, after.as_deref(), fetch)).await?;
    let (items, next_cursor) = page.cut(found, |account| &account.id);
    let items = items.into_iter().map(|account| AccountOut::of(&tenant, account)).collect();
    Ok(HttpResponse::Ok().json(ServiceAccountPage { items, next_cursor }))
}

/// Create a service account
///
/// It has no secret yet: `POST .../secrets` makes one, or `public_keys` do without. It reaches no further than
/// the caller: not in scopes, not in time, not in addresses. Needs `admin`; a token that is narrowed to one
/// client may not.
#[utoipa::path(tag = "identity", operation_id = "createServiceAccount", request_body = NewServiceAccount,
    params(("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own, new for each new request", max_length = 257)),
    responses((status = 201, body = AccountOut, headers(("location" = String), ("etag" = String))), Writing))]
#[post("/v1/service-accounts")]
async fn create_account(
    caller: Caller,
    db: Data<Db>,
    idempotency: Idempotency,
    Body(body, said): Body<NewServiceAccount>,
) -> Result<HttpResponse, Problem> {
    let tenant = administrator(&caller)?;
    let now = clock::now();
    let reach = accept(&body)?;
    if reach.expires_at.is_some_and(|at| at <= now) {
        return Err(vec![Refusal::Past].into());
    }
    let account = Account::new(clock::new_id(), &body, reach, caller.subject(), now);
    let created = db
        .write(move |conn| {
            once(conn, &tenant, &idempotency, &said, |conn| {
                beyond(&account.reach, &own_reach(conn, &tenant, &caller)?)?;
                if store::count(conn, &tenant)? >= MOST {
                    return Err(Problem::new(&kinds::DUPLICATE).with_detail(LocalizedText::new(
                        format!("サービスアカウントは{MOST}件までです。"),
                        format!("There may be {MOST} service accounts."),
                    )));
                }
                known_client(conn, &tenant, &account.reach)?;
                written(store::add(conn, &tenant, &account))?;
                audit::created(conn, &tenant, &account)?;
                let location = format!("/v1/service-accounts/{}", account.id);
                let body = answer::text(&AccountOut::of(&tenant, account.clone()))?;
                Ok(Created { location, body, replayed: false })
            })
        })
        .await?;
    Ok(idempotency::answer(created))
}

/// Show a service account
///
/// Needs `admin`; a token that is narrowed to one client may not.
#[utoipa::path(tag = "identity", operation_id = "getServiceAccount",
    params(("account" = String, Path, format = Uuid)),
    responses((status = 200, body = AccountOut), Reading))]
#[get("/v1/service-accounts/{account}")]
async fn show_account(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = administrator(&caller)?;
    let of = tenant.clone();
    let account = db.read(move |conn| store::get(conn, &of, &id)).await?;
    answer::private(&request, &AccountOut::of(&tenant, account))
}
