//! Every way we know of to make a token that is not quite ours: refused alike, and nothing is asked of anybody.
use crate::support::forge::{Key, encode};
use crate::support::{Engine, Service};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::Utc;
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::Text;
use rstest::rstest;
use serde_json::{Value, json};
use std::net::TcpListener;

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    kid: String,
    #[diesel(sql_type = Text)]
    pkcs8: String,
}

/// The key that the service signs with, and its name: whoever had that could forge anything else.
fn own_key(service: &Service) -> (Key, String) {
    let read = |conn: &mut _| {
        let all = diesel::sql_query("SELECT kid, pkcs8 FROM signing_keys").load::<Stored>(conn)?;
        Ok::<_, tasuke::db::StoreError>(all)
    };
    let stored = service.db.write_now(read).unwrap().remove(0);
    let pair = Ed25519KeyPair::from_pkcs8(&STANDARD.decode(stored.pkcs8).unwrap()).unwrap();
    (Key::Ed(Box::new(pair)), stored.kid)
}

fn claims() -> Value {
    let now = Utc::now().timestamp();
    json!({"iss": "tasuke", "aud": "tasuke", "sub": "x", "iat": now, "exp": now + 300, "jti": "j-1",
        "tenant": "acme", "scope": "clients:read"})
}

fn with(mut value: Value, name: &str, said: Value) -> String {
    value[name] = said;
    value.to_string()
}

fn without(mut value: Value, name: &str) -> String {
    value.as_object_mut().unwrap().remove(name);
    value.to_string()
}

/// `signature + L`: the same point of the curve, written otherwise (RFC 8032, 5.1.7, forbids it).
fn malleable(token: &str) -> String {
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mut carry = 0;
    for (byte, add) in bytes[32..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
    format!("{message}.{}", encode(bytes))
}

/// The last letter of a signature has bits that mean nothing: another letter says the same bytes.
fn loose(token: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = token.split_at(token.len() - 1);
    let at = LETTERS.iter().position(|letter| *letter == last.as_bytes()[0]).unwrap();
    format!("{rest}{}", LETTERS[at + 1] as char)
}

#[rstest]
fn what_is_not_quite_a_token_of_ours_is_refused_alike(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let service = Service::with(engine, |limits| limits.max_header_bytes = 200_000);
    let away = TcpListener::bind("127.0.0.1:0").unwrap();
    away.set_nonblocking(true).unwrap();
    let url = format!("http://{}/keys", away.local_addr().unwrap());
    let (ours, kid) = own_key(&service);
    let (rsa, other) = (Key::rsa(), Key::ed());
    let head = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": kid});
    let good = ours.token(&head.to_string(), &claims().to_string());
    let public = ours.jwk("k")["x"].as_str().unwrap().to_owned();
    let now = Utc::now().timestamp();

    // Signed with our own key, so that nothing but the one thing is wrong.
    let headed =
        |name: &str, said: Value| ours.token(&with(head.clone(), name, said), &claims().to_string());
    let claimed = |name: &str, said: Value| ours.token(&head.to_string(), &with(claims(), name, said));
    let lacking = |name: &str| ours.token(&head.to_string(), &without(claims(), name));
    let written = |claims: &str| ours.token(&head.to_string(), claims);
    let shared = |secret: &[u8]| {
        let message = format!(
            "{}.{}",
            encode(with(head.clone(), "alg", json!("HS256"))),
            encode(claims().to_string())
        );
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        format!("{message}.{}", encode(tag))
    };
    let unsigned = |alg: &str| {
        let head = with(head.clone(), "alg", json!(alg));
        format!("{}.{}.", encode(head), encode(claims().to_string()))
    };
    let parts: Vec<&str> = good.split('.').collect();
    let (first, second, third) = (parts[0], parts[1], parts[2]);
    let twice = claims().to_string().replacen('{', &format!("{{\"exp\":{},", now + 9_000), 1);
    let head_twice = head.to_string().replacen('{', "{\"alg\":\"none\",", 1);

    service.bearer(&good).get("/v1/clients").expect(200);
    let mut bodies = vec![];
    let table: Vec<(&str, String)> = vec![
        // Algorithms.
        ("none", unsigned("none")),
        ("None", unsigned("None")),
        ("NONE with our signature", headed("alg", json!("NONE"))),
        ("no algorithm", ours.token(&without(head.clone(), "alg"), &claims().to_string())),
        ("the algorithm null", headed("alg", Value::Null)),
        ("the algorithm a list", headed("alg", json!(["EdDSA"]))),
        ("another name of it", headed("alg", json!("Ed25519"))),
        ("in small letters", headed("alg", json!("eddsa"))),
        ("HS256 with our public key as it is published", shared(public.as_bytes())),
        ("HS256 with our public key in bytes", shared(&URL_SAFE_NO_PAD.decode(&public).unwrap())),
        ("HS256 with no secret", shared(b"")),
        ("RS256", rsa.token(&with(head.clone(), "alg", json!("RS256")), &claims().to_string())),
        ("RS256, said to be EdDSA", rsa.token(&head.to_string(), &claims().to_string())),
        ("another key of the same kind", other.token(&head.to_string(), &claims().to_string())),
        // Headers that lead away.
        ("crit", headed("crit", json!(["exp"]))),
        ("crit, empty", headed("crit", json!([]))),
        ("crit, null", headed("crit", Value::Null)),
        ("b64", headed("b64", json!(false))),
        ("jku", headed("jku", json!(url))),
        ("jwk", headed("jwk", other.jwk("k"))),
        ("x5u", headed("x5u", json!(url))),
        ("x5c", headed("x5c", json!(["MIIB"]))),
        ("zip", headed("zip", json!("DEF"))),
        ("enc", headed("enc", json!("A128GCM"))),
        ("no type", ours.token(&without(head.clone(), "typ"), &claims().to_string())),
        ("an ID token", headed("typ", json!("JWT"))),
        ("a client's assertion", headed("typ", json!("client-authentication+jwt"))),
        ("no key", ours.token(&without(head.clone(), "kid"), &claims().to_string())),
        ("an unknown key", headed("kid", json!("x"))),
        ("a key in a file", headed("kid", json!("../../../dev/null"))),
        ("a key in a query", headed("kid", json!("' OR 1=1 --"))),
        ("a key that is a list", headed("kid", json!([kid]))),
        ("alg twice", ours.token(&head_twice, &claims().to_string())),
        ("more behind the header", ours.token(&format!("{head}{{}}"), &claims().to_string())),
        ("a header that is a list", ours.token("[]", &claims().to_string())),
        // Claims.
        ("no iss", lacking("iss")),
        ("no aud", lacking("aud")),
        ("no sub", lacking("sub")),
        ("no exp", lacking("exp")),
        ("no iat", lacking("iat")),
        ("no jti", lacking("jti")),
        ("no tenant", lacking("tenant")),
        ("no scope", lacking("scope")),
        ("another iss", claimed("iss", json!("tasuke2"))),
        ("iss in capitals", claimed("iss", json!("TASUKE"))),
        ("iss a list", claimed("iss", json!(["tasuke"]))),
        ("another aud", claimed("aud", json!("tasuke2"))),
        ("several aud", claimed("aud", json!(["tasuke", "x"]))),
        ("aud null", claimed("aud", Value::Null)),
        ("over", claimed("exp", json!(now - 10))),
        ("exp zero", claimed("exp", json!(0))),
        ("exp below zero", claimed("exp", json!(-1))),
        ("exp a text", claimed("exp", json!((now + 300).to_string()))),
        (
            "exp beyond all numbers",
            written(&claims().to_string().replace(&(now + 300).to_string(), "1e400")),
        ),
        ("exp twice", written(&twice)),
        ("not yet", claimed("nbf", json!(now + 60))),
        ("nbf a text", claimed("nbf", json!("soon"))),
        ("from the future", claimed("iat", json!(now + 60))),
        ("an unknown scope", claimed("scope", json!("clients:read everything"))),
        ("scopes as a list", claimed("scope", json!(["clients:read"]))),
        ("a tenant that is a number", claimed("tenant", json!(1))),
        ("a client that is a number", claimed("client", json!(1))),
        ("an account that is not there", claimed("client_id", json!("acme.x"))),
        ("an account of another tenant", claimed("client_id", json!("rival.x"))),
        ("an account without a tenant", claimed("client_id", json!("x"))),
        ("claims that are a list", written("[]")),
        ("claims that are a text", written("\"acme\"")),
        ("claims that are nothing", written("")),
        ("more behind the claims", written(&format!("{}{{}}", claims()))),
        // Forms.
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("two parts", format!("{first}.{second}")),
        ("four parts", format!("{good}.{third}")),
        ("five parts", format!("{first}.{second}.{third}.{first}.{second}")),
        ("no signature", format!("{first}.{second}.")),
        ("half a signature", format!("{first}.{second}.{}", &third[..40])),
        ("a signature of zeros", format!("{first}.{second}.{}", encode([0; 64]))),
        ("a signature too long", format!("{first}.{second}.{third}AAAA")),
        ("a signature written otherwise", malleable(&good)),
        ("a loose end", loose(&good)),
        ("padding", format!("{good}==")),
        ("padding within", format!("{first}=.{second}.{third}")),
        ("another alphabet", format!("{first}.{second}.{}", third.replace(['-', '_'], "/") + "/")),
        ("percent-encoded", good.replace('.', "%2E")),
        ("in quotes", format!("\"{good}\"")),
        ("a space within", format!("{first}. {second}.{third}")),
        ("a tab at the end", format!("{good}\t.")),
        ("two tokens", format!("{good}, Bearer {good}")),
        (
            "the claims of another token",
            format!("{first}.{}.{third}", encode(with(claims(), "scope", json!("admin")))),
        ),
        ("JSON", json!({"protected": first, "payload": second, "signature": third}).to_string()),
        ("a token within a token", ours.token(&with(head.clone(), "cty", json!("JWT")), &good)),
        ("of 100 KiB", format!("{first}.{}.{third}", "A".repeat(100 * 1024))),
        ("100 KiB of dots", ".".repeat(100 * 1024)),
        ("100 KiB of brackets", format!("{}.e30.AA", encode("[".repeat(75 * 1024)))),
        ("a secret of an account", format!("tsk_sa_{}", "0".repeat(72))),
        ("a link that nobody made", format!("tsk_link_acme_{}", "0".repeat(72))),
        ("a link with a checksum", {
            let body = format!("tsk_link_acme_{}", "0".repeat(64));
            format!("{body}{}", &tasuke::secret::digest(&body)[..8])
        }),
        ("a link of no tenant", "tsk_link_".to_owned()),
    ];
    for (what, token) in &table {
        let refused = service.bearer(token).get("/v1/clients").expect(401);
        assert_eq!(refused.header("www-authenticate"), "Bearer", "{what}");
        let mut body = refused.json.clone();
        body["request_id"] = Value::Null;
        bodies.push(body);
    }
    // One body for all of them, and it says nothing of what was wrong.
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
    assert_eq!(bodies[0]["detail"], Value::Null);
    assert!(table.len() >= 95, "{}", table.len());
    assert_eq!(away.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "somebody was asked");
    // Ways of writing the header that are not ours either, and one that is.
    for authorization in [
        format!("Basic {good}"),
        format!("Token {good}"),
        format!("Bearer:{good}"),
        format!("Bearer{good}"),
        format!("Bearer\t{good}"),
        good.clone(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
    ] {
        service.with_authorization(&authorization).get("/v1/clients").expect(401);
    }
    service.with_authorization(&format!("BEARER {good}")).get("/v1/clients").expect(200);
    let second = [("authorization", "Bearer x")];
    service.bearer(&good).send(&ureq::http::Method::GET, "/v1/clients", &second, None).expect(401);
    // Longer than all headers may be, by default: refused before anything looks at it.
    let narrow = Service::start(engine);
    narrow.bearer(&"A".repeat(100 * 1024)).get("/v1/clients").expect(431);
}
