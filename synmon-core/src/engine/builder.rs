//! Putting an engine together.

use std::{
    num::{NonZeroU32, NonZeroU64, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use super::{Engine, Parts, Retention, Signals};
use crate::{
    Clock, SystemClock,
    artifact::Artifacts,
    browser::Browser,
    egress::EgressPolicy,
    notice::Notifier,
    secret::Keyring,
    store::{AlertCap, Quotas, Store},
};

/// Which parts of an engine work in this process. Others over the same store may do the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Makes runs of slots, and deals with runs whose worker was lost.
    pub scheduler: bool,
    /// Carries runs out.
    pub runs: bool,
    /// Delivers notices, and clears up.
    pub notices: bool,
}

impl Roles {
    /// All of them.
    pub const ALL: Self = Self { scheduler: true, runs: true, notices: true };
}

/// How many runs of one owner go on at a time where nothing is set.
pub const DEFAULT_OWNER_CONCURRENCY: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// The numbers that an engine works by.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// Which parts work here.
    pub roles: Roles,
    /// How many runs go on at a time in this process.
    pub concurrency: NonZeroUsize,
    /// How many runs of one owner go on at a time, over all processes.
    pub owner_concurrency: NonZeroU32,
    /// How long runs may go on after the engine was told to stop.
    pub shutdown_grace: Duration,
    /// How long a worker may be silent before its run is given to another.
    pub lease: Duration,
    /// How often a worker says that it is there.
    pub heartbeat: Duration,
    /// How often a run may lose its worker before it is given up.
    pub max_losses: u32,
    /// How often a run is tried whose browser breaks.
    pub max_attempts: u32,
    /// The largest picture that is kept, in bytes.
    pub max_screenshot_bytes: usize,
    /// How much an owner is told one by one, before a digest tells the rest.
    pub alert_cap: AlertCap,
    /// Whether heartbeats have a thread of their own, which work that keeps all others busy can't
    /// stop.
    pub heartbeat_thread: bool,
    /// How long things are kept.
    pub retention: Retention,
    /// How many runs an owner has in an hour; the slots beyond are skipped.
    pub runs_per_hour: NonZeroU32,
    /// How many letters about his flows and channels an owner gets in a day (UTC).
    pub letters_per_day: NonZeroU32,
    /// How much the pictures of an owner's runs may take, in bytes: the oldest make room.
    pub storage: NonZeroU64,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            roles: Roles::ALL,
            concurrency: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            owner_concurrency: DEFAULT_OWNER_CONCURRENCY,
            shutdown_grace: Duration::from_secs(25),
            lease: Duration::from_secs(20),
            heartbeat: Duration::from_secs(5),
            max_losses: 3,
            max_attempts: 2,
            max_screenshot_bytes: 10 * 1024 * 1024,
            alert_cap: AlertCap::default(),
            heartbeat_thread: true,
            retention: Retention::default(),
            runs_per_hour: Quotas::default().runs_per_hour,
            letters_per_day: Quotas::default().letters_per_day,
            storage: Quotas::default().storage,
        }
    }
}

/// Collects the parts of an engine. All but the clock and the settings must be given.
#[derive(Default)]
pub struct EngineBuilder {
    store: Option<Arc<dyn Store>>,
    heartbeat_store: Option<Arc<dyn Store>>,
    browser: Option<Arc<dyn Browser>>,
    notifier: Option<Arc<dyn Notifier>>,
    artifacts: Option<Arc<dyn Artifacts>>,
    egress: Option<EgressPolicy>,
    keyring: Option<Arc<Keyring>>,
    clock: Option<Arc<dyn Clock>>,
    signals: Arc<Signals>,
    settings: EngineSettings,
}

/// A part that an engine can't do without was not given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine has no {0}: give it one before build()")]
pub struct MissingPart(&'static str);

impl EngineBuilder {
    /// Where flows, runs and notices are kept.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// The same store by a way that only heartbeats go, so that they never wait for a connection
    /// that other work has; by default they go the common way.
    #[must_use]
    pub fn heartbeat_store(mut self, store: Arc<dyn Store>) -> Self {
        self.heartbeat_store = Some(store);
        self
    }

    /// What runs happen in.
    #[must_use]
    pub fn browser(mut self, browser: Arc<dyn Browser>) -> Self {
        self.browser = Some(browser);
        self
    }

    /// What delivers notices.
    #[must_use]
    pub fn notifier(mut self, notifier: Arc<dyn Notifier>) -> Self {
        self.notifier = Some(notifier);
        self
    }

    /// Where pictures are kept.
    #[must_use]
    pub fn artifacts(mut self, artifacts: Arc<dyn Artifacts>) -> Self {
        self.artifacts = Some(artifacts);
        self
    }

    /// Where flows may go.
    #[must_use]
    pub fn egress(mut self, egress: EgressPolicy) -> Self {
        self.egress = Some(egress);
        self
    }

    /// What opens the secrets of owners; without it, none can be opened.
    #[must_use]
    pub fn keyring(mut self, keyring: Arc<Keyring>) -> Self {
        self.keyring = Some(keyring);
        self
    }

    /// Where time comes from; the machine's clock where none is given.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// The wake-ups, shared with the use cases of the same process.
    #[must_use]
    pub fn signals(mut self, signals: Arc<Signals>) -> Self {
        self.signals = signals;
        self
    }

    /// The numbers to work by.
    #[must_use]
    pub fn settings(mut self, settings: EngineSettings) -> Self {
        self.settings = settings;
        self
    }

    /// The engine. It does nothing until [`Engine::run`].
    pub fn build(self) -> Result<Engine, MissingPart> {
        let store = self.store.ok_or(MissingPart("store"))?;
        let parts = Parts {
            heartbeat_store: self.heartbeat_store.unwrap_or_else(|| Arc::clone(&store)),
            store,
            browser: self.browser.ok_or(MissingPart("browser"))?,
            notifier: self.notifier.ok_or(MissingPart("notifier"))?,
            artifacts: self.artifacts.ok_or(MissingPart("artifacts"))?,
            egress: self.egress.ok_or(MissingPart("egress policy"))?,
            keyring: self.keyring.unwrap_or_else(|| Arc::new(Keyring::random())),
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock::default())),
            signals: self.signals,
            settings: self.settings,
        };
        Ok(Engine { parts: Arc::new(parts) })
    }
}
