//! Heartbeats on a thread of their own.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use synmon_core::{
    browser::{Browser, BrowserError, Session, SessionRequest},
    engine::{Engine, EngineSettings, Signals},
    flow::BrowserKind,
    run::{Run, RunStatus},
    store::{FlowStore as _, RunStore as _},
};
use synmon_testkit::{
    Element, FakeBrowser, MemoryArtifacts, MemoryStore, Page, RecordingNotifier,
    factory::{SITE, a_flow, a_queued_run, an_owner, noon},
};
use tokio_util::sync::CancellationToken;

use crate::world::names;

/// Waiting ends with this, if with nothing else.
const PATIENCE: Duration = Duration::from_mins(1);
/// How many heartbeats the work keeps its thread busy for.
const BEATS: u32 = 5;

/// A browser that keeps the thread to itself while it starts, until it has been seen that the lease
/// of its run is prolonged all the same.
struct Blocking {
    browser: FakeBrowser,
    store: Arc<MemoryStore>,
}

#[async_trait]
impl Browser for Blocking {
    fn kinds(&self) -> &[BrowserKind] {
        self.browser.kinds()
    }

    async fn ready(&self) -> Result<(), String> {
        self.browser.ready().await
    }

    async fn start(&self, request: &SessionRequest) -> Result<Box<dyn Session>, BrowserError> {
        assert!(self.store.block_until_renewed(BEATS, PATIENCE), "the heart stood still");
        self.browser.start(request).await
    }
}

async fn until_it_has_ended(store: &MemoryStore, signals: &Signals, run: &Run) -> Run {
    loop {
        let progress = signals.progress().notified();
        let run = store.run(run.owner, run.id).await.unwrap().unwrap();
        if run.status.is_terminal() {
            return run;
        }
        progress.await;
    }
}

#[tokio::test]
async fn work_that_keeps_the_only_thread_busy_does_not_stop_them() {
    let store = Arc::new(MemoryStore::new());
    let browser = FakeBrowser::new();
    browser.page(SITE, Page::titled("Home").element("//a", Element::saying("a link")));
    let signals = Arc::new(Signals::default());
    let settings = EngineSettings {
        heartbeat: Duration::from_millis(20),
        heartbeat_thread: true,
        ..EngineSettings::default()
    };
    let engine = Engine::builder()
        .store(store.clone())
        .browser(Arc::new(Blocking { browser: browser.clone(), store: store.clone() }))
        .notifier(Arc::new(RecordingNotifier::new()))
        .artifacts(Arc::new(MemoryArtifacts::new()))
        .egress(names())
        .signals(Arc::clone(&signals))
        .settings(settings)
        .build()
        .unwrap();
    let flow = a_flow(an_owner());
    store.insert_flow(&flow).await.unwrap();
    let queued = a_queued_run(&flow, noon());
    store.insert_run(&queued).await.unwrap();
    let stop = CancellationToken::new();
    let watch = async {
        let ended = until_it_has_ended(&store, &signals, &queued.run);
        let ended = tokio::time::timeout(PATIENCE, ended).await.unwrap();
        stop.cancel();
        ended
    };
    let ((), ended) = tokio::join!(engine.run(stop.clone()), watch);
    assert_eq!((ended.status, ended.error), (RunStatus::Passed, None));
    assert_eq!((ended.attempt, browser.leaked()), (1, 0));
}
