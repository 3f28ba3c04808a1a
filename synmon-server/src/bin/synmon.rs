//! What synmon needs around its server and its workers.

use clap::{Parser, Subcommand};
use synmon_server::{
    config::EgressProxyConfig, egress_proxy, run_to_its_end, stop_on_signal, telemetry,
};
use tokio_util::sync::CancellationToken;

/// Tools around synmon-server and synmon-worker.
#[derive(Parser)]
#[command(name = "synmon", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Be the proxy that browsers elsewhere (a Grid's) go through: it leads to public addresses, and
    /// to what `SYNMON_EGRESS_ALLOW` lists. It listens at `SYNMON_EGRESS_LISTEN` (127.0.0.1:3128).
    EgressProxy,
}

fn main() -> anyhow::Result<()> {
    run_to_its_end(program())
}

async fn program() -> anyhow::Result<()> {
    let Command::EgressProxy = Arguments::parse().command;
    let config = EgressProxyConfig::from_env()?;
    telemetry::start_logging(config.log_format, config.log_filter.as_deref());
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    egress_proxy::run(config, stop).await
}
