//! Logs, and with the feature `otlp` traces, as the operator wants them.
use crate::config::{LogFormat, Logging};
use std::io::IsTerminal as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// Keeps telemetry going; what is still to be sent goes out when it is dropped.
#[derive(Debug, Default)]
#[must_use]
pub struct Telemetry {
    #[cfg(feature = "otlp")]
    traces: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
}

/// Starts logging to standard error.
pub fn start(logging: &Logging) -> Result<Telemetry, Box<dyn std::error::Error + Send + Sync>> {
    let filter = EnvFilter::try_new(&logging.log)?;
    // Where, and not what: the words of a panic may hold what a caller sent.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panic");
    }));
    let log = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let log = match logging.log_format {
        LogFormat::Human => log.boxed(),
        LogFormat::Json => log.json().boxed(),
    };
    let started = tracing_subscriber::registry().with(log.with_filter(filter));
    #[cfg(not(feature = "otlp"))]
    {
        started.init();
        Ok(Telemetry::default())
    }
    #[cfg(feature = "otlp")]
    {
        let (traces, layer) = otlp::layer(logging.otlp_endpoint.as_deref())?.unzip();
        started.with(layer).init();
        Ok(Telemetry { traces })
    }
}

#[cfg(feature = "otlp")]
impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces
            && let Err(error) = traces.shutdown()
        {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

#[cfg(feature = "otlp")]
mod otlp {
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing::Subscriber;
    use tracing_subscriber::Layer;
    use tracing_subscriber::filter::filter_fn;
    use tracing_subscriber::registry::LookupSpan;

    /// Sends the spans of requests to the collector at `endpoint`.
    pub fn layer<S: Subscriber + for<'span> LookupSpan<'span>>(
        endpoint: Option<&str>,
    ) -> Result<Option<(SdkTracerProvider, impl Layer<S>)>, Box<dyn std::error::Error + Send + Sync>> {
        let Some(endpoint) = endpoint else {
            return Ok(None);
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .build()?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(Resource::builder().with_service_name("tasuke").build())
            .build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("tasuke"));
        // Ours alone: what libraries trace may hold what callers sent.
        let ours = filter_fn(|metadata| metadata.target().starts_with("tasuke"));
        Ok(Some((provider, layer.with_filter(ours))))
    }
}
