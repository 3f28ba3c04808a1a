//! One `WebDriver` session, and commands with a time limit.

use std::{borrow::Cow, fmt::Display, sync::Arc, time::Duration};

use http::Method;
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use super::{
    client::{Client, Created, Line},
    failure::Failure,
    wire::Wire,
};

/// How long commands may take.
pub(super) mod limits {
    use std::time::Duration;

    /// Starting a browser: a Grid may have to find a free place first.
    pub(in crate::webdriver) const START: Duration = Duration::from_mins(1);
    /// What loads a page: a step may take a minute, so the engine cuts first.
    pub(in crate::webdriver) const LOAD: Duration = Duration::from_secs(70);
    /// Showing the page of the egress guard.
    pub(in crate::webdriver) const PROOF: Duration = Duration::from_secs(15);
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
    /// How long somebody waits for a session to end: less than the engine does.
    pub(in crate::webdriver) const CLOSE: Duration = Duration::from_secs(15);
    /// How long it may go on ending behind the scenes. A driver may wait a minute for a browser.
    pub(in crate::webdriver) const END: Duration = Duration::from_secs(90);
}

/// A session that nothing ends by itself: whoever holds this ends it.
#[derive(Clone, Debug)]
pub(super) struct Driver {
    line: Line,
    id: Arc<str>,
    capabilities: Arc<Map<String, Value>>,
}

/// A command as it goes over the wire.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) method: Method,
    path: Cow<'static, str>,
    pub(super) body: Option<Value>,
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

    /// Where it goes to, below the driver's address.
    pub(super) fn place(&self, session: impl Display) -> String {
        let (slash, path) = (if self.path.is_empty() { "" } else { "/" }, &self.path);
        format!("session/{session}{slash}{path}")
    }
}

impl Driver {
    /// Creates a session.
    pub(super) async fn connect(
        client: Client,
        url: &str,
        capabilities: Map<String, Value>,
        wire: &Wire,
    ) -> Result<Self, Failure> {
        let creating = client.create(url, capabilities, wire);
        let Created { line, id, capabilities } = timeout(limits::START, creating)
            .await
            .map_err(|_| Failure::no_answer(limits::START))??;
        Ok(Self { line, id: id.into(), capabilities: Arc::new(capabilities) })
    }

    /// Sends a command and returns the answer's value.
    pub(super) async fn call(&self, command: Command, limit: Duration) -> Result<Value, Failure> {
        timeout(limit, self.line.call(command)).await.map_err(|_| Failure::no_answer(limit))?
    }

    /// The session's id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What the browser says of itself.
    pub(super) fn capability(&self, name: &str) -> Option<&Value> {
        self.capabilities.get(name)
    }

    /// Sets how long pages and scripts may take; a client may have set times of its own.
    pub(super) async fn set_timeouts(&self, page_load: u64, script: u64) -> Result<(), Failure> {
        let body = json!({ "pageLoad": page_load, "script": script, "implicit": 0 });
        self.call(Command::post("timeouts", body), limits::COMMAND).await.map(drop)
    }

    /// Ends the session. A task of its own sees that through, whoever gives up waiting: a Grid takes
    /// a connection that is closed for an order to stop, and is left with a session without a
    /// browser, which keeps its place taken.
    pub(super) async fn delete(&self) -> Result<(), Failure> {
        let driver = self.clone();
        let ending =
            tokio::spawn(async move { driver.call(Command::delete(""), limits::END).await });
        match timeout(limits::CLOSE, ending).await {
            Ok(Ok(ended)) => ended.map(drop),
            Ok(Err(_)) | Err(_) => Err(Failure::no_answer(limits::CLOSE)),
        }
    }
}
