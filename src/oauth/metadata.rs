//! `/.well-known`: the keys that check our tokens, and where tokens are got (RFC 8414).
use crate::auth::{Issuer, PublishedKey};
use crate::caller::Scope;
use crate::clock;
use crate::db::Db;
use crate::problem::WellKnown;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

/// The keys that check tokens of this service (RFC 7517).
#[derive(Serialize, ToSchema)]
pub struct KeySet {
    keys: Vec<PublishedKey>,
}

/// What a client of the token endpoint has to know (RFC 8414).
#[derive(Serialize, ToSchema)]
pub struct AuthorizationServer {
    #[schema(example = "https://tasuke.example.org")]
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
    scopes_supported: Vec<&'static str>,
    grant_types_supported: Vec<&'static str>,
    /// Always empty: nobody logs in here.
    response_types_supported: Vec<&'static str>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
}

/// Show the keys that check tokens
///
/// A key is here before it signs, and until the last token that it signed has died.
#[utoipa::path(tag = "identity", operation_id = "getKeySet", security(()),
    responses((status = 200, body = KeySet), WellKnown))]
#[get("/.well-known/jwks.json")]
pub async fn show_keys(db: Data<Db>, issuer: Data<Issuer>) -> HttpResponse {
    let keys = issuer.published(&db, clock::now()).await;
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=300")).json(KeySet { keys })
}

/// Show where tokens are got
///
/// OAuth 2.0 authorization server metadata. The addresses in it are those of the issuer where that is a URL, and
/// otherwise those that the call came to.
#[utoipa::path(tag = "identity", operation_id = "getAuthorizationServer", security(()),
    responses((status = 200, body = AuthorizationServer), WellKnown))]
#[get("/.well-known/oauth-authorization-server")]
pub async fn show_metadata(request: HttpRequest, issuer: Data<Issuer>) -> HttpResponse {
    let base = issuer.base(&request);
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(AuthorizationServer {
        issuer: issuer.name().to_owned(),
        token_endpoint: format!("{base}/oauth2/token"),
        jwks_uri: format!("{base}/.well-known/jwks.json"),
        scopes_supported: Scope::ALL.iter().map(|scope| scope.as_str()).collect(),
        grant_types_supported: vec!["client_credentials"],
        response_types_supported: vec![],
        token_endpoint_auth_methods_supported: vec![
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
        ],
        token_endpoint_auth_signing_alg_values_supported: vec![
            "EdDSA", "ES256", "ES384", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512",
        ],
    })
}

impl Issuer {
    /// Where this service is, for others: its own name where that is a URL.
    pub fn base(&self, request: &HttpRequest) -> String {
        if let Some(url) = url_of(self.name()) {
            return url.to_owned();
        }
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        format!("http://{}", host.unwrap_or("localhost"))
    }

    /// Whom an assertion of a client may be for.
    pub fn audiences(&self) -> Vec<String> {
        audiences_of(self.name())
    }
}

fn url_of(name: &str) -> Option<&str> {
    let is_url = name.starts_with("https://") || name.starts_with("http://");
    is_url.then(|| name.trim_end_matches('/'))
}

/// The issuer by its name, and its token endpoint where the name says where that is. Never the address that a call
/// came to: its sender writes it, and an assertion for another service would be one for us.
fn audiences_of(name: &str) -> Vec<String> {
    let endpoint = url_of(name).map(|url| format!("{url}/oauth2/token"));
    [Some(name.to_owned()), endpoint].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::audiences_of;

    #[test]
    fn an_assertion_is_for_the_issuer_by_its_name() {
        for (name, audiences) in [
            ("tasuke", &["tasuke"][..]),
            ("tasuke.example.org", &["tasuke.example.org"]),
            (
                "https://tasuke.example.org",
                &["https://tasuke.example.org", "https://tasuke.example.org/oauth2/token"],
            ),
            (
                "https://example.org/tasuke/",
                &["https://example.org/tasuke/", "https://example.org/tasuke/oauth2/token"],
            ),
        ] {
            assert_eq!(audiences_of(name), audiences, "{name}");
        }
    }
}
