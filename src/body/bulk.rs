//! Reading many things at once: each is held against its schema by itself, so that one that is wrong does not
//! take the others along.
use super::values::without_nulls;
use super::{Schemas, charset, collected, essence, refuse, typed};
use crate::answer::fingerprint;
use crate::problem::{Fault, Problem, kinds};
use crate::text::LocalizedText;
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest, dev};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use utoipa::ToSchema;

/// How many things one batch may hold.
pub const MOST_ITEMS: usize = 1000;

/// A body with a list `items`: the rest of it obeys the schema of `T`; the items are as they came.
#[derive(Debug)]
pub struct Bulk<T> {
    pub rest: T,
    pub items: Vec<Value>,
    /// Digest of everything that was said.
    pub said: String,
    /// To hold the items against.
    pub schemas: Data<Schemas>,
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Bulk<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let json = essence(request).eq_ignore_ascii_case("application/json");
        let arriving = collected(request, payload, |limits| limits.max_bulk_bytes);
        Box::pin(async move {
            if !json {
                return Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE));
            }
            let (schemas, bytes) = arriving.await?;
            let mut value = schemas.parse(&bytes)?;
            let Some(Value::Array(items)) = value.get_mut("items") else {
                // The schema says what is wrong with anything else.
                let wrong = schemas.item::<T>(value).err();
                return Err(wrong.unwrap_or_else(|| Problem::new(&kinds::INTERNAL)));
            };
            let items = std::mem::take(items);
            // The list is in its place no more: how long it may be is not for the schema to say.
            let mut faults = schemas.bared::<T>(&mut value)?;
            faults.retain(|fault| fault.pointer != ITEMS);
            faults.extend(miscounted(items.len()));
            let said = said(&value, &items);
            refuse(faults)?;
            let rest = typed(value)?;
            Ok(Self { rest, items, said, schemas })
        })
    }
}

/// A JSON document that is kept as it comes: as long as a batch, and deeper than what people write.
#[derive(Debug)]
pub struct Whole<T>(pub T, pub String);

/// How deep such a document may be; the parser itself stops a little further down.
const DEEPEST: usize = 100;

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Whole<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let json = essence(request).eq_ignore_ascii_case("application/json");
        let arriving = collected(request, payload, |limits| limits.max_bulk_bytes);
        Box::pin(async move {
            if !json {
                return Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE));
            }
            let (schemas, bytes) = arriving.await?;
            schemas.item(Schemas::parse_to(DEEPEST, &bytes)?).map(|(body, said)| Self(body, said))
        })
    }
}

/// Digest of all that was said. The items keep their nulls until they are held against their schema.
fn said(rest: &Value, items: &[Value]) -> String {
    let mut all = vec![rest.to_string()];
    all.extend(items.iter().map(|item| {
        let mut item = item.clone();
        without_nulls(&mut item);
        item.to_string()
    }));
    fingerprint(&all.iter().map(String::as_bytes).collect::<Vec<_>>())
}

const ITEMS: &str = "/items";

fn miscounted(items: usize) -> Option<Fault> {
    let (code, ja, en) = match items {
        0 => ("too-few", "1件以上にしてください".to_owned(), "must have at least 1 item".to_owned()),
        1..=MOST_ITEMS => return None,
        _ => {
            let (ja, en) = (
                format!("{MOST_ITEMS}件以下にしてください"),
                format!("must have at most {MOST_ITEMS} items"),
            );
            ("too-many", ja, en)
        }
    };
    Some(Fault::new(ITEMS, code, LocalizedText::new(ja, en)))
}

/// The bytes of a file, and the encoding that its sender says it has.
#[derive(Debug)]
pub struct File {
    pub bytes: Bytes,
    pub charset: Option<String>,
}

impl FromRequest for File {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let csv = essence(request).eq_ignore_ascii_case("text/csv");
        let charset = charset(request);
        let arriving = collected(request, payload, |limits| limits.max_bulk_bytes);
        Box::pin(async move {
            if !csv {
                return Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE));
            }
            arriving.await.map(|(_, bytes)| Self { bytes: bytes.freeze(), charset })
        })
    }
}
