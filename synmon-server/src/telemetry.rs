//! Logs and metrics.

use std::{io::IsTerminal as _, sync::OnceLock};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Seconds, from a millisecond to five minutes.
const BUCKETS: [f64; 14] =
    [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// Begins to write logs to the standard error output. `filter` is as for `RUST_LOG`.
pub fn start_logging(format: LogFormat, filter: Option<&str>) {
    // thirtyfour logs typed texts and pictures at the level DEBUG, hyper and lettre what they send:
    // these are not for any log, whatever the filter says.
    let muted = "thirtyfour=info,hyper=info,lettre=info,reqwest=info,rustls=info,sqlx=warn,tungstenite=info";
    let filter = EnvFilter::new(format!("{},{muted}", filter.unwrap_or("info")));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // Logging may have been started before by a program that embeds this one: its choice stands.
    let _ = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}

/// The metrics of this process.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let recorder =
            match builder.set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &BUCKETS) {
                Ok(builder) => builder.build_recorder(),
                // The buckets are not empty, which is the only reason to refuse them.
                Err(_) => PrometheusBuilder::new().build_recorder(),
            };
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("Metrics go to a recorder that was there before; /metrics stays empty");
        }
        describe();
        handle
    })
}

fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!("synmon_runs_total", "Runs that have ended, by status");
    describe_histogram!("synmon_run_duration_seconds", Unit::Seconds, "How long runs took");
    describe_counter!("synmon_slots_total", "Slots that the scheduler has dealt with");
    describe_histogram!(
        "synmon_schedule_lateness_seconds",
        Unit::Seconds,
        "How long after their time slots were dealt with"
    );
    describe_counter!("synmon_notices_total", "Attempts to deliver notices, by outcome");
    describe_gauge!("synmon_queue_depth", "Runs that wait for a worker");
    describe_counter!("synmon_http_requests_total", "Requests answered, by status");
    describe_histogram!(
        "synmon_http_request_duration_seconds",
        Unit::Seconds,
        "How long answers took"
    );
}
