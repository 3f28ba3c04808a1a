//! The engine: what makes runs, carries them out and tells people.
//!
//! Each part is a loop of `tick` and wait. The tick is public, so that tests (and embedders with
//! loops of their own) drive it by hand.

mod browsing;
mod builder;
mod condition;
mod diagnosis;
mod dispatcher;
mod expand;
mod finder;
mod har;
mod heartbeat;
mod janitor;
mod leavings;
mod letters;
mod matching;
mod observed;
mod plan;
mod reaper;
mod recorder;
mod recovery;
mod redaction;
mod resealer;
mod retry;
mod room;
mod runner;
mod scheduler;
mod secrets;
mod signals;
mod stall;
mod stepper;
mod stop;
mod wait;
mod worker;

pub use builder::{DEFAULT_OWNER_CONCURRENCY, EngineBuilder, EngineSettings, MissingPart, Roles};
pub use dispatcher::Dispatcher;
pub use janitor::{Janitor, Retention};
pub use reaper::Reaper;
pub use recovery::Recovery;
pub use resealer::Resealer;
pub use scheduler::Scheduler;
pub use signals::Signals;
pub use worker::{Worker, WorkerTick};

use std::{future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use heartbeat::Heart;

use crate::{
    Clock,
    artifact::Artifacts,
    browser::Browser,
    egress::EgressPolicy,
    notice::Notifier,
    secret::Keyring,
    store::{Store, StoreError},
};

/// How long a loop waits where nothing wakes it up.
const POLL: Duration = Duration::from_secs(1);
const RECOVERY_PERIOD: Duration = Duration::from_secs(5);
/// How long the browsers that are kept for later runs may take to end.
const BROWSER_LIMIT: Duration = Duration::from_secs(10);
const JANITOR_PERIOD: Duration = Duration::from_mins(1);

/// All parts of synmon that work without being asked.
pub struct Engine {
    parts: Arc<Parts>,
}

/// What the engine is put together from.
pub(crate) struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) heartbeat_store: Arc<dyn Store>,
    pub(crate) browser: Arc<dyn Browser>,
    pub(crate) notifier: Arc<dyn Notifier>,
    pub(crate) artifacts: Arc<dyn Artifacts>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) egress: EgressPolicy,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) signals: Arc<Signals>,
    pub(crate) settings: EngineSettings,
}

impl Engine {
    /// Begins to put an engine together.
    #[must_use]
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// What makes runs of slots.
    #[must_use]
    pub fn scheduler(&self) -> Scheduler {
        Scheduler::new(Arc::clone(&self.parts))
    }

    /// What carries runs out, one at a time.
    #[must_use]
    pub fn worker(&self) -> Worker {
        Worker::new(Arc::clone(&self.parts))
    }

    /// What deals with runs whose worker was lost.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        Recovery::new(Arc::clone(&self.parts))
    }

    /// What delivers notices.
    #[must_use]
    pub fn dispatcher(&self) -> Dispatcher {
        Dispatcher::new(Arc::clone(&self.parts))
    }

    /// What removes what is too old, and files that nothing refers to.
    #[must_use]
    pub fn janitor(&self) -> Janitor {
        Janitor::new(Arc::clone(&self.parts))
    }

    /// What seals anew what older keys have sealed.
    #[must_use]
    pub fn resealer(&self) -> Resealer {
        Resealer::new(Arc::clone(&self.parts))
    }

    /// What ends browser sessions on shared machines that nobody closed.
    #[must_use]
    pub fn reaper(&self) -> Reaper {
        Reaper::new(Arc::clone(&self.parts))
    }

    /// Works until `stop` is cancelled. Then nothing new is begun; runs under way may end within
    /// the grace of the settings, and what is left is given back to the queue.
    pub async fn run(&self, stop: CancellationToken) {
        let parts = &self.parts;
        let Roles { scheduler, runs, notices } = parts.settings.roles;
        let mut background = JoinSet::new();
        if scheduler {
            background.spawn(keep_ticking(self.scheduler(), Arc::clone(parts), stop.clone()));
            background.spawn(keep_ticking(self.recovery(), Arc::clone(parts), stop.clone()));
        }
        if notices {
            background.spawn(self.dispatcher().work(stop.clone()));
            background.spawn(keep_ticking(self.janitor(), Arc::clone(parts), stop.clone()));
            background.spawn(keep_ticking(self.resealer(), Arc::clone(parts), stop.clone()));
        }
        if parts.browser.is_shared() {
            background.spawn(keep_ticking(self.reaper(), Arc::clone(parts), stop.clone()));
        }
        let abort = CancellationToken::new();
        let mut workers = JoinSet::new();
        let concurrency = if runs { parts.settings.concurrency.get() } else { 0 };
        let heart = Heart::start(parts.settings.heartbeat_thread);
        for _ in 0..concurrency {
            let worker = self.worker().with_heart(heart.handle());
            workers.spawn(worker::work(worker, stop.clone(), abort.clone()));
        }
        stop.cancelled().await;
        info!("Nothing new is begun; runs under way may end");
        let all_done = async { while workers.join_next().await.is_some() {} };
        let grace = parts.settings.shutdown_grace;
        if crate::within(&*parts.clock, grace, all_done).await.is_none() {
            warn!("Runs are still going on after {grace:?}; they are given back to the queue");
            abort.cancel();
            while workers.join_next().await.is_some() {}
        }
        while background.join_next().await.is_some() {}
        let browser = parts.browser.shut_down();
        if crate::within(&*parts.clock, BROWSER_LIMIT, browser).await.is_none() {
            warn!("Browsers that were kept for later runs do not end within {BROWSER_LIMIT:?}");
        }
    }
}

/// A part of the engine that works in the background.
#[async_trait]
trait Ticking: Send + Sync + 'static {
    const NAME: &'static str;

    /// Does what there is to do, and says how long nothing more is to be expected.
    async fn tick_once(&self) -> Result<Duration, StoreError>;

    /// What ends the wait early.
    fn wake<'a>(&self, _signals: &'a Signals) -> Option<&'a Notify> {
        None
    }
}

async fn keep_ticking<T: Ticking>(part: T, parts: Arc<Parts>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        // Registered before the tick looks, so that what comes in meanwhile is not missed.
        let woken = part.wake(&parts.signals).map(Notify::notified);
        let tick = AssertUnwindSafe(part.tick_once()).catch_unwind().await;
        let wait = match tick {
            Ok(Ok(wait)) => wait,
            Ok(Err(failure)) => {
                error!(
                    part = T::NAME,
                    "The {} could not work, and tries again: {failure}",
                    T::NAME
                );
                POLL
            }
            Err(_panic) => {
                error!(part = T::NAME, "The {} panicked, and goes on", T::NAME);
                POLL
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = parts.clock.sleep(wait) => {}
            () = async { match woken { Some(woken) => woken.await, None => future::pending().await } } => {}
        }
    }
}
