//! What the tests of the engine play with.

use std::{sync::Arc, time::Duration};

use synmon_core::{
    OwnerId, RunId, Timestamp,
    alert::{AlertPolicy, AlertSettings},
    browser::Exchange,
    egress::EgressPolicy,
    engine::{Engine, EngineSettings, Signals, WorkerTick},
    flow::{Flow, FlowSettings, RawSettings},
    notice::{Notice, NoticeBody, RunNotice},
    run::{ErrorCode, Run, RunStatus, StepLog, StepStatus},
    secret::Keyring,
    step::parse_steps_given,
    store::{FlowStore as _, RunStore as _},
    usecase::Runs,
};
use synmon_testkit::{
    Element, FakeBrowser, ManualClock, MemoryArtifacts, MemoryStore, NoticeState, Page,
    RecordingNotifier, StaticResolver,
    factory::{SITE, Steps, a_due_flow, a_flow, a_queued_run, an_owner, noon},
};

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) browser: FakeBrowser,
    pub(crate) notifier: Arc<RecordingNotifier>,
    pub(crate) artifacts: Arc<MemoryArtifacts>,
    pub(crate) signals: Arc<Signals>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) engine: Engine,
    pub(crate) owner: OwnerId,
}

/// How a run came out.
pub(crate) struct Outcome {
    pub(crate) run: Run,
    pub(crate) logs: Vec<StepLog>,
}

impl World {
    /// A site that works: a page with a link `//a`.
    pub(crate) fn new() -> Self {
        Self::with(settings())
    }

    pub(crate) fn with(settings: EngineSettings) -> Self {
        let clock = ManualClock::at(noon());
        let store = Arc::new(MemoryStore::new());
        let browser = FakeBrowser::new();
        browser.page(SITE, Page::titled("Home").element("//a", Element::saying("a link")));
        let notifier = Arc::new(RecordingNotifier::new());
        let artifacts = Arc::new(MemoryArtifacts::new());
        let signals = Arc::new(Signals::default());
        let keyring = Arc::new(Keyring::random());
        let engine = Engine::builder()
            .store(store.clone())
            .browser(Arc::new(browser.clone()))
            .notifier(notifier.clone())
            .artifacts(artifacts.clone())
            .egress(names())
            .keyring(keyring.clone())
            .clock(clock.clone())
            .signals(Arc::clone(&signals))
            .settings(settings)
            .build()
            .unwrap();
        Self {
            clock,
            store,
            browser,
            notifier,
            artifacts,
            signals,
            keyring,
            engine,
            owner: an_owner(),
        }
    }

    /// A second engine over the same store, as on another machine.
    pub(crate) fn another_engine(&self) -> Engine {
        self.engine_with(Keyring::random())
    }

    /// The same with other keys.
    pub(crate) fn engine_with(&self, keyring: Keyring) -> Engine {
        Engine::builder()
            .keyring(Arc::new(keyring))
            .store(self.store.clone())
            .browser(Arc::new(self.browser.clone()))
            .notifier(self.notifier.clone())
            .artifacts(self.artifacts.clone())
            .egress(names())
            .clock(self.clock.clone())
            .build()
            .unwrap()
    }

    pub(crate) fn use_case(&self) -> Runs {
        Runs::new(
            self.store.clone(),
            self.store.clone(),
            self.clock.clone(),
            Arc::clone(&self.signals),
        )
    }

    pub(crate) fn site(&self, page: Page) {
        self.browser.page(SITE, page);
    }

    /// A flow with these steps.
    pub(crate) async fn flow(&self, steps: Steps) -> Flow {
        let flow = Flow { steps: steps.build(), ..a_flow(self.owner) };
        self.insert(flow).await
    }

    /// A flow with these steps and settings.
    pub(crate) async fn flow_with(&self, steps: Steps, settings: FlowSettings) -> Flow {
        let steps = parse_steps_given(&steps.raw(), &settings.variables).unwrap();
        let flow = Flow { steps, settings, ..a_flow(self.owner) };
        self.insert(flow).await
    }

    /// A flow that is active and due at this time.
    pub(crate) async fn due_flow(&self, due: Timestamp) -> Flow {
        self.insert(a_due_flow(self.owner, due)).await
    }

    pub(crate) async fn insert(&self, flow: Flow) -> Flow {
        self.store.insert_flow(&flow).await.unwrap();
        flow
    }

    pub(crate) async fn stored(&self, flow: &Flow) -> Flow {
        self.store.flow(flow.owner, flow.id).await.unwrap().unwrap().flow
    }

    pub(crate) async fn queue(&self, flow: &Flow) -> RunId {
        use synmon_core::Clock as _;
        let queued = a_queued_run(flow, self.clock.now());
        self.store.insert_run(&queued).await.unwrap();
        queued.run.id
    }

    /// Runs a flow to its end; however it goes, no browser is left behind.
    pub(crate) async fn run(&self, flow: &Flow) -> Outcome {
        let id = self.queue(flow).await;
        assert_eq!(self.work().await, WorkerTick::Ran(id));
        self.no_browser_is_left();
        self.outcome(id).await
    }

    /// One tick of a worker.
    pub(crate) async fn work(&self) -> WorkerTick {
        self.clock.drive(self.engine.worker().tick()).await.unwrap()
    }

    pub(crate) async fn outcome(&self, id: RunId) -> Outcome {
        Outcome {
            run: self.store.run(self.owner, id).await.unwrap().unwrap(),
            logs: self.store.step_logs(id).await.unwrap(),
        }
    }

    pub(crate) fn no_browser_is_left(&self) {
        assert_eq!(self.browser.opened(), self.browser.closed());
        assert_eq!(self.browser.leaked(), 0);
    }

    /// The verdicts in the outbox, delivered or not.
    pub(crate) fn verdicts_told(&self) -> Vec<RunNotice> {
        let told = self.store.notices().into_iter();
        told.filter_map(|(notice, _)| match notice.body {
            NoticeBody::Run(notice) => Some(notice),
            _ => None,
        })
        .collect()
    }

    pub(crate) fn outbox(&self) -> Vec<(Notice, NoticeState)> {
        self.store.notices()
    }

    /// Ticks the scheduler once; how many flows it dealt with.
    pub(crate) async fn schedule(&self) -> u32 {
        self.engine.scheduler().tick().await.unwrap().planned
    }

    pub(crate) fn all_runs(&self) -> Vec<Run> {
        self.store.runs()
    }
}

impl Outcome {
    /// The code of the error, which says why the run did not pass.
    #[track_caller]
    pub(crate) fn code(&self) -> ErrorCode {
        self.run.error.as_ref().unwrap().code
    }

    #[track_caller]
    pub(crate) fn message(&self) -> &str {
        &self.run.error.as_ref().unwrap().message
    }

    #[track_caller]
    pub(crate) fn has_passed(&self) {
        assert_eq!(self.run.error, None);
        assert_eq!(self.run.status, RunStatus::Passed);
        assert!(self.logs.iter().all(|log| log.status == StepStatus::Passed));
    }

    /// It failed in this step for this reason; all before it passed, all after it are skipped.
    #[track_caller]
    pub(crate) fn has_failed(&self, step: u32, code: ErrorCode) {
        let error = self.run.error.as_ref().unwrap();
        assert_eq!((error.code, error.step), (code, Some(step)), "{}", error.message);
        assert_eq!(self.run.status, RunStatus::Failed);
        self.is_on_record_up_to(step);
        let log = &self.logs[step as usize];
        assert_eq!(log.error.as_ref().unwrap().code, code);
    }

    /// How each step ended, by number: one log each.
    #[track_caller]
    pub(crate) fn statuses(&self) -> Vec<StepStatus> {
        let numbers: Vec<_> = self.logs.iter().map(|log| log.number).collect();
        let all: Vec<_> = (0..).take(self.logs.len()).collect();
        assert_eq!(numbers, all);
        self.logs.iter().map(|log| log.status).collect()
    }

    /// The steps before this one passed, it failed, and those after it are skipped.
    #[track_caller]
    pub(crate) fn is_on_record_up_to(&self, step: u32) {
        for log in &self.logs {
            let expected = match log.number.cmp(&step) {
                std::cmp::Ordering::Less => StepStatus::Passed,
                std::cmp::Ordering::Equal => StepStatus::Failed,
                std::cmp::Ordering::Greater => StepStatus::Skipped,
            };
            assert_eq!(log.status, expected, "step {}", log.number);
        }
    }
}

/// Settings of a flow, as they are written.
pub(crate) fn written(change: impl FnOnce(&mut RawSettings)) -> FlowSettings {
    let mut raw = RawSettings::default();
    change(&mut raw);
    raw.parse().unwrap()
}

/// A request that ended well.
pub(crate) fn a_request(url: &str) -> Exchange {
    Exchange {
        url: url.to_owned(),
        method: "GET".to_owned(),
        kind: "Fetch".to_owned(),
        main_document: false,
        started_ms: 1_767_614_400_000.0,
        duration_ms: 5.0,
        status: Some(200),
        media_type: None,
        bytes: None,
        failure: None,
        remote_address: None,
        protocol: None,
        phases: None,
    }
}

/// What the tests' names resolve to.
pub(crate) fn names() -> EgressPolicy {
    StaticResolver::new()
        .name("site.example", &["93.184.216.34"])
        .name("other.example", &["93.184.216.35"])
        .name("intranet.example", &["10.0.0.1"])
        .silent("silent.example")
        .policy()
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn later(seconds: u64) -> Timestamp {
    noon() + secs(seconds)
}

/// The default settings, but with heartbeats on the one thread that the manual clock is made for.
pub(crate) fn settings() -> EngineSettings {
    EngineSettings { heartbeat_thread: false, ..EngineSettings::default() }
}

/// What tells its owner changes alone.
pub(crate) fn on_change() -> AlertSettings {
    AlertSettings { policy: AlertPolicy::OnChange, ..AlertSettings::default() }
}
