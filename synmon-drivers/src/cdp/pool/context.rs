//! A browser context: what a run has for itself. Nothing in it was there before, and nothing of it
//! is there after.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{gate::Gate, warm::Warm};
use crate::{
    cdp::{
        connection::{CallError, Connection, Line},
        session::{PREPARE, Shared, State, Watcher, attach, welcome},
    },
    local::arguments::ALL_THROUGH_THE_PROXY,
};

/// A context with a tab that shows nothing yet. The browser disposes of it when its connection
/// closes, however that comes.
#[derive(Debug)]
pub(super) struct Prepared {
    connection: Connection,
    shared: Arc<Shared>,
    id: String,
    gate: Gate,
}

/// A context in use.
pub(in crate::cdp) struct Context {
    pub(in crate::cdp) shared: Arc<Shared>,
    prepared: Prepared,
    browser: Arc<Warm>,
    /// Whether the browser is there for this run alone.
    alone: bool,
}

impl Prepared {
    /// Makes a context.
    pub(super) async fn make(
        url: &str,
        gate: &Gate,
        proxy: Option<&str>,
    ) -> Result<Self, CallError> {
        let shared = Arc::new(Shared::new(State::default()));
        let connection = Connection::open(url, Watcher(Arc::clone(&shared))).await?;
        let line = connection.line().clone();
        let mut params = json!({ "disposeOnDetach": true });
        if let Some(proxy) = proxy {
            params["proxyServer"] = proxy.into();
            params["proxyBypassList"] = ALL_THROUGH_THE_PROXY.into();
        }
        let id = told(
            &line.call(None, "Target.createBrowserContext", params, PREPARE).await?,
            "browserContextId",
        )?;
        let params = json!({ "url": "about:blank", "browserContextId": id });
        let tab =
            told(&line.call(None, "Target.createTarget", params, PREPARE).await?, "targetId")?;
        for sent in attach(&line, &shared, &tab).await? {
            sent.answer(PREPARE).await?;
        }
        let params = json!({ "behavior": "deny", "browserContextId": id });
        let downloads = line.send(None, "Browser.setDownloadBehavior", params);
        // None is granted, and so nobody is asked.
        let params = json!({ "permissions": [], "browserContextId": id });
        let permissions = line.send(None, "Browser.grantPermissions", params);
        downloads.answer(PREPARE).await?;
        permissions.answer(PREPARE).await?;
        // The first tab is ours; from now on others are the page's.
        let coming = gate.open(&id);
        tokio::spawn(welcome(line, Arc::clone(&shared), coming));
        Ok(Self { connection, shared, id, gate: gate.clone() })
    }

    /// Whether it can still be used.
    pub(super) fn is_usable(&self) -> bool {
        let crashed =
            |state: &State| state.tabs.iter().any(|tab| self.line().has_crashed(&tab.session));
        let state = self.shared.state();
        !self.line().is_closed() && state.tabs.len() == 1 && !crashed(&state)
    }

    /// Whether its page does. One that has died just now is known by this: no answer ever comes, and
    /// then the news.
    pub(super) async fn answers(&self) -> bool {
        let Some(session) = self.shared.state().tabs.first().map(|tab| tab.session.clone()) else {
            return false;
        };
        let asked = json!({ "expression": "0" });
        self.line().call(Some(&session), "Runtime.evaluate", asked, PREPARE).await.is_ok()
    }

    /// The title of the page at an address, or why there is none.
    pub(super) async fn title_at(&self, url: &str) -> Result<String, String> {
        let session = self.shared.state().tabs.first().map(|tab| tab.session.clone());
        let session = session.ok_or("the context has no tab")?;
        let ask = async |method, params| {
            let answer = self.line().call(Some(&session), method, params, PREPARE).await;
            answer.map_err(|why| why.to_string())
        };
        let opened = ask("Page.navigate", json!({ "url": url })).await?;
        if let Some(why) = opened["errorText"].as_str() {
            return Err(why.to_owned());
        }
        let shown = json!({ "expression": TITLE, "awaitPromise": true, "returnByValue": true });
        let shown = ask("Runtime.evaluate", shown).await?;
        Ok(shown.pointer("/result/value").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    fn line(&self) -> &Line {
        self.connection.line()
    }
}

/// The title, once the page is there.
const TITLE: &str = "new Promise(done => document.readyState === 'complete'
    ? done(document.title) : addEventListener('load', () => done(document.title)))";

/// The task that takes in its tabs ends with it.
impl Drop for Prepared {
    fn drop(&mut self) {
        self.gate.close(&self.id);
    }
}

impl Context {
    pub(super) fn new(prepared: Prepared, browser: Arc<Warm>, alone: bool) -> Self {
        Self { shared: Arc::clone(&prepared.shared), prepared, browser, alone }
    }

    /// What commands go through.
    pub(in crate::cdp) fn line(&self) -> &Line {
        self.prepared.line()
    }

    /// Which browser this is.
    pub(in crate::cdp) fn version(&self) -> &str {
        self.browser.version()
    }

    /// The first part of its version's number.
    pub(in crate::cdp) fn major_version(&self) -> &str {
        let (_, number) = self.version().rsplit_once(' ').unwrap_or_default();
        number.split('.').next().unwrap_or_default()
    }

    /// Whether its tabs are in windows, whose frames take some of their size.
    pub(in crate::cdp) fn has_window(&self) -> bool {
        self.browser.has_window()
    }

    /// Whether its browser is on this machine.
    pub(in crate::cdp) fn is_local(&self) -> bool {
        self.browser.is_local()
    }

    /// Whether nobody else puts anything into the browser's clipboard, or takes it out.
    pub(in crate::cdp) fn has_clipboard(&self) -> bool {
        self.alone && self.is_local()
    }

    /// The limit of memory, in bytes, if its browser has just lost a page to it.
    pub(in crate::cdp) fn memory_limit_met(&self) -> Option<u64> {
        self.browser.memory_limit_met()
    }

    /// Ends it: the browser disposes of it in the background. A browser of its own ends with it.
    pub(in crate::cdp) async fn end(self) -> Result<(), String> {
        let Self { prepared, browser, alone, .. } = self;
        drop(prepared);
        if alone { browser.end().await } else { Ok(()) }
    }
}

fn told(answer: &Value, name: &str) -> Result<String, CallError> {
    let told = answer[name].as_str().map(str::to_owned);
    told.ok_or_else(|| CallError::Refused(format!("the browser told no {name}")))
}
