//! Open answers, made once: the same for everybody, so their bytes, tag and compressed forms are kept
//! for the next caller. What ships with the program cannot change while it runs.
use crate::answer::{self, etag, fingerprint};
use crate::problem::{Problem, kinds};
use actix_web::http::header::{self, AcceptEncoding, Encoding, Header as _, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use flate2::Compression;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::Serialize;
use std::fmt;
use std::io::{self, Write as _};
use std::sync::{Arc, OnceLock};

/// Bytes that the shelf may hold; what is asked for least makes room.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Answers shorter than this are not worth compressing.
const WORTH_COMPRESSING: usize = 600;

/// Open answers by path and query.
pub struct Shelf(Cache<String, Arc<Kept>, Weight>);

/// One answer in every form it is sent in.
struct Kept {
    tag: String,
    kind: &'static str,
    plain: Bytes,
    gzip: OnceLock<Bytes>,
    brotli: OnceLock<Bytes>,
}

#[derive(Clone)]
struct Weight;

impl Weighter<String, Arc<Kept>> for Weight {
    fn weight(&self, key: &String, kept: &Arc<Kept>) -> u64 {
        // The compressed forms come later and together are about half of the plain one.
        (key.len() + kept.plain.len() * 3 / 2) as u64
    }
}

impl Default for Shelf {
    fn default() -> Self {
        Self(Cache::with_weighter(1000, MOST_BYTES, Weight))
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shelf({} answers)", self.0.len())
    }
}

/// The JSON answer to an open call: the one that is kept, or a new one. Anybody may keep it for an hour.
pub fn json<T: Serialize>(
    request: &HttpRequest,
    make: impl FnOnce() -> Result<T, Problem>,
) -> Result<HttpResponse, Problem> {
    bytes(request, "application/json", || answer::bytes(&make()?))
}

/// The same for an answer that is another one on another day.
pub fn json_on<T: Serialize>(
    request: &HttpRequest,
    day: NaiveDate,
    make: impl FnOnce() -> Result<T, Problem>,
) -> Result<HttpResponse, Problem> {
    kept(request, &format!(" on {day}"), "application/json", || answer::bytes(&make()?))
}

/// The same for an answer that is no JSON.
pub fn bytes(
    request: &HttpRequest,
    kind: &'static str,
    make: impl FnOnce() -> Result<Vec<u8>, Problem>,
) -> Result<HttpResponse, Problem> {
    kept(request, "", kind, make)
}

fn kept(
    request: &HttpRequest,
    day: &str,
    kind: &'static str,
    make: impl FnOnce() -> Result<Vec<u8>, Problem>,
) -> Result<HttpResponse, Problem> {
    let Some(shelf) = request.app_data::<Data<Shelf>>() else {
        tracing::error!("there is no shelf");
        return Err(Problem::new(&kinds::INTERNAL));
    };
    let key = format!("{}?{}{day}", request.path(), request.query_string());
    if let Some(kept) = shelf.0.get(&key) {
        return Ok(kept.answer(request));
    }
    let kept = Arc::new(Kept::new(kind, make()?));
    shelf.0.insert(key, Arc::clone(&kept));
    Ok(kept.answer(request))
}

impl Kept {
    fn new(kind: &'static str, body: Vec<u8>) -> Self {
        Self {
            tag: fingerprint(&[&body]),
            kind,
            plain: body.into(),
            gzip: OnceLock::new(),
            brotli: OnceLock::new(),
        }
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let (coding, suffix) = self.coding(request);
        let tag = format!("{}{suffix}", self.tag);
        // Whatever form the caller has, it is the same content.
        let known = answer::knows(request, |candidate| {
            candidate.strip_prefix(self.tag.as_str()).is_some_and(|rest| ["", "-gz", "-br"].contains(&rest))
        });
        // Whoever has a token may have something of their own here tomorrow.
        let has_token = request.headers().contains_key(header::AUTHORIZATION);
        let cache = if has_token { "private, no-cache" } else { "public, max-age=3600" };
        let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header(etag(&tag))
            .insert_header((header::CACHE_CONTROL, HeaderValue::from_static(cache)))
            .insert_header((header::VARY, HeaderValue::from_static("accept-encoding, authorization")));
        if known {
            return response.finish();
        }
        let body = match coding {
            Some("br") => self.brotli.get_or_init(|| packed(brotli(&self.plain), &self.plain)),
            Some(_) => self.gzip.get_or_init(|| packed(gzip(&self.plain), &self.plain)),
            None => &self.plain,
        };
        if let Some(coding) = coding {
            response.insert_header((header::CONTENT_ENCODING, HeaderValue::from_static(coding)));
        }
        response.content_type(self.kind).body(body.clone())
    }

    /// The content coding the caller likes best of ours, and what it adds to the tag.
    fn coding(&self, request: &HttpRequest) -> (Option<&'static str>, &'static str) {
        if self.plain.len() < WORTH_COMPRESSING || !request.headers().contains_key(header::ACCEPT_ENCODING)
        {
            return (None, "");
        }
        let ours = [Encoding::brotli(), Encoding::gzip(), Encoding::identity()];
        let wanted = AcceptEncoding::parse(request).ok().and_then(|wanted| wanted.negotiate(ours.iter()));
        match wanted {
            Some(coding) if coding == Encoding::brotli() => (Some("br"), "-br"),
            Some(coding) if coding == Encoding::gzip() => (Some("gzip"), "-gz"),
            _ => (None, ""),
        }
    }
}

/// Writing into memory does not fail.
fn packed(result: io::Result<Vec<u8>>, plain: &Bytes) -> Bytes {
    result.map_or_else(|_| plain.clone(), Bytes::from)
}

fn gzip(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
    writer.write_all(plain)?;
    writer.finish()
}

/// Quality 5: near what gzip does at its best, in a tenth of the time of the highest.
fn brotli(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() };
    brotli::BrotliCompress(&mut &plain[..], &mut packed, &params)?;
    Ok(packed)
}
