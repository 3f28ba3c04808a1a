//! Being told to stop, and to end.

use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How long the end of a program waits for what can't be cut short, such as a slow comparison.
const PATIENCE: Duration = Duration::from_secs(1);

/// Does what a program does, and ends although something may still go on that nobody waits for.
pub fn run_to_its_end(program: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("no runtime")?;
    let ended = runtime.block_on(program);
    runtime.shutdown_timeout(PATIENCE);
    ended
}

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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_program_ends_although_something_goes_on() {
        let (ends, ended) = channel::<()>();
        let (tells, told) = channel();
        let ended = run_to_its_end(async move {
            tokio::task::spawn_blocking(move || {
                let _ = ended.recv();
                let _ = tells.send(());
            });
            Ok(())
        });
        ended.unwrap();
        told.try_recv().unwrap_err();
        drop(ends);
    }
}
