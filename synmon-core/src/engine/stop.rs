//! Reasons to stop a run that is going on.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

/// Why a run is stopped before its steps are through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopReason {
    /// Its owner wants it.
    Cancelled,
    /// Another worker has the run now, or it is gone: nothing may be written any more.
    LeaseLost,
    /// The process ends; the run is given back.
    Shutdown,
}

/// Tells a run to stop, from any task. The first reason counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Stopper {
    reason: Arc<OnceLock<StopReason>>,
    token: CancellationToken,
}

impl Stopper {
    pub(super) fn stop(&self, reason: StopReason) {
        // A later reason does not matter: the run is being stopped already.
        let _ = self.reason.set(reason);
        self.token.cancel();
    }

    pub(super) fn reason(&self) -> Option<StopReason> {
        self.reason.get().copied()
    }

    pub(super) async fn stopped(&self) -> StopReason {
        self.token.cancelled().await;
        // `stop` sets the reason before it cancels the token.
        self.reason().unwrap_or(StopReason::Shutdown)
    }
}
