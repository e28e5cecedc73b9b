//! Writing problems out, at the end of every request that failed.
use super::kinds::{self, Kind};
use super::{FaultDocument, Problem, ProblemDocument};
use crate::oauth;
use crate::request::{REQUEST_ID, RequestId};
use crate::text::Language;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpResponse, ResponseError as _};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;

/// Middleware: whatever failed answers a problem document in the caller's language, also where the
/// framework refused the request before a handler ran.
pub async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let language = Language::of(request.request());
    let instance = request.path().to_owned();
    let id = request.extensions().get::<RequestId>().map(RequestId::to_string).unwrap_or_default();
    // Whatever a handler or an extractor returns is a response by now; only a panic is not. It is a
    // 500 and nothing more: the worker and its other requests go on.
    let Ok(called) = AssertUnwindSafe(next.call(request)).catch_unwind().await else {
        tracing::error!(request_id = id, "a handler panicked");
        let problem = Problem::new(&kinds::INTERNAL);
        let mut response = problem.error_response();
        response.headers_mut().insert(REQUEST_ID, HeaderValue::from_str(&id)?);
        let response = write(response, &problem, language, instance, id)?;
        return Err(InternalError::from_response("a handler panicked", response).into());
    };
    let response = called?.map_into_boxed_body();
    if response.status().as_u16() < 400 || oauth::is_answered(response.response()) {
        return Ok(response);
    }
    let of_status = || Problem::new(Kind::of_status(response.status().as_u16()));
    let problem = response.response().extensions().get::<Problem>().cloned().unwrap_or_else(of_status);
    let (request, response) = response.into_parts();
    Ok(ServiceResponse::new(request, write(response, &problem, language, instance, id)?))
}

/// The response with the document as its body.
fn write(
    mut response: HttpResponse,
    problem: &Problem,
    language: Language,
    instance: String,
    id: String,
) -> Result<HttpResponse, Error> {
    let body = serde_json::to_vec(&problem.document(language, instance, id))?;
    *response.status_mut() = problem.status();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers.append(header::VARY, HeaderValue::from_static("Accept-Language"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response.set_body(BoxBody::new(body)))
}

impl Problem {
    pub fn document(&self, language: Language, instance: String, request_id: String) -> ProblemDocument {
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

#[cfg(test)]
mod tests {
    use super::finish;
    use crate::request::{REQUEST_ID, identify};
    use actix_web::middleware::from_fn;
    use actix_web::{App, HttpServer, web};
    use std::net::TcpListener;

    async fn stumble() -> &'static str {
        panic!("on purpose")
    }

    #[actix_web::test]
    async fn a_panic_is_a_500_and_the_worker_goes_on() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let app = || {
            let app = App::new().route("/panic", web::get().to(stumble));
            app.wrap(from_fn(finish)).wrap(from_fn(identify))
        };
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run();
        actix_web::rt::spawn(server);
        for _ in 0..3 {
            let told = web::block(move || {
                let call =
                    ureq::get(format!("http://{address}/panic")).config().http_status_as_error(false);
                let mut answer = call.build().call().unwrap();
                let document: serde_json::Value = answer.body_mut().read_json().unwrap();
                (answer.status().as_u16(), answer.headers()[REQUEST_ID.as_str()].clone(), document)
            });
            let (status, id, document) = told.await.unwrap();
            assert_eq!((status, &document["code"]), (500, &"internal".into()));
            assert_eq!(document["request_id"], id.to_str().unwrap());
        }
    }
}
