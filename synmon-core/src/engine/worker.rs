//! From queued runs to verdicts.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use metrics::{counter, histogram};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    POLL, Parts,
    browsing::close,
    expand::{ExpandError, expand},
    har,
    heartbeat::Heartbeat,
    plan::untried,
    recorder::Recorder,
    retry::persist,
    runner::{AttemptEnding, AttemptOutcome, Runner},
    stop::{StopReason, Stopper},
};
use crate::{
    RunId, Timestamp,
    alert::Alert,
    browser::Exchange,
    flow::HarPolicy,
    notice::{FailedStep, RunNotice},
    run::{ErrorCode, RunAttempt, RunStatus, Screenshot, StepLog, StepStatus},
    store::{ClaimedRun, RunReport, StoreError, WorkerId},
    verdict::{Ending, Verdict, verdict},
};

/// How long to wait for browsers that are away: those of another machine, or one that is being
/// replaced, are back in seconds rather than at once.
const UNAVAILABLE_PAUSE: Duration = Duration::from_secs(5);

/// Carries out runs, one at a time.
pub struct Worker {
    parts: Arc<Parts>,
    id: WorkerId,
    /// Where its heartbeats beat, if not beside everything else.
    heart: Option<Handle>,
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
        Self { parts, id: WorkerId::random(), heart: None }
    }

    pub(super) fn with_heart(self, heart: Option<Handle>) -> Self {
        Self { heart, ..self }
    }

    /// Takes the next run, if there is one, and carries it out to its end.
    pub async fn tick(&self) -> Result<WorkerTick, StoreError> {
        self.tick_until(&CancellationToken::new()).await
    }

    /// As [`Worker::tick`]; when `abort` is cancelled, the run is given back to the queue.
    pub async fn tick_until(&self, abort: &CancellationToken) -> Result<WorkerTick, StoreError> {
        let Parts { store, clock, settings, .. } = &*self.parts;
        let now = clock.now();
        let (limit, until) = (settings.owner_concurrency, now + settings.lease);
        let Some(claim) = store.claim_run(self.id, limit, now, until).await? else {
            return Ok(WorkerTick::Idle);
        };
        let stopper = Stopper::default();
        let heartbeat = Heartbeat::start(
            self.heart.as_ref(),
            Arc::clone(&self.parts),
            claim.clone(),
            stopper.clone(),
            abort.clone(),
        );
        let tick = Box::pin(self.carry_out(&claim, &stopper)).await;
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
        let mut claim = claim.clone();
        // A database that is away for a moment costs no run its worker.
        let expanded = persist(parts, "the flows that a run uses", || async {
            let snapshot = claim.snapshot.clone();
            match expand(&*parts.store, claim.run.owner, snapshot).await {
                Ok(snapshot) => Ok(Ok(snapshot)),
                Err(ExpandError::Invalid(why)) => Ok(Err(why)),
                Err(ExpandError::Store(error)) => Err(error),
            }
        });
        let invalid = match expanded.await? {
            Ok(snapshot) => {
                claim.snapshot = snapshot;
                None
            }
            Err(why) => Some(why),
        };
        let claim = &claim;
        let mut retries = Retries::of(claim, parts.settings.max_attempts);
        let mut attempt = claim.run.attempt;
        // The last attempt that found the site failing.
        let mut failed: Option<Tried> = None;
        loop {
            let outcome = match &invalid {
                Some(why) => AttemptOutcome::invalid(why),
                None => Box::pin(Runner::new(parts, claim, attempt, stopper).carry_out()).await,
            };
            let AttemptOutcome { ending, logs, exchanges, browser_version, session } = outcome;
            let ending = match ending {
                AttemptEnding::Abandoned(reason) => {
                    close(parts, claim, session).await;
                    return self.abandon(claim, reason).await;
                }
                AttemptEnding::Ended(ending) => ending,
            };
            let verdict = verdict(last_number(claim), &logs, &ending);
            let tried = Tried { attempt, verdict, logs, browser_version };
            self.keep_har(claim, &tried, &exchanges).await;
            if let Some(why) = retries.next(&ending, &tried.verdict) {
                let message = tried.message();
                info!(run.id = %id, attempt, "Run {id} is tried again on a fresh browser {why}: {message}");
                close(parts, claim, session).await;
                attempt += 1;
                match self.keep(claim, &tried).await {
                    Ok(()) => {}
                    Err(StoreError::Conflict { .. }) => return Ok(WorkerTick::Abandoned(id)),
                    Err(error) => return Err(error),
                }
                if tried.code() == Some(ErrorCode::BrowserUnavailable)
                    || (parts.browser.is_shared() && tried.verdict.status == RunStatus::Errored)
                {
                    // Who stops the run meanwhile is heard by the next attempt.
                    tokio::select! {
                        _ = stopper.stopped() => {}
                        () = parts.clock.sleep(UNAVAILABLE_PAUSE) => {}
                    }
                }
                if tried.verdict.status == RunStatus::Failed {
                    failed = Some(tried);
                }
                continue;
            }
            let duration = parts.clock.monotonic().saturating_sub(started);
            // That we could not look again does not unsay what was seen.
            let (decisive, also) = match failed {
                Some(failed) if tried.verdict.status == RunStatus::Errored => {
                    (failed, Some(tried.ended(parts.clock.now())))
                }
                _ => (tried, None),
            };
            let report = self.report(claim, decisive, also, duration);
            let finished = self.finish(claim, &report).await;
            close(parts, claim, session).await;
            return finished;
        }
    }

    /// Keeps the requests of an attempt, if its flow wants that.
    async fn keep_har(&self, claim: &ClaimedRun, tried: &Tried, exchanges: &[Exchange]) {
        let wanted = match claim.snapshot.settings.har {
            HarPolicy::Off => false,
            HarPolicy::OnFailure => tried.verdict.status != RunStatus::Passed,
            HarPolicy::On => true,
        };
        if wanted {
            let browser = tried.browser_version.as_deref().unwrap_or_default();
            let recorder = Recorder::new(&self.parts, claim, tried.attempt);
            recorder.keep_har(har::archive(exchanges, browser)).await;
        }
    }

    /// Keeps what came of an attempt, and begins the next one.
    async fn keep(&self, claim: &ClaimedRun, tried: &Tried) -> Result<(), StoreError> {
        let parts = &*self.parts;
        let ended = tried.ended(parts.clock.now());
        let rest = untried(&claim.snapshot, &tried.logs);
        persist(parts, "an attempt", || parts.store.begin_attempt(&claim.lease, &ended, &rest))
            .await
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
        tried: Tried,
        also_tried: Option<RunAttempt>,
        duration: Duration,
    ) -> RunReport {
        let snapshot = &claim.snapshot;
        let Tried { attempt, verdict: Verdict { status, error }, logs, browser_version } = tried;
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
            failures_in_row: 0,
            failing_since: None,
            failure: failure.map(|log| failed_step(log, last_number(claim))),
        };
        RunReport {
            attempt,
            status,
            error,
            finished_at,
            duration,
            browser_version,
            untried: untried(snapshot, &logs),
            also_tried,
            alerts: snapshot.alerts.clone(),
            cap: self.parts.settings.alert_cap,
            began_at: claim.run.started_at.unwrap_or(claim.run.queued_at),
            notice,
        }
    }
}

/// One attempt, and what came of it.
struct Tried {
    attempt: u32,
    verdict: Verdict,
    logs: Vec<StepLog>,
    browser_version: Option<String>,
}

impl Tried {
    fn code(&self) -> Option<ErrorCode> {
        self.verdict.error.as_ref().map(|error| error.code)
    }

    fn message(&self) -> &str {
        self.verdict.error.as_ref().map_or("", |error| &error.message)
    }

    fn ended(&self, now: Timestamp) -> RunAttempt {
        RunAttempt {
            attempt: self.attempt,
            status: self.verdict.status,
            error: self.verdict.error.clone(),
            finished_at: now,
            browser_version: self.browser_version.clone(),
        }
    }
}

/// How often a run may still be tried again, and for which of two reasons.
struct Retries {
    /// Because its browser broke.
    breakages: u32,
    /// Because its owner wants a failure confirmed.
    confirmations: u32,
}

impl Retries {
    fn of(claim: &ClaimedRun, max_attempts: u32) -> Self {
        Self {
            breakages: max_attempts.saturating_sub(1),
            confirmations: claim.snapshot.alerts.confirm_retries,
        }
    }

    /// Why the run is tried again, if it is.
    fn next(&mut self, ending: &Ending, verdict: &Verdict) -> Option<&'static str> {
        let (left, why) = match (ending, verdict.status) {
            // Another try would end like this one.
            (Ending::Broken { code: ErrorCode::FlowInvalid | ErrorCode::Unsupported, .. }, _) => {
                return None;
            }
            (Ending::Broken { .. }, _) => {
                (&mut self.breakages, "because it broke through no fault of its site")
            }
            (_, RunStatus::Failed) => (&mut self.confirmations, "to confirm that it fails"),
            _ => return None,
        };
        *left = left.checked_sub(1)?;
        Some(why)
    }
}

fn last_number(claim: &ClaimedRun) -> u32 {
    u32::try_from(claim.snapshot.steps.len()).unwrap_or(u32::MAX)
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

fn failed_step(log: &StepLog, of: u32) -> FailedStep {
    let error = log.error.as_ref();
    FailedStep {
        number: log.number,
        of,
        name: log.name.clone(),
        action: log.action.clone(),
        selector_xpath: log
            .selector_xpath
            .clone()
            .or_else(|| log.evidence.selectors.as_ref().map(|selectors| selectors.join(", or "))),
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
