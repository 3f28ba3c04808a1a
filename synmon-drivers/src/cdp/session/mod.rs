//! A session: the tabs of one browser context, driven for one run.

mod adjust;
mod calls;
mod conceal;
mod drag;
mod events;
mod health;
mod input;
mod keyboard;
mod limits;
mod load;
mod picture;
mod place;
mod setup;
mod shared;
mod state;
mod tab;
mod tabs;

use std::sync::Arc;

use async_trait::async_trait;
use synmon_core::{
    browser::{
        Activity, Adjustment, Attempt, BrowserError, Explanation, Health, Observation, PageState,
        Picture, Session, SessionRequest, Shot, Travel,
    },
    keys::{self, Key},
    step::{Distance, FrameTarget, Gesture, Selector, TabTarget},
};
use url::Url;

use super::{connection::Line, emulation::Wishes, pool::Context};
use crate::actor;

pub(super) use events::Watcher;
pub(super) use limits::PREPARE;
use place::{Here, Spot};
use setup::tab as set_up;
pub(super) use shared::Shared;
pub(super) use state::State;
pub(super) use tabs::{attach, welcome};

/// Contexts do not part what is copied: it would come from, or go to, another owner's run.
const NO_CLIPBOARD: &str = "pasting by keys: others share this browser, and its clipboard with it";

/// A browser context with its tabs.
pub(super) struct CdpSession {
    context: Context,
    here: Here,
    wishes: Wishes,
    /// Where the mouse is, in the tab's viewport, and whether its button is down.
    pointer: Spot,
    pressed: bool,
}

impl CdpSession {
    /// A session in a context, as the run wants it.
    pub(super) async fn begin_run(
        context: Context,
        request: &SessionRequest,
    ) -> Result<Self, BrowserError> {
        let tab = context.shared.state().tabs.first().map(|tab| tab.id.clone()).unwrap_or_default();
        let mut wishes = Wishes::new(request.settings.clone());
        wishes.set_version(context.major_version());
        if context.has_window() {
            wishes.insist_on_viewport();
        }
        let pointer = Spot { x: 0.0, y: 0.0, scale: 1.0, covered: None };
        let mut this = Self { context, here: Here::tab(tab, 0), wishes, pointer, pressed: false };
        this.prepare(&request.settings, &request.dialogs).await?;
        Ok(this)
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.context.shared
    }

    fn line(&self) -> &Line {
        self.context.line()
    }
}

#[async_trait]
impl Session for CdpSession {
    fn version(&self) -> &str {
        self.context.version()
    }

    async fn open(&mut self, url: &Url) -> Result<(), BrowserError> {
        self.begin();
        self.trust(url);
        self.load_url(url).await
    }

    async fn travel(&mut self, travel: Travel) -> Result<(), BrowserError> {
        self.begin();
        match travel {
            Travel::Back => self.go(-1).await,
            Travel::Forward => self.go(1).await,
            Travel::Reload => self.load_again().await,
        }
    }

    async fn observe(
        &mut self,
        selector: &Selector,
        attribute: Option<&str>,
    ) -> Result<Option<Observation>, BrowserError> {
        self.begin();
        actor::observe(self, selector, attribute).await
    }

    async fn act(
        &mut self,
        selector: &Selector,
        gesture: &Gesture,
    ) -> Result<Attempt, BrowserError> {
        self.begin();
        actor::act(self, selector, gesture).await
    }

    async fn scroll(&mut self, distance: Distance) -> Result<Attempt, BrowserError> {
        self.begin();
        actor::scroll(self, distance).await
    }

    async fn press(
        &mut self,
        selector: Option<&Selector>,
        keys: &[Key],
    ) -> Result<Attempt, BrowserError> {
        self.begin();
        if keys::pastes(keys) && !self.context.has_clipboard() {
            return Err(BrowserError::Unsupported(NO_CLIPBOARD.to_owned()));
        }
        actor::press(self, selector, keys).await
    }

    async fn switch_frame(&mut self, to: &FrameTarget) -> Result<Attempt, BrowserError> {
        self.begin();
        self.go_to_frame(to).await
    }

    async fn switch_tab(&mut self, to: &TabTarget) -> Result<Attempt, BrowserError> {
        self.begin();
        self.go_to_tab(to).await
    }

    async fn close_tab(&mut self) -> Result<Attempt, BrowserError> {
        self.begin();
        self.close_present_tab().await
    }

    async fn adjust(&mut self, adjustment: &Adjustment) -> Result<(), BrowserError> {
        self.begin();
        self.change(adjustment).await
    }

    async fn page(&mut self) -> Result<PageState, BrowserError> {
        self.begin();
        actor::page(self).await
    }

    async fn screenshot(&mut self, shot: Shot<'_>) -> Result<Picture, BrowserError> {
        self.begin();
        self.picture(shot).await
    }

    fn conceals(&self) -> bool {
        true
    }

    async fn explain(&mut self, selector: &Selector) -> Result<Explanation, BrowserError> {
        self.begin();
        actor::explain(self, selector).await
    }

    fn take_activity(&mut self) -> Activity {
        self.shared().state().activity.take()
    }

    fn take_dialogs(&mut self) -> Vec<String> {
        self.shared().state().dialogs.take()
    }

    async fn interrupt(&mut self) {
        self.stop_page().await;
    }

    async fn probe(&mut self) -> Health {
        self.begin();
        self.health().await
    }

    async fn close(self: Box<Self>) -> Result<(), BrowserError> {
        let Self { context, .. } = *self;
        context.end().await.map_err(BrowserError::Unexpected)
    }
}
