//! The worker: scheduler, runs and notices over a database that others share; no API.

use std::alloc::System;

use clap::{Parser, Subcommand};
use synmon_server::{
    HealthCheck, Server,
    config::{Config, Program},
    run_to_its_end, stop_on_signal, telemetry,
};
use tokio_util::sync::CancellationToken;
use zeroizing_alloc::ZeroAlloc;

/// Wipes whatever is freed: texts of pages hold secrets until those are taken out of them.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

/// Carries out runs, beside other processes on the same PostgreSQL.
///
/// Settings are those of synmon-server. With `SYNMON_LISTEN` it answers `/healthz`, `/readyz` and
/// `/metrics` there.
#[derive(Parser)]
#[command(name = "synmon-worker", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Ask a running worker how it is; fails unless it answers that all is well.
    Health(HealthCheck),
}

fn main() -> anyhow::Result<()> {
    run_to_its_end(program())
}

async fn program() -> anyhow::Result<()> {
    if let Some(Command::Health(check)) = Arguments::parse().command {
        return check.ask(Program::Worker).await;
    }
    let config = Config::from_env(Program::Worker)?;
    telemetry::start_logging(config.log_format, config.log_filter.as_deref());
    let stop = CancellationToken::new();
    let server = Server::build(&config).await?;
    tokio::spawn(stop_on_signal(stop.clone()));
    server.run_until_stopped(stop).await
}
