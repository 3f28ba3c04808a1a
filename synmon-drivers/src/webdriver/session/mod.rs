//! A session: one tab, driven for one run.

mod act;
mod answer;
mod ask;
mod evidence;
mod health;
mod keys;
mod load;
mod script;

use std::sync::Arc;

use async_trait::async_trait;
use synmon_core::{
    browser::{Attempt, BrowserError, Health, Observation, PageState, Picture, Session},
    flow::BrowserKind,
    keys::Key,
    step::{Gesture, Selector},
};
use url::Url;

use crate::{cdp::Cdp, local::LocalDriver};

use super::{driver::Driver, wire::Wire};

/// What a session is made of.
pub(super) struct Parts {
    pub(super) driver: Driver,
    /// The line past the driver, where there is one.
    pub(super) cdp: Option<Arc<Cdp>>,
    /// Where a local browser itself says that it lives.
    pub(super) debugger: Option<String>,
    /// The driver's process, if it is on this machine.
    pub(super) process: Option<LocalDriver>,
    pub(super) kind: BrowserKind,
    pub(super) wire: Wire,
    /// Where an endpoint says that it lives.
    pub(super) status: Option<String>,
}

/// A browser with one tab.
pub(super) struct WebDriverSession {
    parts: Parts,
    version: String,
    /// The texts of dialogs that were closed and not asked for yet, as the driver tells them: only
    /// without a line past the driver.
    dialogs: Vec<String>,
    /// Whether the driver said that the tab's process has ended.
    page_crashed: bool,
    /// How many dialogs the driver has closed.
    dialogs_closed: usize,
    closed: bool,
}

impl WebDriverSession {
    pub(super) fn new(parts: Parts) -> Self {
        let said = |name| parts.driver.capability(name).and_then(|value| value.as_str());
        let version = format!(
            "{} {}",
            said("browserName").unwrap_or(parts.kind.as_str()),
            said("browserVersion").unwrap_or("of unknown version"),
        );
        Self {
            parts,
            version,
            dialogs: Vec::new(),
            page_crashed: false,
            dialogs_closed: 0,
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

    async fn open(&mut self, url: &Url) -> Result<(), BrowserError> {
        self.load_url(url).await
    }

    async fn back(&mut self) -> Result<(), BrowserError> {
        self.load_again("back").await
    }

    async fn reload(&mut self) -> Result<(), BrowserError> {
        self.load_again("refresh").await
    }

    async fn observe(&mut self, selector: &Selector) -> Result<Option<Observation>, BrowserError> {
        self.look(selector).await
    }

    async fn act(
        &mut self,
        selector: &Selector,
        gesture: &Gesture,
    ) -> Result<Attempt, BrowserError> {
        self.make(selector, gesture).await
    }

    async fn press(
        &mut self,
        selector: Option<&Selector>,
        keys: &[Key],
    ) -> Result<Attempt, BrowserError> {
        self.press_keys(selector, keys).await
    }

    async fn page(&mut self) -> Result<PageState, BrowserError> {
        self.page_state().await
    }

    async fn screenshot(&mut self) -> Result<Picture, BrowserError> {
        self.picture().await
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
