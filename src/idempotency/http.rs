//! The `Idempotency-Key` header.
use super::domain::{Created, Kept, Key, expired_before};
use super::store;
use crate::answer::{self, tagged};
use crate::caller::Tenant;
use crate::clock;
use crate::db::{AnyConnection, StoreError};
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
    if !store::take(conn, tenant, route, key)? {
        return Err(in_use());
    }
    if let Some(kept) = store::find(conn, tenant, route, key, expired_before(now))? {
        return replayed(kept, said);
    }
    let created = work(conn)?;
    store::keep(conn, tenant, route, key, &created.kept(said), now)?;
    Ok(created)
}

/// The same for several calls of one tenant to one route. `work` is told which of them are to be done, and tells
/// of each what came of it. Of two with one key the second is to be done after the first, alone.
pub fn once_all(
    conn: &mut AnyConnection,
    calls: &[(&Tenant, &Idempotency, &str)],
    work: impl FnOnce(&mut AnyConnection, &[usize]) -> Result<Vec<Result<Created, Problem>>, Problem>,
) -> Result<Vec<Result<Created, Problem>>, Problem> {
    let Some((tenant, Idempotency { route, .. }, _)) = calls.first() else { return Ok(vec![]) };
    let now = clock::now();
    let mut answers: Vec<Option<Result<Created, Problem>>> = vec![None; calls.len()];
    let mut keyed: Vec<(usize, &Key)> = vec![];
    for (at, (_, idempotency, _)) in calls.iter().enumerate() {
        match &idempotency.key {
            Some(key) if keyed.iter().any(|(_, other)| *other == key) => {
                answers[at] = Some(Err(StoreError::Contended("another one has this key".into()).into()));
            }
            Some(key) => keyed.push((at, key)),
            None => {}
        }
    }
    let keys: Vec<&Key> = keyed.iter().map(|(_, key)| *key).collect();
    let taken = store::take_all(conn, tenant, route, &keys)?;
    let mut kept = store::find_all(conn, tenant, route, &keys, expired_before(now))?;
    for ((at, key), taken) in keyed.iter().zip(taken) {
        answers[*at] = if taken {
            kept.remove(key.as_str()).map(|kept| replayed(kept, calls[*at].2))
        } else {
            Some(Err(in_use()))
        };
    }
    let open: Vec<usize> = (0..calls.len()).filter(|at| answers[*at].is_none()).collect();
    if !open.is_empty() {
        for (at, done) in open.iter().zip(work(conn, &open)?) {
            answers[*at] = Some(done);
        }
    }
    let first: Vec<(&Key, Kept)> = keyed
        .into_iter()
        .filter(|(at, _)| open.contains(at))
        .filter_map(|(at, key)| {
            let created = answers[at].as_ref()?.as_ref().ok()?;
            Some((key, created.kept(calls[at].2)))
        })
        .collect();
    if !first.is_empty() {
        let first: Vec<(&Key, &Kept)> = first.iter().map(|(key, kept)| (*key, kept)).collect();
        store::keep_all(conn, tenant, route, &first, now)?;
    }
    let unanswered = || Err(StoreError::corrupt("a call was not answered").into());
    Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect())
}

fn in_use() -> Problem {
    Problem::new(&kinds::IDEMPOTENCY_KEY_IN_USE).with_header(header::RETRY_AFTER, "1")
}

/// The first answer again, to whoever says the same.
fn replayed(kept: Kept, said: &str) -> Result<Created, Problem> {
    if kept.fingerprint != said {
        return Err(Problem::new(&kinds::IDEMPOTENCY_KEY_REUSED));
    }
    Ok(Created { location: kept.location, body: kept.body, replayed: true })
}

impl Created {
    /// What is kept of it, for whoever said this.
    fn kept(&self, said: &str) -> Kept {
        Kept { fingerprint: said.to_owned(), location: self.location.clone(), body: self.body.clone() }
    }
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
