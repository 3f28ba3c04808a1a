//! Where steps act: which tab, and which frame in it.

use serde_json::{Value, json};
use synmon_core::{
    browser::{Attempt, BrowserError, Deed, NotReady},
    step::{FrameTarget, Selector, TabTarget},
};
use tokio::time::timeout;

use super::{CdpSession, limits, state::FrameId};
use crate::{
    actor::{self, Failure, candidates},
    cdp::connection::SessionId,
    page::{self, Element},
};

/// Where steps act.
#[derive(Debug, Default)]
pub(super) struct Here {
    pub(super) tab: FrameId,
    /// Where the tab is among all tabs.
    at: usize,
    /// The frames that lead to where steps act, from the outermost one's on.
    frames: Vec<Inner>,
    /// The outermost document when the first of them was gone into.
    document: String,
}

/// A frame, and the element that shows it.
#[derive(Clone, Debug)]
struct Inner {
    frame: FrameId,
    /// The element, as the session of the frame around it calls it.
    owner: String,
    session: SessionId,
}

impl Here {
    /// The outermost frame of a tab.
    pub(super) fn tab(tab: FrameId, at: usize) -> Self {
        Self { tab, at, frames: Vec::new(), document: String::new() }
    }

    pub(super) fn frame(&self) -> &FrameId {
        self.frames.last().map_or(&self.tab, |inner| &inner.frame)
    }

    pub(super) fn is_outermost(&self) -> bool {
        self.frames.is_empty()
    }

    pub(super) fn leave_frames(&mut self) {
        self.frames.clear();
    }
}

/// Where the document of a frame lies in the one around it: its origin, and how much it is scaled;
/// and what would get an event at a point of it instead of it.
const LIES: &str = r"function(x, y) {
  const box = this.getBoundingClientRect();
  const scale = this.offsetWidth ? box.width / this.offsetWidth : 1;
  const style = getComputedStyle(this);
  const left = box.left + (this.clientLeft + parseFloat(style.paddingLeft)) * scale;
  const top = box.top + (this.clientTop + parseFloat(style.paddingTop)) * scale;
  const answer = { x: left + x * scale, y: top + y * scale, scale, by: null };
  let hit = document.elementFromPoint(answer.x, answer.y);
  while (hit?.shadowRoot) {
    const inner = hit.shadowRoot.elementFromPoint(answer.x, answer.y);
    if (!inner || inner === hit) break;
    hit = inner;
  }
  if (hit !== this) {
    const by = hit ? hit.localName + (hit.id ? '#' + hit.id : '') : '';
    answer.by = by.length > 80 ? by.slice(0, 79) + '…' : by;
  }
  return answer;
}";

/// A point of a frame's viewport in its tab's viewport.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) scale: f64,
    /// What is in front of it; nothing of a name where the point is out of view.
    pub(super) covered: Option<String>,
}

impl CdpSession {
    /// A call begins: dialogs are counted from here on; a tab that is gone gives way to the one
    /// before, and a frame that its page has taken along to the tab's outermost one.
    pub(super) fn begin(&mut self) {
        let mut state = self.context.shared.state();
        state.dialog_run = 0;
        state.flooded = None;
        let here = &mut self.here;
        match state.tabs.iter().position(|tab| tab.id == here.tab) {
            Some(at) => here.at = at,
            None if state.tabs.is_empty() => {}
            None => {
                let at = here.at.saturating_sub(1).min(state.tabs.len() - 1);
                *here = Here::tab(state.tabs[at].id.clone(), at);
            }
        }
        let left = |tab: &FrameId, document: &String| {
            state.frames.get(tab).is_some_and(|frame| frame.document.loader != *document)
        };
        if !here.is_outermost() && left(&here.tab, &here.document) {
            here.leave_frames();
        }
    }

    /// The frame where steps act is not there: its page may have taken it along.
    pub(super) fn misplaced(&mut self) -> Failure {
        let was_outermost = self.here.is_outermost();
        self.begin();
        if !was_outermost && self.here.is_outermost() { Failure::Left } else { Failure::NoFrame }
    }

    pub(super) async fn go_to_frame(&mut self, to: &FrameTarget) -> Result<Attempt, BrowserError> {
        match to {
            FrameTarget::Main => self.here.leave_frames(),
            FrameTarget::Parent => {
                self.here.frames.pop();
            }
            FrameTarget::Element(selector) => return self.go_in(selector).await,
        }
        Ok(Attempt::Done(Deed::default()))
    }

    async fn go_in(&mut self, selector: &Selector) -> Result<Attempt, BrowserError> {
        let nowhere = Ok(Attempt::NotReady(NotReady::NoSuchPlace));
        let found = match self.owner(selector).await {
            Ok(found) => found,
            Err(Failure::Left | Failure::NoFrame) => return nowhere,
            Err(failure) => return Err(failure.into()),
        };
        let (session, owner) = match found {
            Ok(found) => found,
            Err(Element::Invalid { why }) => return Err(BrowserError::SelectorInvalid(why)),
            Err(Element::Refused { why }) => return Ok(Attempt::Refused(why)),
            Err(_) => return nowhere,
        };
        let params = json!({ "objectId": owner });
        let told = match self.call(&session, "DOM.describeNode", params, limits::COMMAND).await {
            Ok(told) => told,
            Err(Failure::Browser(
                error @ (BrowserError::Crashed(_) | BrowserError::PageCrashed(_)),
            )) => return Err(error),
            Err(_) => return nowhere,
        };
        let frame =
            told.pointer("/node/frameId").or_else(|| told.pointer("/node/contentDocument/frameId"));
        let Some(frame) = frame.and_then(Value::as_str).map(str::to_owned) else {
            return nowhere;
        };
        if self.here.is_outermost() {
            self.here.document =
                self.outermost(|frame| frame.document.loader.clone()).unwrap_or_default();
        }
        self.here.frames.push(Inner { frame, owner, session });
        Ok(Attempt::Done(Deed::default()))
    }

    /// The element that shows a frame.
    async fn owner(
        &self,
        selector: &Selector,
    ) -> Result<Result<(SessionId, String), Element>, Failure> {
        let source = format!(
            "function(args) {{ const answer = ({})(args);
             return answer.state === 'here' ? answer.element : JSON.stringify(answer) }}",
            page::FRAME.source
        );
        let args = json!([candidates(selector)]);
        let (session, result) = self.evaluate(self.here.frame(), &source, args, false).await?;
        if let Some(object) = result["objectId"].as_str() {
            return Ok(Ok((session, object.to_owned())));
        }
        let answer = result["value"].as_str().unwrap_or_default();
        serde_json::from_str(answer).map(Err).map_err(|_| Failure::Script("no answer".to_owned()))
    }

    /// Where a point of the frame where steps act is in the tab's viewport.
    pub(super) async fn spot(&self, x: f64, y: f64) -> Result<Spot, Failure> {
        let mut spot = Spot { x, y, scale: 1.0, covered: None };
        for inner in self.here.frames.iter().rev() {
            let params = json!({
                "objectId": inner.owner, "functionDeclaration": LIES, "returnByValue": true,
                "arguments": [{ "value": spot.x }, { "value": spot.y }],
            });
            let told = self
                .call(&inner.session, "Runtime.callFunctionOn", params, limits::COMMAND)
                .await
                .map_err(|failure| match failure {
                    Failure::Browser(BrowserError::Unexpected(_)) => Failure::NoFrame,
                    other => other,
                })?;
            let value = &told["result"]["value"];
            let number = |name: &str| value[name].as_f64().unwrap_or_default();
            spot.x = number("x");
            spot.y = number("y");
            spot.scale *= number("scale");
            spot.covered = spot.covered.or_else(|| value["by"].as_str().map(str::to_owned));
        }
        Ok(spot)
    }

    pub(super) async fn go_to_tab(&mut self, to: &TabTarget) -> Result<Attempt, BrowserError> {
        let nowhere = Ok(Attempt::NotReady(NotReady::NoSuchPlace));
        let tabs: Vec<FrameId> =
            self.shared().state().tabs.iter().map(|tab| tab.id.clone()).collect();
        let at = match to {
            TabTarget::Number(number) => number.checked_sub(1).filter(|at| *at < tabs.len()),
            TabTarget::Newest => tabs.len().checked_sub(1).filter(|at| tabs[*at] != self.here.tab),
            TabTarget::Showing(text) => self.showing(&tabs, text).await,
        };
        let Some(at) = at else { return nowhere };
        self.here = Here::tab(tabs[at].clone(), at);
        actor::Tab::bring_to_front(self).await;
        // It may have been opened just now.
        self.still().await?;
        Ok(Attempt::Done(Deed::default()))
    }

    /// The first tab whose title or address contains a text.
    async fn showing(&self, tabs: &[FrameId], text: &str) -> Option<usize> {
        for (at, tab) in tabs.iter().enumerate() {
            let shown = self.run_in(tab, &page::PAGE, json!([]));
            // A tab that does not answer is none that can be told by what it shows.
            let Ok(Ok(shown)) = timeout(limits::PROBE, shown).await else { continue };
            let says = |name: &str| shown[name].as_str().is_some_and(|told| told.contains(text));
            if says("title") || says("url") {
                return Some(at);
            }
        }
        None
    }

    pub(super) async fn close_present_tab(&mut self) -> Result<Attempt, BrowserError> {
        let gone = self.here.tab.clone();
        if self.shared().state().tabs.len() < 2 {
            return Ok(Attempt::Refused("it is the only tab".to_owned()));
        }
        let params = json!({ "targetId": gone });
        self.line()
            .call(None, "Target.closeTarget", params, limits::PREPARE)
            .await
            .map_err(|error| BrowserError::from(super::calls::failure(error)))?;
        let closed = self.shared().until(|state| {
            (self.line().is_closed() || state.tabs.iter().all(|tab| tab.id != gone)).then_some(())
        });
        if timeout(limits::PREPARE, closed).await.is_err() {
            return Err(BrowserError::Timeout("the tab does not close".to_owned()));
        }
        self.begin();
        actor::Tab::bring_to_front(self).await;
        Ok(Attempt::Done(Deed::default()))
    }
}
