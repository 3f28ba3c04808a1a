//! A session whose browser goes through the guard: what the browser can't tell of its proxy's
//! answers, the guard adds.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use synmon_core::{
    browser::{
        Activity, Adjustment, Attempt, BrowserError, Explanation, Health, Observation, PageState,
        Picture, Session, Shot, Travel,
    },
    keys::Key,
    step::{Distance, FrameTarget, Gesture, Selector, TabTarget},
};
use url::Url;

use super::{
    memory::Trouble,
    witness::{Witness, refused},
};
use crate::guard_page;

/// A session behind the guard.
pub(super) struct GuardedSession {
    session: Box<dyn Session>,
    guard: Arc<dyn Witness>,
    /// What the guard learned before is about other runs' requests.
    begun: Instant,
    /// The last page that the guard was asked about, as address and document, and what it said.
    known: Option<(String, String, Option<Trouble>)>,
}

impl GuardedSession {
    pub(super) fn new(session: Box<dyn Session>, guard: Arc<dyn Witness>) -> Self {
        Self { session, guard, begun: Instant::now(), known: None }
    }

    /// What an opened page is really: the guard's own page opens like any other.
    async fn opened(&mut self, answer: Result<(), BrowserError>) -> Result<(), BrowserError> {
        match answer {
            Ok(()) if self.guard.may_know(self.begun) => match self.page().await?.blocked {
                Some(why) => Err(BrowserError::Blocked(why)),
                None => Ok(()),
            },
            answer => self.explained(answer).await,
        }
    }

    /// Why a page did not come, in the words that the browser would have without a proxy.
    async fn explained<T>(&mut self, answer: Result<T, BrowserError>) -> Result<T, BrowserError> {
        let Err(BrowserError::Navigation(reason)) = answer else { return answer };
        if guard_page::is_out_of_reach(&reason) {
            return Err(out_of_reach());
        }
        if !self.guard.may_know(self.begun) {
            return Err(BrowserError::Navigation(reason));
        }
        // The address that failed: a redirect may have led there.
        let trouble = match self.session.page().await {
            Ok(page) => self.trouble_of(&page).await,
            Err(_) => None,
        };
        Err(match trouble {
            Some(Trouble::Blocked(why)) => BrowserError::Blocked(why),
            Some(Trouble::Failed { code, .. }) => BrowserError::Navigation(code.to_owned()),
            None => BrowserError::Navigation(reason),
        })
    }

    /// Why this page is not the site's, if so. A page is asked about once.
    async fn trouble_of(&mut self, page: &PageState) -> Option<Trouble> {
        if let Some((url, document, trouble)) = &self.known
            && (url, document) == (&page.url, &page.document)
        {
            return trouble.clone();
        }
        let trouble = self.guard.trouble(&Url::parse(&page.url).ok()?, self.begun).await;
        self.known = Some((page.url.clone(), page.document.clone(), trouble.clone()));
        trouble
    }
}

/// Ours, never the site's.
fn out_of_reach() -> BrowserError {
    BrowserError::Unavailable(guard_page::NO_ANSWER.to_owned())
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
        if page.net_error.as_deref().is_some_and(guard_page::is_out_of_reach) {
            return Err(out_of_reach());
        }
        let may_be_ours =
            page.error_page || (page.url.starts_with("http:") && refused(page.http_status));
        if !may_be_ours || !self.guard.may_know(self.begun) {
            return Ok(page);
        }
        match self.trouble_of(&page).await {
            Some(Trouble::Blocked(why)) => {
                page.blocked = Some(why);
                page.error_page = true;
                page.http_status = None;
            }
            Some(Trouble::Failed { code, .. }) if page.error_page => {
                page.net_error = Some(code.to_owned());
            }
            _ => {}
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
        activity.requests.iter_mut().for_each(|exchange| self.guard.unveil(exchange, self.begun));
        activity
    }

    fn take_dialogs(&mut self) -> Vec<String> {
        self.session.take_dialogs()
    }

    async fn interrupt(&mut self) {
        self.session.interrupt().await;
    }

    async fn probe(&mut self) -> Health {
        let (health, lost) = tokio::join!(self.session.probe(), self.guard.lost(self.begun));
        match (health, lost) {
            (Health::Alive | Health::PageCrashed { .. }, Some(why)) => Health::Lost { why },
            (health, _) => health,
        }
    }

    async fn close(self: Box<Self>) -> Result<(), BrowserError> {
        self.session.close().await
    }
}
