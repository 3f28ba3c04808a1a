//! A session whose browser goes through the guard: what the browser can't tell of its proxy's
//! answers, the guard adds.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use synmon_core::{
    browser::{
        Activity, Adjustment, Attempt, BrowserError, Exchange, Explanation, Health, Observation,
        PageState, Picture, Session, Shot, Travel,
    },
    keys::Key,
    step::{Distance, FrameTarget, Gesture, Selector, TabTarget},
};
use url::Url;

use super::{EgressGuard, memory::Trouble};

/// How browsers say that the guard itself can't be reached.
const NO_GUARD: [&str; 2] = ["ERR_PROXY_CONNECTION_FAILED", "proxyConnectFailure"];
/// The status of the guard's own page.
const REFUSED: u16 = 403;

/// A session behind the guard.
pub(super) struct GuardedSession {
    session: Box<dyn Session>,
    guard: Arc<EgressGuard>,
    /// What the guard learned before is about other runs' requests.
    begun: Instant,
}

impl GuardedSession {
    pub(super) fn new(session: Box<dyn Session>, guard: Arc<EgressGuard>) -> Self {
        Self { session, guard, begun: Instant::now() }
    }

    /// What an opened page is really: the guard's own page opens like any other.
    async fn opened(&mut self, answer: Result<(), BrowserError>) -> Result<(), BrowserError> {
        match answer {
            Ok(()) if self.guard.memory().any_since(self.begun) => {
                match self.page().await?.blocked {
                    Some(why) => Err(BrowserError::Blocked(why)),
                    None => Ok(()),
                }
            }
            answer => self.explained(answer).await,
        }
    }

    /// Why a page did not come, in the words that the browser would have without a proxy.
    async fn explained<T>(&mut self, answer: Result<T, BrowserError>) -> Result<T, BrowserError> {
        let Err(BrowserError::Navigation(reason)) = answer else { return answer };
        if NO_GUARD.iter().any(|sign| reason.contains(sign)) {
            let why = "the egress guard, which all browsers go through, does not answer";
            return Err(BrowserError::Unavailable(why.to_owned()));
        }
        if !self.guard.memory().any_since(self.begun) {
            return Err(BrowserError::Navigation(reason));
        }
        // The address that failed: a redirect may have led there.
        let place = self.session.page().await.ok().and_then(|page| Url::parse(&page.url).ok());
        Err(match place.and_then(|url| self.trouble(&url)) {
            Some(Trouble::Blocked(why)) => BrowserError::Blocked(why),
            Some(Trouble::Failed { code, .. }) => BrowserError::Navigation(code.to_owned()),
            None => BrowserError::Navigation(reason),
        })
    }

    fn trouble(&self, url: &Url) -> Option<Trouble> {
        self.guard.memory().trouble(url, self.begun)
    }

    /// A request's fate, without the proxy in between.
    fn unveiled(&self, exchange: &mut Exchange) {
        let Ok(url) = Url::parse(&exchange.url) else { return };
        let own = self.guard.address().to_string();
        if exchange.remote_address.as_ref() == Some(&own) {
            exchange.remote_address =
                self.guard.memory().address(&url).map(|address| address.to_string());
        }
        let is_ours = exchange.failure.is_some()
            || (url.scheme() == "http" && exchange.status == Some(REFUSED));
        if !is_ours {
            return;
        }
        match self.trouble(&url) {
            Some(Trouble::Blocked(why)) => {
                exchange.failure = Some(format!("blocked: {why}"));
                exchange.status = None;
                exchange.remote_address = None;
            }
            Some(Trouble::Failed { code, .. }) if exchange.failure.is_some() => {
                exchange.failure = Some(code.to_owned());
            }
            _ => {}
        }
    }
}

#[async_trait]
impl Session for GuardedSession {
    fn version(&self) -> &str {
        self.session.version()
    }

    fn id(&self) -> Option<&str> {
        self.session.id()
    }

    fn conceals(&self) -> bool {
        self.session.conceals()
    }

    async fn open(&mut self, url: &Url) -> Result<(), BrowserError> {
        let answer = self.session.open(url).await;
        self.opened(answer).await
    }

    async fn travel(&mut self, travel: Travel) -> Result<(), BrowserError> {
        let answer = self.session.travel(travel).await;
        self.opened(answer).await
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
        let answer = self.session.act(selector, gesture).await;
        self.explained(answer).await
    }

    async fn scroll(&mut self, distance: Distance) -> Result<Attempt, BrowserError> {
        self.session.scroll(distance).await
    }

    async fn press(
        &mut self,
        selector: Option<&Selector>,
        keys: &[Key],
    ) -> Result<Attempt, BrowserError> {
        let answer = self.session.press(selector, keys).await;
        self.explained(answer).await
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
        let mut page = self.session.page().await?;
        if !self.guard.memory().any_since(self.begun) {
            return Ok(page);
        }
        let Ok(url) = Url::parse(&page.url) else { return Ok(page) };
        let may_be_ours =
            page.error_page || (url.scheme() == "http" && page.http_status == Some(REFUSED));
        if may_be_ours && let Some(Trouble::Blocked(why)) = self.trouble(&url) {
            page.blocked = Some(why);
            page.error_page = true;
            page.http_status = None;
        }
        Ok(page)
    }

    async fn screenshot(&mut self, shot: Shot<'_>) -> Result<Picture, BrowserError> {
        self.session.screenshot(shot).await
    }

    async fn explain(&mut self, selector: &Selector) -> Result<Explanation, BrowserError> {
        self.session.explain(selector).await
    }

    fn take_activity(&mut self) -> Activity {
        let mut activity = self.session.take_activity();
        activity.requests.iter_mut().for_each(|exchange| self.unveiled(exchange));
        activity
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
        self.session.close().await
    }
}
