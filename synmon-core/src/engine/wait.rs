//! The wait model: one for all drivers.

use std::time::Duration;

use super::{
    Parts,
    stop::{StopReason, Stopper},
};
use crate::{browser::BrowserError, run::StepError};

/// Pauses between attempts, in milliseconds; the last one goes on.
const PAUSES_MS: [u64; 6] = [10, 20, 50, 100, 100, 200];

/// How much longer than its step a call that is under way may take: a page that answers gets to
/// say why it was not ready, and only one that hangs is cut off.
const CALL_GRACE: Duration = Duration::from_secs(2);

/// Why a step, or a call to the browser, has not worked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The page was not as the step needs it.
    Page(StepError),
    /// The browser reported an error.
    Browser(BrowserError),
    /// The browser did not answer in time.
    Hung,
    /// The run is to stop.
    Stopped(StopReason),
}

/// The time that is left for something, and what cuts it short.
#[derive(Clone, Copy)]
pub(super) struct Limit<'a> {
    parts: &'a Parts,
    stopper: &'a Stopper,
    /// On the monotonic clock.
    until: Duration,
}

impl<'a> Limit<'a> {
    pub(super) fn new(parts: &'a Parts, stopper: &'a Stopper, span: Duration) -> Self {
        Self { parts, stopper, until: parts.clock.monotonic() + span }
    }

    /// A part of this limit: it ends with it at the latest.
    pub(super) fn at_most(self, span: Duration) -> Self {
        Self { until: self.until.min(self.parts.clock.monotonic() + span), ..self }
    }

    /// A limit that leaves at least `span`, over this one's end if need be.
    pub(super) fn at_least(self, span: Duration) -> Self {
        Self { until: self.until.max(self.parts.clock.monotonic() + span), ..self }
    }

    /// A limit that ends so much later.
    pub(super) fn extended(self, span: Duration) -> Self {
        Self { until: self.until + span, ..self }
    }

    pub(super) fn left(self) -> Duration {
        self.until.saturating_sub(self.parts.clock.monotonic())
    }

    /// Makes a call, no longer than this limit and a little grace.
    pub(super) async fn call<T>(
        self,
        call: impl Future<Output = Result<T, BrowserError>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            biased;
            reason = self.stopper.stopped() => Err(Failure::Stopped(reason)),
            result = call => result.map_err(Failure::Browser),
            () = self.parts.clock.sleep(self.left() + CALL_GRACE) => Err(Failure::Hung),
        }
    }

    /// Lets time go by.
    pub(super) async fn idle(self, time: Duration) {
        self.parts.clock.sleep(time).await;
    }

    /// Waits before the attempt with this number; `false` if there is no time for it.
    pub(super) async fn pause(self, attempt: usize) -> Result<bool, Failure> {
        let left = self.left();
        if left.is_zero() {
            return Ok(false);
        }
        let pause = Duration::from_millis(PAUSES_MS[attempt.min(PAUSES_MS.len() - 1)]);
        tokio::select! {
            biased;
            reason = self.stopper.stopped() => Err(Failure::Stopped(reason)),
            // The last attempt is made when the time is up, not before.
            () = self.parts.clock.sleep(pause.min(left)) => Ok(true),
        }
    }
}
