//! The server: all roles in one process, each of which can be switched off.

use std::{alloc::System, net::SocketAddr};

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
    /// Ask a running server how it is; fails unless it answers that all is well.
    Health(HealthCheck),
}

fn main() -> anyhow::Result<()> {
    run_to_its_end(program())
}

async fn program() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Openapi) => {
            print!("{}", synmon_server::api::openapi_document());
            return Ok(());
        }
        Some(Command::Health(check)) => return check.ask(Program::Server).await,
        None => {}
    }
    let mut config = Config::from_env(Program::Server)?;
    telemetry::start_logging(config.log_format, config.log_filter.as_deref());
    if arguments.demo && config.demo_listen.is_none() {
        config.demo_listen = Some(SocketAddr::from(([127, 0, 0, 1], 8081)));
    }
    let stop = CancellationToken::new();
    let server = Server::build(&config).await?;
    tokio::spawn(stop_on_signal(stop.clone()));
    server.run_until_stopped(stop).await
}
