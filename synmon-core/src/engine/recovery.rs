//! Runs whose worker was lost.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use metrics::counter;
use tracing::{error, warn};

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
            counter!("synmon_workers_lost_total").increment(1);
            if run.queued_again {
                warn!(run.id = %run.run, "The worker of run {} was lost; it is queued again", run.run);
            } else {
                counter!("synmon_runs_given_up_total").increment(1);
                error!(run.id = %run.run, "Run {} is given up: its worker was lost too often, or it was to be cancelled", run.run);
            }
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
