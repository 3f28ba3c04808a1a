//! Where steps act: which tab, and which frame in it.

use serde_json::{Value, json};
use synmon_core::{
    browser::{Attempt, BrowserError, Deed, NotReady},
    step::{FrameTarget, Selector, TabTarget},
};

use super::{
    super::{
        driver::{Command, limits},
        failure::Failure,
    },
    WebDriverSession,
};
use crate::{
    actor::{self, Where, ask, candidates},
    page::{self, Element},
};

/// Where steps act.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// The tabs in the order in which they were opened, as far as anybody has asked; the first is
    /// the one that the session began with.
    tabs: Vec<String>,
    /// The elements that lead into the frame, from the outermost one on, as the driver names them.
    frames: Vec<Value>,
    /// The document that the outermost of them is in.
    document: String,
    /// Whether the frame has been found to be gone.
    is_gone: bool,
}

impl Place {
    pub(super) fn is_outermost(&self) -> bool {
        self.frames.is_empty()
    }

    pub(super) fn is_gone(&self) -> bool {
        self.is_gone && !self.frames.is_empty()
    }

    /// For a while steps act in the outermost frame; what [`Place::restore`] needs.
    pub(super) fn leave(&mut self) -> (Vec<Value>, bool) {
        (std::mem::take(&mut self.frames), std::mem::take(&mut self.is_gone))
    }

    pub(super) fn restore(&mut self, (frames, is_gone): (Vec<Value>, bool)) {
        (self.frames, self.is_gone) = (frames, is_gone);
    }

    /// Steps act in the outermost frame again: a page was loaded.
    pub(super) fn reset(&mut self) {
        self.frames.clear();
        self.is_gone = false;
    }
}

impl WebDriverSession {
    pub(super) async fn go_to_frame(&mut self, to: &FrameTarget) -> Result<Attempt, BrowserError> {
        match to {
            FrameTarget::Main => self.go_out(0).await?,
            FrameTarget::Parent => self.go_out(self.place.frames.len().saturating_sub(1)).await?,
            FrameTarget::Element(selector) => return self.go_in(selector).await,
        }
        Ok(Attempt::Done(Deed::default()))
    }

    async fn go_in(&mut self, selector: &Selector) -> Result<Attempt, BrowserError> {
        let document = if self.place.is_outermost() {
            actor::shown(self).await?.document
        } else {
            self.place.document.clone()
        };
        let args = json!([candidates(selector)]);
        let element = match ask(self, Where::Here, &page::FRAME, args).await {
            Ok(Element::Here { element }) => element,
            Ok(Element::Invalid { why }) => return Err(BrowserError::SelectorInvalid(why)),
            Ok(Element::Refused { why }) => return Ok(Attempt::Refused(why)),
            Ok(Element::Missing | Element::Hidden) | Err(actor::Failure::NoFrame) => {
                return Ok(Attempt::NotReady(NotReady::NoSuchPlace));
            }
            Err(failure) => return Err(failure.into()),
        };
        match self.enter(&element).await {
            Ok(()) => {
                self.place.frames.push(element);
                self.place.document = document;
                Ok(Attempt::Done(Deed::default()))
            }
            Err(Failure::Stale | Failure::NoWindow) => Ok(Attempt::NotReady(NotReady::NoSuchPlace)),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Goes out of frames until `depth` of them are left.
    async fn go_out(&mut self, depth: usize) -> Result<(), BrowserError> {
        self.place.frames.truncate(depth);
        self.place.is_gone = false;
        match self.go_back_in().await {
            Err(actor::Failure::NoFrame) => Ok(()),
            answer => Ok(answer?),
        }
    }

    /// From wherever the driver is into the frame where steps act.
    pub(super) async fn go_back_in(&mut self) -> Result<(), actor::Failure> {
        self.enter(&Value::Null).await?;
        for element in self.place.frames.clone() {
            match self.enter(&element).await {
                Err(Failure::Stale | Failure::NoWindow) => {
                    self.place.is_gone = true;
                    return Err(actor::Failure::NoFrame);
                }
                answer => answer?,
            }
        }
        Ok(())
    }

    /// Into a frame of the present one; null is the outermost of all.
    pub(super) async fn enter(&mut self, element: &Value) -> Result<(), Failure> {
        let command = Command::post("frame", json!({ "id": element }));
        self.send(command, limits::COMMAND).await.map(drop)
    }

    /// The driver finds that its frame or its tab is gone. A page that is left takes its frames
    /// along, and steps go on in the new one; a tab that closes itself gives way to the one before.
    pub(super) async fn misplaced(&mut self) -> actor::Failure {
        match self.found_again().await {
            Ok(true) => actor::Failure::Left,
            Ok(false) => actor::Failure::NoFrame,
            Err(failure) => failure.into(),
        }
    }

    /// Whether there is a place again where steps can act.
    async fn found_again(&mut self) -> Result<bool, Failure> {
        match self.enter(&Value::Null).await {
            Err(Failure::NoWindow) => {}
            answer => {
                answer?;
                if self.place.is_outermost() {
                    return Ok(true);
                }
                let (path, source) = super::tab::wrapped(&page::PAGE);
                let body = json!({ "script": source, "args": [[]] });
                let shown = self.send(Command::post(path, body), limits::COMMAND).await?;
                if shown["document"].as_str() == Some(&*self.place.document) {
                    self.place.is_gone = true;
                    return Ok(false);
                }
                self.place.reset();
                return Ok(true);
            }
        }
        let known = self.place.tabs.clone();
        self.place.reset();
        let left = self.tabs().await?;
        // The one before it, or if nobody has counted them so far the newest.
        let next = known.iter().rev().find(|tab| left.contains(tab)).or(left.last());
        match next.cloned() {
            Some(tab) => self.enter_tab(&tab).await.map(|()| true),
            None => Err(Failure::NoWindow),
        }
    }

    /// The tabs in the order in which they were opened.
    async fn tabs(&mut self) -> Result<Vec<String>, Failure> {
        let handles = self.send(Command::get("window/handles"), limits::COMMAND).await?;
        let handles: Vec<String> = serde_json::from_value(handles).unwrap_or_default();
        self.place.tabs.retain(|tab| handles.contains(tab));
        for tab in handles {
            if !self.place.tabs.contains(&tab) {
                self.place.tabs.push(tab);
            }
        }
        Ok(self.place.tabs.clone())
    }

    /// The tab where steps act, known to be among those that are counted.
    async fn present(&mut self) -> Result<String, Failure> {
        let handle = self.send(Command::get("window"), limits::COMMAND).await?;
        let handle = handle.as_str().unwrap_or_default().to_owned();
        if self.place.tabs.is_empty() {
            self.place.tabs.push(handle.clone());
        }
        Ok(handle)
    }

    async fn enter_tab(&mut self, tab: &str) -> Result<(), Failure> {
        let command = Command::post("window", json!({ "handle": tab }));
        self.send(command, limits::COMMAND).await?;
        self.place.reset();
        self.adjust_tab().await
    }

    pub(super) async fn go_to_tab(&mut self, to: &TabTarget) -> Result<Attempt, BrowserError> {
        let done = Attempt::Done(Deed::default());
        let present = match self.present().await {
            Err(Failure::NoWindow) => None,
            present => Some(present?),
        };
        let tabs = self.tabs().await?;
        let wanted = match to {
            TabTarget::Number(number) => tabs.get(number.saturating_sub(1)),
            TabTarget::Newest => tabs.last().filter(|tab| Some(*tab) != present.as_ref()),
            TabTarget::Showing(text) => {
                return self.go_to_tab_showing(text, &tabs, present.as_deref()).await;
            }
        };
        let Some(wanted) = wanted else {
            return Ok(Attempt::NotReady(NotReady::NoSuchPlace));
        };
        self.enter_tab(wanted).await?;
        actor::Tab::bring_to_front(self).await;
        Ok(done)
    }

    async fn go_to_tab_showing(
        &mut self,
        text: &str,
        tabs: &[String],
        present: Option<&str>,
    ) -> Result<Attempt, BrowserError> {
        let (frames, document) = (self.place.frames.clone(), self.place.document.clone());
        for tab in tabs {
            self.enter_tab(tab).await?;
            let shown = actor::shown(self).await?;
            if shown.title.contains(text) || shown.url.contains(text) {
                actor::Tab::bring_to_front(self).await;
                return Ok(Attempt::Done(Deed::default()));
            }
        }
        if let Some(present) = present {
            self.enter_tab(present).await?;
            (self.place.frames, self.place.document) = (frames, document);
            // Should the frame be gone meanwhile, what is asked next says so.
            let _ = self.go_back_in().await;
        }
        Ok(Attempt::NotReady(NotReady::NoSuchPlace))
    }

    pub(super) async fn close_present_tab(&mut self) -> Result<Attempt, BrowserError> {
        let present = self.present().await?;
        let tabs = self.tabs().await?;
        if tabs.len() < 2 {
            return Ok(Attempt::Refused("it is the only tab".to_owned()));
        }
        let at = tabs.iter().position(|tab| *tab == present).unwrap_or(1);
        let next = if at == 0 { &tabs[1] } else { &tabs[at - 1] };
        self.send(Command::delete("window"), limits::COMMAND).await?;
        self.place.tabs.retain(|tab| *tab != present);
        self.enter_tab(next).await?;
        actor::Tab::bring_to_front(self).await;
        Ok(Attempt::Done(Deed::default()))
    }
}
