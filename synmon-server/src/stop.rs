//! Being told to stop.

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Cancels `stop` at the first SIGTERM or SIGINT, so that the server ends in order; a second one
/// ends the process at once. What is cut off then is taken up again by whoever works on the same
/// database next.
pub async fn stop_on_signal(stop: CancellationToken) -> anyhow::Result<()> {
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
