//! From queued runs to verdicts.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use metrics::{counter, histogram};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    POLL, Parts,
    retry::persist,
    runner::{AttemptEnding, AttemptOutcome, Runner, close, untried},
    stop::{StopReason, Stopper},
};
use crate::{
    RunId,
    alert::Alert,
    notice::{FailedStep, RunNotice},
    run::{RunStatus, Screenshot, StepLog, StepStatus},
    store::{ClaimedRun, RunReport, StoreError, WorkerId},
    verdict::{Ending, Verdict, verdict},
    within,
};

/// Carries out runs, one at a time.
pub struct Worker {
    parts: Arc<Parts>,
    id: WorkerId,
}

/// What one tick of a worker has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerTick {
    /// It has ended a run.
    Ran(RunId),
    /// It had a run that is not its own any more, or that it gave back.
    Abandoned(RunId),
    /// There was nothing to do.
    Idle,
}

impl Worker {
    pub(super) fn new(parts: Arc<Parts>) -> Self {
        Self { parts, id: WorkerId::random() }
    }

    /// Takes the next run, if there is one, and carries it out to its end.
    pub async fn tick(&self) -> Result<WorkerTick, StoreError> {
        self.tick_until(&CancellationToken::new()).await
    }

    /// As [`Worker::tick`]; when `abort` is cancelled, the run is given back to the queue.
    pub async fn tick_until(&self, abort: &CancellationToken) -> Result<WorkerTick, StoreError> {
        let Parts { store, clock, settings, .. } = &*self.parts;
        let now = clock.now();
        let Some(claim) = store.claim_run(self.id, now, now + settings.lease).await? else {
            return Ok(WorkerTick::Idle);
        };
        let stopper = Stopper::default();
        let heartbeat =
            beat(Arc::clone(&self.parts), claim.clone(), stopper.clone(), abort.clone());
        let heartbeat = AbortOnDrop(tokio::spawn(heartbeat));
        let tick = self.carry_out(&claim, &stopper).await;
        drop(heartbeat);
        tick
    }

    async fn carry_out(
        &self,
        claim: &ClaimedRun,
        stopper: &Stopper,
    ) -> Result<WorkerTick, StoreError> {
        let parts = &*self.parts;
        let id = claim.run.id;
        let started = parts.clock.monotonic();
        info!(run.id = %id, attempt = claim.run.attempt, "Run {id} of flow `{}` starts", claim.run.flow_name);
        let first = claim.run.attempt;
        let mut attempt = first;
        loop {
            let outcome = Runner::new(parts, claim, attempt, stopper).carry_out().await;
            let AttemptOutcome { ending, logs, browser_version, session } = outcome;
            let ending = match ending {
                AttemptEnding::Abandoned(reason) => {
                    close(parts, claim, session).await;
                    return self.abandon(claim, reason).await;
                }
                AttemptEnding::Ended(ending) => ending,
            };
            if let Ending::Broken { message, .. } = &ending
                && attempt + 1 < first + parts.settings.max_attempts
            {
                warn!(run.id = %id, attempt, "Run {id} broke through no fault of its site, and is tried again: {message}");
                close(parts, claim, session).await;
                attempt += 1;
                let begun = persist(parts, "an attempt", || {
                    parts.store.begin_attempt(&claim.lease, attempt)
                });
                match begun.await {
                    Ok(()) => continue,
                    Err(StoreError::Conflict { .. }) => return Ok(WorkerTick::Abandoned(id)),
                    Err(error) => return Err(error),
                }
            }
            let duration = parts.clock.monotonic().saturating_sub(started);
            let report = self.report(claim, attempt, &ending, &logs, browser_version, duration);
            let finished = self.finish(claim, &report).await;
            close(parts, claim, session).await;
            return finished;
        }
    }

    async fn finish(
        &self,
        claim: &ClaimedRun,
        report: &RunReport,
    ) -> Result<WorkerTick, StoreError> {
        let Parts { store, signals, .. } = &*self.parts;
        let id = claim.run.id;
        let finished =
            persist(&self.parts, "a verdict", || store.finish(&claim.lease, report)).await;
        signals.progressed();
        match finished {
            Ok(()) => {
                let status = report.status;
                info!(run.id = %id, %status, duration_ms = report.duration.as_millis(), "Run {id} {status}");
                counter!("synmon_runs_total", "status" => status.as_str()).increment(1);
                histogram!("synmon_run_duration_seconds").record(report.duration);
                signals.notice_queued();
                Ok(WorkerTick::Ran(id))
            }
            Err(StoreError::Conflict { .. }) => {
                warn!(run.id = %id, "Run {id} is not ours any more; its verdict here does not count");
                Ok(WorkerTick::Abandoned(id))
            }
            Err(error) => Err(error),
        }
    }

    async fn abandon(
        &self,
        claim: &ClaimedRun,
        reason: StopReason,
    ) -> Result<WorkerTick, StoreError> {
        let id = claim.run.id;
        if reason == StopReason::Shutdown {
            let store = &self.parts.store;
            match persist(&self.parts, "a run", || store.release(&claim.lease)).await {
                Ok(()) => info!(run.id = %id, "Run {id} is given back to the queue"),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        } else {
            warn!(run.id = %id, "Run {id} is not ours any more; it is dropped here");
        }
        Ok(WorkerTick::Abandoned(id))
    }

    fn report(
        &self,
        claim: &ClaimedRun,
        attempt: u32,
        ending: &Ending,
        logs: &[StepLog],
        browser_version: Option<String>,
        duration: Duration,
    ) -> RunReport {
        let snapshot = &claim.snapshot;
        let last = u32::try_from(snapshot.steps.len()).unwrap_or(u32::MAX);
        let Verdict { status, error } = verdict(last, logs, ending);
        let finished_at = self.parts.clock.now();
        let failure = logs.iter().find(|log| log.status == StepStatus::Failed);
        let notice = RunNotice {
            alert: if status == RunStatus::Passed { Alert::Recovery } else { Alert::Failure },
            flow: claim.run.flow,
            flow_name: claim.run.flow_name.clone(),
            run: claim.run.id,
            trigger: claim.run.trigger.as_str().to_owned(),
            browser: browser_version
                .clone()
                .unwrap_or_else(|| snapshot.browser.as_str().to_owned()),
            flow_url: snapshot.url.as_str().to_owned(),
            finished_at,
            failure: failure.map(|log| failed_step(log, last)),
        };
        RunReport {
            attempt,
            status,
            error,
            finished_at,
            duration,
            browser_version,
            untried: untried(snapshot, logs),
            alert_policy: snapshot.alert_policy,
            notice,
        }
    }
}

/// `loop { tick; wait }` for a worker.
pub(super) async fn work(worker: Worker, stop: CancellationToken, abort: CancellationToken) {
    let parts = Arc::clone(&worker.parts);
    while !stop.is_cancelled() {
        // Registered before the tick looks, so that what comes in meanwhile is not missed.
        let woken = parts.signals.runs().notified();
        match AssertUnwindSafe(worker.tick_until(&abort)).catch_unwind().await {
            Ok(Ok(WorkerTick::Ran(_) | WorkerTick::Abandoned(_))) => continue,
            Ok(Ok(WorkerTick::Idle)) => {}
            Ok(Err(error)) => error!("A worker could not work, and tries again: {error}"),
            // Its lease runs out, and then the run is recovered.
            Err(_panic) => error!("A worker panicked, and goes on"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken => {}
            () = parts.clock.sleep(POLL) => {}
        }
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
        let renewal = parts.store.renew(&claim.lease, until);
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

fn failed_step(log: &StepLog, of: u32) -> FailedStep {
    let error = log.error.as_ref();
    FailedStep {
        number: log.number,
        of,
        name: log.name.clone(),
        action: log.action.clone(),
        selector_xpath: log.selector_xpath.clone(),
        code: error.map(|error| error.code.as_str().to_owned()).unwrap_or_default(),
        message: error.map(|error| error.message.clone()).unwrap_or_default(),
        expected: error.and_then(|error| error.expected.clone()),
        found: error.and_then(|error| error.found.clone()),
        page_url: log.url.clone(),
        page_title: log.title.clone(),
        screenshot: match &log.screenshot {
            Screenshot::Captured(key) => Some(key.as_str().to_owned()),
            Screenshot::Unavailable { .. } | Screenshot::Disabled => None,
        },
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
