//! A clock that is moved by hand, so that a day passes in no time and the same way each time.

use std::{
    collections::BTreeMap,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use synmon_core::{Clock, Timestamp};
use tokio::{sync::oneshot, task::yield_now};

/// How often the other tasks get their turn before they count as waiting.
const TURNS: usize = 64;

/// Time that stands still until it is moved. Its wall clock can be set apart from its monotonic
/// one, as an administrator does.
///
/// It is made for tests on one thread (`#[tokio::test]` without a flavour) whose backends are
/// fakes: there, what does not wait for this clock is done after a few turns.
#[derive(Debug)]
pub struct ManualClock {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    wall: Timestamp,
    monotonic: Duration,
    sleepers: BTreeMap<(Duration, u64), oneshot::Sender<()>>,
    next_sleeper: u64,
}

impl ManualClock {
    /// A clock whose wall shows `now`.
    pub fn at(now: Timestamp) -> Arc<Self> {
        let state = State {
            wall: now,
            monotonic: Duration::from_secs(1_000),
            sleepers: BTreeMap::new(),
            next_sleeper: 0,
        };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// A clock that shows a moment written as RFC 3339.
    pub fn at_rfc3339(text: &str) -> Arc<Self> {
        Self::at(crate::factory::at(text))
    }

    /// Lets `span` pass. Who sleeps is woken in order, each at its time, and does what it does
    /// before the next one is woken.
    pub async fn advance(&self, span: Duration) {
        let end = self.monotonic() + span;
        settle().await;
        while self.wake_next(end) {
            settle().await;
        }
        self.lock().pass(end);
        settle().await;
    }

    /// Does `work`, and lets time pass whenever nothing is left to do but to wait for it.
    ///
    /// Panics if nothing waits for the clock either: the work would hang for ever.
    pub async fn drive<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                output = &mut work => return output,
                () = settle() => {
                    assert!(
                        self.wake_next(Duration::MAX),
                        "nothing is left to do and nobody waits for the clock: this hangs for ever"
                    );
                }
            }
        }
    }

    /// Sets the wall clock; the monotonic one goes on as before.
    pub fn set_wall(&self, now: Timestamp) {
        self.lock().wall = now;
    }

    /// Lets `span` pass at once for what reads the clock, without waking anybody.
    pub fn pass(&self, span: Duration) {
        let mut state = self.lock();
        let end = state.monotonic + span;
        state.pass(end);
    }

    /// Wakes the sleeper whose time comes first, if that is at `end` at the latest.
    fn wake_next(&self, end: Duration) -> bool {
        let mut state = self.lock();
        // Those whose sleep was cut off must not make time pass.
        state.sleepers.retain(|_, waiting| !waiting.is_closed());
        let Some((&(due, id), _)) = state.sleepers.first_key_value() else {
            return false;
        };
        if due > end {
            return false;
        }
        state.pass(due);
        let woken = state.sleepers.remove(&(due, id)).map(|waiting| waiting.send(()));
        woken.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn pass(&mut self, end: Duration) {
        let span = end.saturating_sub(self.monotonic);
        self.wall = self.wall + span;
        self.monotonic += span;
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.lock().wall
    }

    fn monotonic(&self) -> Duration {
        self.lock().monotonic
    }

    async fn sleep(&self, span: Duration) {
        if span.is_zero() {
            return yield_now().await;
        }
        let woken = {
            let mut state = self.lock();
            let (wake, woken) = oneshot::channel();
            let place = (state.monotonic.saturating_add(span), state.next_sleeper);
            state.next_sleeper += 1;
            state.sleepers.insert(place, wake);
            woken
        };
        // An error would mean that the clock itself is gone, and time with it.
        if woken.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

async fn settle() {
    for _ in 0..TURNS {
        yield_now().await;
    }
}
