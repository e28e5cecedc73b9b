//! Who calls: a bearer token becomes a `Caller`, once per request, before the handler and whatever else it
//! asks for. Everything that is not quite a good token is refused alike.
mod assertion;
mod client;
mod fetch;
mod issuer;
mod jose;
mod keyset;
mod ring;
mod trust;
mod trusted;

pub use client::{Client, Proof, prove};
pub use issuer::{Claims, Grant, Holder, Issuer, PublishedKey};
pub use ring::rotate;
pub use trusted::Trusted;

use crate::assessments;
use crate::caller::{Author, Bearer, Caller, Delegation, Scope, Tenant, Visitor};
use crate::clock;
use crate::db::{Db, StoreError};
use crate::limits::Meters;
use crate::problem::{Problem, kinds};
use crate::secret;
use crate::service_accounts::{self, Account};
use crate::tenants;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest};
use chrono::{DateTime, Utc};
use std::future::{Ready, ready};
use std::net::IpAddr;

/// Middleware: finds out who calls, for the handlers that want to know. It is no extractor, because those of
/// a handler are read side by side: a body that is wrong would be told to somebody whose account was revoked.
pub async fn identify(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if request.path().starts_with("/v1/") && request.headers().contains_key(header::AUTHORIZATION) {
        let who = who(request.request()).await;
        let who = who.map(|caller| caller.calling(Author::of(request.request())));
        request.extensions_mut().insert(Identified(who));
    }
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
}

/// Who calls, or why that is not known.
struct Identified(Result<Caller, Problem>);

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = request.extensions().get::<Identified>().map(|identified| identified.0.clone());
        ready(found.unwrap_or_else(|| Err(unauthenticated())))
    }
}

impl FromRequest for Visitor {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;
    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !request.headers().contains_key(header::AUTHORIZATION) {
            return ready(Ok(Self::new(None)));
        }
        // A bad token is refused: answering as if there were none would hide what is theirs.
        let caller = Caller::from_request(request, payload).into_inner();
        ready(caller.map(|caller| Self::new(Some(caller))))
    }
}

/// The one answer to every token that is not good.
fn unauthenticated() -> Problem {
    Problem::new(&kinds::UNAUTHENTICATED)
}

/// What every handler of the application can ask for.
fn part<T: 'static>(request: &HttpRequest) -> Result<Data<T>, Problem> {
    request.app_data::<Data<T>>().cloned().ok_or_else(|| Problem::new(&kinds::INTERNAL))
}

async fn who(request: &HttpRequest) -> Result<Caller, Problem> {
    let token = bearer(request).ok_or_else(unauthenticated)?;
    let (db, meters) = (part::<Db>(request)?, part::<Meters>(request)?);
    let now = clock::now();
    // What a token says of its issuer only decides whose keys it is held against.
    let caller = if token.starts_with(assessments::LINK_PREFIX) {
        by_link(&db, token, now).await?
    } else if let Some(caller) = part::<Trusted>(request)?.caller(&db, token, now).await {
        caller?
    } else {
        let claims = part::<Issuer>(request)?.check(&db, token, now).await.ok_or_else(unauthenticated)?;
        let address = meters.address(request.headers(), request.peer_addr());
        by_claims(&db, claims, address, now).await?
    };
    // Only now: whoever was let in no more takes nothing of what the tenant may ask, nor hears how much that is.
    meters.count_tenant(request, caller.tenant_slug())?;
    Ok(caller)
}

/// The caller that a token of ours speaks for.
async fn by_claims(
    db: &Db,
    claims: Claims,
    address: Option<IpAddr>,
    now: DateTime<Utc>,
) -> Result<Caller, Problem> {
    let Claims { sub, exp, tenant, scope, client, client_id, credential, .. } = claims;
    let scopes = scope.split_whitespace().map(|scope| scope.parse().ok()).collect::<Option<Vec<Scope>>>();
    let (Some(scopes), Some(expires_at)) = (scopes, DateTime::from_timestamp(exp, 0)) else {
        return Err(unauthenticated());
    };
    let Some(client_id) = client_id else {
        return Ok(Caller::verified(
            Tenant::verified(tenant, client),
            sub,
            scopes,
            Bearer::Token,
            expires_at,
        ));
    };
    // The account as it is now: what was taken from it is gone from its tokens too.
    let known = account(db, &client_id).await?.filter(|(of, _)| of.slug() == tenant);
    let (_, account) = known.ok_or_else(unauthenticated)?;
    let good = credential.is_some_and(|credential| account.has(&credential));
    let only = account.reach.client.as_ref();
    let other = only.is_some_and(|only| client.as_ref().is_some_and(|client| client != only));
    if account.admits(address, now).is_err() || !good || other {
        return Err(unauthenticated());
    }
    let tenant = Tenant::verified(tenant, only.cloned().or(client));
    let scopes = account.reach.left_of(scopes);
    Ok(Caller::verified(tenant, sub, scopes, Bearer::Account(account.id), expires_at))
}

/// The tenant that somebody says, before they have proved anything: nothing but their proof is read through it.
/// What has not the form of a slug is none, and no database is asked what it makes of such a text.
fn door(slug: &str) -> Option<Tenant> {
    tenants::is_slug(slug).then(|| Tenant::verified(slug.to_owned(), None))
}

/// The account of this name (`<tenant>.<id>`), and the tenant it would be of.
async fn account(db: &Db, client_id: &str) -> Result<Option<(Tenant, Account)>, Problem> {
    let named = client_id.split_once('.');
    let named =
        named.and_then(|(slug, id)| Some((door(slug)?, uuid::Uuid::try_parse(id).ok()?.to_string())));
    let Some((door, id)) = named else {
        return Ok(None);
    };
    let of = door.clone();
    match db.read(move |conn| service_accounts::get(conn, &door, &id)).await {
        Ok(account) => Ok(Some((of, account))),
        Err(StoreError::Missing) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The respondent that a link speaks for.
async fn by_link(db: &Db, token: &str, now: DateTime<Utc>) -> Result<Caller, Problem> {
    let slug = secret::prefix(token).and_then(|prefix| prefix.strip_prefix(assessments::LINK_PREFIX));
    let door = slug.and_then(door).ok_or_else(unauthenticated)?;
    let (tenant, digest) = (door.slug().to_owned(), secret::digest(token));
    let found = db.read(move |conn| assessments::link_of(conn, &door, &digest)).await;
    let link = match found {
        Ok(link) if now < link.expires_at => link,
        Ok(_) | Err(StoreError::Missing) => return Err(unauthenticated()),
        Err(error) => return Err(error.into()),
    };
    let tenant = Tenant::verified(tenant, Some(link.client_id));
    let subject = format!("link {}", link.id);
    let only = Delegation { link: link.id, assessment: link.assessment_id, respondent: link.respondent };
    Ok(Caller::verified(tenant, subject, vec![], Bearer::Link(only), link.expires_at))
}

/// The tenant for a command: whoever has the database has everything in it.
pub fn operator(slug: &str, command: &str) -> Tenant {
    let author =
        Author { subject: "command-line".to_owned(), action: command.to_owned(), ..Author::default() };
    Tenant::verified(slug.to_owned(), None).by(author)
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let mut given = request.headers().get_all(header::AUTHORIZATION);
    let value = given.next()?.to_str().ok()?;
    if given.next().is_some() || value.len() > jose::MAX_TOKEN {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}
