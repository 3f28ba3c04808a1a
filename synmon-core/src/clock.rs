//! Where time comes from: nothing else in synmon asks the machine.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use crate::Timestamp;

/// The time, and waiting for it. Tests use a clock that they move by hand.
#[async_trait]
pub trait Clock: Send + Sync + fmt::Debug {
    /// The wall clock, which an administrator may set back or forward.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment; it never goes back, so durations are measured with it.
    fn monotonic(&self) -> Duration;

    /// Returns after `span`.
    async fn sleep(&self, span: Duration);
}

/// Waits for `work` no longer than `limit`; `None` means that it was cut off (and dropped).
pub async fn within<F: Future>(clock: &dyn Clock, limit: Duration, work: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        output = work => Some(output),
        () = clock.sleep(limit) => None,
    }
}

/// The machine's own clock: the one place that reads it.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: std::time::Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: std::time::Instant::now() }
    }
}

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else asks")]
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else asks")]
    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}
