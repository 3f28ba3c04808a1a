//! A browser that serves many runs.

use std::{
    path::PathBuf,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use serde_json::json;

use super::{Pooling, context::Prepared, gate::Gate};
use crate::{
    cdp::{
        connection::{CallError, Connection},
        session::PREPARE,
    },
    guard_page,
    local::{Form, LocalBrowser, LocalChromium},
};

/// A browser, and contexts in it that are made ahead.
#[derive(Debug)]
pub(super) struct Warm {
    url: String,
    version: String,
    control: Connection,
    gate: Gate,
    /// What its contexts' traffic goes through, where it was not started with it.
    proxy: Option<String>,
    /// Its process, if it is on this machine.
    process: Mutex<Option<LocalBrowser>>,
    local: bool,
    has_window: bool,
    ahead: Mutex<Vec<Prepared>>,
    runs: AtomicU32,
    born: Instant,
}

impl Warm {
    /// Starts a browser on this machine.
    pub(super) async fn start(
        path: PathBuf,
        form: Form,
        config: &LocalChromium,
    ) -> Result<Self, String> {
        let process = LocalBrowser::start(path, form, config).await?;
        let url = process.url().to_owned();
        let name = match form {
            Form::Shell => "chrome-headless-shell",
            Form::Full => "chrome",
        };
        match Self::connect(url, Some(name), None).await {
            Ok(mut this) => {
                this.local = true;
                this.has_window = form == Form::Full;
                this.process = Mutex::new(Some(process));
                Ok(this)
            }
            Err(why) => {
                if let Err(left) = process.end().await {
                    tracing::warn!(why = left, "a browser that did not start has left something");
                }
                Err(why.to_string())
            }
        }
    }

    /// Connects to a browser elsewhere, or to one that has been started.
    pub(super) async fn connect(
        url: String,
        name: Option<&str>,
        proxy: Option<String>,
    ) -> Result<Self, CallError> {
        let gate = Gate::default();
        let control = Connection::open(&url, gate.clone()).await?;
        let line = control.line();
        let params = json!({
            "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true,
            "filter": [{ "type": "page" }],
        });
        line.call(None, "Target.setAutoAttach", params, PREPARE).await?;
        let version = line.call(None, "Browser.getVersion", json!({}), PREPARE).await?;
        let product = version["product"].as_str().unwrap_or_default();
        let (told, number) = product.split_once('/').unwrap_or((product, "of unknown version"));
        let version = format!("{} {number}", name.unwrap_or(told));
        Ok(Self {
            url,
            version,
            control,
            gate,
            proxy,
            process: Mutex::new(None),
            local: false,
            has_window: true,
            ahead: Mutex::default(),
            runs: AtomicU32::new(0),
            born: Instant::now(),
        })
    }

    pub(super) fn version(&self) -> &str {
        &self.version
    }

    pub(super) fn has_window(&self) -> bool {
        self.has_window
    }

    pub(super) fn is_local(&self) -> bool {
        self.local
    }

    /// Whether it can serve runs.
    pub(super) fn lives(&self) -> bool {
        !self.control.line().is_closed()
    }

    /// Waits until it is gone, without keeping it.
    pub(super) fn watch_end(&self) -> impl Future<Output = ()> + use<> {
        let gate = self.gate.clone();
        async move { gate.browser_gone().await }
    }

    /// Whether it has served its time.
    pub(super) fn is_worn(&self, pooling: &Pooling) -> bool {
        self.runs.load(Ordering::Relaxed) >= pooling.recycle_after_runs
            || self.born.elapsed() >= pooling.recycle_after
    }

    /// Whether it has grown too large.
    pub(super) async fn is_bloated(&self) -> bool {
        let looking = self.process().as_ref().map(LocalBrowser::is_bloated);
        match looking {
            Some(looking) => looking.await,
            None => false,
        }
    }

    /// The limit of memory, in bytes, if a page has just met it.
    pub(super) fn memory_limit_met(&self) -> Option<u64> {
        self.process().as_ref().and_then(LocalBrowser::memory_limit_met)
    }

    /// A context for a run: one that was made ahead, or else a new one.
    pub(super) async fn context(&self) -> Result<Prepared, CallError> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        loop {
            let Some(prepared) = self.ahead().pop() else { break };
            if prepared.is_usable() && prepared.answers().await {
                return Ok(prepared);
            }
        }
        self.prepare().await
    }

    async fn prepare(&self) -> Result<Prepared, CallError> {
        Prepared::make(&self.url, &self.gate, self.proxy.as_deref()).await
    }

    /// Has a context of its own show that contexts come to the egress guard.
    pub(super) async fn prove(&self) -> Result<(), String> {
        let word = guard_page::word()?;
        let prepared = self.prepare().await.map_err(|why| why.to_string())?;
        match prepared.title_at(&guard_page::address(&word)).await {
            Ok(title) if guard_page::up(&title, &word).is_some() => Ok(()),
            Err(why) if guard_page::is_out_of_reach(&why) => Err(guard_page::NO_ANSWER.to_owned()),
            Ok(shown) | Err(shown) => Err(guard_page::not_seen(&shown)),
        }
    }

    /// Makes contexts ahead until there are so many.
    pub(super) async fn refill(&self, wanted: usize) {
        while self.ahead().len() < wanted && self.lives() {
            match self.prepare().await {
                Ok(prepared) => self.ahead().push(prepared),
                // The next run will find out, and say it.
                Err(error) => {
                    tracing::debug!(%error, "no browser context could be made ahead");
                    return;
                }
            }
        }
    }

    /// Ends its process.
    pub(super) async fn end(&self) -> Result<(), String> {
        let process = self.process().take();
        match process {
            Some(process) => process.end().await,
            None => Ok(()),
        }
    }

    fn process(&self) -> MutexGuard<'_, Option<LocalBrowser>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ahead(&self) -> MutexGuard<'_, Vec<Prepared>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// It ends when the last of its runs has: nobody waits for that.
impl Drop for Warm {
    fn drop(&mut self) {
        let process = self.process.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(process), Ok(runtime)) = (process, tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                if let Err(why) = process.end().await {
                    tracing::warn!(why, "a browser has left something behind");
                }
            });
        }
    }
}
