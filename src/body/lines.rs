//! Reading a body of lines, of any number: never more than a few are held at once.
use super::{Schemas, essence};
use crate::config::Limits;
use crate::problem::{Problem, kinds};
use crate::text::LocalizedText;
use actix_web::web::{self, Bytes, BytesMut, Data};
use actix_web::{FromRequest, HttpRequest, dev};
use futures_util::{FutureExt as _, StreamExt as _};
use std::future::{Ready, ready};
use std::time::Duration;
use tokio::time::timeout;

/// Newline-delimited JSON on its way in.
pub struct Lines {
    payload: web::Payload,
    /// What has come of the line that is not whole yet.
    rest: BytesMut,
    /// A line that is too long is let through until its end, and then refused.
    skipping: bool,
    limits: Limits,
}

/// Some lines, and how it went on: `None` when there is more, otherwise how it ended.
type Next = (Vec<Result<Bytes, Problem>>, Option<Result<(), Problem>>);

impl Lines {
    /// The next lines: as many as are there, at most `most`, and at least one unless it is the end.
    pub async fn next(&mut self, most: usize) -> Next {
        let mut lines = vec![];
        loop {
            while lines.len() < most {
                let Some(line) = self.cut() else { break };
                lines.push(line);
            }
            if lines.len() == most {
                return (lines, None);
            }
            // What is there is taken along; but nobody who has a line waits for the next one.
            let patience = Duration::from_secs(self.limits.max_body_seconds);
            let arriving = timeout(patience, self.payload.next());
            let chunk = if lines.is_empty() {
                arriving.await
            } else {
                match arriving.now_or_never() {
                    Some(chunk) => chunk,
                    None => return (lines, None),
                }
            };
            match chunk {
                Err(_) => return (lines, Some(Err(Problem::new(&kinds::BODY_TOO_SLOW)))),
                Ok(Some(Err(_))) => return (lines, Some(Err(Problem::new(&kinds::BAD_REQUEST)))),
                Ok(Some(Ok(chunk))) => self.rest.extend_from_slice(&chunk),
                Ok(None) => {
                    // The last line may go without its end.
                    lines.extend(self.last());
                    return (lines, Some(Ok(())));
                }
            }
        }
    }

    /// The first whole line of what has come.
    fn cut(&mut self) -> Option<Result<Bytes, Problem>> {
        let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') else {
            if self.rest.len() > self.limits.max_body_bytes {
                self.skipping = true;
                self.rest.clear();
            }
            return None;
        };
        let line = self.rest.split_to(end + 1).freeze();
        let too_long = std::mem::take(&mut self.skipping) || line.len() > self.limits.max_body_bytes + 1;
        Some(if too_long { Err(self.too_long()) } else { Ok(line) })
    }

    fn last(&mut self) -> Option<Result<Bytes, Problem>> {
        let line = self.rest.split().freeze();
        if std::mem::take(&mut self.skipping) || line.len() > self.limits.max_body_bytes {
            return Some(Err(self.too_long()));
        }
        (!line.is_empty()).then_some(Ok(line))
    }

    fn too_long(&self) -> Problem {
        let limit = self.limits.max_body_bytes;
        Problem::new(&kinds::BODY_TOO_LARGE).with_detail(LocalizedText::new(
            format!("1行の上限は {limit} バイトです。"),
            format!("At most {limit} bytes are accepted in one line."),
        ))
    }
}

impl FromRequest for Lines {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        if !essence(request).eq_ignore_ascii_case("application/x-ndjson") {
            return ready(Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE)));
        }
        let schemas = request.app_data::<Data<Schemas>>();
        let payload = web::Payload::from_request(request, payload).into_inner();
        ready(match (schemas, payload) {
            (Some(schemas), Ok(payload)) => {
                Ok(Self { payload, rest: BytesMut::new(), skipping: false, limits: schemas.limits.clone() })
            }
            (_, Err(_)) => Err(Problem::new(&kinds::BAD_REQUEST)),
            (None, _) => Err(Problem::new(&kinds::INTERNAL)),
        })
    }
}
