//! The server program.

use std::net::SocketAddr;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use synmon_server::{Server, config::Config, telemetry};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Watches websites the way a person uses them.
///
/// Settings are read from the environment; the README lists them.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Also serve a demo shop to watch, at `SYNMON_DEMO_LISTEN` (127.0.0.1:8081).
    #[arg(long)]
    demo: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Print the OpenAPI document.
    Openapi,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if matches!(arguments.command, Some(Command::Openapi)) {
        print!("{}", synmon_server::api::openapi_document());
        return Ok(());
    }
    let mut config = Config::from_env()?;
    telemetry::start_logging(config.log_format, config.log_filter.as_deref());
    if arguments.demo && config.demo_listen.is_none() {
        config.demo_listen = Some(SocketAddr::from(([127, 0, 0, 1], 8081)));
    }
    let stop = CancellationToken::new();
    let server = Server::build(&config).await?;
    tokio::spawn(stop_on_signal(stop.clone()));
    server.run_until_stopped(stop).await
}

/// The first signal ends the server in order; a second one at once. What is cut off then is taken
/// up again by whoever works on the same database next.
async fn stop_on_signal(stop: CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("no SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("no SIGINT")?;
    for signals in 0.. {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if signals > 0 {
            warn!("Told to stop a second time: stopping at once");
            std::process::exit(1);
        }
        info!("Told to stop: runs under way may end");
        stop.cancel();
    }
    Ok(())
}
