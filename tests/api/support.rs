//! One service per test, on its own database; every answer is held against the OpenAPI document.
mod conformance;
#[path = "../support/databases.rs"]
mod databases;
pub mod forge;
mod gathered;

pub use databases::Engine;
pub use gathered::gathered;

use actix_web::dev::ServerHandle;
use chrono::{TimeDelta, Utc};
use databases::Database;
use serde_json::Value;
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;
use tasuke::app::{Contract, Service as App};
use tasuke::auth::{Grant, Issuer, Trusted};
use tasuke::caller::Scope;
use tasuke::config::{Limits, Serving};
use tasuke::db::{Bounds, Db};
use tasuke::knowledge::Knowledge;
use tasuke::server;
use tasuke::tenants::{self, Tenancy};
use ureq::http::{HeaderMap, Method};

/// What the tests' service takes for a body, at most.
pub const MAX_BODY: usize = 64 * 1024;

/// The tests' service has the defaults, but for what a test wants to reach.
fn serving(change: impl FnOnce(&mut Limits)) -> Serving {
    let mut serving = Serving::default();
    serving.limits.max_body_bytes = MAX_BODY;
    serving.limits.tenant_rate = 100_000;
    serving.limits.tenant_burst = 100_000;
    serving.limits.address_rate = 100_000;
    serving.limits.address_burst = 100_000;
    serving.workers = Some(1);
    change(&mut serving.limits);
    serving
}

/// A running service. It stops, and its database goes away, with the test.
pub struct Service {
    pub address: SocketAddr,
    pub db: Db,
    issuer: Arc<Issuer>,
    document: &'static Value,
    server: ServerHandle,
    database: Database,
}

/// Read once for all tests.
static KNOWLEDGE: OnceLock<Knowledge> = OnceLock::new();
static DOCUMENT: OnceLock<Value> = OnceLock::new();

impl Service {
    pub fn start(engine: Engine) -> Self {
        Self::with(engine, |_| {})
    }

    /// A service with other limits.
    pub fn with(engine: Engine, change: impl FnOnce(&mut Limits)) -> Self {
        Self::run(engine, serving(change), Trusted::default(), "tasuke")
    }

    /// A service whose issuer has this name.
    pub fn named(engine: Engine, issuer: &str) -> Self {
        Self::run(engine, serving(|_| {}), Trusted::default(), issuer)
    }

    /// A service that takes tokens of the issuers in this file.
    pub fn trusting(engine: Engine, file: &Path) -> Self {
        Self::run(engine, serving(|_| {}), Trusted::open(file).unwrap(), "tasuke")
    }

    fn run(engine: Engine, serving: Serving, trusted: Trusted, issuer: &str) -> Self {
        let knowledge = KNOWLEDGE.get_or_init(|| Knowledge::load().unwrap());
        let database = Database::create(engine);
        let db = Db::open(&database.url, Bounds { connections: 4, ..Bounds::DEFAULT }).unwrap();
        db.migrate().unwrap();
        let issuer = Issuer::open(&db, issuer, "tasuke", Utc::now()).unwrap();
        let contract = Contract::new(&serving.limits).unwrap();
        let app = App::new(db.clone(), issuer, contract, knowledge.clone(), &serving.limits).unwrap();
        let app = app.trusting(trusted);
        let issuer = Arc::clone(&app.issuer);
        let document = DOCUMENT.get_or_init(|| tasuke::app::openapi().unwrap());
        let (address, server) = run(app, serving);
        let service = Self { address, db, issuer, document, server, database };
        for tenant in ["acme", "rival"] {
            let tenancy = Tenancy::new(tenant, tenant, Utc::now()).unwrap();
            let add = |conn: &mut _| tenants::add(conn, &tenancy);
            service.db.write_now(add).unwrap();
        }
        service
    }

    /// A caller with every scope.
    pub fn tenant(&self, tenant: &str) -> Caller<'_> {
        self.caller(tenant, Scope::ALL, None)
    }

    /// A caller with these scopes, perhaps narrowed to one client.
    pub fn caller(&self, tenant: &str, scopes: &[Scope], client: Option<&str>) -> Caller<'_> {
        let grant = Grant {
            tenant: tenant.into(),
            subject: "tester".into(),
            scopes: scopes.to_vec(),
            client: client.map(Into::into),
            lifetime: TimeDelta::minutes(5),
        };
        let token = self.issuer.issue(&grant, Utc::now()).unwrap();
        self.with_authorization(&format!("Bearer {token}"))
    }

    /// What such a caller says in `Authorization`, for a request that is written by hand.
    pub fn authorization_of(&self, tenant: &str) -> String {
        self.tenant(tenant).authorization.unwrap_or_default()
    }

    pub fn with_authorization(&self, value: &str) -> Caller<'_> {
        Caller { service: self, authorization: Some(value.to_owned()) }
    }

    pub fn bearer(&self, token: &str) -> Caller<'_> {
        self.with_authorization(&format!("Bearer {token}"))
    }

    pub fn anonymous(&self) -> Caller<'_> {
        Caller { service: self, authorization: None }
    }

    pub fn url(&self) -> &str {
        &self.database.url
    }

    pub fn document(&self) -> &Value {
        self.document
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Not awaited: the process ends with the tests, and the port is the system's choice.
        drop(self.server.stop(false));
    }
}

fn run(app: App, serving: Serving) -> (SocketAddr, ServerHandle) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = server::run(listener, app, &serving).unwrap();
            tell.send(server.handle()).unwrap();
            server.await.unwrap();
        });
    });
    (address, told.recv().unwrap())
}

/// A body as it was before it was compressed.
fn unpacked(headers: &HeaderMap, bytes: &[u8]) -> Vec<u8> {
    let mut plain = vec![];
    match headers.get("content-encoding").map(|coding| coding.to_str().unwrap()) {
        Some("br") => brotli::BrotliDecompress(&mut &bytes[..], &mut plain).unwrap(),
        Some("gzip") => {
            flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
        }
        Some(other) => panic!("{other} was not asked for"),
        None => plain.extend_from_slice(bytes),
    }
    plain
}

/// Somebody who calls the service.
pub struct Caller<'a> {
    service: &'a Service,
    authorization: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    pub json: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.json);
        self
    }

    pub fn text(&self, pointer: &str) -> &str {
        self.json.pointer(pointer).unwrap().as_str().unwrap()
    }

    /// `pointer code` of every fault, in order.
    pub fn faults(&self) -> Vec<String> {
        let errors = self.json["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|e| format!("{} {}", e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap()))
            .collect()
    }
}

impl Caller<'_> {
    pub fn get(&self, path: &str) -> Answer {
        self.send(&Method::GET, path, &[], None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let body = serde_json::to_vec(body).unwrap();
        let json = [("content-type", "application/json")];
        self.send(&Method::POST, path, &json, Some(&body))
    }

    /// Sends a form, as OAuth has it.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let body = serde_html_form::to_string(fields).unwrap();
        self.send(&Method::POST, path, &kind, Some(body.as_bytes()))
    }

    /// Changes what has this tag.
    pub fn patch(&self, path: &str, etag: &str, body: &Value) -> Answer {
        let body = serde_json::to_vec(body).unwrap();
        let headers = [("content-type", "application/merge-patch+json"), ("if-match", etag)];
        self.send(&Method::PATCH, path, &headers, Some(&body))
    }

    /// Takes away what has this tag.
    pub fn delete(&self, path: &str, etag: &str) -> Answer {
        self.send(&Method::DELETE, path, &[("if-match", etag)], None)
    }

    pub fn send(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.service.address));
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = match body {
            Some(body) => agent.run(request.body(body).unwrap()),
            None => agent.run(request.body(()).unwrap()),
        };
        let mut response = response.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let bytes = response.body_mut().read_to_vec().unwrap();
        let plain = unpacked(&headers, &bytes);
        let kind = headers.get("content-type").map_or("", |kind| kind.to_str().unwrap());
        let is_text = ["application/yaml", "application/x-ndjson", "image/svg+xml"].contains(&kind)
            || kind.starts_with("text/")
            || kind.starts_with("application/vnd.");
        let json = if is_text {
            Value::String(String::from_utf8_lossy(&plain).into_owned())
        } else {
            serde_json::from_slice(&plain).unwrap_or(Value::Null)
        };
        let answer = Answer { status, headers, bytes, json };
        conformance::check(self.service.document, method, path, &answer);
        answer
    }
}
