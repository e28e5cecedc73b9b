//! The `Idempotency-Key` header.
use super::domain::{Created, Kept, Key, expired_before};
use super::store;
use crate::answer::{self, tagged};
use crate::caller::Tenant;
use crate::clock;
use crate::db::AnyConnection;
use crate::problem::{Fault, Problem, kinds};
use crate::text::LocalizedText;
use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;
use std::future::{Ready, ready};

/// The key of a call, if it has one, and the route it is for.
#[derive(Debug, Clone)]
pub struct Idempotency {
    key: Option<Key>,
    route: String,
}

impl Idempotency {
    /// Refuses a call without a key.
    pub fn needed(&self) -> Result<(), Problem> {
        let rule = LocalizedText::new(
            "この呼び出しには Idempotency-Key が必要です",
            "this call needs an Idempotency-Key",
        );
        match self.key {
            Some(_) => Ok(()),
            None => Err(Problem::invalid(vec![Fault::new("/header/idempotency-key", "required", rule)])),
        }
    }

    /// The same key, of one of several holders whose tokens are otherwise the same: what the others have said
    /// under it is none of this one's business.
    pub fn of(&self, holder: &str) -> Self {
        Self { key: self.key.clone(), route: format!("{} of {holder}", self.route) }
    }

    /// The same key, for one part of the call's work.
    pub fn part(&self, part: usize) -> Self {
        Self { key: self.key.clone(), route: format!("{} part {part}", self.route) }
    }
}

impl FromRequest for Idempotency {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // With the ids in it: a key for one assessment is none for another.
        let route = format!("{} {}", request.method(), request.path().to_ascii_lowercase());
        let mut given = request.headers().get_all("idempotency-key");
        let key = match (given.next(), given.next()) {
            (None, _) => Some(None),
            (Some(value), None) => value.to_str().ok().and_then(Key::parse).map(Some),
            (Some(_), Some(_)) => None,
        };
        ready(key.map(|key| Self { key, route }).ok_or_else(|| {
            Problem::invalid(vec![Fault::new(
                "/header/idempotency-key",
                "pattern",
                LocalizedText::new(
                    "印字可能な1～255文字のキーを一つだけ指定してください",
                    "must be one key of 1 to 255 printable characters",
                ),
            )])
        }))
    }
}

/// Does `work` once for the key: a repeated call is given the first answer again. Runs inside the
/// transaction of the work, so that data and answer are kept together or not at all. What is refused
/// is not kept: it may be corrected and sent again under the same key.
pub fn once(
    conn: &mut AnyConnection,
    tenant: &Tenant,
    idempotency: &Idempotency,
    said: &str,
    work: impl FnOnce(&mut AnyConnection) -> Result<Created, Problem>,
) -> Result<Created, Problem> {
    let Idempotency { key: Some(key), route } = idempotency else {
        return work(conn);
    };
    let now = clock::now();
    let not_before = expired_before(now);
    if !store::take(conn, tenant, route, key)? {
        return Err(Problem::new(&kinds::IDEMPOTENCY_KEY_IN_USE).with_header(header::RETRY_AFTER, "1"));
    }
    if let Some(kept) = store::find(conn, tenant, route, key, not_before)? {
        if kept.fingerprint != said {
            return Err(Problem::new(&kinds::IDEMPOTENCY_KEY_REUSED));
        }
        return Ok(Created { location: kept.location, body: kept.body, replayed: true });
    }
    let created = work(conn)?;
    let kept = Kept {
        fingerprint: said.to_owned(),
        location: created.location.clone(),
        body: created.body.clone(),
    };
    store::keep(conn, tenant, route, key, &kept, now, not_before)?;
    Ok(created)
}

/// The same for an answer that says a secret the first time and never again: what is kept, and what is
/// tagged, is without it.
pub fn answer_once<T: Serialize>(created: Created, first: &T) -> Result<HttpResponse, Problem> {
    let told = if created.replayed { None } else { Some(answer::bytes(first)?) };
    let mut response = answer(created);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(match told {
        Some(told) => response.set_body(BoxBody::new(told)),
        None => response,
    })
}

/// The answer to a call that created something, now or before.
pub fn answer(created: Created) -> HttpResponse {
    let mut response = HttpResponse::Created();
    if created.replayed {
        response.insert_header(("idempotent-replayed", "true"));
    }
    response.insert_header((header::LOCATION, created.location));
    tagged(response, created.body.into_bytes())
}
