//! Carrying out one attempt of a run, in one browser.

use std::{panic::AssertUnwindSafe, time::Duration};

use super::{
    Parts,
    browsing::{self, NoSession, OpenSession},
    leavings::{PicturePlan, is_out_of_bounds},
    observed::{Observed, cut},
    plan::Planned,
    recorder::{MAX_TEXT_CHARS, Recorder, bound},
    redaction::{redact_exchange, redact_log},
    secrets::{RunSecrets, Unavailable},
    stall::StallWatch,
    stepper::{Task, check_egress, perform},
    stop::{StopReason, Stopper},
    wait::{Failure, Limit},
};
use crate::{
    browser::{Exchange, PageState, Session},
    flow::{FlowSettings, FlowSnapshot, HarPolicy},
    run::{ErrorCode, Fault, StepError, StepLog, StepStatus},
    step::{Action, Gesture, OnFailure, Placeholder, Selector, Step, Variables},
    store::{ClaimedRun, StoreError},
    verdict::Ending,
};
use futures_util::FutureExt as _;
use tracing::warn;

/// The least time a page gets to say where it is after a step.
const INSPECT_TIMEOUT: Duration = Duration::from_secs(5);

/// One attempt of a run.
pub(super) struct Runner<'a> {
    pub(super) parts: &'a Parts,
    pub(super) claim: &'a ClaimedRun,
    stopper: &'a Stopper,
    pub(super) recorder: Recorder<'a>,
    /// Until when the run may take.
    pub(super) run_limit: Limit<'a>,
    /// Since when, on the monotonic clock.
    pub(super) begun: Duration,
    pub(super) stalls: StallWatch,
    /// What is on record, in the order of the steps.
    logs: Vec<StepLog>,
    /// The step that is being tried.
    present: u32,
    /// The document that the last step left.
    pub(super) document: Option<String>,
    /// The host that was last found to be allowed.
    pub(super) checked_host: Option<String>,
    observed: Observed,
    pub(super) variables: Variables,
    pub(super) secrets: RunSecrets<'a>,
    /// Where secrets were typed, with the numbers of the steps that did.
    pub(super) secret_fields: Vec<(u32, Selector)>,
}

/// A step that is being tried.
pub(super) struct Trial<'a> {
    pub(super) task: Task<'a>,
    /// When it began, on the monotonic clock.
    pub(super) begun: Duration,
    /// How long it may take.
    pub(super) time: Duration,
    /// How long it may take in view of the run's time.
    pub(super) limit: Limit<'a>,
    /// Whether it is the run's time that ends first.
    pub(super) by_run: bool,
    pub(super) status_is_judged: bool,
}

/// What an attempt has come to.
pub(super) struct AttemptOutcome {
    pub(super) ending: AttemptEnding,
    pub(super) logs: Vec<StepLog>,
    /// What the pages asked the network for.
    pub(super) exchanges: Vec<Exchange>,
    pub(super) browser_version: Option<String>,
    /// Still open: the verdict need not wait for the browser to go away.
    pub(super) session: Option<OpenSession>,
}

impl AttemptOutcome {
    /// That of a flow that can't be carried out as it is written.
    pub(super) fn invalid(why: &str) -> Self {
        let ending = broken(ErrorCode::FlowInvalid, why.to_owned(), None);
        Self {
            ending,
            logs: Vec::new(),
            exchanges: Vec::new(),
            browser_version: None,
            session: None,
        }
    }
}

/// How an attempt has ended.
pub(super) enum AttemptEnding {
    /// There is something to say about the run.
    Ended(Ending),
    /// The run is not ours any more, or is to be given back.
    Abandoned(StopReason),
}

/// Why the steps end early.
enum Interruption {
    Stopped(StopReason),
    Broken { code: ErrorCode, message: String },
}

impl<'a> Runner<'a> {
    pub(super) fn new(
        parts: &'a Parts,
        claim: &'a ClaimedRun,
        attempt: u32,
        stopper: &'a Stopper,
    ) -> Self {
        let run_limit = Limit::new(parts, stopper, claim.snapshot.run_timeout);
        let recorder = Recorder::new(parts, claim, attempt);
        Self {
            parts,
            claim,
            stopper,
            recorder,
            run_limit,
            begun: parts.clock.monotonic(),
            stalls: StallWatch::start(parts),
            logs: Vec::new(),
            present: 0,
            document: None,
            checked_host: None,
            observed: Observed::default(),
            variables: claim.snapshot.settings.variables.clone(),
            secrets: RunSecrets::new(parts, claim.run.owner),
            secret_fields: Vec::new(),
        }
    }

    /// Starts a browser and tries the steps in it. A panic on the way is a breakage of ours like
    /// any other.
    pub(super) async fn carry_out(mut self) -> AttemptOutcome {
        let settings = match self.prepared().await {
            Ok(settings) => settings.browser,
            Err((code, message)) => return self.outcome(broken(code, message, None), None).await,
        };
        let opened = browsing::open(self.parts, self.claim, self.stopper, settings).await;
        let mut open = match opened {
            Ok(open) => open,
            Err(NoSession::Stopped(reason)) => return self.outcome(stopped(reason), None).await,
            Err(NoSession::Broken { code, message }) => {
                return self.outcome(broken(code, message, None), None).await;
            }
        };
        // Waiting for a browser is no time of the site's.
        self.run_limit = Limit::new(self.parts, self.stopper, self.claim.snapshot.run_timeout);
        self.begun = self.parts.clock.monotonic();
        let steps = AssertUnwindSafe(self.steps(&mut *open.session)).catch_unwind().await;
        let ending = match steps {
            Ok(Ok(())) => AttemptEnding::Ended(Ending::Completed),
            Ok(Err(Interruption::Stopped(reason))) => stopped(reason),
            Ok(Err(Interruption::Broken { code, message })) => {
                broken(code, message, Some(self.present))
            }
            Err(_panic) => {
                let message = "synmon panicked while it carried out a step".to_owned();
                broken(ErrorCode::Internal, message, Some(self.present))
            }
        };
        self.outcome(ending, Some(open)).await
    }

    /// Gets what has to be there before a browser is.
    async fn prepared(&mut self) -> Result<FlowSettings, Unavailable> {
        self.recorder.look_for_room().await;
        if let Err(error) = self.secrets.learn().await {
            warn!(run.id = %self.claim.run.id, "The secrets of a run's owner can't be asked for: {error}");
            let message = "the secrets of the run's owner could not be asked for";
            return Err((ErrorCode::Internal, message.to_owned()));
        }
        self.secrets.settings(&self.claim.snapshot.settings).await
    }

    /// What a step does, with all its places filled in.
    async fn action(&mut self, step: &Step) -> Result<Action, Unavailable> {
        let places = step.places();
        let values = self.secrets.values(&places, &self.variables).await?;
        let action = step.filled(&values).map_err(|invalid| {
            let message = format!("with the values of its variables, {invalid}");
            (ErrorCode::AssertionFailed, message)
        })?;
        if let Action::Act { selector, gesture: Gesture::Type { .. } | Gesture::Select(_) } =
            &action
            && places.iter().any(Placeholder::is_secret)
        {
            self.secret_fields.push((step.number, selector.clone()));
        }
        Ok(action)
    }

    async fn steps(&mut self, session: &mut dyn Session) -> Result<(), Interruption> {
        let snapshot: &'a FlowSnapshot = &self.claim.snapshot;
        let (url, steps) = (snapshot.url.as_url(), &snapshot.steps);
        let opening = Planned::opening(snapshot);
        if !self.step(session, StepLog::open(url.as_str()), opening).await? {
            return Ok(());
        }
        let (mut failed, mut stopped) = (false, false);
        for (index, step) in steps.iter().enumerate() {
            if (stopped && !step.always) || (failed && self.run_limit.left().is_zero()) {
                continue;
            }
            self.present = step.number;
            let action = self.action(step).await;
            let mut log = StepLog::step(step);
            let passed = match &action {
                Ok(action) => {
                    let planned = Planned::step(snapshot, index, action);
                    self.step(session, log, planned).await?
                }
                Err((code, message)) => {
                    log.error = Some(StepError::new(*code, message));
                    let picture = PicturePlan::of_the_page(snapshot, step);
                    self.untriable(session, log, &picture).await?;
                    if code.fault() == Fault::Ours {
                        let message = message.clone();
                        return Err(Interruption::Broken { code: *code, message });
                    }
                    false
                }
            };
            failed |= !passed;
            stopped |= !passed && step.on_failure == OnFailure::Stop;
        }
        Ok(())
    }

    /// Carries out a step and stores its log. Whether it has passed.
    async fn step(
        &mut self,
        session: &mut dyn Session,
        mut log: StepLog,
        planned: Planned<'_>,
    ) -> Result<bool, Interruption> {
        let clock = &*self.parts.clock;
        log.started_at = Some(clock.now());
        let started = clock.monotonic();
        self.observed.begin_step();
        let (page, interruption, limit) = loop {
            let limit = self.run_limit.at_most(planned.time);
            let trial = Trial {
                task: planned.task,
                begun: clock.monotonic(),
                time: planned.time,
                limit,
                by_run: self.run_limit.left() < planned.time,
                status_is_judged: planned.status_is_judged,
            };
            match self.attempt(session, &trial, &mut log).await {
                Ok(page) => break (Some(page), None, limit),
                Err(Failure::Stopped(reason)) => return Err(Interruption::Stopped(reason)),
                Err(failure) => {
                    let (page, interruption) =
                        self.account_for(session, &trial, &failure, &mut log).await;
                    let again = interruption.is_none()
                        && log.evidence.retried < planned.retries
                        && !self.run_limit.left().is_zero();
                    if !again {
                        break (page, interruption, limit);
                    }
                    log.error = None;
                    log.evidence.retried += 1;
                }
            }
        };
        log.duration = Some(clock.monotonic().saturating_sub(started));
        self.keep_dialogs(session, &mut log);
        self.keep_page(&mut log, page.as_ref()).await;
        log.status = if log.error.is_none() { StepStatus::Passed } else { StepStatus::Failed };
        self.keep_picture(session, &mut log, &planned.picture, limit).await;
        self.keep_vitals(session, &mut log).await;
        if log.status == StepStatus::Failed && interruption.is_none() {
            self.explain(session, planned.task, &mut log).await;
        }
        self.observed.catch_up(session);
        if !is_out_of_bounds(&log) {
            self.observed.note(&mut log.evidence);
        }
        let passed = log.status == StepStatus::Passed;
        self.store(log).await?;
        interruption.map_or(Ok(passed), Err)
    }

    /// Stores the log of a step that can't even be tried: it shows the page all the same.
    async fn untriable(
        &mut self,
        session: &mut dyn Session,
        mut log: StepLog,
        picture: &PicturePlan<'_>,
    ) -> Result<(), Interruption> {
        log.status = StepStatus::Failed;
        log.started_at = Some(self.parts.clock.now());
        log.duration = Some(Duration::ZERO);
        self.observed.begin_step();
        let limit = self.run_limit;
        let page = match self.inspect(session, limit).await {
            Err(Failure::Stopped(reason)) => return Err(Interruption::Stopped(reason)),
            page => page.ok(),
        };
        self.keep_page(&mut log, page.as_ref()).await;
        self.keep_picture(session, &mut log, picture, limit).await;
        self.store(log).await
    }

    /// Tries the step, and looks where it has led.
    async fn attempt(
        &mut self,
        session: &mut dyn Session,
        trial: &Trial<'_>,
        log: &mut StepLog,
    ) -> Result<PageState, Failure> {
        self.check_time().map_err(Failure::Page)?;
        if let Some(url) = trial.task.address() {
            // Before the browser hears of it.
            check_egress(self.parts, url).await.map_err(Failure::Page)?;
        }
        let strict = self.claim.snapshot.settings.strict_selectors;
        let (Trial { task, limit, .. }, observed) = (trial, &mut self.observed);
        let performed;
        (performed, log.timing) =
            perform(self.parts, session, *task, *limit, strict, observed).await;
        self.keep_outcome(performed?, *task, &mut log.evidence);
        let page = self.inspect(session, trial.limit).await?;
        self.judge(&page, trial)?;
        Ok(page)
    }

    /// Notes why a step has failed, and where the tab is; what is our doing interrupts the run.
    async fn account_for(
        &self,
        session: &mut dyn Session,
        trial: &Trial<'_>,
        failure: &Failure,
        log: &mut StepLog,
    ) -> (Option<PageState>, Option<Interruption>) {
        match self.diagnose(session, failure, trial).await {
            Ok(error) => {
                log.error = Some(error);
                let limit = trial.limit.at_least(INSPECT_TIMEOUT);
                (self.inspect(session, limit).await.ok(), None)
            }
            Err((code, message)) => {
                log.error = Some(StepError::new(code, message.clone()));
                (None, Some(Interruption::Broken { code, message }))
            }
        }
    }

    /// A step that begins when the run's time is over would get a call's grace for nothing, and
    /// a hundred of them would keep a browser for minutes.
    fn check_time(&self) -> Result<(), StepError> {
        if self.run_limit.left().is_zero() {
            let message = "the step had not begun";
            return Err(StepError::new(ErrorCode::Timeout, message));
        }
        Ok(())
    }

    /// Where the tab is now, once a load that the step began is through.
    async fn inspect(
        &self,
        session: &mut dyn Session,
        limit: Limit<'_>,
    ) -> Result<PageState, Failure> {
        limit.at_least(INSPECT_TIMEOUT).call(session.page()).await
    }

    async fn store(&mut self, mut log: StepLog) -> Result<(), Interruption> {
        // What is left out goes first: what is put together thereby would not be found.
        bound(&mut log);
        redact_log(self.secrets.redactor(), &mut log);
        let started = self.parts.clock.monotonic();
        let stored = self.recorder.record(&mut log).await;
        // Waiting for a database is no time of the site's either.
        let waited = self.parts.clock.monotonic().saturating_sub(started);
        self.run_limit = self.run_limit.extended(waited);
        self.logs.push(log);
        match stored {
            Ok(()) => Ok(()),
            Err(StoreError::Conflict { .. }) => Err(Interruption::Stopped(StopReason::LeaseLost)),
            Err(error) => {
                warn!(run.id = %self.claim.run.id, "A step's log could not be stored: {error}");
                Err(Interruption::Broken {
                    code: ErrorCode::Internal,
                    message: "the step's log could not be stored".to_owned(),
                })
            }
        }
    }

    async fn outcome(
        self,
        mut ending: AttemptEnding,
        session: Option<OpenSession>,
    ) -> AttemptOutcome {
        let browser_version = session.as_ref().map(|open| open.session.version().to_owned());
        let redactor = self.secrets.redactor();
        if let AttemptEnding::Ended(Ending::Broken { message, .. }) = &mut ending {
            cut(message, MAX_TEXT_CHARS);
            redactor.redact(message);
        }
        let mut exchanges = match self.claim.snapshot.settings.har {
            HarPolicy::Off => Vec::new(),
            HarPolicy::OnFailure | HarPolicy::On => self.observed.into_exchanges(),
        };
        for exchange in &mut exchanges {
            redact_exchange(redactor, exchange);
            // A page may have asked for thousands of things by long addresses: others have their turn.
            tokio::task::yield_now().await;
        }
        AttemptOutcome { ending, logs: self.logs, exchanges, browser_version, session }
    }
}

fn stopped(reason: StopReason) -> AttemptEnding {
    match reason {
        StopReason::Cancelled => AttemptEnding::Ended(Ending::Cancelled),
        StopReason::LeaseLost | StopReason::Shutdown => AttemptEnding::Abandoned(reason),
    }
}

fn broken(code: ErrorCode, message: String, at: Option<u32>) -> AttemptEnding {
    AttemptEnding::Ended(Ending::Broken { code, message, at })
}
