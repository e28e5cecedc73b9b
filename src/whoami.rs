//! `GET /v1/whoami`: what a token says, for whoever holds it.
use crate::caller::{Bearer, Caller};
use crate::problem::{Listing, Problem};
use crate::routes::Routes;
use actix_web::http::header;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

pub fn routes(to: &mut impl Routes) {
    to.service(show_caller);
}

/// Who calls, and what they may do.
#[derive(Serialize, ToSchema)]
#[schema(as = WhoAmI)]
pub struct CallerOut {
    #[schema(example = "acme")]
    tenant: String,
    subject: String,
    scopes: Vec<&'static str>,
    /// The one client company that the token is narrowed to.
    #[schema(format = Uuid)]
    client_id: Option<String>,
    #[schema(format = Uuid)]
    service_account_id: Option<String>,
    /// Where the token is a respondent's link: the one assessment that it may answer, and as whom.
    link: Option<LinkOut>,
    expires_at: DateTime<Utc>,
}

/// What a respondent's link is for.
#[derive(Serialize, ToSchema)]
#[schema(as = WhoAmILink)]
pub struct LinkOut {
    #[schema(format = Uuid)]
    id: String,
    #[schema(format = Uuid)]
    assessment_id: String,
    respondent: String,
}

/// Show who is calling
///
/// Any token will do, a respondent's link too.
#[utoipa::path(tag = "identity", operation_id = "getWhoAmI",
    responses((status = 200, body = CallerOut), Listing))]
#[get("/v1/whoami")]
async fn show_caller(caller: Caller) -> Result<HttpResponse, Problem> {
    let link = match caller.bearer() {
        Bearer::Link(only) => Some(LinkOut {
            id: only.link.clone(),
            assessment_id: only.assessment.clone(),
            respondent: only.respondent.clone(),
        }),
        Bearer::Token | Bearer::Account(_) => None,
    };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "private, no-store")).json(CallerOut {
        tenant: caller.tenant_slug().to_owned(),
        subject: caller.subject().to_owned(),
        scopes: caller.scopes().iter().map(|scope| scope.as_str()).collect(),
        client_id: caller.only_client().map(str::to_owned),
        service_account_id: caller.account().map(str::to_owned),
        link,
        expires_at: caller.expires_at(),
    }))
}
