//! One `WebDriver` session, and commands with a time limit.

use std::{borrow::Cow, sync::Arc, time::Duration};

use http::Method;
use serde_json::{Map, Value, json};
use thirtyfour::{
    Capabilities, RequestData, SessionId, WebDriver, common::command::FormatRequestData,
    session::handle::SessionHandle,
};
use tokio::time::timeout;

use super::{failure::Failure, wire::Wire};

/// How long commands may take.
pub(super) mod limits {
    use std::time::Duration;

    /// Starting a browser: a Grid may have to find a free place first.
    pub(in crate::webdriver) const START: Duration = Duration::from_mins(1);
    /// What loads a page: a step may take a minute, so the engine cuts first.
    pub(in crate::webdriver) const LOAD: Duration = Duration::from_secs(70);
    /// All else: a page that loads or is busy may make it wait just as long.
    pub(in crate::webdriver) const COMMAND: Duration = LOAD;
    /// Taking a picture.
    pub(in crate::webdriver) const PICTURE: Duration = Duration::from_secs(10);
    /// Taking a picture by the other line.
    pub(in crate::webdriver) const PAST_DRIVER: Duration = Duration::from_secs(3);
    /// Asking whether it is alive.
    pub(in crate::webdriver) const PROBE: Duration = Duration::from_secs(2);
    /// Stopping a script.
    pub(in crate::webdriver) const INTERRUPT: Duration = Duration::from_secs(1);
    /// Ending a session.
    pub(in crate::webdriver) const CLOSE: Duration = Duration::from_secs(5);
}

/// A session that nothing ends by itself: thirtyfour's own way to end it when it is dropped
/// blocks the thread, so that is switched off and whoever holds this ends it.
#[derive(Clone, Debug)]
pub(super) struct Driver {
    handle: Arc<SessionHandle>,
    id: Arc<str>,
}

/// A command as it goes over the wire.
#[derive(Clone, Debug)]
pub(super) struct Command {
    method: Method,
    path: Cow<'static, str>,
    body: Option<Value>,
}

impl Command {
    /// Asks for something.
    pub(super) fn get(path: impl Into<Cow<'static, str>>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None }
    }

    /// Has something done.
    pub(super) fn post(path: &'static str, body: Value) -> Self {
        Self { method: Method::POST, path: path.into(), body: Some(body) }
    }

    /// Undoes something.
    pub(super) fn delete(path: &'static str) -> Self {
        Self { method: Method::DELETE, path: path.into(), body: None }
    }
}

impl FormatRequestData for Command {
    fn format_request(&self, session: &SessionId) -> RequestData {
        let (slash, path) = (if self.path.is_empty() { "" } else { "/" }, &self.path);
        let request =
            RequestData::new(self.method.clone(), format!("session/{session}{slash}{path}"));
        match &self.body {
            Some(body) => request.add_body(body.clone()),
            None => request,
        }
    }
}

impl Driver {
    /// Creates a session.
    pub(super) async fn connect(
        url: &str,
        capabilities: Map<String, Value>,
        wire: &Wire,
    ) -> Result<Self, Failure> {
        let creating =
            WebDriver::builder(url, Capabilities::from(capabilities)).client(wire.clone());
        let driver = timeout(limits::START, creating.connect())
            .await
            .map_err(|_| Failure::no_answer(limits::START))??;
        let handle = Arc::clone(driver.handle());
        // It has not quit yet, so this can't fail.
        let _ = driver.leak();
        let id = handle.session_id().to_string().into();
        Ok(Self { handle, id })
    }

    /// Sends a command and returns the answer's value.
    pub(super) async fn call(&self, command: Command, limit: Duration) -> Result<Value, Failure> {
        let answer = timeout(limit, self.handle.cmd(command))
            .await
            .map_err(|_| Failure::no_answer(limit))??;
        Ok(answer.value_json()?)
    }

    /// The session's id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What the browser says of itself.
    pub(super) fn capability(&self, name: &str) -> Option<&Value> {
        self.handle.capabilities().get(name)
    }

    /// Sets how long pages and scripts may take; thirtyfour has set times of its own.
    pub(super) async fn set_timeouts(&self, page_load: u64, script: u64) -> Result<(), Failure> {
        let body = json!({ "pageLoad": page_load, "script": script, "implicit": 0 });
        self.call(Command::post("timeouts", body), limits::COMMAND).await.map(drop)
    }

    /// Ends the session.
    pub(super) async fn delete(&self) -> Result<(), Failure> {
        self.call(Command::delete(""), limits::CLOSE).await.map(drop)
    }
}
