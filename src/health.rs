//! `/livez` and `/readyz`: whether the process runs, and whether it can serve.
use crate::db::Db;
use crate::problem::{Open, Problem};
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(livez).service(readyz);
}

/// The state of this process.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`
    #[schema(example = "ok")]
    status: &'static str,
}

fn ok() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(Health { status: "ok" })
}

/// Tell that the process runs
///
/// Answers without asking anything else.
#[utoipa::path(tag = "service", operation_id = "getLiveness", security(()),
    responses((status = 200, body = Health), Open))]
#[get("/livez")]
async fn livez() -> HttpResponse {
    ok()
}

/// Tell that the service can serve
///
/// Asks the database; 503 when it does not answer.
#[utoipa::path(tag = "service", operation_id = "getReadiness", security(()),
    responses((status = 200, body = Health), Open))]
#[get("/readyz")]
async fn readyz(db: Data<Db>) -> Result<HttpResponse, Problem> {
    db.answers().await?;
    Ok(ok())
}
