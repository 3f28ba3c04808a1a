//! Noticing that synmon itself stood still.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::task::JoinHandle;

use super::Parts;
use crate::Clock;

/// How often it is noted that we are awake.
const PERIOD: Duration = Duration::from_millis(500);
/// A pause that is longer than this is none of the scheduler's ordinary ones.
const STALL: Duration = Duration::from_secs(3);

/// Looks whether this process gets to run at all. One that was stopped, swapped out or starved finds
/// all limits passed when it goes on, and what it then holds against a page the page did not do.
pub(super) struct StallWatch {
    clock: Arc<dyn Clock>,
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

/// On the monotonic clock.
#[derive(Clone, Copy, Debug)]
struct Seen {
    awake: Duration,
    /// When the last stall was over, and how long it was.
    stall: Option<(Duration, Duration)>,
}

impl Seen {
    fn note(&mut self, now: Duration) {
        let asleep = now.saturating_sub(self.awake).saturating_sub(PERIOD);
        if asleep >= STALL {
            self.stall = Some((now, asleep));
        }
        self.awake = now;
    }
}

impl StallWatch {
    /// Looks from now on, until it is dropped.
    pub(super) fn start(parts: &Parts) -> Self {
        let clock = Arc::clone(&parts.clock);
        let seen = Arc::new(Mutex::new(Seen { awake: clock.monotonic(), stall: None }));
        let task = tokio::spawn({
            let (clock, seen) = (Arc::clone(&clock), Arc::clone(&seen));
            async move {
                loop {
                    clock.sleep(PERIOD).await;
                    lock(&seen).note(clock.monotonic());
                }
            }
        });
        Self { clock, seen, task }
    }

    /// How long the last stall was, if it ended after that moment of the monotonic clock. One that
    /// has ended right now counts, whoever was woken first by its end.
    pub(super) fn since(&self, moment: Duration) -> Option<Duration> {
        let mut seen = lock(&self.seen);
        seen.note(self.clock.monotonic());
        seen.stall.filter(|(ended, _)| *ended > moment).map(|(_, span)| span)
    }
}

impl Drop for StallWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
