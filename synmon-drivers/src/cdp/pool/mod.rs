//! Warm browsers, and a fresh context in one of them for each run.

mod context;
mod gate;
mod warm;

use std::{
    pin::Pin,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::sync::Mutex;
use url::Url;

use crate::local::{self, Form, LocalChromium};
use warm::Warm;

pub(in crate::cdp) use context::Context;
pub(in crate::cdp) use gate::NewTab;

/// What runs share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// A browser, in which each has a context of its own: cookies, storage, cache and the page's
    /// process are apart.
    #[default]
    Context,
    /// Nothing: each has a browser of its own.
    Process,
}

/// How browsers are kept for later runs.
#[derive(Clone, Debug)]
pub struct Pooling {
    /// What runs share.
    pub isolation: Isolation,
    /// How many contexts are made ahead of the runs that they are for.
    pub ahead: usize,
    /// After how many runs a browser is replaced.
    pub recycle_after_runs: u32,
    /// After what time a browser is replaced.
    pub recycle_after: Duration,
}

impl Default for Pooling {
    fn default() -> Self {
        Self {
            isolation: Isolation::default(),
            ahead: 2,
            recycle_after_runs: 200,
            recycle_after: Duration::from_hours(1),
        }
    }
}

/// The warm browsers.
#[derive(Debug)]
pub(super) struct Pool {
    source: Source,
    pooling: Pooling,
    shell: Slot,
    full: Slot,
}

/// Where browsers come from.
#[derive(Debug)]
enum Source {
    /// From this machine.
    Local(LocalChromium),
    /// From elsewhere: one that is there already.
    Remote { url: Url, proxy: Option<String> },
}

/// The browser of one form that runs get; empty until the first one, and after the last one.
type Slot = Mutex<Option<Arc<Warm>>>;

impl Pool {
    /// Browsers on this machine.
    pub(super) fn local_browsers(config: LocalChromium, pooling: Pooling) -> Arc<Self> {
        Self::of(Source::Local(config), pooling)
    }

    /// A browser that is there already.
    pub(super) fn remote(url: Url, proxy: Option<String>, pooling: Pooling) -> Arc<Self> {
        Self::of(Source::Remote { url, proxy }, pooling)
    }

    fn of(source: Source, pooling: Pooling) -> Arc<Self> {
        Arc::new(Self { source, pooling, shell: Slot::default(), full: Slot::default() })
    }

    /// The folder and the programs of browsers on this machine.
    pub(super) fn local(&self) -> Option<&LocalChromium> {
        match &self.source {
            Source::Local(config) => Some(config),
            Source::Remote { .. } => None,
        }
    }

    /// Whether a browser is to be had; if not, why.
    pub(super) async fn reachable(self: &Arc<Self>) -> Result<(), String> {
        self.browser(Form::Full).await.map(drop)
    }

    /// A context for a run, in a browser that is there for it `alone` if that can be had.
    pub(super) async fn context(
        self: &Arc<Self>,
        full: bool,
        alone: bool,
    ) -> Result<Context, String> {
        let form = match &self.source {
            Source::Local(config) => {
                local::program(config, full).map_err(|missing| missing.to_string())?.1
            }
            Source::Remote { .. } => Form::Full,
        };
        let alone = alone && self.local().is_some();
        if alone || self.pooling.isolation == Isolation::Process {
            let browser = Arc::new(self.start(form).await?);
            let prepared = browser.context().await.map_err(|why| why.to_string())?;
            return Ok(Context::new(prepared, browser, true));
        }
        let browser = self.browser(form).await?;
        let (browser, prepared) = if let Ok(prepared) = browser.context().await {
            (browser, prepared)
        } else {
            // It may have ended just now: then there is another one.
            self.give_up(&browser, form).await;
            let browser = self.browser(form).await?;
            let prepared = browser.context().await.map_err(|why| why.to_string())?;
            (browser, prepared)
        };
        tokio::spawn(Arc::clone(self).look_after(Arc::clone(&browser), form));
        Ok(Context::new(prepared, browser, false))
    }

    /// Starts a browser, or connects to it.
    async fn start(&self, form: Form) -> Result<Warm, String> {
        match &self.source {
            Source::Local(config) => {
                let (path, form) = local::program(config, form == Form::Full)
                    .map_err(|missing| missing.to_string())?;
                Warm::start(path, form, config).await
            }
            Source::Remote { url, proxy } => {
                let browser = Warm::connect(url.to_string(), None, proxy.clone())
                    .await
                    .map_err(|why| why.to_string())?;
                if proxy.is_some() {
                    browser.prove().await?;
                }
                Ok(browser)
            }
        }
    }

    /// Lets go of all browsers. Those that still serve runs end with the last of them.
    pub(super) async fn shut_down(&self) {
        for slot in [&self.shell, &self.full] {
            let browser = slot.lock().await.take();
            if let Some(browser) = browser.and_then(Arc::into_inner)
                && let Err(why) = browser.end().await
            {
                tracing::warn!(why, "a browser has left something behind");
            }
        }
    }

    fn slot(&self, form: Form) -> &Slot {
        match form {
            Form::Shell => &self.shell,
            Form::Full => &self.full,
        }
    }

    /// The browser that runs get now. Of several that ask at once, one starts it.
    async fn browser(self: &Arc<Self>, form: Form) -> Result<Arc<Warm>, String> {
        let mut slot = self.slot(form).lock().await;
        if let Some(browser) = slot.as_ref().filter(|browser| browser.lives()) {
            return Ok(Arc::clone(browser));
        }
        let browser = Arc::new(self.start(form).await?);
        *slot = Some(Arc::clone(&browser));
        tokio::spawn(replace_when_gone(Arc::downgrade(self), &browser, form));
        Ok(browser)
    }

    /// No further run gets this browser. Whether it was the one that they got.
    async fn give_up(&self, browser: &Arc<Warm>, form: Form) -> bool {
        let mut slot = self.slot(form).lock().await;
        let is_it = slot.as_ref().is_some_and(|current| Arc::ptr_eq(current, browser));
        if is_it {
            *slot = None;
        }
        is_it
    }

    /// After a run has got its context: makes others, or another browser when this one has served
    /// its time. No run waits for either.
    async fn look_after(self: Arc<Self>, browser: Arc<Warm>, form: Form) {
        if !browser.is_worn(&self.pooling) && !browser.is_bloated().await {
            browser.refill(self.pooling.ahead).await;
            return;
        }
        // Another run may have seen to it.
        if !self.give_up(&browser, form).await {
            return;
        }
        match self.browser(form).await {
            Ok(new) => new.refill(self.pooling.ahead).await,
            // The next run tries again, and says it.
            Err(why) => tracing::warn!(why, "a browser could not be replaced"),
        }
    }
}

/// Has another browser ready when one has died while runs may want it. That one is watched in the
/// same way, so the type of this must not depend on itself.
fn replace_when_gone(
    pool: Weak<Pool>,
    browser: &Warm,
    form: Form,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let gone = browser.watch_end();
    Box::pin(async move {
        gone.await;
        let Some(pool) = pool.upgrade() else { return };
        // Nobody wants one after the last was let go of.
        let wanted = pool.slot(form).lock().await.as_ref().is_some_and(|current| !current.lives());
        if wanted && let Ok(new) = pool.browser(form).await {
            new.refill(pool.pooling.ahead).await;
        }
    })
}
