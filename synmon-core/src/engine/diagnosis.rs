//! What a step has led to, and whose doing it is if it has not worked.

use std::time::Duration;

use url::Url;

use super::{
    runner::{Runner, Trial},
    stepper::check_egress,
    wait::Failure,
};
use crate::{
    browser::{Health, PageState, Session},
    run::{ErrorCode, StepError},
    verdict::{breakage, navigation_code, page_crashed, site_failure},
    within,
};

const INTERRUPT_TIMEOUT: Duration = Duration::from_secs(3);
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

impl Runner<'_> {
    /// A step does not pass on an error page, nor on one that the server could not give: drivers
    /// answer "ok" to both.
    pub(super) fn judge(&self, page: &PageState, trial: &Trial<'_>) -> Result<(), Failure> {
        if let Some(why) = &page.blocked {
            return Err(Failure::Page(StepError::new(ErrorCode::BlockedAddress, why.clone())));
        }
        // A download, say, leaves the tab where it was: on the browser's own first page.
        if trial.task.address().is_some() && !is_of_the_web(page) && !page.error_page {
            let message = "the browser shows no page of the site: the address may be a download";
            return Err(Failure::Page(StepError::new(ErrorCode::NavigationFailed, message)));
        }
        if page.error_page {
            let mut message = format!("the browser shows an error page instead of {}", page.url);
            let mut code = ErrorCode::NavigationFailed;
            if let Some(why) = &page.net_error {
                message = format!("{message}: {why}");
                code = navigation_code(why);
            }
            return Err(Failure::Page(StepError::new(code, message)));
        }
        let is_new = self.document.as_ref() != Some(&page.document);
        match page.http_status.filter(|status| is_new && !trial.status_is_judged && *status >= 400)
        {
            Some(status) => {
                let message = format!("the server answered {} with the status {status}", page.url);
                Err(Failure::Page(StepError::new(ErrorCode::HttpError, message)))
            }
            None => Ok(()),
        }
    }

    /// Finds out whose doing a failure is: `Err` is ours.
    pub(super) async fn diagnose(
        &self,
        session: &mut dyn Session,
        failure: &Failure,
        trial: &Trial<'_>,
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
        if let Health::PageCrashed { why } = &health {
            return Ok(page_crashed(why));
        }
        Ok(match failure {
            Failure::Browser(error) => site_failure(error, &health),
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

    fn too_slow(&self, trial: &Trial<'_>) -> StepError {
        let (whose, limit) = if trial.by_run {
            ("the run's", self.claim.snapshot.run_timeout)
        } else {
            ("the step's", trial.time)
        };
        let what = if trial.task.address().is_some() { "finish loading" } else { "answer" };
        let message = format!("the page did not {what} within {whose} time of {limit:?}");
        StepError::new(ErrorCode::Timeout, message)
    }

    /// A redirect or a script may have led the tab to where a flow must not go.
    pub(super) async fn check_place(&mut self, page: &PageState) -> Result<(), StepError> {
        if let Some(why) = &page.blocked {
            return Err(StepError::new(ErrorCode::BlockedAddress, why.clone()));
        }
        let Ok(url) = Url::parse(&page.url) else {
            return Ok(());
        };
        let origin = url.origin().ascii_serialization();
        // An error page, too: browsers elsewhere can't tell what their guard has refused.
        if url.scheme() == "about" || self.checked_host.as_ref() == Some(&origin) {
            return Ok(());
        }
        if url.scheme() != "blob" {
            check_egress(self.parts, &url).await?;
        }
        self.checked_host = Some(origin);
        Ok(())
    }
}

pub(super) fn is_of_the_web(page: &PageState) -> bool {
    page.url.starts_with("http:") || page.url.starts_with("https:")
}
