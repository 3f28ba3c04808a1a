//! Runs whose worker was lost.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tracing::warn;

use super::{Parts, RECOVERY_PERIOD, Ticking};
use crate::store::{RecoveredRun, StoreError};

/// Gives runs whose lease is over back to the queue, or ends them.
pub struct Recovery {
    parts: Arc<Parts>,
}

impl Recovery {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self { parts }
    }

    /// Deals with the leases that are over now.
    pub async fn tick(&self) -> Result<Vec<RecoveredRun>, StoreError> {
        let Parts { store, clock, signals, settings, .. } = &*self.parts;
        let recovered = store.recover_lost(clock.now(), settings.max_losses).await?;
        for run in &recovered {
            warn!(run.id = %run.run, queued_again = run.queued_again, "The worker of run {} was lost", run.run);
            signals.run_queued();
            signals.notice_queued();
            signals.progressed();
        }
        Ok(recovered)
    }
}

#[async_trait]
impl Ticking for Recovery {
    const NAME: &'static str = "recovery";

    async fn tick_once(&self) -> Result<Duration, StoreError> {
        self.tick().await.map(|_| RECOVERY_PERIOD)
    }
}
