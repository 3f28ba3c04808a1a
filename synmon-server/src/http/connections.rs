//! How many connections there are at a time, and which has to go when there is no room.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustix::process::{Resource, getrlimit};
use synmon_core::Clock;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
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
/// that has waited for its client for longest: for a request, the rest of one, or that an answer is
/// read. Whoever opens many and says nothing, or says or reads it slowly, keeps nobody out.
pub(super) struct Connections {
    places: Arc<Semaphore>,
    clock: Arc<dyn Clock>,
    waiting: Mutex<Waiting>,
    /// Told when one begins to wait.
    waits: Notify,
}

/// Those who wait for their clients, in the order in which they began to.
#[derive(Default)]
struct Waiting {
    next: u64,
    by_turn: BTreeMap<u64, (Duration, CancellationToken)>,
}

/// The place of a connection.
pub(super) struct Seat {
    all: Arc<Connections>,
    evicted: CancellationToken,
    /// As long as there is no request.
    idle: Mutex<Option<Wait>>,
    _place: OwnedSemaphorePermit,
}

/// As long as it is there, the connection waits for its client, and has to go if there is no room.
pub(super) struct Wait {
    all: Arc<Connections>,
    turn: u64,
}

/// As long as it is there, the connection has a request.
pub(super) struct Busy(Arc<Seat>);

impl Connections {
    pub(super) fn new(limit: usize, clock: Arc<dyn Clock>) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(limit.clamp(1, Semaphore::MAX_PERMITS)));
        Arc::new(Self { places, clock, waiting: Mutex::default(), waits: Notify::new() })
    }

    /// A place for a new connection, as soon as there is one.
    pub(super) async fn seat(self: &Arc<Self>) -> Arc<Seat> {
        let place = self.place().await;
        let evicted = CancellationToken::new();
        let idle = Mutex::new(Some(self.wait(&evicted)));
        Arc::new(Seat { all: Arc::clone(self), evicted, idle, _place: place })
    }

    async fn place(&self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                return place;
            }
            let mut waits = std::pin::pin!(self.waits.notified());
            // Registered before the look, so that whoever begins meanwhile is not missed.
            waits.as_mut().enable();
            let one_goes = self.evict_oldest();
            tokio::select! {
                // Nobody closes the semaphore.
                Ok(place) = Arc::clone(&self.places).acquire_owned() => return place,
                () = waits, if !one_goes => {}
            }
        }
    }

    /// Ends the connection that has waited for longest, if one waits.
    pub(super) fn evict_oldest(&self) -> bool {
        let oldest = self.waiting().by_turn.pop_first();
        oldest.is_some_and(|(_, (_, evicted))| {
            evicted.cancel();
            true
        })
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

    fn wait(self: &Arc<Self>, evicted: &CancellationToken) -> Wait {
        let now = self.clock.monotonic();
        let mut waiting = self.waiting();
        waiting.next += 1;
        let turn = waiting.next;
        waiting.by_turn.insert(turn, (now, evicted.clone()));
        drop(waiting);
        self.waits.notify_waiters();
        Wait { all: Arc::clone(self), turn }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// When somebody else needs the place.
    pub(super) fn evicted(&self) -> WaitForCancellationFuture<'_> {
        self.evicted.cancelled()
    }

    /// Notes that there is a request.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.idle(None);
        Busy(Arc::clone(self))
    }

    /// Notes that the client is waited for.
    pub(super) fn wait(&self) -> Wait {
        self.all.wait(&self.evicted)
    }

    fn idle(&self, wait: Option<Wait>) {
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = wait;
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.all.waiting().by_turn.remove(&self.turn);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.idle(Some(self.0.wait()));
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

    #[tokio::test]
    async fn a_connection_that_begins_to_wait_makes_room_for_one_that_is_there_already() {
        let connections = two_places();
        let (first, second) = (connections.seat().await, connections.seat().await);
        let (_busy, heard) = (first.busy(), second.busy());
        let mut third = std::pin::pin!(connections.seat());
        assert!(futures_util::poll!(third.as_mut()).is_pending());
        // Its request is not all there; and of one that is no longer waited for nobody is evicted.
        drop(heard.0.wait());
        let _rest = heard.0.wait();
        assert!(futures_util::poll!(third.as_mut()).is_pending());
        assert!(second.evicted.is_cancelled() && !first.evicted.is_cancelled());
    }
}
