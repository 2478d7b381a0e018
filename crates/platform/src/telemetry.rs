//! Logs as JSON or for people, metrics for Prometheus always, traces and metrics over OTLP when an endpoint is set.
use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::{Resource, metrics::SdkMeterProvider, trace::SdkTracerProvider};
use prometheus::Registry;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    settings::{self, LogFormat},
    trace,
};

/// What must be flushed at the end.
pub struct Telemetry {
    pub registry: Registry,
    meters: SdkMeterProvider,
    tracers: Option<SdkTracerProvider>,
}

/// Installs the global subscriber and providers. Call it once, inside the runtime.
pub fn install(service: &'static str, settings: &settings::Telemetry) -> anyhow::Result<Telemetry> {
    let filter = EnvFilter::try_new(&settings.log)?;
    let registry = tracing_subscriber::registry().with(filter);
    match settings.format {
        LogFormat::Json => registry.with(tracing_subscriber::fmt::layer().json().flatten_event(true).with_target(false)).try_init()?,
        LogFormat::Pretty => registry.with(tracing_subscriber::fmt::layer().with_target(false)).try_init()?,
    }
    let resource = Resource::builder().with_service_name(service).with_attribute(KeyValue::new("service.namespace", "cleargate")).build();
    let prometheus = Registry::new();
    let mut meters = SdkMeterProvider::builder()
        .with_resource(resource.clone())
        .with_reader(opentelemetry_prometheus::exporter().with_registry(prometheus.clone()).without_target_info().scope_info_enabled(false).build()?);
    let mut tracers = None;
    if !settings.otlp_endpoint.is_empty() {
        let exporter = opentelemetry_otlp::MetricExporter::builder().with_tonic().with_endpoint(&settings.otlp_endpoint).build()?;
        meters = meters.with_periodic_exporter(exporter);
        let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(&settings.otlp_endpoint).build()?;
        let provider = SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();
        global::set_tracer_provider(provider.clone());
        trace::exported();
        tracers = Some(provider);
    }
    let meters = meters.build();
    global::set_meter_provider(meters.clone());
    Ok(Telemetry { registry: prometheus, meters, tracers })
}

impl Telemetry {
    /// Sends what is still buffered; whatever the result of the run was. Blocks for a moment.
    pub fn flush(&self) {
        if let Some(tracers) = &self.tracers {
            let _ = tracers.shutdown();
        }
        let _ = self.meters.shutdown();
    }
}
