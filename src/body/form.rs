//! Reading a form, for the token endpoint: what is wrong with it is told in the words of OAuth.
use super::{collected, essence};
use crate::problem::Problem;
use actix_web::{FromRequest, HttpRequest, dev};
use std::future::Future;
use std::pin::Pin;

/// The fields of an `application/x-www-form-urlencoded` body, or why it is none.
#[derive(Debug)]
pub struct Form(pub Result<Vec<(String, String)>, &'static str>);

/// Longer than any request for a token.
const MAX: usize = 32 * 1024;

impl FromRequest for Form {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let is_form = essence(request).eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let arriving = collected(request, payload, |limits| limits.max_body_bytes.min(MAX));
        Box::pin(async move {
            if !is_form {
                return Ok(Self(Err("the body must be application/x-www-form-urlencoded")));
            }
            let bytes = match arriving.await {
                Ok((_, bytes)) => bytes,
                // Whatever makes it no request that can be read.
                Err(problem) if [400, 415].contains(&problem.status().as_u16()) => {
                    return Ok(Self(Err("the body breaks off, or is compressed")));
                }
                Err(problem) => return Err(problem),
            };
            Ok(Self(serde_html_form::from_bytes(&bytes).map_err(|_| "the body is no form")))
        })
    }
}
