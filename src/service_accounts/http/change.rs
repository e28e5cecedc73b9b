//! `PATCH` and `DELETE /v1/service-accounts/{account}`.
use super::super::domain::{NewServiceAccount, Refusal, accept};
use super::super::store;
use super::AccountOut;
use super::administrator;
use super::beyond;
use super::known_client;
use super::own_reach;
use super::written;
use crate::answer;
use crate::audit;
use crate::body::Patch;
use crate::caller::Caller;
use crate::clock;
use crate::db::Db;
use crate::id::Id;
use crate::problem::{Problem, Removing, Updating};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, patch};

/// Change a service account
///
/// A JSON merge patch; `disabled` revokes it, and its tokens with it, from the next call on. Less may be given
/// to any account; more, another key, or leave to call again only to one that reaches no further than the caller.
/// Needs `admin` and `If-Match`; a token that is narrowed to one client may not.
#[utoipa::path(tag = "identity", operation_id = "updateServiceAccount",
    request_body(content = NewServiceAccount, content_type = "application/merge-patch+json"),
    params(("account" = String, Path, format = Uuid),
        ("If-Match" = String, Header, description = "The ETag of the service account", max_length = 200)),
    responses((status = 200, body = AccountOut, headers(("etag" = String))), Updating))]
#[patch("/v1/service-accounts/{account}")]
pub async fn update_account(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
    patch: Patch<NewServiceAccount>,
) -> Result<HttpResponse, Problem> {
    let tenant = administrator(&caller)?;
    let precondition = answer::precondition(&request)?;
    let now = clock::now();
    let changed = db
        .write(move |conn| {
            let before = store::get(conn, &tenant, &id)?;
            precondition.holds(&AccountOut::of(&tenant, before.clone()))?;
            let said = patch.onto(&before.said())?;
            let reach = accept(&said)?;
            if reach.expires_at != before.reach.expires_at && reach.expires_at.is_some_and(|at| at <= now) {
                return Err(vec![Refusal::Past].into());
            }
            if before.gives_more(&said, &reach) {
                beyond(&reach, &own_reach(conn, &tenant, &caller)?)?;
            }
            known_client(conn, &tenant, &reach)?;
            let changed = before.clone().changed(&said, reach, now);
            written(store::save(conn, &tenant, &changed))?;
            audit::changed(conn, &tenant, &before, &changed)?;
            Ok::<_, Problem>(AccountOut::of(&tenant, changed))
        })
        .await?;
    answer::written(HttpResponse::Ok(), &changed)
}

/// Revoke a service account
///
/// Its tokens are refused from the next call on, on every replica. Needs `admin` and `If-Match` (`*` takes it
/// away as it is); a token that is narrowed to one client may not.
#[utoipa::path(tag = "identity", operation_id = "deleteServiceAccount",
    params(("account" = String, Path, format = Uuid),
        ("If-Match" = String, Header, description = "The ETag of the service account", max_length = 200)),
    responses((status = 204), Removing))]
#[delete("/v1/service-accounts/{account}")]
pub async fn delete_account(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = administrator(&caller)?;
    let precondition = answer::precondition(&request)?;
    db.write(move |conn| {
        let account = store::get(conn, &tenant, &id)?;
        precondition.holds(&AccountOut::of(&tenant, account.clone()))?;
        store::remove(conn, &tenant, &account)?;
        audit::removed(conn, &tenant, &account, &[]).map_err(Problem::from)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
