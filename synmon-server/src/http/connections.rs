//! How many connections there are at a time, and which has to go when there is no room.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rustix::process::{Resource, getrlimit};
use synmon_core::Clock;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// As many connections as there may be where nothing else is set.
const MOST: usize = 4_096;

/// How many connections a listener takes: half of the process's file descriptors at the most, for
/// browsers and databases need some, too.
pub(crate) fn limit(wanted: Option<NonZeroUsize>) -> usize {
    let files = getrlimit(Resource::Nofile).current;
    let files = files.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX);
    wanted.map_or(MOST, NonZeroUsize::get).min(files / 2).max(1)
}

/// The connections of a listener. When all places are taken, a new one takes the place of the one
/// that has waited for its client's next request for longest: whoever opens many and says nothing,
/// or says it slowly, keeps nobody out.
pub(super) struct Connections {
    places: Arc<Semaphore>,
    clock: Arc<dyn Clock>,
    waiting: Mutex<Waiting>,
}

/// Those without a request, in the order in which they began to wait.
#[derive(Default)]
struct Waiting {
    next: u64,
    by_turn: BTreeMap<u64, (Duration, CancellationToken)>,
}

/// The place of a connection.
pub(super) struct Seat {
    all: Arc<Connections>,
    evicted: CancellationToken,
    turn: AtomicU64,
    _place: OwnedSemaphorePermit,
}

/// As long as it is there, the connection is busy.
pub(super) struct Busy(Arc<Seat>);

impl Connections {
    pub(super) fn new(limit: usize, clock: Arc<dyn Clock>) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(limit.clamp(1, Semaphore::MAX_PERMITS)));
        Arc::new(Self { places, clock, waiting: Mutex::default() })
    }

    /// A place for a new connection, as soon as there is one.
    pub(super) async fn seat(self: &Arc<Self>) -> Arc<Seat> {
        let place = if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            place
        } else {
            self.evict_oldest();
            // Nobody closes the semaphore.
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
                return std::future::pending().await;
            };
            place
        };
        let seat = Arc::new(Seat {
            all: Arc::clone(self),
            evicted: CancellationToken::new(),
            turn: AtomicU64::default(),
            _place: place,
        });
        seat.wait();
        seat
    }

    /// Ends the connection that has waited for longest, if one waits.
    pub(super) fn evict_oldest(&self) {
        if let Some((_, (_, evicted))) = self.waiting().by_turn.pop_first() {
            evicted.cancel();
        }
    }

    /// Ends the connections that have waited for too long.
    pub(super) fn evict_idle(&self, limit: Duration) {
        let now = self.clock.monotonic();
        let mut waiting = self.waiting();
        while let Some(first) = waiting.by_turn.first_entry() {
            if now.saturating_sub(first.get().0) < limit {
                break;
            }
            first.remove().1.cancel();
        }
    }

    /// Ends all connections that wait.
    pub(super) fn evict_all(&self) {
        self.evict_idle(Duration::ZERO);
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// When somebody else needs the place.
    pub(super) fn evicted(&self) -> WaitForCancellationFuture<'_> {
        self.evicted.cancelled()
    }

    /// Notes that a request is being dealt with.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.leave();
        Busy(Arc::clone(self))
    }

    fn wait(&self) {
        let now = self.all.clock.monotonic();
        let mut waiting = self.all.waiting();
        waiting.next += 1;
        let turn = waiting.next;
        self.turn.store(turn, Ordering::Relaxed);
        waiting.by_turn.insert(turn, (now, self.evicted.clone()));
    }

    fn leave(&self) {
        self.all.waiting().by_turn.remove(&self.turn.load(Ordering::Relaxed));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use synmon_core::SystemClock;

    use super::*;

    fn two_places() -> Arc<Connections> {
        Connections::new(2, Arc::new(SystemClock::default()))
    }

    #[tokio::test]
    async fn a_new_connection_takes_the_place_of_the_one_that_has_waited_for_longest() {
        let connections = two_places();
        let first = connections.seat().await;
        let second = connections.seat().await;
        // The first has a request and then waits again: now the second waits for longer.
        drop(first.busy());
        let (third, ()) = tokio::join!(connections.seat(), async {
            second.evicted().await;
            drop(second);
        });
        assert!(!first.evicted.is_cancelled() && !third.evicted.is_cancelled());
    }

    #[tokio::test]
    async fn a_connection_with_a_request_keeps_its_place() {
        let connections = two_places();
        let (first, second) = (connections.seat().await, connections.seat().await);
        let (busy, _also_busy) = (first.busy(), second.busy());
        connections.evict_all();
        let mut third = std::pin::pin!(connections.seat());
        assert!(futures_util::poll!(third.as_mut()).is_pending());
        assert!(!first.evicted.is_cancelled() && !second.evicted.is_cancelled());
        drop(busy);
        drop(first);
        third.await;
    }
}
