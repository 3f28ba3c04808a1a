//! Where time comes from: nothing else in synmon asks the machine.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

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

/// An answer of a reference that may be off by more than this does not move a clock.
const VAGUE: Duration = Duration::from_millis(500);

/// A clock that shows what another one shows, such as that of the database which all processes
/// share: however wrong the clocks of their machines are, they agree.
///
/// Between two looks at the reference it goes on by the machine's monotonic time, so that nobody
/// who sets the machine's wall clock moves it.
#[derive(Debug)]
pub struct ReferenceClock {
    local: Arc<dyn Clock>,
    /// What the reference showed when the machine's monotonic time was zero.
    origin: Mutex<Option<Timestamp>>,
}

impl ReferenceClock {
    /// A clock that shows the local time until it is told the reference's.
    #[must_use]
    pub fn new(local: Arc<dyn Clock>) -> Self {
        Self { local, origin: Mutex::new(None) }
    }

    /// Takes over what the reference showed: at some moment between `asked` and `answered`, which
    /// are monotonic times of this clock. Returns how far the machine's own wall clock is off, in
    /// seconds: more than zero if it is ahead.
    pub fn adopt(&self, shown: Timestamp, asked: Duration, answered: Duration) -> f64 {
        let uncertainty = answered.saturating_sub(asked) / 2;
        let origin = shown.before(asked + uncertainty);
        let mut known = self.origin.lock().unwrap_or_else(PoisonError::into_inner);
        // A difference that the way there and back explains would only make the clock tremble, and
        // an answer that was long on its way says nothing.
        let no_news = known.is_some_and(|known| {
            uncertainty > VAGUE || known.since(origin).max(origin.since(known)) <= uncertainty
        });
        if !no_news {
            *known = Some(origin);
        }
        drop(known);
        let (machine, reference) = (self.local.now(), shown + uncertainty);
        machine.since(reference).as_secs_f64() - reference.since(machine).as_secs_f64()
    }
}

#[async_trait]
impl Clock for ReferenceClock {
    fn now(&self) -> Timestamp {
        let origin = *self.origin.lock().unwrap_or_else(PoisonError::into_inner);
        match origin {
            Some(origin) => origin + self.local.monotonic(),
            None => self.local.now(),
        }
    }

    fn monotonic(&self) -> Duration {
        self.local.monotonic()
    }

    async fn sleep(&self, span: Duration) {
        self.local.sleep(span).await;
    }
}
