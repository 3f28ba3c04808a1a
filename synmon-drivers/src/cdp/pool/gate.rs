//! New tabs are held back until whoever they belong to has prepared them.
//!
//! Only a browser's own session is told of tabs before they show anything, and it is told of all of
//! them. So one connection to each browser listens for that, and hands each tab to its run, which
//! has a connection of its own: what one run makes the browser say keeps no other run waiting.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::json;
use tokio::sync::{mpsc, watch};

use crate::cdp::connection::{Event, Line, Listener, SessionId};

/// Knows which browser context is whose.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate {
    runs: Arc<Mutex<HashMap<String, mpsc::UnboundedSender<NewTab>>>>,
    closed: watch::Sender<bool>,
}

/// A tab that a page has opened.
#[derive(Debug)]
pub(in crate::cdp) struct NewTab {
    pub(in crate::cdp) id: String,
    /// It waits as long as this is there.
    pub(in crate::cdp) hold: Hold,
}

/// What a tab waits for.
#[derive(Debug)]
pub(in crate::cdp) struct Hold {
    line: Line,
    session: SessionId,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let params = json!({ "sessionId": self.session.to_string() });
        self.line.tell(Some(&self.session), "Runtime.runIfWaitingForDebugger", json!({}));
        self.line.tell(None, "Target.detachFromTarget", params);
    }
}

impl Gate {
    /// From now on the tabs of a context are handed over.
    pub(super) fn open(&self, context: &str) -> mpsc::UnboundedReceiver<NewTab> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.runs().insert(context.to_owned(), sender);
        receiver
    }

    /// A context is over.
    pub(super) fn close(&self, context: &str) {
        self.runs().remove(context);
    }

    /// Waits until the browser is gone.
    pub(super) async fn browser_gone(&self) {
        // The sender is ours: this ends when the browser does.
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    fn runs(&self) -> MutexGuard<'_, HashMap<String, mpsc::UnboundedSender<NewTab>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Gate {
    fn event(&mut self, event: &Event, line: &Line) {
        if event.method != "Target.attachedToTarget" || event.session.is_some() {
            return;
        }
        let session = SessionId::from(event.text("/sessionId"));
        let tab = NewTab {
            id: event.text("/targetInfo/targetId").to_owned(),
            hold: Hold { line: line.clone(), session },
        };
        if let Some(run) = self.runs().get(event.text("/targetInfo/browserContextId")) {
            // A run that is over lets go of it, as it does of a tab that is nobody's.
            let _ = run.send(tab);
        }
    }

    fn closed(&mut self) {
        self.closed.send_replace(true);
    }
}
