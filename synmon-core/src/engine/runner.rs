//! Carrying out one attempt of a run, in one browser.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use tracing::warn;
use url::Url;

use super::{
    Parts,
    recorder::Recorder,
    stall::StallWatch,
    stepper::{Task, check_egress, perform},
    stop::{StopReason, Stopper},
    wait::{Failure, Limit},
};
use crate::{
    browser::{Health, PageState, Session, SessionRequest},
    flow::{DialogPolicy, FlowSnapshot},
    run::{ErrorCode, Screenshot, StepError, StepLog, StepStatus, StepTiming},
    step::{Action, DEFAULT_STEP_TIMEOUT, Step},
    store::{ClaimedRun, StoreError},
    verdict::{Ending, breakage, site_failure},
    within,
};

const START_TIMEOUT: Duration = Duration::from_mins(1);
const INTERRUPT_TIMEOUT: Duration = Duration::from_secs(3);
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// The least time a page gets to say where it is after a step.
const INSPECT_TIMEOUT: Duration = Duration::from_secs(5);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(20);

/// One attempt of a run.
pub(super) struct Runner<'a> {
    parts: &'a Parts,
    claim: &'a ClaimedRun,
    stopper: &'a Stopper,
    recorder: Recorder<'a>,
    /// Until when the run may take.
    run_limit: Limit<'a>,
    /// Since when, on the monotonic clock.
    begun: Duration,
    stalls: StallWatch,
    /// What is on record, in the order of the steps.
    logs: Vec<StepLog>,
    /// The document that the last step left.
    document: Option<String>,
    /// The host that was last found to be allowed.
    checked_host: Option<String>,
}

/// A step that is being tried.
struct Trial<'a> {
    task: Task<'a>,
    /// When it began, on the monotonic clock.
    begun: Duration,
    /// How long it may take.
    time: Duration,
    /// How long it may take in view of the run's time.
    limit: Limit<'a>,
    /// Whether it is the run's time that ends first.
    by_run: bool,
}

/// What an attempt has come to.
pub(super) struct AttemptOutcome {
    pub(super) ending: AttemptEnding,
    pub(super) logs: Vec<StepLog>,
    pub(super) browser_version: Option<String>,
    /// Still open: the verdict need not wait for the browser to go away.
    pub(super) session: Option<Box<dyn Session>>,
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
        let recorder = Recorder { parts, claim, attempt };
        Self {
            parts,
            claim,
            stopper,
            recorder,
            run_limit,
            begun: parts.clock.monotonic(),
            stalls: StallWatch::start(parts),
            logs: Vec::new(),
            document: None,
            checked_host: None,
        }
    }

    /// Starts a browser and tries the steps in it. A panic on the way is a breakage of ours like
    /// any other.
    pub(super) async fn carry_out(mut self) -> AttemptOutcome {
        let request = SessionRequest {
            run: self.claim.run.id,
            browser: self.claim.snapshot.browser,
            accept_dialogs: self.claim.snapshot.dialogs == DialogPolicy::Accept,
        };
        let limit = Limit::new(self.parts, self.stopper, START_TIMEOUT);
        let start = limit.call(self.parts.browser.start(&request));
        let mut session = match AssertUnwindSafe(start).catch_unwind().await {
            Ok(Ok(session)) => session,
            Err(_panic) => {
                let message = "synmon panicked while it started a browser".to_owned();
                return self.outcome(broken(ErrorCode::Internal, message, None), None);
            }
            Ok(Err(Failure::Stopped(reason))) => return self.outcome(stopped(reason), None),
            Ok(Err(failure)) => {
                let message = match failure {
                    Failure::Browser(error) => error.to_string(),
                    _ => format!("no browser was ready within {START_TIMEOUT:?}"),
                };
                let code = ErrorCode::BrowserUnavailable;
                return self.outcome(broken(code, message, None), None);
            }
        };
        // Waiting for a browser is no time of the site's.
        self.run_limit = Limit::new(self.parts, self.stopper, self.claim.snapshot.run_timeout);
        self.begun = self.parts.clock.monotonic();
        let steps = AssertUnwindSafe(self.steps(&mut *session)).catch_unwind().await;
        let ending = match steps {
            Ok(Ok(())) => AttemptEnding::Ended(Ending::Completed),
            Ok(Err(Interruption::Stopped(reason))) => stopped(reason),
            Ok(Err(Interruption::Broken { code, message })) => {
                broken(code, message, Some(self.next_number().saturating_sub(1)))
            }
            Err(_panic) => {
                let message = "synmon panicked while it carried out a step".to_owned();
                broken(ErrorCode::Internal, message, Some(self.next_number()))
            }
        };
        self.outcome(ending, Some(session))
    }

    async fn steps(&mut self, session: &mut dyn Session) -> Result<(), Interruption> {
        let snapshot: &FlowSnapshot = &self.claim.snapshot;
        let url = snapshot.url.as_url();
        let opening = StepLog::open(url.as_str());
        if !self.step(session, opening, Task::Open(url), DEFAULT_STEP_TIMEOUT).await? {
            return Ok(());
        }
        for step in &snapshot.steps {
            let task = Task::Step(&step.action);
            if !self.step(session, StepLog::step(step), task, step.time_limit()).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Carries out a step and stores its log. Whether it has passed.
    async fn step(
        &mut self,
        session: &mut dyn Session,
        mut log: StepLog,
        task: Task<'a>,
        time: Duration,
    ) -> Result<bool, Interruption> {
        let limit = self.run_limit.at_most(time);
        let by_run = limit.ends_before(Limit::new(self.parts, self.stopper, time));
        let clock = &*self.parts.clock;
        log.started_at = Some(clock.now());
        let started = clock.monotonic();
        let trial = Trial { task, begun: started, time, limit, by_run };
        let attempted = self.attempt(session, &trial, &mut log.timing).await;
        log.duration = Some(clock.monotonic().saturating_sub(started));

        let (page, interruption) = match attempted {
            Ok(page) => (Some(page), None),
            Err(Failure::Stopped(reason)) => return Err(Interruption::Stopped(reason)),
            Err(failure) => self.account_for(session, &trial, &failure, &mut log).await,
        };
        self.keep_dialogs(session, &mut log);
        self.keep_page(&mut log, page.as_ref()).await;
        log.status = if log.error.is_none() { StepStatus::Passed } else { StepStatus::Failed };
        self.keep_picture(session, &mut log, limit).await;
        let passed = log.status == StepStatus::Passed;
        self.store(log).await?;
        interruption.map_or(Ok(passed), Err)
    }

    /// Tries the step, and looks where it has led.
    async fn attempt(
        &self,
        session: &mut dyn Session,
        trial: &Trial<'a>,
        timing: &mut StepTiming,
    ) -> Result<PageState, Failure> {
        self.check_time().map_err(Failure::Page)?;
        self.check_target(trial.task).await.map_err(Failure::Page)?;
        let performed;
        (performed, *timing) = perform(self.parts, session, trial.task, trial.limit).await;
        performed?;
        let page = self.inspect(session, trial.limit).await?;
        self.judge(&page, trial.task)?;
        Ok(page)
    }

    /// Notes why a step has failed, and where the tab is; what is our doing interrupts the run.
    async fn account_for(
        &self,
        session: &mut dyn Session,
        trial: &Trial<'a>,
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

    /// Notes what dialogs said; for a flow that wants none, one is a failure.
    fn keep_dialogs(&self, session: &mut dyn Session, log: &mut StepLog) {
        log.dialogs = session.take_dialogs();
        if log.error.is_none()
            && self.claim.snapshot.dialogs == DialogPolicy::Fail
            && let Some(text) = log.dialogs.first()
        {
            let message = format!("the page opened a dialog that says “{text}”");
            log.error = Some(StepError::new(ErrorCode::ScriptDialog, message));
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

    /// Refuses an address that must not be opened, before the browser hears of it.
    async fn check_target(&self, task: Task<'_>) -> Result<(), StepError> {
        match task {
            Task::Open(url) | Task::Step(Action::Navigate { url }) => {
                check_egress(self.parts, url).await
            }
            Task::Step(_) => Ok(()),
        }
    }

    /// Where the tab is now, once a load that the step began is through.
    async fn inspect(
        &self,
        session: &mut dyn Session,
        limit: Limit<'_>,
    ) -> Result<PageState, Failure> {
        limit.at_least(INSPECT_TIMEOUT).call(session.page()).await
    }

    /// A step does not pass on an error page, nor on one that the server could not give: drivers
    /// answer "ok" to both.
    fn judge(&self, page: &PageState, task: Task<'_>) -> Result<(), Failure> {
        // A download, say, leaves the tab where it was: on the browser's own first page.
        if task.opens() && !is_of_the_web(page) && !page.error_page {
            let message = "the browser shows no page of the site: the address may be a download";
            return Err(Failure::Page(StepError::new(ErrorCode::NavigationFailed, message)));
        }
        if page.error_page {
            let message = format!("the browser shows an error page instead of {}", page.url);
            return Err(Failure::Page(StepError::new(ErrorCode::NavigationFailed, message)));
        }
        let is_new = self.document.as_ref() != Some(&page.document);
        match page.http_status.filter(|status| is_new && *status >= 400) {
            Some(status) => {
                let message = format!("the server answered {} with the status {status}", page.url);
                Err(Failure::Page(StepError::new(ErrorCode::HttpError, message)))
            }
            None => Ok(()),
        }
    }

    /// Finds out whose doing a failure is: `Err` is ours.
    async fn diagnose(
        &self,
        session: &mut dyn Session,
        failure: &Failure,
        trial: &Trial<'a>,
    ) -> Result<StepError, (ErrorCode, String)> {
        let clock = &*self.parts.clock;
        if *failure == Failure::Hung {
            // What it does not achieve shows in the probe.
            let _ = within(clock, INTERRUPT_TIMEOUT, session.interrupt()).await;
        }
        let health = within(clock, PROBE_TIMEOUT, session.probe()).await.unwrap_or_else(|| {
            let why = format!("the browser did not say within {PROBE_TIMEOUT:?} that it is there");
            Health::Lost { why }
        });
        let error = match failure {
            Failure::Browser(error) => Some(error),
            _ => None,
        };
        if let Some(breakage) = breakage(error, &health) {
            return Err(breakage);
        }
        // A stall during an earlier step has used up the time of the run.
        let since = if self.run_limit.left().is_zero() { self.begun } else { trial.begun };
        if let Some(span) = self.stalls.since(since) {
            let message = format!("synmon itself stood still for {span:.1?} during the run");
            return Err((ErrorCode::Internal, message));
        }
        Ok(match failure {
            Failure::Browser(error) => site_failure(error, &health),
            _ if health == Health::PageCrashed => {
                StepError::new(ErrorCode::PageCrashed, "the page crashed in the browser")
            }
            Failure::Page(error) if trial.by_run && self.run_limit.left().is_zero() => {
                let limit = self.claim.snapshot.run_timeout;
                let message =
                    format!("the run's time of {limit:?} was over; until then, {}", error.message);
                StepError { code: ErrorCode::Timeout, message, ..error.clone() }
            }
            Failure::Page(error) => error.clone(),
            Failure::Hung | Failure::Stopped(_) => self.too_slow(trial),
        })
    }

    fn too_slow(&self, trial: &Trial<'a>) -> StepError {
        let (whose, limit) = if trial.by_run {
            ("the run's", self.claim.snapshot.run_timeout)
        } else {
            ("the step's", trial.time)
        };
        let what = if trial.task.opens() { "finish loading" } else { "answer" };
        let message = format!("the page did not {what} within {whose} time of {limit:?}");
        StepError::new(ErrorCode::Timeout, message)
    }

    /// Notes where the step has left the tab, unless the tab is where it must not be.
    async fn keep_page(&mut self, log: &mut StepLog, page: Option<&PageState>) {
        let Some(page) = page else { return };
        self.document = Some(page.document.clone());
        if log.error.is_some() && !is_of_the_web(page) {
            // Nothing came. The tab shows the browser's own first page, which no flow has led to.
            return;
        }
        if let Err(error) = self.check_place(page).await {
            log.error = Some(error);
            log.url = Some(page.url.clone());
            return;
        }
        log.url = Some(page.url.clone());
        log.title = Some(page.title.clone());
    }

    /// A redirect or a script may have led the tab to where a flow must not go.
    async fn check_place(&mut self, page: &PageState) -> Result<(), StepError> {
        let Ok(url) = Url::parse(&page.url) else {
            return Ok(());
        };
        let origin = url.origin().ascii_serialization();
        if page.error_page || url.scheme() == "about" || self.checked_host.as_ref() == Some(&origin)
        {
            return Ok(());
        }
        if url.scheme() != "blob" {
            check_egress(self.parts, &url).await?;
        }
        self.checked_host = Some(origin);
        Ok(())
    }

    async fn keep_picture(&self, session: &mut dyn Session, log: &mut StepLog, limit: Limit<'_>) {
        let code = log.error.as_ref().map(|error| error.code);
        log.screenshot = match code {
            // What is there must not be shown, and an address that was refused was not opened.
            Some(ErrorCode::BlockedAddress) if log.url.is_some() && log.title.is_none() => {
                let why = "the tab is at an address that a flow must not reach".to_owned();
                Screenshot::Unavailable { why }
            }
            Some(ErrorCode::BrowserCrashed | ErrorCode::SessionLost) => {
                Screenshot::Unavailable { why: "the browser was gone".to_owned() }
            }
            _ => {
                let started = self.parts.clock.monotonic();
                let screenshot = self.recorder.picture(session, log.number, limit).await;
                log.timing.picture = self.parts.clock.monotonic().saturating_sub(started);
                screenshot
            }
        };
    }

    async fn store(&mut self, mut log: StepLog) -> Result<(), Interruption> {
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

    fn next_number(&self) -> u32 {
        u32::try_from(self.logs.len()).unwrap_or(u32::MAX)
    }

    fn outcome(self, ending: AttemptEnding, session: Option<Box<dyn Session>>) -> AttemptOutcome {
        let browser_version = session.as_ref().map(|session| session.version().to_owned());
        AttemptOutcome { ending, logs: self.logs, browser_version, session }
    }
}

/// Ends a browser. What goes wrong there changes no verdict, but is not lost.
pub(super) async fn close(parts: &Parts, claim: &ClaimedRun, session: Option<Box<dyn Session>>) {
    let Some(session) = session else { return };
    let closed = AssertUnwindSafe(within(&*parts.clock, CLOSE_TIMEOUT, session.close()));
    let why = match closed.catch_unwind().await {
        Ok(Some(Ok(()))) => return,
        Ok(Some(Err(error))) => error.to_string(),
        Ok(None) => format!("it took longer than {CLOSE_TIMEOUT:?}"),
        Err(_panic) => "closing it panicked".to_owned(),
    };
    warn!(run.id = %claim.run.id, "The browser of run {} did not close cleanly: {why}", claim.run.id);
}

/// The logs of the steps that come after those on record.
pub(super) fn untried(snapshot: &FlowSnapshot, logs: &[StepLog]) -> Vec<StepLog> {
    let opening = std::iter::once_with(|| StepLog::open(snapshot.url.as_str()));
    opening
        .chain(snapshot.steps.iter().map(|step: &Step| StepLog::step(step)))
        .filter(|log| logs.iter().all(|done| done.number != log.number))
        .collect()
}

fn is_of_the_web(page: &PageState) -> bool {
    page.url.starts_with("http:") || page.url.starts_with("https:")
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
