//! A run as it goes on, as server-sent events.

use std::{
    collections::{HashMap, VecDeque},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{Stream, stream};
use poem::web::sse::Event;
use poem_openapi::{Object, payload::EventStream, types::ToJSON as _};
use synmon_core::{Clock, OwnerId, RunId, usecase::Runs};

use super::{
    guard::Pass,
    run_view::{RunView, StepLogView},
};

/// How often the store is looked at: the run may go on in another process, and what the follower was
/// let in by may end there.
const POLL: Duration = Duration::from_millis(750);
/// How long one look comes after the other at the least, however much goes on in this process.
const PAUSE: Duration = Duration::from_millis(500);
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// No run takes longer than this, queue and retries included, without anybody looking again.
const MAX_SILENCE: Duration = Duration::from_hours(1);

/// How many an owner may follow at a time, in one process.
const MOST_OF_AN_OWNER: usize = 10;

/// The events of one run.
pub(crate) type RunEvents = Pin<Box<dyn Stream<Item = RunEvent> + Send>>;

/// A step that has ended, or the run that has.
#[derive(Object)]
pub(crate) struct RunEvent {
    /// In events named `step`.
    step: Option<StepLogView>,
    /// In the event named `run`, the last one.
    run: Option<RunView>,
}

/// Those who follow runs. Each keeps a connection, of which there are not many.
#[derive(Clone)]
pub(crate) struct Audience {
    most: usize,
    by_owner: Arc<Mutex<HashMap<OwnerId, usize>>>,
}

/// The place of one who follows.
struct Seat {
    audience: Audience,
    owner: OwnerId,
}

impl Audience {
    /// With so many places for all owners together.
    pub(crate) fn new(most: usize) -> Self {
        Self { most: most.max(1), by_owner: Arc::default() }
    }

    fn seat(&self, owner: OwnerId) -> Option<Seat> {
        let mut by_owner = self.by_owner();
        let all: usize = by_owner.values().sum();
        let owners = by_owner.entry(owner).or_default();
        if all >= self.most || *owners >= MOST_OF_AN_OWNER {
            return None;
        }
        *owners += 1;
        Some(Seat { audience: self.clone(), owner })
    }

    fn by_owner(&self) -> MutexGuard<'_, HashMap<OwnerId, usize>> {
        self.by_owner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut by_owner = self.audience.by_owner();
        if let Some(owners) = by_owner.get_mut(&self.owner) {
            *owners = owners.saturating_sub(1);
        }
        by_owner.retain(|_, owners| *owners > 0);
    }
}

struct Follower {
    _seat: Seat,
    pass: Pass,
    runs: Runs,
    clock: Arc<dyn Clock>,
    owner: OwnerId,
    run: RunId,
    attempt: u32,
    /// The number of the step that comes next.
    next: u32,
    pending: VecDeque<RunEvent>,
    ended: bool,
}

/// Each step of a run as it ends, the ones that have ended before first; then the run; and nothing
/// any more once the pass does not hold. None if too many follow runs already.
pub(crate) fn of(
    audience: &Audience,
    runs: Runs,
    clock: Arc<dyn Clock>,
    pass: Pass,
    (owner, run): (OwnerId, RunId),
) -> Option<EventStream<RunEvents>> {
    let follower = Follower {
        _seat: audience.seat(owner)?,
        pass,
        runs,
        clock,
        owner,
        run,
        attempt: 1,
        next: 0,
        pending: VecDeque::new(),
        ended: false,
    };
    let events = stream::unfold(follower, |mut follower| async {
        let event = follower.next_event().await?;
        Some((event, follower))
    });
    let events: RunEvents = Box::pin(events);
    let stream = EventStream::new(events).keep_alive(KEEP_ALIVE);
    Some(stream.to_event(|event| match event {
        RunEvent { step: Some(step), .. } => {
            Event::message(step.to_json_string()).event_type("step").id(step.number.to_string())
        }
        RunEvent { run, .. } => Event::message(run.to_json_string()).event_type("run"),
    }))
}

impl Follower {
    async fn next_event(&mut self) -> Option<RunEvent> {
        let started = self.clock.monotonic();
        loop {
            // What was found out before it ended is not told after.
            let may_know = match self.pass.holds().await {
                Ok(true) => true,
                Ok(false) => return None,
                Err(_) => false,
            };
            if may_know && let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            let is_over = self.ended && self.pending.is_empty();
            if is_over || self.clock.monotonic().saturating_sub(started) > MAX_SILENCE {
                return None;
            }
            let runs = self.runs.clone();
            let progress = runs.signals().progress().notified();
            tokio::pin!(progress);
            // Registered before the look, so that what ends meanwhile is not missed.
            progress.as_mut().enable();
            let looked = self.clock.monotonic();
            if may_know {
                self.look().await;
            }
            if !may_know || (self.pending.is_empty() && !self.ended) {
                tokio::select! {
                    () = progress => {}
                    () = self.clock.sleep(POLL) => {}
                }
                let since = self.clock.monotonic().saturating_sub(looked);
                self.clock.sleep(PAUSE.saturating_sub(since)).await;
            }
        }
    }

    async fn look(&mut self) {
        // A run that is gone ends the stream; a store that is out of reach is asked again.
        let run = match self.runs.get_only(self.owner, self.run).await {
            Ok(found) => found,
            Err(synmon_core::usecase::UseCaseError::NotFound(_)) => {
                self.ended = true;
                return;
            }
            Err(_) => return,
        };
        if run.attempt != self.attempt {
            // A new attempt begins with its first step.
            self.attempt = run.attempt;
            self.next = 0;
        }
        // Those that were told already are not asked for again.
        let Ok(logs) = self.runs.logs_from(&run, self.next).await else { return };
        for log in logs {
            self.next = log.number + 1;
            let step = StepLogView::new(run.id.uuid(), None, log);
            self.pending.push_back(RunEvent { step: Some(step), run: None });
        }
        if run.status.is_terminal() {
            let Ok(logs) = self.runs.logs_from(&run, 0).await else { return };
            let Ok(others) = self.runs.other_attempts(&run).await else { return };
            let run = RunView::whole(run, logs, others);
            self.pending.push_back(RunEvent { step: None, run: Some(run) });
            self.ended = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use synmon_core::Timestamp;

    use super::*;

    #[test]
    fn places_are_bounded_for_each_and_for_all_and_are_given_back() {
        let audience = Audience::new(MOST_OF_AN_OWNER + 1);
        let [ann, ben] = [OwnerId::new(Timestamp::UNIX_EPOCH), OwnerId::new(Timestamp::UNIX_EPOCH)];
        let mut anns: Vec<_> = (0..MOST_OF_AN_OWNER).filter_map(|_| audience.seat(ann)).collect();
        assert_eq!(anns.len(), MOST_OF_AN_OWNER);
        assert!(audience.seat(ann).is_none());
        let bens = audience.seat(ben).unwrap();
        assert!(audience.seat(ben).is_none(), "all places are taken");
        anns.pop();
        assert!(audience.seat(ben).is_some());
        drop((anns, bens));
        assert!(audience.by_owner().is_empty());
    }
}
