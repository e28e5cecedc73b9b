//! Writing problems out: as JSON at the end of every request that failed, and as pages for people.
use super::kinds::{KINDS, Kind};
use super::{FaultDocument, Problem, ProblemDocument};
use crate::request::RequestId;
use crate::text::Language;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Path;
use actix_web::{Error, HttpMessage as _, HttpResponse, get};

/// Middleware: whatever failed answers a problem document in the caller's language, also where the
/// framework refused the request before a handler ran.
pub async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let language = Language::of(request.request());
    let instance = request.path().to_owned();
    let id = request.extensions().get::<RequestId>().map(RequestId::to_string).unwrap_or_default();
    // Whatever a handler or an extractor returns is a response by now; an error here would come from
    // the middleware itself, and there is none below.
    let response = next.call(request).await?.map_into_boxed_body();
    if response.status().as_u16() < 400 {
        return Ok(response);
    }
    let problem = response
        .response()
        .extensions()
        .get::<Problem>()
        .cloned()
        .unwrap_or_else(|| Problem::new(Kind::of_status(response.status().as_u16())));
    let document = problem.document(language, instance, id);
    let body = serde_json::to_vec(&document)?;
    let (request, mut response) = response.into_parts();
    *response.status_mut() = problem.status();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(ServiceResponse::new(request, response.set_body(BoxBody::new(body))))
}

impl Problem {
    fn document(&self, language: Language, instance: String, request_id: String) -> ProblemDocument {
        ProblemDocument {
            r#type: format!("/problems/{}", self.kind.code),
            title: match language {
                Language::Ja => self.kind.title_ja,
                Language::En => self.kind.title_en,
            }
            .to_owned(),
            status: self.kind.status,
            detail: self.particulars.detail.as_ref().map(|d| d.get(language).to_owned()),
            instance,
            code: self.kind.code.to_owned(),
            request_id,
            errors: self
                .particulars
                .faults
                .iter()
                .map(|fault| FaultDocument {
                    pointer: fault.pointer.clone(),
                    code: fault.code.to_owned(),
                    message: fault.message.get(language).to_owned(),
                })
                .collect(),
        }
    }
}

/// The page behind a problem's `type`.
#[get("/problems/{code}")]
pub async fn show_problem_kind(code: Path<String>) -> Result<HttpResponse, Problem> {
    let kind = KINDS.iter().find(|kind| kind.code == *code).ok_or_else(Problem::not_found)?;
    let Kind { code, status, title_ja, title_en, remedy_ja, remedy_en } = kind;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{code}</title>\
             <style>body{{font:16px/1.6 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}}\
             code{{background:#eee;padding:.1em .3em}}</style>\
             <p><code>{status}</code> <code>{code}</code></p>\
             <section><h1>{title_en}</h1><p>{remedy_en}</p></section>\
             <section lang=\"ja\"><h2>{title_ja}</h2><p>{remedy_ja}</p></section></html>\n"
        )))
}
