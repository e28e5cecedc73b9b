//! `POST /oauth2/token`: client credentials.
use super::refusal::{Refusal, not_kept};
use crate::auth::{self, Client, Grant, Holder, Issuer, Proof};
use crate::body::Form;
use crate::caller::Scope;
use crate::clock;
use crate::db::Db;
use crate::limits::Meters;
use crate::problem::{Problem, TokenRequest};
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// How long a token is good.
const LIFETIME: TimeDelta = TimeDelta::minutes(15);

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A request for a token (RFC 6749, 4.4). The client proves itself by `Authorization: Basic`, by
/// `client_id` and `client_secret`, or by a signed `client_assertion` (RFC 7523).
#[derive(ToSchema)]
#[schema(as = NewAccessToken, example = json!({"grant_type": "client_credentials", "scope": "clients:read"}))]
#[expect(dead_code, reason = "the form is read field by field: what is not known in it is ignored")]
pub struct TokenForm {
    /// `client_credentials`
    #[schema(max_length = 100)]
    grant_type: String,
    /// Scopes, separated by spaces; all that the account has when not said.
    #[schema(max_length = 1000)]
    scope: Option<String>,
    /// Narrows the token to one client company.
    #[schema(format = Uuid)]
    only_client: Option<String>,
    #[schema(max_length = 200, example = "acme.0198c0de-0000-7000-8000-000000000000")]
    client_id: Option<String>,
    #[schema(max_length = 200)]
    client_secret: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`
    #[schema(max_length = 100)]
    client_assertion_type: Option<String>,
    /// A JWT with `iss` and `sub` the client's id, `aud` the `issuer` of the metadata (where that is a URL, the
    /// token endpoint there will do too), `exp` within five minutes, and a `jti` that was not used before.
    #[schema(max_length = 8192)]
    client_assertion: Option<String>,
}

/// A token (RFC 6749, 5.1).
#[derive(Serialize, ToSchema)]
#[schema(as = AccessToken)]
pub struct TokenOut {
    access_token: String,
    /// `Bearer`
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    #[schema(example = 900)]
    expires_in: i64,
    scope: String,
}

/// Get an access token
///
/// OAuth 2.0 client credentials for a service account. What goes wrong with the request is told as RFC 6749 has
/// it; everything else is a problem document.
#[utoipa::path(tag = "identity", operation_id = "issueToken", security(()),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenOut), TokenRequest))]
#[post("/oauth2/token")]
pub async fn issue_token(
    request: HttpRequest,
    db: Data<Db>,
    issuer: Data<Issuer>,
    meters: Data<Meters>,
    Form(form): Form,
) -> Result<HttpResponse, Problem> {
    let asked = match form.map_err(Refusal::Request).and_then(Asked::read) {
        Ok(asked) => asked,
        Err(refusal) => return Ok(refusal.answer()),
    };
    let proof = match asked.proof(request.headers()) {
        Ok(proof) => proof,
        Err(refusal) => return Ok(refusal.answer()),
    };
    let now = clock::now();
    let audiences = issuer.audiences();
    let address = meters.address(request.headers(), request.peer_addr());
    let proved = auth::prove(&db, proof, &audiences, address, now).await?;
    let granted = proved.ok_or(Refusal::Client).and_then(|client| asked.grant(client, now));
    let (grant, holder) = match granted {
        Ok(granted) => granted,
        Err(refusal) => return Ok(refusal.answer()),
    };
    issuer.freshen(&db, None).await;
    let access_token = issuer.issue_to(&holder, &grant, now)?;
    let scope: Vec<_> = grant.scopes.iter().map(|scope| scope.as_str()).collect();
    Ok(not_kept(&mut HttpResponse::Ok()).json(TokenOut {
        access_token,
        token_type: "Bearer",
        expires_in: grant.lifetime.num_seconds(),
        scope: scope.join(" "),
    }))
}

/// The fields of a request that we know, each once and none empty.
struct Asked(HashMap<String, String>);

const KNOWN: &[&str] = &[
    "grant_type",
    "scope",
    "only_client",
    "client_id",
    "client_secret",
    "client_assertion_type",
    "client_assertion",
];

impl Asked {
    fn read(form: Vec<(String, String)>) -> Result<Self, Refusal> {
        let mut fields = HashMap::new();
        // A field without a value is one that is left out, and one that nobody knows is ignored (3.2).
        for (name, value) in form {
            if !KNOWN.contains(&name.as_str()) || value.is_empty() {
                continue;
            }
            if fields.insert(name, value).is_some() {
                return Err(Refusal::Request("a parameter is given twice"));
            }
        }
        let asked = Self(fields);
        match asked.field("grant_type") {
            Some("client_credentials") => Ok(asked),
            Some(_) => Err(Refusal::GrantType),
            None => Err(Refusal::Request("grant_type is missing")),
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// By what the client proves itself: one way, not two.
    fn proof(&self, headers: &header::HeaderMap) -> Result<Proof, Refusal> {
        let said = |name: &str| self.field(name).map(str::to_owned);
        let basic = headers.get_all(header::AUTHORIZATION).any(|value| {
            let scheme = value.as_bytes().split(|byte| *byte == b' ').next();
            scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic"))
        });
        match (basic, said("client_secret"), said("client_assertion")) {
            (true, None, None) => {
                let (client_id, secret) = basic_credentials(headers).ok_or(Refusal::Client)?;
                match said("client_id") {
                    Some(other) if other != client_id => Err(Refusal::Request("client_id is said twice")),
                    _ => Ok(Proof::Secret { client_id, secret }),
                }
            }
            (false, Some(secret), None) => {
                let client_id = said("client_id").ok_or(Refusal::Request("client_id is missing"))?;
                Ok(Proof::Secret { client_id, secret })
            }
            (false, None, Some(assertion)) => match self.field("client_assertion_type") {
                Some(JWT_BEARER) => Ok(Proof::Assertion { client_id: said("client_id"), assertion }),
                _ => Err(Refusal::Request("client_assertion_type is not one that is supported")),
            },
            (false, None, None) => Err(Refusal::Client),
            _ => Err(Refusal::Request("the client proves itself in more than one way")),
        }
    }

    /// What the token is to say: what was asked for, as far as the account goes.
    fn grant(&self, client: Client, now: DateTime<Utc>) -> Result<(Grant, Holder), Refusal> {
        let Client { tenant, account, credential } = client;
        let reach = account.reach;
        let scopes = match self.field("scope") {
            None => reach.scopes,
            Some(asked) => {
                let scopes = asked
                    .split_whitespace()
                    .map(|text| text.parse::<Scope>().ok().filter(|scope| reach.scopes.contains(scope)));
                let mut scopes = scopes
                    .collect::<Option<Vec<_>>>()
                    .ok_or(Refusal::Scope("the account does not have all of these scopes"))?;
                scopes.dedup();
                scopes
            }
        };
        let asked = self.field("only_client").map(|text| {
            uuid::Uuid::try_parse(text)
                .map(|id| id.to_string())
                .map_err(|_| Refusal::Request("only_client is no UUID"))
        });
        let only = match (reach.client, asked.transpose()?) {
            (Some(only), Some(asked)) if only != asked => {
                return Err(Refusal::Scope("the account is narrowed to another client company"));
            }
            (only, asked) => only.or(asked),
        };
        let left = reach.expires_at.map_or(LIFETIME, |at| at - now);
        let client_id = format!("{}.{}", tenant.slug(), account.id);
        let grant = Grant {
            tenant: tenant.slug().to_owned(),
            subject: client_id.clone(),
            scopes,
            client: only,
            lifetime: LIFETIME.min(left),
        };
        Ok((grant, Holder { client_id, credential }))
    }
}

/// Name and secret of `Authorization: Basic`, each form-encoded (RFC 6749, 2.3.1).
fn basic_credentials(headers: &header::HeaderMap) -> Option<(String, String)> {
    let mut given = headers.get_all(header::AUTHORIZATION);
    let value = given.next()?.to_str().ok()?;
    if given.next().is_some() || value.len() > 1000 {
        return None;
    }
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let plain = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, secret) = plain.split_once(':')?;
    Some((unformed(name)?, unformed(secret)?))
}

fn unformed(text: &str) -> Option<String> {
    let pairs: Vec<(String, String)> = serde_html_form::from_str(&format!("v={text}")).ok()?;
    match <[(String, String); 1]>::try_from(pairs) {
        Ok([(_, value)]) => Some(value),
        Err(_) => None,
    }
}
