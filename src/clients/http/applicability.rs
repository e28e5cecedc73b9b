//! `/v1/clients/{client}/applicability`.
use super::super::applicability::{ItemApplicability, applicability};
use super::super::store;
use crate::answer;
use crate::body::Query;
use crate::caller::{Caller, Scope};
use crate::db::{Db, StoreError};
use crate::id::Id;
use crate::problem::{Fault, Problem, Reading};
use crate::questionnaires::{self, Questionnaires};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which items of a questionnaire concern a client.
#[derive(Serialize, ToSchema)]
pub struct ClientApplicability {
    #[schema(format = Uuid)]
    client_id: String,
    #[schema(example = "ipa-telework-3.1")]
    questionnaire: String,
    /// Every item, in the order of the questionnaire.
    items: Vec<ItemApplicability>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ApplicabilityParams {
    /// Id of the questionnaire.
    #[param(max_length = 64, example = "ipa-telework-3.1")]
    questionnaire: String,
}

/// Show which items concern a client
///
/// For every item of a questionnaire whether it applies to the client, from the client's profile, and why
/// not. An answer that is not known yet names the fields of the profile that would decide. Needs
/// `clients:read`.
#[utoipa::path(tag = "clients", operation_id = "getClientApplicability",
    params(("client" = String, Path, format = Uuid), ApplicabilityParams),
    responses((status = 200, body = ClientApplicability), Reading))]
#[get("/v1/clients/{client}/applicability")]
pub async fn show_applicability(
    caller: Caller,
    request: HttpRequest,
    db: Data<Db>,
    questionnaires: Data<Questionnaires>,
    id: Path<Id>,
    Query(params): Query<ApplicabilityParams>,
) -> Result<HttpResponse, Problem> {
    let tenant = caller.with(Scope::ClientsRead)?;
    let answer = db
        .read(move |conn| {
            let client = store::get(conn, &tenant, &id)?;
            let asked = match questionnaires::find(conn, &tenant, &questionnaires, &params.questionnaire) {
                Err(StoreError::Missing) => {
                    let known: Vec<_> = questionnaires.all().map(|q| q.id.as_str()).collect();
                    return Err(Problem::invalid(vec![Fault::unknown_value(
                        "/query/questionnaire",
                        &known,
                    )]));
                }
                other => other?,
            };
            Ok(ClientApplicability {
                client_id: client.id,
                items: applicability(&asked, &client.profile),
                questionnaire: params.questionnaire,
            })
        })
        .await?;
    answer::private(&request, &answer)
}
