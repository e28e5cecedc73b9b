//! What the service counts, in the form that Prometheus reads, on a listener of its own.
use crate::db::Db;
use crate::guidelines::OWN_PREFIX;
use crate::request::{method_label, template};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::{self, Data};
use actix_web::{App, Error, HttpResponse, HttpServer};
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder,
};
use std::net::TcpListener;
use std::time::Instant;

/// The counters of this process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    database: IntGaugeVec,
    submissions: IntCounterVec,
    decisions: IntCounterVec,
}

const BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

impl Metrics {
    pub fn new() -> Result<Self, prometheus::Error> {
        let opts = |name: &str, help: &str| Opts::new(name, help).namespace("tasuke");
        let metrics = Self {
            registry: Registry::new(),
            requests: IntCounterVec::new(
                opts("http_requests_total", "Requests answered, by route template"),
                &["method", "route", "status"],
            )?,
            seconds: HistogramVec::new(
                HistogramOpts::new("http_request_seconds", "Time to answer, by route template")
                    .namespace("tasuke")
                    .buckets(BUCKETS.to_vec()),
                &["method", "route"],
            )?,
            database: IntGaugeVec::new(
                opts("database", "Connections open and idle, and commands under way or waiting"),
                &["what"],
            )?,
            submissions: IntCounterVec::new(
                opts(
                    "submissions_total",
                    "Assessments submitted, by questionnaire; those of tenants together",
                ),
                &["questionnaire"],
            )?,
            decisions: IntCounterVec::new(
                opts("routing_decisions_total", "Routing decisions made, by stage"),
                &["stage"],
            )?,
        };
        metrics.registry.register(Box::new(metrics.requests.clone()))?;
        metrics.registry.register(Box::new(metrics.seconds.clone()))?;
        metrics.registry.register(Box::new(metrics.database.clone()))?;
        metrics.registry.register(Box::new(metrics.submissions.clone()))?;
        metrics.registry.register(Box::new(metrics.decisions.clone()))?;
        Ok(metrics)
    }

    /// What a tenant calls its own questionnaires is its own, and there is no end to such names.
    pub fn count_submission(&self, questionnaire: &str) {
        let questionnaire = if questionnaire.starts_with(OWN_PREFIX) { "own" } else { questionnaire };
        self.submissions.with_label_values(&[questionnaire]).inc();
    }

    pub fn count_decision(&self, stage: &str) {
        self.decisions.with_label_values(&[stage]).inc();
    }

    fn write(&self, db: &Db) -> Result<Vec<u8>, prometheus::Error> {
        let load = db.load();
        let queued = i64::try_from(load.queued).unwrap_or(i64::MAX);
        for (what, value) in [
            ("connections_open", load.open.into()),
            ("connections_idle", load.idle.into()),
            ("queued", queued),
        ] {
            self.database.with_label_values(&[what]).set(value);
        }
        let mut text = vec![];
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// Middleware: counts and times every request under the template of its route, never its path.
pub async fn measure(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let metrics = request.app_data::<Data<Metrics>>().cloned();
    let method = method_label(request.method());
    let started = Instant::now();
    let called = next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    if let Some(metrics) = metrics {
        let (route, status) = match &called {
            Ok(response) => (template(response.request()), response.status()),
            // Of a panic the request is lost, and with it its route.
            Err(error) => (None, error.as_response_error().status_code()),
        };
        let route = route.unwrap_or_else(|| "none".into());
        metrics.requests.with_label_values(&[method, &route, status.as_str()]).inc();
        let seconds = started.elapsed().as_secs_f64();
        metrics.seconds.with_label_values(&[method, &route]).observe(seconds);
    }
    called
}

/// Serves `/metrics` on a listener of its own, which belongs inside the operator's network.
pub fn serve(listener: TcpListener, metrics: Data<Metrics>, db: Db) -> std::io::Result<Server> {
    let db = Data::new(db);
    let server = HttpServer::new(move || {
        App::new().app_data(metrics.clone()).app_data(db.clone()).route("/metrics", web::get().to(show))
    });
    Ok(server.workers(1).disable_signals().listen(listener)?.run())
}

async fn show(metrics: Data<Metrics>, db: Data<Db>) -> HttpResponse {
    match metrics.write(&db) {
        Ok(text) => HttpResponse::Ok().content_type(prometheus::TEXT_FORMAT).body(text),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Metrics;

    #[test]
    fn what_a_tenant_calls_its_own_is_no_label() {
        let metrics = Metrics::new().unwrap();
        for questionnaire in ["ipa-self-check-3.1", "own-acme-1", "own-rival-1"] {
            metrics.count_submission(questionnaire);
        }
        let counted = |label: &str| metrics.submissions.with_label_values(&[label]).get();
        assert_eq!((counted("ipa-self-check-3.1"), counted("own"), counted("own-acme-1")), (1, 2, 0));
    }
}
