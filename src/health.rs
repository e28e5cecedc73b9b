//! `/livez` and `/readyz`: whether the process runs, and whether it can serve.
use crate::db::Db;
use crate::problem::{Probing, Problem, kinds};
use crate::routes::Routes;
use crate::text::LocalizedText;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use utoipa::ToSchema;

pub fn routes(to: &mut impl Routes) {
    to.service(livez).service(readyz);
}

/// Whether this process takes new work; one that is about to stop does not.
#[derive(Debug, Default)]
pub struct Readiness {
    draining: AtomicBool,
    /// When the database answered last: asking more often than each second tells nothing new, and
    /// costs connections.
    answered: Mutex<Option<Instant>>,
}

impl Readiness {
    /// From now on not ready: the proxy sends nobody any more.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    fn answered_just_now(&self) -> bool {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.is_some_and(|at| at.elapsed() < Duration::from_secs(1))
    }

    fn note_answer(&self) {
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// The state of this process.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`
    #[schema(example = "ok")]
    status: &'static str,
}

fn ok() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(Health { status: "ok" })
}

/// Tell that the process runs
///
/// Answers without asking anything else.
#[utoipa::path(tag = "service", operation_id = "getLiveness", security(()),
    responses((status = 200, body = Health), Probing))]
#[get("/livez")]
async fn livez() -> HttpResponse {
    ok()
}

/// Tell that the service can serve
///
/// Asks the database; 503 when it does not answer, or when the process is about to stop.
#[utoipa::path(tag = "service", operation_id = "getReadiness", security(()),
    responses((status = 200, body = Health), Probing))]
#[get("/readyz")]
async fn readyz(db: Data<Db>, readiness: Data<Readiness>) -> Result<HttpResponse, Problem> {
    if readiness.draining.load(Ordering::Relaxed) {
        return Err(Problem::new(&kinds::UNAVAILABLE).with_detail(LocalizedText::new(
            "このプロセスは停止するところです。",
            "This process is about to stop.",
        )));
    }
    if !readiness.answered_just_now() {
        db.answers().await?;
        readiness.note_answer();
    }
    Ok(ok())
}
