//! What comes of the browser's events.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    setup,
    shared::Shared,
    state::{Document, Going, MAX_DIALOGS, State},
};
use crate::{
    cdp::connection::{Event, Line, Listener, SessionId},
    cut::cut,
};

/// The name of the world where our scripts run.
pub(crate) const WORLD: &str = "synmon";
/// The longest address of a frame that is kept, in characters: there may be a thousand frames.
const MAX_URL: usize = 4_096;
/// A page that goes elsewhere by itself so soon, in seconds, is on its way there.
const AT_ONCE: f64 = 0.1;

/// Keeps a session's state, and answers dialogs at once.
pub(crate) struct Watcher(pub(crate) Arc<Shared>);

impl Listener for Watcher {
    fn event(&mut self, event: &Event, line: &Line) {
        let Some(session) = &event.session else {
            if event.method == "Target.detachedFromTarget" {
                self.detached(event);
            }
            return;
        };
        if self.0.state().flood.rises(&event.method, event.size, Instant::now()) {
            tracing::warn!("a page that floods the browser is ended");
            line.tell(Some(session), "Page.crash", json!({}));
        }
        match event.method.as_str() {
            "Target.attachedToTarget" => self.attached(event, line),
            "Target.detachedFromTarget" => self.detached(event),
            "Page.javascriptDialogOpening" => self.dialog(event, session, line),
            "Page.screencastFrame" => {
                if let Some(waiting) = self.0.state().frame_wanted.take() {
                    // Who asked may have given up since.
                    let _ = waiting.send(event.text("/data").to_owned());
                }
            }
            method if method.starts_with("Page.") => {
                self.0.change(|state| page(state, event, session));
            }
            method if method.starts_with("Runtime.executionContext") => {
                self.0.change(|state| world(state, event, session));
            }
            "Inspector.targetCrashed" => self.0.change(|_| ()),
            "Input.dragIntercepted" => {
                self.0.change(|state| state.dragged = Some(event.params["data"].clone()));
            }
            "Fetch.authRequired" => self.password(event, session, line),
            "Fetch.requestPaused" => {
                let params = json!({ "requestId": event.text("/requestId") });
                line.tell(Some(session), "Fetch.continueRequest", params);
            }
            _ => recorded(&mut self.0.state(), event, session),
        }
    }

    fn closed(&mut self) {
        // Whoever waits asks the line whether it is cut.
        self.0.change(|_| ());
    }
}

impl Watcher {
    /// A frame has got a process of its own: it is prepared like a tab, and goes on then.
    fn attached(&self, event: &Event, line: &Line) {
        let session = SessionId::from(event.text("/sessionId"));
        let frame = event.text("/targetInfo/targetId");
        let wishes = self.0.change(|state| {
            state.attached(session.clone(), frame);
            state.wishes.clone()
        });
        setup::frame(line, &session, wishes);
    }

    fn detached(&self, event: &Event) {
        let session = SessionId::from(event.text("/sessionId"));
        self.0.change(|state| state.detached(&session));
    }

    /// Somebody asks who is there: the flow's own site is told, once for each request.
    fn password(&self, event: &Event, session: &SessionId, line: &Line) {
        let mut state = self.0.state();
        let id = event.text("/requestId");
        let trusted = state.trusted.as_deref() == Some(event.text("/authChallenge/origin"))
            && event.text("/authChallenge/source") != "Proxy";
        let answer = match state.basic_auth.clone() {
            Some(auth) if trusted && state.told_password.insert(id.to_owned()) => json!({
                "response": "ProvideCredentials",
                "username": auth.username, "password": auth.password,
            }),
            _ => json!({ "response": "CancelAuth" }),
        };
        drop(state);
        let params = json!({ "requestId": id, "authChallengeResponse": answer });
        line.tell(Some(session), "Fetch.continueWithAuth", params);
    }

    fn dialog(&self, event: &Event, session: &SessionId, line: &Line) {
        let leaving = event.text("/type") == "beforeunload";
        let params = self.0.change(|state| {
            if leaving {
                return Some(json!({ "accept": true }));
            }
            let text = event.text("/message");
            state.dialogs.opened(text);
            state.dialog_run += 1;
            if state.dialog_run > MAX_DIALOGS {
                state.flooded = Some(text.trim().chars().take(1_000).collect());
                return None;
            }
            let told = state.prompt_text.as_deref();
            let prompt = told.unwrap_or_else(|| event.text("/defaultPrompt"));
            Some(json!({ "accept": state.accept, "promptText": prompt }))
        });
        if let Some(params) = params {
            line.tell(Some(session), "Page.handleJavaScriptDialog", params);
        } else {
            // Whatever opens them must not go on once this one is closed.
            line.tell(Some(session), "Runtime.terminateExecution", json!({}));
            let params = json!({ "accept": false });
            line.tell(Some(session), "Page.handleJavaScriptDialog", params);
        }
    }
}

/// Where frames come from and go, and what they load.
fn page(state: &mut State, event: &Event, session: &SessionId) {
    let id = event.text("/frameId");
    match event.method.as_str() {
        "Page.frameAttached" => {
            let parent = event.text("/parentFrameId").to_owned();
            let frame = state.frame(id, session);
            frame.parent = Some(parent);
            frame.session = session.clone();
        }
        // A frame that is swapped lives on in another process.
        "Page.frameDetached" if event.text("/reason") != "swap" => state.remove_frame(id),
        "Page.frameNavigated" => navigated(state, event, session),
        "Page.frameRequestedNavigation" => {
            let stays = event.text("/disposition") != "currentTab"
                || event.text("/url").starts_with("javascript:");
            let frame = state.frame(id, session);
            if !stays && frame.going == Going::Nowhere {
                frame.going = Going::Asked;
            }
        }
        "Page.frameScheduledNavigation" => {
            let delay = event.params["delay"].as_f64().unwrap_or_default();
            let frame = state.frame(id, session);
            if delay <= AT_ONCE && frame.going == Going::Nowhere {
                frame.going = Going::Asked;
            }
        }
        "Page.frameClearedScheduledNavigation" => {
            let frame = state.frame(id, session);
            if frame.going == Going::Asked {
                frame.going = Going::Nowhere;
            }
        }
        "Page.frameStartedNavigating" => {
            let kind = event.text("/navigationType");
            if !matches!(kind, "sameDocument" | "historySameDocument") {
                state.frame(id, session).going = Going::Begun(event.text("/loaderId").to_owned());
            }
        }
        "Page.navigatedWithinDocument" => {
            let frame = state.frame(id, session);
            frame.moves += 1;
            frame.document.url = address(event.text("/url"));
            if frame.going == Going::Asked {
                frame.going = Going::Nowhere;
            }
        }
        "Page.frameStartedLoading" => state.frame(id, session).loading = true,
        "Page.frameStoppedLoading" => {
            let frame = state.frame(id, session);
            frame.loading = false;
            frame.moves += 1;
            // What has begun and brought nothing is over: a download, or no content.
            frame.going = Going::Nowhere;
        }
        _ => {}
    }
}

fn navigated(state: &mut State, event: &Event, session: &SessionId) {
    let loader = event.text("/frame/loaderId");
    let frame = state.frame(event.text("/frame/id"), session);
    frame.session = session.clone();
    if let Some(parent) = event.params["frame"]["parentId"].as_str() {
        frame.parent = Some(parent.to_owned());
    }
    if frame.going == Going::Begun(loader.to_owned()) || frame.going == Going::Asked {
        frame.going = Going::Nowhere;
    }
    let status = frame.coming.take().filter(|(of, _)| of == loader).map(|(_, status)| status);
    frame.moves += 1;
    let unreachable = event.params["frame"]["unreachableUrl"].as_str().map(address);
    let url = address(event.text("/frame/url"));
    frame.document = Document { loader: loader.to_owned(), url, unreachable, status };
    // What was in the document before went with it.
    state.remove_inner_frames(event.text("/frame/id"));
}

fn address(told: &str) -> String {
    cut(told, MAX_URL)
}

/// The worlds where our scripts run come and go with documents.
fn world(state: &mut State, event: &Event, session: &SessionId) {
    match event.method.as_str() {
        "Runtime.executionContextCreated" if event.text("/context/name") == WORLD => {
            let frame = event.text("/context/auxData/frameId");
            let world = event.text("/context/uniqueId").to_owned();
            let frame = state.frame(frame, session);
            if frame.session == *session {
                frame.world = Some(world);
            }
        }
        "Runtime.executionContextDestroyed" => {
            let gone = event.text("/executionContextUniqueId");
            for frame in state.frames.values_mut() {
                if frame.world.as_deref() == Some(gone) {
                    frame.world = None;
                }
            }
        }
        "Runtime.executionContextsCleared" => {
            for frame in state.frames.values_mut().filter(|frame| frame.session == *session) {
                frame.world = None;
            }
        }
        _ => {}
    }
}

/// What pages log and ask for, and with which status their documents come.
fn recorded(state: &mut State, event: &Event, session: &SessionId) {
    status(state, event, session);
    let tabs: Vec<_> = state.tabs.iter().map(|tab| tab.id.clone()).collect();
    let is_tab = |frame: &str| tabs.iter().any(|tab| tab == frame);
    state.activity.event(&session.to_string(), &event.method, &event.params, is_tab);
}

fn status(state: &mut State, event: &Event, session: &SessionId) {
    if event.method != "Network.responseReceived" || event.text("/type") != "Document" {
        return;
    }
    let status = event.params.pointer("/response/status").and_then(Value::as_u64);
    let frame = state.frame(event.text("/frameId"), session);
    let Some(status) = status.and_then(|status| u16::try_from(status).ok()) else { return };
    let loader = event.text("/loaderId");
    // It comes before the document does, as a rule.
    if frame.document.loader == loader {
        frame.document.status = Some(status);
    } else {
        frame.coming = Some((loader.to_owned(), status));
    }
}
