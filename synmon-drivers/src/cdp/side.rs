//! A second line to a browser, past its `WebDriver`.
//!
//! The driver does one thing after the other, so it can't help when the page hangs it. This line is
//! opened before that, and serves only to stop a script, to take a picture and to see whether the
//! browser lives.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use synmon_core::browser::{Activity, DialogAnswer};
use tokio::sync::oneshot;

use crate::activity::Recorder;

use super::{
    MAX_TABS,
    connection::{CONNECT_LIMIT, CallError, Connection, Event, Line, Listener, SessionId},
    dialogs::Dialogs,
    frame, given,
};

/// What tabs are asked to tell of: dialogs, their end, errors and requests.
const TOLD: [&str; 5] =
    ["Page.enable", "Inspector.enable", "Runtime.enable", "Network.enable", "Log.enable"];
/// What frames of other sites are, which have processes of their own: the tab tells of their dialogs
/// and of its end.
const TOLD_BY_FRAMES: [&str; 3] = ["Runtime.enable", "Network.enable", "Log.enable"];

/// A line to one tab.
#[derive(Debug)]
pub(crate) struct Cdp {
    connection: Connection,
    session: SessionId,
    seen: Arc<Seen>,
}

/// What the browser has told without being asked.
#[derive(Debug, Default)]
struct Seen {
    crashed: AtomicBool,
    dialogs: Mutex<Dialogs>,
    activity: Mutex<Recorder>,
    /// How dialogs of other tabs are answered: the driver does not learn of those that open before
    /// it comes to a tab.
    answer: Mutex<DialogAnswer>,
    /// The session of the tab that the driver begins with.
    first: OnceLock<SessionId>,
    /// The tab that we are attached to.
    watched: OnceLock<String>,
    /// The frames of other sites.
    frames: Mutex<HashSet<SessionId>>,
    /// Who waits for the next frame of a screencast.
    frame: Mutex<Option<oneshot::Sender<String>>>,
}

struct Watcher {
    seen: Arc<Seen>,
    tabs: HashSet<String>,
}

impl Listener for Watcher {
    fn event(&mut self, event: &Event, line: &Line) {
        match event.method.as_str() {
            "Target.targetCrashed"
                if self.seen.watched.get().is_some_and(|tab| tab == event.text("/targetId")) =>
            {
                self.seen.crashed.store(true, Ordering::Relaxed);
            }
            "Target.attachedToTarget" => {
                let session = SessionId::from(event.text("/sessionId"));
                match event.text("/targetInfo/type") {
                    // Another tab tells the same as the first.
                    "page" => watch(line, &session, &TOLD),
                    "iframe" => {
                        watch(line, &session, &TOLD_BY_FRAMES);
                        lock(&self.seen.frames).insert(session);
                    }
                    _ => {}
                }
            }
            "Target.detachedFromTarget" => {
                lock(&self.seen.frames).remove(&SessionId::from(event.text("/sessionId")));
            }
            "Page.javascriptDialogOpening" => {
                // Whether a page may be left is asked by the browser, not by the page's words.
                if event.text("/type") != "beforeunload" {
                    lock(&self.seen.dialogs).opened(event.text("/message"));
                }
                if self.seen.first.get() != event.session.as_ref() {
                    let params = match &*lock(&self.seen.answer) {
                        DialogAnswer::Dismiss => json!({ "accept": false }),
                        DialogAnswer::Accept(None) => json!({ "accept": true }),
                        DialogAnswer::Accept(Some(text)) => {
                            json!({ "accept": true, "promptText": text })
                        }
                    };
                    line.tell(event.session.as_ref(), "Page.handleJavaScriptDialog", params);
                }
            }
            "Page.screencastFrame" => {
                if let Some(waiting) = lock(&self.seen.frame).take() {
                    // Who asked may have given up since.
                    let _ = waiting.send(event.text("/data").to_owned());
                }
            }
            "Target.targetDestroyed" => {
                self.tabs.remove(event.text("/targetId"));
            }
            "Target.targetCreated" if event.text("/targetInfo/type") == "page" => {
                let id = event.text("/targetInfo/targetId");
                if self.tabs.len() < MAX_TABS {
                    self.tabs.insert(id.to_owned());
                    if self.seen.watched.get().is_none_or(|tab| tab != id) {
                        let params = json!({ "targetId": id, "flatten": true });
                        line.tell(None, "Target.attachToTarget", params);
                    }
                } else {
                    // Should it fail, the tab is closed with the browser.
                    line.tell(None, "Target.closeTarget", json!({ "targetId": id }));
                }
            }
            method => {
                let session = event.session.as_ref().map(ToString::to_string).unwrap_or_default();
                // A tab's outermost frame goes by the tab's own name.
                lock(&self.seen.activity)
                    .event(&session, method, &event.params, |frame| self.tabs.contains(frame));
            }
        }
    }
}

impl Cdp {
    /// Connects to the browser behind `url` (`ws://…`) and to the one tab that it has.
    pub(crate) async fn connect(url: &str) -> Result<Self, String> {
        let seen = Arc::new(Seen::default());
        let watcher = Watcher { seen: Arc::clone(&seen), tabs: HashSet::new() };
        let connection = Connection::open(url, watcher).await.map_err(|why| why.to_string())?;
        let line = connection.line();
        let ask = async |session: Option<&SessionId>, method, params| {
            line.call(session, method, params, CONNECT_LIMIT).await.map_err(|why| why.to_string())
        };
        let targets = ask(None, "Target.getTargets", json!({})).await?;
        let tab = targets["targetInfos"]
            .as_array()
            .and_then(|all| all.iter().find(|target| target["type"] == "page"))
            .and_then(|target| target["targetId"].as_str())
            .ok_or("the browser has no tab")?;
        seen.watched.get_or_init(|| tab.to_owned());
        let params = json!({ "targetId": tab, "flatten": true });
        let attached = ask(None, "Target.attachToTarget", params).await?;
        let session =
            SessionId::from(attached["sessionId"].as_str().ok_or("the tab can't be attached")?);
        // From now on it tells of dialogs, of its end, and of other tabs.
        seen.first.get_or_init(|| session.clone());
        for domain in TOLD {
            ask(Some(&session), domain, given(domain)).await?;
        }
        ask(Some(&session), AUTO_ATTACH, auto_attach()).await?;
        ask(None, "Target.setDiscoverTargets", json!({ "discover": true })).await?;
        Ok(Self { connection, session, seen })
    }

    /// Whether the tab's page process has ended.
    pub(crate) fn page_crashed(&self) -> bool {
        self.seen.crashed.load(Ordering::Relaxed)
            || self.connection.line().has_crashed(&self.session)
    }

    /// The texts of the dialogs that have opened since this was last asked.
    pub(crate) fn take_dialogs(&self) -> Vec<String> {
        lock(&self.seen.dialogs).take()
    }

    /// Says how dialogs are answered from now on.
    pub(crate) fn answer_dialogs(&self, answer: &DialogAnswer) {
        answer.clone_into(&mut lock(&self.seen.answer));
    }

    /// What pages have logged and asked for since this was last asked.
    pub(crate) fn take_activity(&self) -> Activity {
        lock(&self.seen.activity).take()
    }

    /// Returns when all is known that the browser has told so far: it tells things in order.
    pub(crate) async fn catch_up(&self, limit: Duration) {
        // Without an answer nothing more is known, which is no worse than before.
        let _ = self.browser("Browser.getVersion", json!({}), limit).await;
    }

    /// Whether the line is cut: the browser has ended, or a page has made it tell too much.
    pub(crate) fn closed(&self) -> bool {
        self.connection.line().is_closed()
    }

    /// What a page has made the browser tell, if that has cut the line.
    pub(crate) fn too_much(&self) -> Option<String> {
        let end = self.connection.line().end();
        end.filter(|why| matches!(why, CallError::TooMuch)).map(|why| why.to_string())
    }

    /// Asks the tab.
    pub(crate) async fn tab(
        &self,
        method: &'static str,
        params: Value,
        limit: Duration,
    ) -> Result<Value, String> {
        let asked = self.connection.line().call(Some(&self.session), method, params, limit);
        asked.await.map_err(|why| why.to_string())
    }

    /// Stops what the tab and its frames do: their scripts, and whatever they still load.
    pub(crate) async fn stop(&self, limit: Duration) {
        let line = self.connection.line();
        for frame in &*lock(&self.seen.frames) {
            line.tell(Some(frame), "Runtime.terminateExecution", json!({}));
        }
        // That they can't be stopped shows by what is asked next.
        let _ = tokio::join!(
            self.tab("Runtime.terminateExecution", json!({}), limit),
            self.tab("Page.stopLoading", json!({}), limit),
        );
    }

    /// Asks the browser.
    pub(crate) async fn browser(
        &self,
        method: &'static str,
        params: Value,
        limit: Duration,
    ) -> Result<Value, String> {
        let asked = self.connection.line().call(None, method, params, limit);
        asked.await.map_err(|why| why.to_string())
    }

    /// The tab as it was last drawn, in base64.
    pub(crate) async fn last_frame(&self, limit: Duration) -> Option<String> {
        let (sender, shown) = oneshot::channel();
        *lock(&self.seen.frame) = Some(sender);
        frame::last(self.connection.line(), &self.session, shown, limit).await
    }
}

/// Frames of other sites are attached to as they come.
const AUTO_ATTACH: &str = "Target.setAutoAttach";

fn auto_attach() -> Value {
    json!({ "autoAttach": true, "waitForDebuggerOnStart": false, "flatten": true })
}

fn watch(line: &Line, session: &SessionId, domains: &[&'static str]) {
    for domain in domains {
        line.tell(Some(session), domain, given(domain));
    }
    line.tell(Some(session), AUTO_ATTACH, auto_attach());
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
