//! The worker: scheduler, runs and notices over a database that others share; no API.

use clap::Parser;
use synmon_server::{
    Server,
    config::{Config, Program},
    stop_on_signal, telemetry,
};
use tokio_util::sync::CancellationToken;

/// Carries out runs, beside other processes on the same PostgreSQL.
///
/// Settings are those of synmon-server. With `SYNMON_LISTEN` it answers `/healthz`, `/readyz` and
/// `/metrics` there.
#[derive(Parser)]
#[command(version)]
struct Arguments {}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    Arguments::parse();
    let config = Config::from_env(Program::Worker)?;
    telemetry::start_logging(config.log_format, config.log_filter.as_deref());
    let stop = CancellationToken::new();
    let server = Server::build(&config).await?;
    tokio::spawn(stop_on_signal(stop.clone()));
    server.run_until_stopped(stop).await
}
