//! Reading a body of lines, of any number: never more than a few are held at once.
use super::{Schemas, arrival, essence, plainly};
use crate::config::Limits;
use crate::problem::{Problem, kinds};
use crate::text::LocalizedText;
use actix_web::web::{self, Bytes, BytesMut, Data};
use actix_web::{FromRequest, HttpRequest, dev};
use futures_util::{FutureExt as _, StreamExt as _};
use std::future::{Ready, ready};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Bytes of lines that are enough at once, however few lines they are.
pub const ENOUGH: usize = 1024 * 1024;

/// Newline-delimited JSON on its way in.
pub struct Lines {
    payload: web::Payload,
    /// What has come of the line that is not whole yet.
    rest: BytesMut,
    /// How much of that holds no end of a line: it is not looked at again.
    searched: usize,
    /// A line that is too long is let through until its end, and then refused.
    skipping: bool,
    limits: Limits,
}

/// Some lines, and how it went on: `None` when there is more, otherwise how it ended.
type Next = (Vec<Result<Bytes, Problem>>, Option<Result<(), Problem>>);

impl Lines {
    fn of(payload: web::Payload, limits: Limits) -> Self {
        Self { payload, rest: BytesMut::new(), searched: 0, skipping: false, limits }
    }

    /// The next lines: as many as are there, at most `most` or what has `enough` bytes, and at least one unless it
    /// is the end. Nothing is lost when it is not awaited to its end.
    pub async fn next(&mut self, most: usize, enough: usize) -> Next {
        let (mut lines, mut bytes) = (vec![], 0);
        // When the line that is awaited began to come, and what has come of it since. What a line waited here since
        // the last time is not its sender's doing.
        let mut begun = self.is_within_a_line().then(Instant::now);
        let mut came = 0;
        loop {
            while lines.len() < most && bytes < enough {
                let Some(line) = self.cut() else { break };
                bytes += line.as_ref().map_or(0, Bytes::len);
                lines.push(line);
            }
            if lines.len() == most || bytes >= enough {
                return (lines, None);
            }
            // What is there is taken along; but nobody who has a line waits for the next one.
            let patience = Duration::from_secs(self.limits.max_body_seconds);
            let deadline = begun.map_or_else(
                || Instant::now() + patience,
                |begun| arrival::deadline(begun, came, &self.limits),
            );
            let arriving = timeout_at(deadline, self.payload.next());
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
                Ok(Some(Ok(chunk))) => {
                    begun.get_or_insert_with(Instant::now);
                    came += chunk.len();
                    self.rest.extend_from_slice(&chunk);
                }
                Ok(None) => {
                    // The last line may go without its end.
                    lines.extend(self.last());
                    return (lines, Some(Ok(())));
                }
            }
        }
    }

    fn is_within_a_line(&self) -> bool {
        self.skipping || !self.rest.is_empty()
    }

    /// The first whole line of what has come.
    fn cut(&mut self) -> Option<Result<Bytes, Problem>> {
        let found = self.rest[self.searched..].iter().position(|byte| *byte == b'\n');
        let Some(end) = found.map(|end| self.searched + end) else {
            if self.rest.len() > self.limits.max_body_bytes {
                self.skipping = true;
                self.rest.clear();
            }
            self.searched = self.rest.len();
            return None;
        };
        self.searched = 0;
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
        if let Err(problem) = plainly(request) {
            return ready(Err(problem));
        }
        let schemas = request.app_data::<Data<Schemas>>();
        let payload = web::Payload::from_request(request, payload).into_inner();
        ready(match (schemas, payload) {
            (Some(schemas), Ok(payload)) => Ok(Self::of(payload, schemas.limits.clone())),
            (_, Err(_)) => Err(Problem::new(&kinds::BAD_REQUEST)),
            (None, _) => Err(Problem::new(&kinds::INTERNAL)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ENOUGH, Lines};
    use crate::config::Limits;
    use actix_web::FromRequest as _;
    use actix_web::dev::Payload;
    use actix_web::error::PayloadError;
    use actix_web::test::TestRequest;
    use actix_web::web::{self, Bytes};
    use futures_util::{StreamExt as _, stream};
    use std::time::{Duration, Instant};

    async fn lines_of(chunks: impl Iterator<Item = Bytes> + 'static, limits: Limits) -> Lines {
        let chunks = stream::iter(chunks.map(Ok::<_, PayloadError>));
        let mut payload = Payload::from(chunks.boxed_local());
        let request = TestRequest::default().to_http_request();
        Lines::of(web::Payload::from_request(&request, &mut payload).await.unwrap(), limits)
    }

    /// How long the lines are that come together.
    async fn lengths(mut lines: Lines) -> Vec<Vec<usize>> {
        let mut together = vec![];
        loop {
            let (batch, ended) = lines.next(100, ENOUGH).await;
            together.push(batch.iter().map(|line| line.as_ref().unwrap().len()).collect());
            if ended.is_some() {
                return together;
            }
        }
    }

    #[actix_web::test]
    async fn of_large_lines_few_come_together() {
        let half = ENOUGH / 2;
        let line = |length: usize| [vec![b'x'; length - 1], vec![b'\n']].concat();
        let sent = [half, half, ENOUGH, 1, ENOUGH, 1, 1].map(line);
        let expected = [vec![half, half], vec![ENOUGH], vec![1, ENOUGH], vec![1, 1]];
        for chunks in [vec![sent.concat()], sent.to_vec()] {
            let lines = lines_of(chunks.into_iter().map(Bytes::from), Limits::default()).await;
            assert_eq!(lengths(lines).await, expected);
        }
    }

    #[actix_web::test]
    async fn a_line_is_looked_through_once_however_it_comes() {
        let length = 200_000;
        let bytes = (0..length).map(|_| Bytes::from_static(b"x"));
        let ends = [Bytes::from_static(b"\n"), Bytes::from_static(b"last")];
        let limits = Limits { max_body_bytes: length, ..Limits::default() };
        let mut lines = lines_of(bytes.chain(ends), limits).await;
        let begun = Instant::now();
        let (first, more) = lines.next(1, ENOUGH).await;
        assert_eq!(first[0].as_ref().unwrap().len(), length + 1);
        assert!(more.is_none());
        let (last, _) = lines.next(9, ENOUGH).await;
        assert_eq!(last[0].as_ref().unwrap(), "last");
        // Byte by byte and from the start each time it takes minutes.
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    }
}
