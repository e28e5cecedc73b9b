//! `/v1/clients/{client}/export`, and the end of a client.
use crate::answer;
use crate::assessments::{self, AssessmentRecord};
use crate::audit;
use crate::caller::{Caller, Scope, Tenant};
use crate::clients::{self, Client, ClientOut};
use crate::db::{AnyConnection, Db, StoreError};
use crate::id::Id;
use crate::idempotency;
use crate::incidents::{self, IncidentRecord};
use crate::problem::{Problem, Reading, Removing};
use crate::routes::Routes;
use crate::service_accounts;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get};
use serde::Serialize;
use utoipa::ToSchema;

pub fn routes(to: &mut impl Routes) {
    to.service(export_client).service(delete_client);
}

/// Everything that is kept of a client.
#[derive(Serialize, ToSchema)]
pub struct ClientExport {
    client: ClientOut,
    /// Every assessment with its answers, what happened to it, and what each respondent said.
    assessments: Vec<AssessmentRecord>,
    /// Every incident with what happened and to whom it was handed on.
    incidents: Vec<IncidentRecord>,
}

fn everything(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    client: Client,
) -> Result<ClientExport, StoreError> {
    let assessments = assessments::records(conn, tenant, &client.id)?;
    let incidents = incidents::records(conn, tenant, &client.id)?;
    Ok(ClientExport { client: client.into(), assessments, incidents })
}

/// Where what was kept of the client stood.
fn places(client: &Client, export: &ClientExport) -> Vec<String> {
    let assessments = export.assessments.iter().map(AssessmentRecord::location);
    let incidents = export.incidents.iter().map(IncidentRecord::location);
    std::iter::once(format!("/v1/clients/{}", client.id)).chain(assessments).chain(incidents).collect()
}

/// Export a client
///
/// Everything that is kept of it, as one document. Needs `clients:read`, `assessments:read` and
/// `incidents:read`.
#[utoipa::path(tag = "clients", operation_id = "exportClient",
    params(("client" = String, Path, format = Uuid)),
    responses((status = 200, body = ClientExport), Reading))]
#[get("/v1/clients/{client}/export")]
async fn export_client(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::ClientsRead)?;
    caller.with(Scope::AssessmentsRead)?;
    caller.with(Scope::IncidentsRead)?;
    let export = db
        .read(move |conn| {
            let client = clients::get(conn, &tenant, &id)?;
            everything(conn, &tenant, client)
        })
        .await?;
    answer::private(&request, &export)
}

/// Delete a client
///
/// Takes the client away and everything that is kept of it, accepted assessments too, and answers with all
/// that it took, as the export would have shown it: keep it, because it is nowhere else. Answers that were kept
/// under an `Idempotency-Key`, respondents' links and the service accounts that are narrowed to the client go with
/// it. The audit log keeps that it was done, by whom and when, which service accounts it took, and of everything
/// else how many. Needs `clients:write`, `assessments:write`, `incidents:write` and `If-Match`.
#[utoipa::path(tag = "clients", operation_id = "deleteClient",
    params(("client" = String, Path, format = Uuid),
        ("If-Match" = String, Header, description = "The ETag of the client", max_length = 200)),
    responses((status = 200, body = ClientExport), Removing))]
#[delete("/v1/clients/{client}")]
async fn delete_client(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    id: Path<Id>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::ClientsWrite)?;
    caller.with(Scope::AssessmentsWrite)?;
    caller.with(Scope::IncidentsWrite)?;
    let precondition = answer::precondition(&request)?;
    let taken = db
        .write(move |conn| {
            let client = clients::get(conn, &tenant, &id)?;
            precondition.holds(&ClientOut::from(client.clone()))?;
            let export = everything(conn, &tenant, client.clone())?;
            // Each by itself, as it was made: whoever asks what became of an account finds its end.
            for account in service_accounts::of_client(conn, &tenant, &client.id)? {
                audit::removed(conn, &tenant, &account, &[])?;
            }
            clients::remove(conn, &tenant, &client)?;
            let with = [
                ("assessments", export.assessments.len()),
                ("links", export.assessments.iter().map(AssessmentRecord::links).sum()),
                ("incidents", export.incidents.len()),
            ];
            audit::removed(conn, &tenant, &client, &with)?;
            idempotency::forget(conn, &tenant, &places(&client, &export))?;
            Ok::<_, Problem>(export)
        })
        .await?;
    Ok(HttpResponse::Ok().json(taken))
}
