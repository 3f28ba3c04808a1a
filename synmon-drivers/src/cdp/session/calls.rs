//! Asking the tab, and what its failures mean.

use std::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use serde_json::{Value, json};
use synmon_core::browser::BrowserError;

use super::{CdpSession, limits, state::FrameId};
use crate::{
    actor::Failure,
    cdp::connection::{CallError, SessionId},
    cut::cut,
    page::{ENDED, Script},
};

/// What is said of a script whose document has gone.
const LEFT: [&str; 5] = [
    "context was destroyed",
    "Cannot find context",
    "navigated or closed",
    "was collected",
    "uniqueContextId not found",
];

/// Where a frame's scripts run.
struct World {
    session: SessionId,
    id: String,
}

impl CdpSession {
    /// Asks the tab where steps act.
    pub(super) async fn tab_call(
        &self,
        method: &'static str,
        params: Value,
        limit: Duration,
    ) -> Result<Value, Failure> {
        let session = self.tab_session()?;
        self.call(&session, method, params, limit).await
    }

    /// Asks a session of the protocol; gives up when dialogs come without end.
    pub(super) async fn call(
        &self,
        session: &SessionId,
        method: &'static str,
        params: Value,
        limit: Duration,
    ) -> Result<Value, Failure> {
        let call = self.line().call(Some(session), method, params, limit);
        self.unless_flooded(call).await?.map_err(failure)
    }

    /// Waits for something, but not for dialogs that come without end.
    pub(super) async fn unless_flooded<T>(
        &self,
        wait: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let flood = pin!(self.shared().until(|state| state.flooded.clone()));
        match select(pin!(wait), flood).await {
            Either::Left((answer, _)) => Ok(answer),
            Either::Right((text, _)) => Err(Failure::Browser(BrowserError::Dialogs(text))),
        }
    }

    /// The protocol's session of the tab where steps act.
    pub(super) fn tab_session(&self) -> Result<SessionId, Failure> {
        let state = self.shared().state();
        if let Some(why) = self.line().end() {
            return Err(failure(why));
        }
        let tab = state.tabs.iter().find(|tab| tab.id == self.here.tab);
        match tab {
            Some(tab) => Ok(tab.session.clone()),
            None if state.tabs.is_empty() => {
                let why = "the tab was closed".to_owned();
                Err(Failure::Browser(BrowserError::PageCrashed(why)))
            }
            None => Err(Failure::NoFrame),
        }
    }

    /// Runs a script in a frame.
    pub(super) async fn run_in(
        &self,
        frame: &FrameId,
        script: &Script,
        args: Value,
    ) -> Result<Value, Failure> {
        let (_, mut result) = self.evaluate(frame, script.source, args, true).await?;
        Ok(result["value"].take())
    }

    /// Calls a function in a frame's world, and returns what the protocol says of its result, and
    /// the session that has it.
    pub(super) async fn evaluate(
        &self,
        frame: &FrameId,
        function: &str,
        args: Value,
        by_value: bool,
    ) -> Result<(SessionId, Value), Failure> {
        let World { session, id } = self.world(frame).await?;
        let params = json!({
            "functionDeclaration": function,
            "uniqueContextId": id,
            "arguments": [{ "value": args }],
            "returnByValue": by_value,
            "awaitPromise": true,
        });
        let called = self.call(&session, "Runtime.callFunctionOn", params, limits::COMMAND);
        let mut answer = called.await?;
        if let Some(details) = answer.get("exceptionDetails") {
            let why = details.pointer("/exception/description").and_then(Value::as_str);
            return Err(Failure::Script(cut(why.unwrap_or("it failed"), 300)));
        }
        Ok((session, answer["result"].take()))
    }

    /// The world of a frame where our scripts run: it is there soon after its document is.
    async fn world(&self, frame: &FrameId) -> Result<World, Failure> {
        let tab = self.tab_session()?;
        let wait = self.shared().until(|state| {
            if let Some(why) = self.line().end() {
                return Some(Err(failure(why)));
            }
            let Some(known) = state.frames.get(frame) else {
                return Some(Err(Failure::NoFrame));
            };
            if self.line().has_crashed(&tab) || self.line().has_crashed(&known.session) {
                return Some(Err(failure(CallError::Crashed)));
            }
            known.world.clone().map(|id| Ok(World { session: known.session.clone(), id }))
        });
        let wait = tokio::time::timeout(limits::COMMAND, wait);
        self.unless_flooded(wait).await?.unwrap_or(Err(Failure::Slow))
    }
}

/// What the failure of a command means.
pub(super) fn failure(error: CallError) -> Failure {
    let browser = match error {
        CallError::Closed(why) => BrowserError::Crashed(why),
        CallError::TooMuch => BrowserError::PageCrashed(error.to_string()),
        CallError::Crashed => BrowserError::PageCrashed(ENDED.to_owned()),
        CallError::Gone => return Failure::NoFrame,
        CallError::Refused(why) if LEFT.iter().any(|text| why.contains(text)) => {
            return Failure::Left;
        }
        CallError::Refused(why) => BrowserError::Unexpected(cut(&why, 300)),
        CallError::NoAnswer { .. } => BrowserError::Timeout(error.to_string()),
    };
    Failure::Browser(browser)
}
