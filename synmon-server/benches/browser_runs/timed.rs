//! A browser and a folder of pictures that say how long they were asked for what.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use synmon_core::{
    artifact::{ArtifactError, ArtifactKey, ArtifactPrefix, Artifacts, OpenArtifact},
    browser::{
        Activity, Adjustment, Attempt, Browser, BrowserError, Capability, Explanation, Health,
        Observation, PageState, Picture, Session, SessionRequest, Shot, Travel,
    },
    flow::BrowserKind,
    keys::Key,
    step::{Distance, FrameTarget, Gesture, Selector, TabTarget},
};
use tokio::sync::watch;
use url::Url;

/// How often something was asked for, and how long that took in all.
type Calls = BTreeMap<&'static str, (u32, Duration)>;

/// The times since somebody has looked, and how many sessions there are.
pub(crate) struct Times {
    calls: Mutex<Calls>,
    sessions: watch::Sender<usize>,
}

impl Times {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { calls: Mutex::default(), sessions: watch::Sender::new(0) })
    }

    /// What was noted since this was last asked: milliseconds and counts by name.
    pub(crate) fn take(&self) -> Value {
        let calls = std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner));
        calls
            .into_iter()
            .map(|(name, (count, time))| {
                (name.to_owned(), json!({ "count": count, "ms": time.as_secs_f64() * 1e3 }))
            })
            .collect()
    }

    /// Waits until every session is closed: the verdict does not wait for that.
    pub(crate) async fn all_closed(&self) {
        // The sender is here, so that it can't be gone.
        let _ = self.sessions.subscribe().wait_for(|sessions| *sessions == 0).await;
    }

    async fn note<T>(&self, name: &'static str, call: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let answer = call.await;
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, time) = calls.entry(name).or_default();
        *count += 1;
        *time += begun.elapsed();
        answer
    }
}

/// A browser whose calls are noted.
pub(crate) struct TimedBrowser {
    pub(crate) browser: Arc<dyn Browser>,
    pub(crate) times: Arc<Times>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Browser for TimedBrowser {
    fn kinds(&self) -> &[BrowserKind] {
        self.browser.kinds()
    }

    fn lacks(&self, kind: BrowserKind) -> &[Capability] {
        self.browser.lacks(kind)
    }

    async fn ready(&self) -> Result<(), String> {
        self.browser.ready().await
    }

    async fn start(&self, request: &SessionRequest) -> Result<Box<dyn Session>, BrowserError> {
        let session = self.times.note("start", self.browser.start(request)).await?;
        Ok(Box::new(TimedSession { session, open: Open::new(&self.times) }))
    }

    fn is_shared(&self) -> bool {
        self.browser.is_shared()
    }

    async fn end_forgotten(&self, tag: &str, id: Option<&str>) -> Result<(), BrowserError> {
        self.browser.end_forgotten(tag, id).await
    }

    async fn shut_down(&self) {
        self.browser.shut_down().await;
    }
}

/// Counts a session for as long as there is one, however it goes away.
struct Open(Arc<Times>);

impl Open {
    fn new(times: &Arc<Times>) -> Self {
        times.sessions.send_modify(|sessions| *sessions += 1);
        Self(Arc::clone(times))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.sessions.send_modify(|sessions| *sessions -= 1);
    }
}

struct TimedSession {
    session: Box<dyn Session>,
    open: Open,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Session for TimedSession {
    fn version(&self) -> &str {
        self.session.version()
    }

    fn id(&self) -> Option<&str> {
        self.session.id()
    }

    async fn open(&mut self, url: &Url) -> Result<(), BrowserError> {
        self.open.0.note("open", self.session.open(url)).await
    }

    async fn travel(&mut self, travel: Travel) -> Result<(), BrowserError> {
        self.session.travel(travel).await
    }

    async fn observe(
        &mut self,
        selector: &Selector,
        attribute: Option<&str>,
    ) -> Result<Option<Observation>, BrowserError> {
        self.session.observe(selector, attribute).await
    }

    async fn act(
        &mut self,
        selector: &Selector,
        gesture: &Gesture,
    ) -> Result<Attempt, BrowserError> {
        let name = if matches!(gesture, Gesture::Type { .. }) { "type" } else { "click" };
        self.open.0.note(name, self.session.act(selector, gesture)).await
    }

    async fn scroll(&mut self, distance: Distance) -> Result<Attempt, BrowserError> {
        self.session.scroll(distance).await
    }

    async fn press(
        &mut self,
        selector: Option<&Selector>,
        keys: &[Key],
    ) -> Result<Attempt, BrowserError> {
        self.session.press(selector, keys).await
    }

    async fn switch_frame(&mut self, to: &FrameTarget) -> Result<Attempt, BrowserError> {
        self.session.switch_frame(to).await
    }

    async fn switch_tab(&mut self, to: &TabTarget) -> Result<Attempt, BrowserError> {
        self.session.switch_tab(to).await
    }

    async fn close_tab(&mut self) -> Result<Attempt, BrowserError> {
        self.session.close_tab().await
    }

    async fn adjust(&mut self, adjustment: &Adjustment) -> Result<(), BrowserError> {
        self.session.adjust(adjustment).await
    }

    async fn page(&mut self) -> Result<PageState, BrowserError> {
        self.open.0.note("page", self.session.page()).await
    }

    async fn screenshot(&mut self, shot: Shot<'_>) -> Result<Picture, BrowserError> {
        self.open.0.note("picture", self.session.screenshot(shot)).await
    }

    fn conceals(&self) -> bool {
        self.session.conceals()
    }

    async fn explain(&mut self, selector: &Selector) -> Result<Explanation, BrowserError> {
        self.session.explain(selector).await
    }

    fn take_activity(&mut self) -> Activity {
        self.session.take_activity()
    }

    fn take_dialogs(&mut self) -> Vec<String> {
        self.session.take_dialogs()
    }

    async fn interrupt(&mut self) {
        self.session.interrupt().await;
    }

    async fn probe(&mut self) -> Health {
        self.session.probe().await
    }

    async fn close(self: Box<Self>) -> Result<(), BrowserError> {
        let Self { session, open } = *self;
        open.0.note("close", session.close()).await
    }
}

/// A folder of pictures whose writing is noted.
pub(crate) struct TimedArtifacts<A> {
    pub(crate) artifacts: A,
    pub(crate) times: Arc<Times>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: Artifacts> Artifacts for TimedArtifacts<A> {
    async fn put(&self, key: &ArtifactKey, bytes: Bytes) -> Result<(), ArtifactError> {
        self.times.note("write", self.artifacts.put(key, bytes)).await
    }

    async fn get(&self, key: &ArtifactKey) -> Result<Option<Bytes>, ArtifactError> {
        self.artifacts.get(key).await
    }

    async fn open(&self, key: &ArtifactKey) -> Result<Option<OpenArtifact>, ArtifactError> {
        self.artifacts.open(key).await
    }

    async fn remove(&self, key: &ArtifactKey) -> Result<(), ArtifactError> {
        self.artifacts.remove(key).await
    }

    async fn remove_all(&self, prefix: &ArtifactPrefix) -> Result<(), ArtifactError> {
        self.artifacts.remove_all(prefix).await
    }
}
