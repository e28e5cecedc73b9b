//! `/v1/service-accounts/{account}/secrets`: rotation, and taking a secret away.
use super::super::domain::{KeptSecret, MOST_SECRETS};
use super::super::store;
use super::AccountOut;
use super::administrator;
use super::own_reach;
use crate::answer;
use crate::audit;
use crate::body::Body;
use crate::caller::Caller;
use crate::clock;
use crate::db::{Db, StoreError};
use crate::id::Id;
use crate::idempotency::{self, Created, Idempotency, once};
use crate::problem::{Problem, Removing, Writing, kinds};
use crate::secret::Secret;
use crate::text::LocalizedText;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, post};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Scanners find secrets of ours by it.
pub const PREFIX: &str = "tsk_sa";

/// How long the secrets stay good that the account has already.
const OVERLAP: i64 = 24 * 60 * 60;

/// What is said of a new secret.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(example = json!({"overlap_seconds": 86400}))]
pub struct NewServiceAccountSecret {
    /// How long the secrets stay good that the account has already; a day when not said, and at once with 0.
    #[schema(minimum = 0, maximum = 2_592_000)]
    overlap_seconds: Option<i64>,
}

/// A secret of a service account.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ServiceAccountSecret)]
pub struct SecretOut {
    #[schema(format = Uuid)]
    id: String,
    #[schema(example = "acme.0198c0de-0000-7000-8000-000000000000")]
    oauth_client_id: String,
    /// Told this one time: only a digest is kept. Null when the call is a repeated one; then take this secret
    /// away and make another.
    secret: Option<String>,
    created_at: DateTime<Utc>,
}

/// Make a secret for a service account
///
/// The secrets that it has stay good for `overlap_seconds`, so that its program can be given the new one
/// meanwhile. The caller has to reach as far as the account. Needs `admin`; a token that is narrowed to one
/// client may not.
#[utoipa::path(tag = "identity", operation_id = "createServiceAccountSecret", request_body = NewServiceAccountSecret,
    params(("account" = String, Path, format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "A key of the caller's own; a repeated call is not given the secret again", max_length = 257)),
    responses((status = 201, body = SecretOut, headers(("location" = String))), Writing))]
#[post("/v1/service-accounts/{account}/secrets")]
pub async fn create_secret(
    caller: Caller,
    db: Data<Db>,
    id: Path<Id>,
    idempotency: Idempotency,
    Body(body, said): Body<NewServiceAccountSecret>,
) -> Result<HttpResponse, Problem> {
    let tenant = administrator(&caller)?;
    let secret = Secret::fresh(PREFIX)?;
    let now = clock::now();
    let kept =
        KeptSecret { id: clock::new_id(), digest: secret.digest(), created_at: now, good_until: None };
    // What is kept for a repeated call is this, without the secret.
    let shown = SecretOut {
        id: kept.id.clone(),
        oauth_client_id: format!("{}.{}", tenant.slug(), &**id),
        secret: None,
        created_at: now,
    };
    let once_only = SecretOut { secret: Some(secret.reveal().to_owned()), ..shown.clone() };
    let overlap = TimeDelta::seconds(body.overlap_seconds.unwrap_or(OVERLAP));
    let created = db
        .write(move |conn| {
            once(conn, &tenant, &idempotency, &said, |conn| {
                let account = store::get(conn, &tenant, &id)?;
                if !account.reach.within(&own_reach(conn, &tenant, &caller)?) {
                    return Err(too_far());
                }
                let changed = account.clone().with_secret(kept.clone(), overlap).ok_or_else(too_many)?;
                store::save(conn, &tenant, &changed).map_err(StoreError::look_again)?;
                audit::changed(conn, &tenant, &account, &changed)?;
                let location = format!("/v1/service-accounts/{}", changed.id);
                Ok(Created { location, body: answer::text(&shown)?, replayed: false })
            })
        })
        .await?;
    let mut response = idempotency::answer_once(created, &once_only)?;
    // A tag would be taken for that of the account, where `Location` leads.
    response.headers_mut().remove(header::ETAG);
    Ok(response)
}

fn too_far() -> Problem {
    Problem::new(&kinds::FORBIDDEN).with_detail(LocalizedText::new(
        "このアカウントには、自分より広い権限があります。",
        "This account reaches further than the caller.",
    ))
}

fn too_many() -> Problem {
    Problem::new(&kinds::DUPLICATE).with_detail(LocalizedText::new(
        format!("有効な秘密は{MOST_SECRETS}個までです。"),
        format!("At most {MOST_SECRETS} secrets may be good at once."),
    ))
}

/// Take a secret away
///
/// It is good no more, nor are the tokens that were got with it. Needs `admin` and `If-Match`; a token that is
/// narrowed to one client may not.
#[utoipa::path(tag = "identity", operation_id = "deleteServiceAccountSecret",
    params(("account" = String, Path, format = Uuid), ("secret" = String, Path, format = Uuid),
        ("If-Match" = String, Header, description = "The ETag of the service account", max_length = 200)),
    responses((status = 204), Removing))]
#[delete("/v1/service-accounts/{account}/secrets/{secret}")]
pub async fn delete_secret(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    path: Path<(Id, Id)>,
) -> Result<HttpResponse, Problem> {
    let tenant = administrator(&caller)?;
    let precondition = answer::precondition(&request)?;
    let now = clock::now();
    db.write(move |conn| {
        let account = store::get(conn, &tenant, &path.0)?;
        precondition.holds(&AccountOut::of(&tenant, account.clone()))?;
        let changed = account.clone().without_secret(&path.1, now).ok_or_else(Problem::not_found)?;
        store::save(conn, &tenant, &changed)?;
        audit::changed(conn, &tenant, &account, &changed).map_err(Problem::from)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
