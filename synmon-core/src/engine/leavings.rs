//! What a step leaves behind: noted in its log as the step ends.

use std::time::Duration;

use super::{
    diagnosis::is_of_the_web,
    runner::Runner,
    stepper::{Outcome, Task},
    wait::Limit,
};
use crate::{
    browser::{Area, PageState, Session, Shot, WebVitals},
    flow::DialogPolicy,
    run::{ErrorCode, Evidence, Healed, Screenshot, StepError, StepLog, StepStatus},
    step::{Action, ScreenshotPolicy, Selector},
    within,
};

/// How long it may take to tell what a failed step's page was like.
const EXPLAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// How long it may take to tell what a person has noticed of a page.
const VITALS_TIMEOUT: Duration = Duration::from_millis(500);

/// When a picture is taken of a step, and of what.
pub(super) struct PicturePlan<'a> {
    pub(super) when: ScreenshotPolicy,
    pub(super) shot: Shot<'a>,
}

impl Runner<'_> {
    /// Notes what the page was like for whoever mends the step.
    pub(super) async fn explain(
        &self,
        session: &mut dyn Session,
        task: Task<'_>,
        log: &mut StepLog,
    ) {
        let shown = log.url.as_deref().is_some_and(|url| url.starts_with("http"));
        let Some(selector) = task.selector().filter(|_| shown && log.title.is_some()) else {
            return;
        };
        let explained =
            within(&*self.parts.clock, EXPLAIN_TIMEOUT, session.explain(selector)).await;
        // Without it the log says less, but all that matters.
        if let Some(Ok(explanation)) = explained {
            log.evidence.candidates = explanation.candidates;
            log.evidence.html = explanation.html;
        }
    }

    /// Notes how the element was found, and what is kept of the page.
    pub(super) fn keep_outcome(
        &mut self,
        outcome: Outcome,
        task: Task<'_>,
        evidence: &mut Evidence,
    ) {
        let Outcome { deed, extracted } = outcome;
        if !deed.settle.is_zero() {
            evidence.settle_ms = u64::try_from(deed.settle.as_millis()).ok();
        }
        let candidates = task.selector().map(Selector::candidates).unwrap_or_default();
        evidence.healed = candidates
            .get(deed.candidate)
            .filter(|_| deed.candidate > 0)
            .map(|found| Healed { selector: found.to_string(), candidate: deed.candidate + 1 });
        if let (Some(value), Task::Step(Action::Extract { variable, .. })) = (extracted, task) {
            self.variables.insert(variable.clone(), value.clone());
            evidence.extracted = Some(value);
        }
    }

    /// A document that has just come has not been painted when its step ends; after its picture it
    /// has, and a person would have noticed it.
    pub(super) async fn keep_vitals(&self, session: &mut dyn Session, log: &mut StepLog) {
        let painted = log.evidence.vitals.is_some_and(|vitals| vitals.fcp_ms.is_some());
        let shown = matches!(log.screenshot, Screenshot::Captured(_)) && log.error.is_none();
        if painted || !shown {
            return;
        }
        let page = within(&*self.parts.clock, VITALS_TIMEOUT, session.page()).await;
        // Without it the log says less, but all that matters.
        if let Some(Ok(page)) = page
            && self.document.as_ref() == Some(&page.document)
        {
            log.evidence.navigation = page.timing;
            log.evidence.vitals = Some(page.vitals).filter(|v| *v != WebVitals::default());
        }
    }

    /// Notes what dialogs said; for a flow that wants none, one is a failure.
    pub(super) fn keep_dialogs(&self, session: &mut dyn Session, log: &mut StepLog) {
        log.dialogs = session.take_dialogs();
        if log.error.is_none()
            && self.claim.snapshot.dialogs == DialogPolicy::Fail
            && let Some(text) = log.dialogs.first()
        {
            let message = format!("the page opened a dialog that says “{text}”");
            log.error = Some(StepError::new(ErrorCode::ScriptDialog, message));
        }
    }

    /// Notes where the step has left the tab, unless the tab is where it must not be.
    pub(super) async fn keep_page(&mut self, log: &mut StepLog, page: Option<&PageState>) {
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
        log.evidence.http_status = page.http_status;
        log.evidence.navigation = page.timing;
        log.evidence.vitals = Some(page.vitals).filter(|vitals| *vitals != WebVitals::default());
    }

    pub(super) async fn keep_picture(
        &self,
        session: &mut dyn Session,
        log: &mut StepLog,
        plan: &PicturePlan<'_>,
        limit: Limit<'_>,
    ) {
        let wanted = match plan.when {
            ScreenshotPolicy::On => true,
            ScreenshotPolicy::OnFailure => log.status == StepStatus::Failed,
            ScreenshotPolicy::Off => false,
        };
        let code = log.error.as_ref().map(|error| error.code);
        log.screenshot = match code {
            _ if !wanted => Screenshot::Disabled,
            _ if is_out_of_bounds(log) => {
                let why = "the tab is at an address that a flow must not reach".to_owned();
                Screenshot::Unavailable { why }
            }
            Some(ErrorCode::BrowserCrashed | ErrorCode::SessionLost) => {
                Screenshot::Unavailable { why: "the browser was gone".to_owned() }
            }
            _ => {
                // An element that a step could not find can't be shown either: the page can.
                let area = if code.is_some() { Area::Viewport } else { plan.shot.area };
                let mask = self.mask(session, log, plan.shot.mask);
                let shot = Shot { area, mask: &mask, conceal: self.secrets.shown(), ..plan.shot };
                let started = self.parts.clock.monotonic();
                let taken =
                    self.recorder.picture(session, (log.number, log.status), shot, limit).await;
                log.timing.picture = self.parts.clock.monotonic().saturating_sub(started);
                let (screenshot, facts) = taken;
                log.evidence.picture = facts;
                screenshot
            }
        };
    }
}

impl Runner<'_> {
    /// What is painted over in the picture of a step: what it says, and the fields into which
    /// secrets were typed. A browser that looks for those itself needs to know only of this step's,
    /// which may hold a part of one.
    fn mask(&self, session: &dyn Session, log: &StepLog, said: &[Selector]) -> Vec<Selector> {
        let unreadable =
            log.error.as_ref().map(|error| error.code) == Some(ErrorCode::SelectorInvalid);
        let fields = self.secret_fields.iter().filter(|(step, _)| {
            if *step == log.number { !unreadable } else { !session.conceals() }
        });
        said.iter().cloned().chain(fields.map(|(_, selector)| selector.clone())).collect()
    }
}

/// Whether the step has led to an address that a flow must not reach: nothing of what is there must
/// be shown. (An address that was refused was not opened.)
pub(super) fn is_out_of_bounds(log: &StepLog) -> bool {
    let code = log.error.as_ref().map(|error| error.code);
    code == Some(ErrorCode::BlockedAddress) && log.url.is_some() && log.title.is_none()
}

/// What the picture of a step is to show.
pub(super) fn area(action: &Action) -> Area<'_> {
    match action {
        Action::Screenshot { selector: Some(selector), .. } => Area::Element(selector),
        Action::Screenshot { full_page: true, .. } => Area::FullPage,
        _ => Area::Viewport,
    }
}
