//! Issuers of others, well behaved and not.
use crate::support::forge::Key;
use crate::support::{Engine, Service};
use chrono::Utc;
use rstest::rstest;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What an issuer answers under a path: the whole response.
type Pages = BTreeMap<&'static str, Vec<u8>>;

/// A server on loopback that answers as it was told, and counts what it was asked.
struct Elsewhere {
    address: SocketAddr,
    pages: Arc<Mutex<Pages>>,
    asked: Arc<Mutex<Vec<String>>>,
}

fn page(status: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn keys(all: &[Value]) -> Vec<u8> {
    page("200 OK", "application/json", json!({"keys": all}).to_string().as_bytes())
}

impl Elsewhere {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let elsewhere =
            Self { address: listener.local_addr().unwrap(), pages: Arc::default(), asked: Arc::default() };
        let (pages, asked) = (Arc::clone(&elsewhere.pages), Arc::clone(&elsewhere.asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (pages, asked) = (Arc::clone(&pages), Arc::clone(&asked));
                std::thread::spawn(move || answer(stream.unwrap(), &pages, &asked));
            }
        });
        elsewhere
    }

    fn set(&self, path: &'static str, page: Vec<u8>) {
        self.pages.lock().unwrap().insert(path, page);
    }

    fn times(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }
}

fn answer(mut stream: TcpStream, pages: &Mutex<Pages>, asked: &Mutex<Vec<String>>) {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut head = vec![];
    let mut part = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut part) {
            Ok(length) if length > 0 => head.extend_from_slice(&part[..length]),
            _ => return,
        }
    }
    let path = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap().to_owned();
    asked.lock().unwrap().push(path.clone());
    let page = pages.lock().unwrap().get(path.as_str()).cloned();
    match page {
        // Says nothing until the other side goes.
        None if path == "/slow" => drop(stream.read(&mut part)),
        None => {}
        Some(page) => drop(stream.write_all(&page)),
    }
}

/// A service that trusts `issuers` of a file.
fn service(engine: Engine, issuers: &[Value]) -> Service {
    let folder = tempfile::tempdir().unwrap();
    let (ca, file) = (folder.path().join("ca.pem"), folder.path().join("issuers.yaml"));
    std::fs::write(&ca, "").unwrap();
    std::fs::write(&file, json!({"ca_file": ca, "issuers": issuers}).to_string()).unwrap();
    Service::trusting(engine, &file)
}

fn issuer(elsewhere: &Elsewhere, name: &str, more: &Value) -> Value {
    let mut said = json!({
        "name": name, "issuer": format!("https://{name}.example"), "audience": "api",
        "jwks_url": format!("http://{}/{name}", elsewhere.address), "algorithms": ["RS256", "PS256", "ES256", "EdDSA"],
        "tenant_claim": "org", "private_addresses": true,
    });
    said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    said
}

fn claims(name: &str) -> Value {
    let now = Utc::now().timestamp();
    json!({"iss": format!("https://{name}.example"), "aud": "api", "sub": "u-1", "iat": now, "exp": now + 300,
        "org": "acme", "scope": "openid clients:read"})
}

fn header(key: &Key, kid: &str) -> String {
    json!({"alg": key.alg(), "typ": "JWT", "kid": kid}).to_string()
}

#[rstest]
fn a_token_of_a_trusted_issuer_is_taken(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let elsewhere = Elsewhere::start();
    let (rsa, p256, ed) = (Key::rsa(), Key::p256(), Key::ed());
    elsewhere.set(
        "/keycloak",
        keys(&[rsa.jwk("r"), p256.jwk("p"), ed.jwk("e"), json!({"kty": "oct", "kid": "o", "k": "AAAA"})]),
    );
    elsewhere.set("/entra", keys(&[rsa.jwk("r")]));
    let roles = json!({"scope_claim": "roles", "scopes": {"Auditor": ["clients:read", "assessments:read"]},
        "tenant_claim": null, "tenant": "acme", "client_claim": "company", "tenants": ["acme"]});
    let service =
        service(engine, &[issuer(&elsewhere, "keycloak", &json!({})), issuer(&elsewhere, "entra", &roles)]);
    for (key, kid) in [(&rsa, "r"), (&p256, "p"), (&ed, "e")] {
        let token = key.token(&header(key, kid), &claims("keycloak").to_string());
        let who = service.bearer(&token).get("/v1/whoami").expect(200);
        assert_eq!((who.text("/tenant"), who.text("/subject")), ("acme", "keycloak:u-1"));
        assert_eq!(who.json["scopes"], json!(["clients:read"]));
        service.bearer(&token).get("/v1/clients").expect(200);
        service.bearer(&token).get("/v1/incidents").expect(403);
    }
    let pss = json!({"alg": "PS256", "typ": "at+jwt", "kid": "r", "x5t": "abc"}).to_string();
    service.bearer(&rsa.token(&pss, &claims("keycloak").to_string())).get("/v1/whoami").expect(200);
    assert_eq!(elsewhere.times("/keycloak"), 1, "the keys are kept");

    // Words of theirs, as a list, and one client company.
    let client = service.tenant("acme").post("/v1/clients", &json!({"name": "A"})).expect(201);
    service.tenant("acme").post("/v1/clients", &json!({"name": "B"})).expect(201);
    let mut said = claims("entra");
    // A role that is called as a scope of ours is none, where the operator has said what their words mean.
    said["roles"] = json!(["Auditor", "User.Read", "admin", "clients:write"]);
    said["company"] = client.json["id"].clone();
    let token = rsa.token(&header(&rsa, "r"), &said.to_string());
    let caller = service.bearer(&token);
    assert_eq!(
        caller.get("/v1/whoami").expect(200).json["scopes"],
        json!(["clients:read", "assessments:read"])
    );
    assert_eq!(caller.get("/v1/clients").expect(200).json["items"].as_array().unwrap().len(), 1);
    // A narrowing that cannot be read does not widen.
    said["company"] = json!("x");
    service.bearer(&rsa.token(&header(&rsa, "r"), &said.to_string())).get("/v1/whoami").expect(401);
    // Beside them our own go on.
    service.tenant("acme").get("/v1/clients").expect(200);
}

#[rstest]
fn a_token_of_theirs_that_is_not_quite_good_is_refused(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let elsewhere = Elsewhere::start();
    let (key, other) = (Key::rsa(), Key::rsa());
    elsewhere.set("/one", keys(&[key.jwk("k")]));
    elsewhere.set("/two", keys(&[other.jwk("k")]));
    let only = json!({"tenants": ["rival"]});
    let service =
        service(engine, &[issuer(&elsewhere, "one", &json!({})), issuer(&elsewhere, "two", &only)]);
    let good = header(&key, "k");
    let with = |name: &str, value: Value| {
        let mut said = claims("one");
        said[name] = value;
        key.token(&good, &said.to_string())
    };
    let without = |name: &str| {
        let mut said = claims("one");
        said.as_object_mut().unwrap().remove(name);
        key.token(&good, &said.to_string())
    };
    let headed = |head: Value| key.token(&head.to_string(), &claims("one").to_string());
    service.bearer(&key.token(&good, &claims("one").to_string())).get("/v1/whoami").expect(200);
    let now = Utc::now().timestamp();
    // The public key as a shared secret.
    let confused = {
        let message = format!(
            "{}.{}",
            crate::support::forge::encode(json!({"alg": "HS256", "kid": "k"}).to_string()),
            crate::support::forge::encode(claims("one").to_string())
        );
        let secret = aws_lc_rs::hmac::Key::new(
            aws_lc_rs::hmac::HMAC_SHA256,
            key.jwk("k")["n"].as_str().unwrap().as_bytes(),
        );
        let tag = aws_lc_rs::hmac::sign(&secret, message.as_bytes());
        format!("{message}.{}", crate::support::forge::encode(tag.as_ref()))
    };
    for (what, token) in [
        ("signed by another", other.token(&good, &claims("one").to_string())),
        ("of one, signed by two", other.token(&good, &claims("one").to_string())),
        ("of nobody we know", with("iss", json!("https://three.example"))),
        ("for somebody else", with("aud", json!("graph"))),
        ("over", with("exp", json!(now - 60))),
        ("not yet", with("nbf", json!(now + 120))),
        ("from the future", with("iat", json!(now + 120))),
        ("of an unknown tenant", with("org", json!("nobody"))),
        ("of a tenant that is no text", with("org", json!(["acme"]))),
        ("of a tenant with U+0000", with("org", json!("acme\0"))),
        ("of a tenant that is no slug", with("org", json!("Acme"))),
        ("without a tenant", without("org")),
        ("of somebody with U+0000", with("sub", json!("u\0"))),
        ("of somebody in two lines", with("sub", json!("u\n1"))),
        ("without aud", without("aud")),
        ("without exp", without("exp")),
        ("without sub", without("sub")),
        ("with another algorithm", headed(json!({"alg": "ES256", "kid": "k"}))),
        ("with one that is not allowed", headed(json!({"alg": "RS512", "kid": "k"}))),
        ("with none", headed(json!({"alg": "none", "kid": "k"}))),
        ("with a secret", confused),
        ("an ID token of a kind of its own", headed(json!({"alg": "RS256", "kid": "k", "typ": "id+jwt"}))),
        ("without a key's name", headed(json!({"alg": "RS256"}))),
        (
            "leading away",
            headed(
                json!({"alg": "RS256", "kid": "k", "jku": format!("http://{}/away", elsewhere.address)}),
            ),
        ),
        ("with its own key", headed(json!({"alg": "RS256", "kid": "k", "jwk": key.jwk("k")}))),
        ("with crit", headed(json!({"alg": "RS256", "kid": "k", "crit": ["exp"]}))),
        ("for a tenant that is not its own", other.token(&good, &claims("two").to_string())),
    ] {
        let refused = service.bearer(&token).get("/v1/whoami").expect(401);
        assert_eq!(
            (refused.text("/code"), &refused.json["detail"]),
            ("unauthenticated", &Value::Null),
            "{what}"
        );
    }
    assert_eq!(elsewhere.times("/away"), 0);
    assert_eq!(elsewhere.times("/one"), 1);
    // Made-up names of keys lead to no more fetches.
    for n in 0..50 {
        service
            .bearer(&headed(json!({"alg": "RS256", "kid": format!("x{n}")})))
            .get("/v1/whoami")
            .expect(401);
    }
    assert_eq!(elsewhere.times("/one"), 1);
    // A key that has followed, before it is looked for again: refused, and nothing is asked.
    elsewhere.set("/one", keys(&[other.jwk("l")]));
    service
        .bearer(&other.token(&header(&other, "l"), &claims("one").to_string()))
        .get("/v1/whoami")
        .expect(401);
    assert_eq!(elsewhere.times("/one"), 1);
}

#[rstest]
fn an_issuer_that_misbehaves_harms_nobody_else(#[values(Engine::Sqlite)] engine: Engine) {
    let elsewhere = Elsewhere::start();
    let key = Key::rsa();
    let good = keys(&[key.jwk("k")]);
    elsewhere.set("/good", good.clone());
    let away = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://{}/good\r\ncontent-length: 0\r\n\r\n",
        elsewhere.address
    );
    elsewhere.set("/redirect", away.into_bytes());
    let body = json!({"keys": [key.jwk("k")], "padding": "x".repeat(70_000)}).to_string();
    elsewhere.set("/huge", page("200 OK", "application/json", body.as_bytes()));
    elsewhere.set("/header", {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx: {}\r\n\r\n",
            "x".repeat(70_000)
        );
        head.into_bytes()
    });
    elsewhere.set("/html", page("200 OK", "text/html", b"<html>"));
    elsewhere.set("/nonsense", page("200 OK", "application/json", b"{\"keys\": 1}"));
    elsewhere.set("/broken", page("500 Oh", "application/json", b"{}"));
    let mut short = page("200 OK", "application/json", &[b' '; 100]);
    short.truncate(short.len() - 50);
    elsewhere.set("/cut", short);
    elsewhere.set("/twice", keys(&[key.jwk("k"), Key::rsa().jwk("k")]));
    let mut weak = key.jwk("k");
    weak["n"] = json!(crate::support::forge::encode([0xff; 128]));
    elsewhere.set("/weak", keys(&[weak]));
    elsewhere.set("/empty", keys(&[]));
    let names = [
        "good", "redirect", "huge", "header", "html", "nonsense", "broken", "cut", "twice", "weak",
        "empty", "slow", "down",
    ];
    let mut all: Vec<Value> = names.iter().map(|name| issuer(&elsewhere, name, &json!({}))).collect();
    // Nobody listens there.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    all[12]["jwks_url"] = json!(format!("http://{nobody}/"));
    let service = service(engine, &all);
    let ask = |name: &str| {
        let token = key.token(&header(&key, "k"), &claims(name).to_string());
        service.bearer(&token).get("/v1/whoami").status
    };
    for (name, status) in [
        // Not to know is not to refuse: whoever asks again later may be let in.
        ("redirect", 503),
        ("huge", 503),
        ("header", 503),
        ("html", 503),
        ("nonsense", 503),
        ("broken", 503),
        ("cut", 503),
        ("down", 503),
        ("slow", 503),
        // What it says is known, and no such key is among it.
        ("twice", 401),
        ("weak", 401),
        ("empty", 401),
        ("good", 200),
    ] {
        assert_eq!(ask(name), status, "{name}");
        assert_eq!(ask(name), status, "{name}, again");
        assert!(name == "down" || elsewhere.times(&format!("/{name}")) == 1, "{name} is asked once");
    }
    // The redirect was not followed.
    assert_eq!(elsewhere.times("/good"), 1);
    // While one issuer is waited for, others are served: the fetch is on no worker's time.
    assert_eq!(ask("good"), 200);
}

/// An issuer behind TLS, with a certificate that is for tests alone.
fn behind_tls(page: Vec<u8>) -> SocketAddr {
    let folder = Path::new("tests/data/tls");
    let chain =
        CertificateDer::pem_file_iter(folder.join("server.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = rustls::StreamOwned::new(connection, stream.unwrap());
            let mut head = [0; 4096];
            // A caller that does not trust us says so instead of asking.
            if tls.read(&mut head).is_ok() {
                tls.write_all(&page).unwrap();
                tls.conn.send_close_notify();
                drop(tls.flush());
            }
        }
    });
    address
}

#[rstest]
fn an_issuer_is_believed_when_its_certificate_is(#[values(Engine::Sqlite)] engine: Engine) {
    let key = Key::ed();
    let address = behind_tls(keys(&[key.jwk("k")]));
    let elsewhere = Elsewhere::start();
    let said = issuer(&elsewhere, "one", &json!({"jwks_url": format!("https://{address}/")}));
    for (ca, status) in [("server.pem", 200), ("other.pem", 503)] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("issuers.yaml");
        let ca = Path::new("tests/data/tls").join(ca);
        std::fs::write(&file, json!({"ca_file": ca, "issuers": [said]}).to_string()).unwrap();
        let service = Service::trusting(engine, &file);
        let token = key.token(&header(&key, "k"), &claims("one").to_string());
        assert_eq!(service.bearer(&token).get("/v1/whoami").status, status, "{}", ca.display());
    }
}

#[test]
fn a_file_that_is_wrong_is_told_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("issuers.yaml");
    std::fs::write(&file, "issuers: []\nca_file: /nowhere/ca.pem\n").unwrap();
    assert!(tasuke::auth::Trusted::open(&file).unwrap_err().contains("/nowhere/ca.pem"));
    assert!(tasuke::auth::Trusted::open(&folder.path().join("none")).unwrap_err().contains("none"));
    // Without a certificate nobody could be believed.
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let elsewhere = Elsewhere::start();
    let said = issuer(&elsewhere, "one", &json!({"jwks_url": "https://login.example.org/keys"}));
    std::fs::write(&file, json!({"ca_file": empty, "issuers": [said]}).to_string()).unwrap();
    assert!(tasuke::auth::Trusted::open(&file).unwrap_err().contains("no certificate"));
}
