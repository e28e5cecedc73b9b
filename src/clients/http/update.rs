//! `PATCH /v1/clients/{client}`.
use super::super::domain::NewClient;
use super::super::store;
use super::ClientOut;
use super::taken;
use crate::answer;
use crate::audit;
use crate::body::Patch;
use crate::caller::{Caller, Scope};
use crate::clock;
use crate::db::{Db, StoreError};
use crate::id::Id;
use crate::problem::{Problem, Updating, kinds};
use crate::text::LocalizedText;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, patch};

/// Change a client
///
/// A JSON merge patch: what is left out stays, what is null goes away, lists are replaced as a whole. Needs
/// `clients:write` and `If-Match`; `external_id` stays as it is under a token that is narrowed to the client.
#[utoipa::path(tag = "clients", operation_id = "updateClient",
    request_body(content = NewClient, content_type = "application/merge-patch+json"),
    params(("client" = String, Path, format = Uuid),
        ("If-Match" = String, Header, description = "The ETag of the client", max_length = 200)),
    responses((status = 200, body = ClientOut, headers(("etag" = String))), Updating))]
#[patch("/v1/clients/{client}")]
pub async fn update_client(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
    patch: Patch<NewClient>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::ClientsWrite)?;
    let precondition = answer::precondition(&request)?;
    let now = clock::now();
    let changed = db
        .write(move |conn| {
            let client = store::get(conn, &tenant, &id)?;
            precondition.holds(&ClientOut::from(client.clone()))?;
            let said = patch.onto(&NewClient::from(client.clone()))?;
            if tenant.only_client().is_some() && said.external_id != client.external_id {
                return Err(named_by_the_provider());
            }
            let changed = client.clone().changed(said, now);
            match store::save(conn, &tenant, &changed) {
                Err(StoreError::Duplicate) => return Err(taken(&changed)),
                other => other?,
            }
            audit::changed(conn, &tenant, &client, &changed)?;
            Ok(changed)
        })
        .await?;
    answer::written(HttpResponse::Ok(), &ClientOut::from(changed))
}

/// Names are unique in the tenant: whoever may see one client only must not learn which names the others have.
fn named_by_the_provider() -> Problem {
    Problem::new(&kinds::FORBIDDEN).with_detail(LocalizedText::new(
        "1社に限定されたトークンでは external_id を変えられません。",
        "A token that is narrowed to one client does not change its external_id.",
    ))
}
