//! A session: tabs that are driven for one run.

mod adjust;
mod health;
mod load;
mod picture;
mod place;
mod send;
mod tab;

use std::sync::Arc;

use async_trait::async_trait;
use synmon_core::{
    browser::{
        Activity, Adjustment, Attempt, BrowserError, DialogAnswer, Explanation, Health,
        Observation, PageState, Picture, Session, SessionRequest, Shot, Travel,
    },
    flow::BrowserKind,
    keys::Key,
    step::{Distance, FrameTarget, Gesture, Selector, TabTarget},
};
use url::{Origin, Url};

use crate::{
    ClosedPort, actor,
    cdp::{Cdp, emulation::Wishes},
    local::LocalDriver,
};

use super::{driver::Driver, wire::Wire};
use place::Place;

/// What a session is made of.
pub(super) struct Parts {
    pub(super) driver: Driver,
    /// The line past the driver, where there is one.
    pub(super) cdp: Option<Arc<Cdp>>,
    /// Where a local browser itself says that it lives.
    pub(super) debugger: Option<String>,
    /// Where it listens for that.
    pub(super) _debugger_port: Option<ClosedPort>,
    /// The driver's process, if it is on this machine.
    pub(super) process: Option<LocalDriver>,
    pub(super) kind: BrowserKind,
    pub(super) wire: Wire,
    /// Where an endpoint says that it lives.
    pub(super) status: Option<String>,
}

/// A browser that is driven.
pub(super) struct WebDriverSession {
    parts: Parts,
    version: String,
    place: Place,
    /// What the flow wants of the browser.
    wishes: Wishes,
    /// How dialogs are answered.
    answer: DialogAnswer,
    /// The site that was opened first.
    home: Option<Origin>,
    /// The texts of dialogs that were closed and not asked for yet, as the driver tells them: only
    /// without a line past the driver.
    dialogs: Vec<String>,
    /// Whether the driver said that the tab's process has ended.
    page_crashed: bool,
    /// Whether the driver has closed a dialog since input was last given.
    dialog_closed: bool,
    closed: bool,
}

impl WebDriverSession {
    pub(super) fn new(parts: Parts, request: &SessionRequest) -> Self {
        let said = |name| parts.driver.capability(name).and_then(|value| value.as_str());
        let version = format!(
            "{} {}",
            said("browserName").unwrap_or(parts.kind.as_str()),
            said("browserVersion").unwrap_or("of unknown version"),
        );
        Self {
            parts,
            version,
            place: Place::default(),
            wishes: Wishes::new(request.settings.clone()),
            answer: request.dialogs.clone(),
            home: None,
            dialogs: Vec::new(),
            page_crashed: false,
            dialog_closed: false,
            closed: false,
        }
    }

    pub(super) fn driver(&self) -> &Driver {
        &self.parts.driver
    }

    pub(super) fn set_cdp(&mut self, cdp: Option<Cdp>) {
        self.parts.cdp = cdp.map(Arc::new);
    }
}

#[async_trait]
impl Session for WebDriverSession {
    fn version(&self) -> &str {
        &self.version
    }

    fn id(&self) -> Option<&str> {
        self.parts.process.is_none().then(|| self.parts.driver.id())
    }

    async fn open(&mut self, url: &Url) -> Result<(), BrowserError> {
        self.load_url(url).await
    }

    async fn travel(&mut self, travel: Travel) -> Result<(), BrowserError> {
        self.load_again(travel).await
    }

    async fn observe(
        &mut self,
        selector: &Selector,
        attribute: Option<&str>,
    ) -> Result<Option<Observation>, BrowserError> {
        actor::observe(self, selector, attribute).await
    }

    async fn act(
        &mut self,
        selector: &Selector,
        gesture: &Gesture,
    ) -> Result<Attempt, BrowserError> {
        actor::act(self, selector, gesture).await
    }

    async fn scroll(&mut self, distance: Distance) -> Result<Attempt, BrowserError> {
        actor::scroll(self, distance).await
    }

    async fn press(
        &mut self,
        selector: Option<&Selector>,
        keys: &[Key],
    ) -> Result<Attempt, BrowserError> {
        actor::press(self, selector, keys).await
    }

    async fn switch_frame(&mut self, to: &FrameTarget) -> Result<Attempt, BrowserError> {
        self.go_to_frame(to).await
    }

    async fn switch_tab(&mut self, to: &TabTarget) -> Result<Attempt, BrowserError> {
        self.go_to_tab(to).await
    }

    async fn close_tab(&mut self) -> Result<Attempt, BrowserError> {
        self.close_present_tab().await
    }

    async fn adjust(&mut self, adjustment: &Adjustment) -> Result<(), BrowserError> {
        self.change(adjustment).await
    }

    async fn page(&mut self) -> Result<PageState, BrowserError> {
        let page = actor::page(self).await;
        self.heard(page).await
    }

    async fn screenshot(&mut self, shot: Shot<'_>) -> Result<Picture, BrowserError> {
        self.shoot(shot).await
    }

    async fn explain(&mut self, selector: &Selector) -> Result<Explanation, BrowserError> {
        actor::explain(self, selector).await
    }

    fn take_activity(&mut self) -> Activity {
        self.parts.cdp.as_ref().map(|cdp| cdp.take_activity()).unwrap_or_default()
    }

    fn take_dialogs(&mut self) -> Vec<String> {
        match &self.parts.cdp {
            Some(cdp) => cdp.take_dialogs(),
            None => std::mem::take(&mut self.dialogs),
        }
    }

    async fn interrupt(&mut self) {
        self.stop_page().await;
    }

    async fn probe(&mut self) -> Health {
        self.health().await
    }

    async fn close(mut self: Box<Self>) -> Result<(), BrowserError> {
        self.closed = true;
        match self.parts.process.take() {
            Some(process) => process.end().await.map_err(BrowserError::Unexpected),
            None => self.parts.driver.delete().await.map_err(BrowserError::from),
        }
    }
}

/// Whoever drops a session without closing it (a cancelled future, a panic) must not leave a
/// browser: a local one ends with its process, another one's end is handed to a task.
impl Drop for WebDriverSession {
    fn drop(&mut self) {
        if self.closed || self.parts.process.is_some() {
            return;
        }
        let driver = self.parts.driver.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = driver.delete().await {
                    tracing::warn!(?error, "a session that was dropped could not be ended");
                }
            });
        }
    }
}
