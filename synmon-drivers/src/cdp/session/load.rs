//! Loading pages.

use serde_json::json;
use synmon_core::browser::BrowserError;
use tokio::time::timeout;
use url::Url;

use super::{
    CdpSession,
    calls::failure,
    limits,
    state::{Frame, Going, State},
};
use crate::{
    actor::{self, Failure},
    cdp::connection::CallError,
    cut::cut,
};

/// What the browser calls a navigation that has led to nothing, and one that came with nothing but
/// a status.
const ABORTED: &str = "net::ERR_ABORTED";
const STATUS_ALONE: &str = "net::ERR_HTTP_RESPONSE_CODE_FAILURE";

impl CdpSession {
    /// Opens an address in the tab.
    pub(super) async fn load_url(&mut self, url: &Url) -> Result<(), BrowserError> {
        self.here.leave_frames();
        let before = self.moves();
        let params = json!({ "url": url.as_str() });
        let answer = self.tab_call("Page.navigate", params, limits::LOAD).await;
        let answer = match answer {
            // It is no address that anything could be opened by.
            Err(Failure::Browser(BrowserError::Unexpected(why))) => {
                return Err(BrowserError::Navigation(why));
            }
            answer => answer?,
        };
        let code = answer["errorText"].as_str().filter(|code| !code.is_empty());
        match code {
            None if answer["loaderId"].is_null() => Ok(()),
            None | Some(STATUS_ALONE) => self.arrived().await,
            Some(ABORTED) => {
                // Either nothing came that could be shown, or the page goes elsewhere by itself.
                if self.moves() == before {
                    self.moved(before).await?;
                }
                self.still().await?;
                match self.outermost(|frame| frame.document.loader.clone()) {
                    Some(loader) if answer["loaderId"] == loader.as_str() => Ok(()),
                    _ => Err(self.nothing_came().await),
                }
            }
            Some(code) => {
                // So that a picture shows the browser's page about it. If that does not come, the
                // error is the same.
                let _ = timeout(limits::ERROR_PAGE, self.still()).await;
                Err(BrowserError::Navigation(code.to_owned()))
            }
        }
    }

    /// Why a navigation was given up. A page whose process has just ended does not answer; that is
    /// told a moment later than the end of the navigation.
    async fn nothing_came(&self) -> BrowserError {
        let params = json!({ "expression": "0" });
        match self.tab_call("Runtime.evaluate", params, limits::PROBE).await {
            Err(Failure::Browser(
                error @ (BrowserError::PageCrashed(_) | BrowserError::Crashed(_)),
            )) => error,
            _ => BrowserError::Navigation(
                "the server sent nothing to show: no content, or a download".to_owned(),
            ),
        }
    }

    /// Loads the page again.
    pub(super) async fn load_again(&mut self) -> Result<(), BrowserError> {
        self.here.leave_frames();
        let before = self.moves();
        self.tab_call("Page.reload", json!({}), limits::COMMAND).await?;
        self.moved(before).await?;
        self.arrived().await
    }

    /// Goes so many pages forward in the tab's history; nowhere if it has no such page.
    pub(super) async fn go(&mut self, distance: i64) -> Result<(), BrowserError> {
        self.here.leave_frames();
        let history =
            self.tab_call("Page.getNavigationHistory", json!({}), limits::COMMAND).await?;
        let wanted = history["currentIndex"].as_i64().unwrap_or_default() + distance;
        let entry = usize::try_from(wanted).ok().and_then(|at| history["entries"].get(at));
        // Before its first page a tab shows a blank one.
        if distance < 0
            && entry.is_none_or(|entry| wanted == 0 && entry["url"].as_str() == Some("about:blank"))
        {
            return Err(BrowserError::Navigation(actor::NOTHING_BEFORE.to_owned()));
        }
        let Some(entry) = entry.map(|entry| entry["id"].clone()) else {
            return Ok(());
        };
        let before = self.moves();
        let params = json!({ "entryId": entry });
        self.tab_call("Page.navigateToHistoryEntry", params, limits::COMMAND).await?;
        self.moved(before).await?;
        self.arrived().await
    }

    /// Waits until navigations that an input has begun have led to loaded pages.
    pub(super) async fn still(&self) -> Result<(), Failure> {
        loop {
            let wait = async {
                match timeout(limits::BEGIN, self.until_still()).await {
                    Ok(answer) => Some(answer),
                    Err(_) if self.only_asked() => None,
                    Err(_) => {
                        Some(timeout(limits::LOAD, self.until_still()).await.unwrap_or_else(|_| {
                            Err(Failure::Browser(BrowserError::Timeout(
                                "the page does not finish loading".to_owned(),
                            )))
                        }))
                    }
                }
            };
            match self.unless_flooded(wait).await? {
                Some(answer) => return answer,
                // Nothing came of what the page has asked for.
                None => self.shared().change(|state| {
                    for frame in state.frames.values_mut().filter(|f| f.going == Going::Asked) {
                        frame.going = Going::Nowhere;
                    }
                }),
            }
        }
    }

    /// Waits until the tab is still, and says if it then shows an error page.
    async fn arrived(&mut self) -> Result<(), BrowserError> {
        self.still().await?;
        let lost = self.outermost(|frame| {
            frame.document.unreachable.is_some() && frame.document.status.is_none()
        });
        if lost == Some(true) {
            let shown = actor::shown(self).await?;
            let why = shown.net_error().unwrap_or_else(|| "it can't be reached".to_owned());
            return Err(BrowserError::Navigation(why));
        }
        Ok(())
    }

    async fn until_still(&self) -> Result<(), Failure> {
        let (tab, here) = (&self.here.tab, self.here.frame());
        let session = self.tab_session()?;
        let wait = self.shared().until(|state| {
            if let Some(why) = self.over(state, &session) {
                return Some(Err(failure(why)));
            }
            let still = |id: &String| state.frames.get(id).is_none_or(Frame::is_still);
            (still(tab) && still(here)).then_some(Ok(()))
        });
        wait.await
    }

    /// Waits until the outermost frame has arrived somewhere, or stopped on the way.
    async fn moved(&self, before: u64) -> Result<(), Failure> {
        let session = self.tab_session()?;
        let wait = self.shared().until(|state| {
            if let Some(why) = self.over(state, &session) {
                return Some(Err(failure(why)));
            }
            let moves = state.frames.get(&self.here.tab).map_or(0, |frame| frame.moves);
            (moves != before).then_some(Ok(()))
        });
        let wait = timeout(limits::LOAD, wait);
        self.unless_flooded(wait).await?.unwrap_or(Err(Failure::Slow))
    }

    /// Why nothing more will come of the tab, if so.
    fn over(
        &self,
        state: &State,
        session: &crate::cdp::connection::SessionId,
    ) -> Option<CallError> {
        if let Some(why) = self.line().end() {
            Some(why)
        } else if self.line().has_crashed(session) {
            Some(CallError::Crashed)
        } else if state.tabs.iter().all(|tab| tab.session != *session) {
            Some(CallError::Gone)
        } else {
            None
        }
    }

    fn moves(&self) -> u64 {
        self.outermost(|frame| frame.moves).unwrap_or_default()
    }

    fn only_asked(&self) -> bool {
        let state = self.shared().state();
        [&self.here.tab, self.here.frame()]
            .into_iter()
            .filter_map(|id| state.frames.get(id))
            .all(|frame| frame.is_still() || (frame.going == Going::Asked && !frame.loading))
    }

    /// Something of the tab's outermost frame.
    pub(super) fn outermost<T>(&self, look: impl FnOnce(&Frame) -> T) -> Option<T> {
        self.shared().state().frames.get(&self.here.tab).map(look)
    }
}

/// The address that a tab was sent to, if it shows the browser's own page instead.
pub(super) fn unreachable(frame: &Frame) -> Option<String> {
    let address = frame.document.unreachable.as_deref()?;
    Some(cut(address, 2_048))
}
