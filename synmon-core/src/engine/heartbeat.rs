//! Heartbeats: what keeps a lease while its run goes on.

use std::sync::Arc;

use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    Parts,
    stop::{StopReason, Stopper},
};
use crate::{
    store::{ClaimedRun, StoreError},
    within,
};

/// The thread that heartbeats have to themselves. Work that keeps every other thread busy for
/// longer than a lease must not cost a run.
pub(super) struct Heart(Option<Runtime>);

/// A heartbeat that ends when this is dropped.
pub(super) struct Heartbeat(JoinHandle<()>);

impl Heart {
    /// Starts the thread, if one is wanted. Without it, heartbeats share the threads of the rest.
    pub(super) fn start(wanted: bool) -> Self {
        let mut threads = Builder::new_multi_thread();
        let threads = threads.worker_threads(1).thread_name("synmon-heartbeat").enable_all();
        let built = wanted.then(|| threads.build()).transpose();
        Self(built.unwrap_or_else(|error| {
            warn!("Heartbeats have no thread of their own: {error}");
            None
        }))
    }

    pub(super) fn handle(&self) -> Option<Handle> {
        self.0.as_ref().map(|runtime| runtime.handle().clone())
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Nothing beats any more, and an async task must not wait for a thread.
            runtime.shutdown_background();
        }
    }
}

impl Heartbeat {
    /// Begins to prolong the lease of a run.
    pub(super) fn start(
        heart: Option<&Handle>,
        parts: Arc<Parts>,
        claim: ClaimedRun,
        stopper: Stopper,
        abort: CancellationToken,
    ) -> Self {
        let beating = beat(parts, claim, stopper, abort);
        Self(match heart {
            Some(heart) => heart.spawn(beating),
            None => tokio::spawn(beating),
        })
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Prolongs the lease until it is dropped, and stops the run when its owner, its store or the
/// process wants that.
async fn beat(parts: Arc<Parts>, claim: ClaimedRun, stopper: Stopper, abort: CancellationToken) {
    let settings = &parts.settings;
    let mut renewed = parts.clock.monotonic();
    loop {
        let cancels = parts.signals.cancels().notified();
        tokio::select! {
            () = abort.cancelled() => return stopper.stop(StopReason::Shutdown),
            () = parts.clock.sleep(settings.heartbeat) => {}
            () = cancels => {}
        }
        let until = parts.clock.now() + settings.lease;
        let renewal = parts.heartbeat_store.renew(&claim.lease, until);
        match within(&*parts.clock, settings.heartbeat, renewal).await {
            Some(Ok(renewal)) if renewal.cancel_requested => {
                return stopper.stop(StopReason::Cancelled);
            }
            Some(Ok(_)) => renewed = parts.clock.monotonic(),
            Some(Err(StoreError::Conflict { .. })) => return stopper.stop(StopReason::LeaseLost),
            Some(Err(error)) => warn!(run.id = %claim.run.id, "No heartbeat: {error}"),
            None => warn!(run.id = %claim.run.id, "No heartbeat: the store does not answer"),
        }
        if parts.clock.monotonic().saturating_sub(renewed) >= settings.lease {
            return stopper.stop(StopReason::LeaseLost);
        }
    }
}
