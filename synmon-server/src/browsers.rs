//! The browsers that runs happen in, behind the egress guard.

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    os::unix::fs::MetadataExt as _,
    path::PathBuf,
    sync::Arc,
};

use anyhow::Context as _;
use synmon_core::{
    Clock, RunId,
    browser::{Browser, DialogAnswer, SessionRequest},
    egress::EgressPolicy,
    flow::{BrowserKind, BrowserSettings},
};
use synmon_drivers::{
    BrowserUser, CachingResolver, CdpBrowser, Client, DistantGuard, EgressGuard, GuardedBrowser,
    Isolation, LocalChromium, Pooling, Remote, SystemResolver, WebDriverBrowser,
};
use tracing::debug;

use crate::config::{BrowserSource, Config, LocalEngine, Warmth, WebDriverClient};

/// Browsers, and what the operator should know of them.
pub(crate) struct Browsers {
    pub(crate) browser: Arc<dyn Browser>,
    /// The same, if they go through a guard.
    pub(crate) guarded: Option<Arc<GuardedBrowser>>,
    /// What is less safe than it could be.
    pub(crate) warnings: Vec<String>,
}

/// The browsers that the settings name. Those of this machine go through a guard in this process;
/// those elsewhere through the one that the operator runs beside them. The ports of what is started
/// here are closed to whatever has the same policy.
pub(crate) fn browsers(config: &Config, egress: &EgressPolicy) -> anyhow::Result<Browsers> {
    let proxy = config.egress_proxy.clone();
    let distant = proxy.as_deref().map(DistantGuard::new);
    let mut warnings = Vec::new();
    if proxy.is_none() && !matches!(config.browser, BrowserSource::Local { .. }) {
        warnings.push(
            "browsers elsewhere reach whatever their machine does: run `synmon egress-proxy` \
             beside them, and name it by SYNMON_EGRESS_PROXY"
                .to_owned(),
        );
    }
    let elsewhere: Arc<dyn Browser> = match &config.browser {
        BrowserSource::WebDriver(url, client) => {
            let remote = Remote { proxy, ..Remote::new(url.clone()) };
            Arc::new(WebDriverBrowser::remote(remote, by(*client)))
        }
        BrowserSource::DevTools(url, warmth) => {
            Arc::new(CdpBrowser::remote(url.clone(), proxy, pooling(*warmth)))
        }
        BrowserSource::Local {
            engine,
            chromium,
            chromedriver,
            search_path,
            user,
            memory_limit,
        } => {
            let guard = guard(egress, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
            let usual = LocalChromium::new(browser_folder()?);
            let programs = LocalChromium {
                memory_limit: memory_limit.unwrap_or(usual.memory_limit),
                chromium: chromium.clone(),
                chromedriver: chromedriver.clone(),
                search_path: search_path.clone(),
                ..usual.behind(&guard)
            };
            let (programs, unconfined) = programs.confined(browser_user(user.as_deref())?);
            warnings.extend(unconfined.map(|why| why.to_string()));
            let browser: Arc<dyn Browser> = match engine {
                LocalEngine::Cdp(warmth) => Arc::new(CdpBrowser::local(programs, pooling(*warmth))),
                LocalEngine::WebDriver(client) => {
                    Arc::new(WebDriverBrowser::local(programs, by(*client)))
                }
            };
            let guarded = Arc::new(GuardedBrowser::new(browser, Arc::new(guard)));
            let browser = Arc::clone(&guarded) as _;
            return Ok(Browsers { browser, guarded: Some(guarded), warnings });
        }
    };
    let Some(distant) = distant else {
        return Ok(Browsers { browser: elsewhere, guarded: None, warnings });
    };
    let guarded = Arc::new(GuardedBrowser::elsewhere(elsewhere, distant));
    Ok(Browsers { browser: Arc::clone(&guarded) as _, guarded: Some(guarded), warnings })
}

/// Has a browser prove itself to the guard, so that the first run need not wait for it, or `/readyz`
/// says at once why none will.
pub(crate) async fn prove(browser: &GuardedBrowser, clock: &dyn Clock) {
    let run = RunId::new(clock.now());
    let request = SessionRequest {
        run,
        tag: run.to_string(),
        browser: BrowserKind::Chrome,
        dialogs: DialogAnswer::default(),
        settings: BrowserSettings::default(),
        pastes: false,
    };
    // What it comes to is said by `/readyz`, and by the first run.
    if let Err(error) = browser.prove(&request).await {
        debug!("The egress guard is not proved yet: {error}");
    }
}

fn browser_user(name: Option<&str>) -> anyhow::Result<Option<BrowserUser>> {
    let named = |name| {
        BrowserUser::named(name).with_context(|| format!("SYNMON_BROWSER_USER names {name}"))
    };
    name.map(named).transpose()
}

/// The guard, which listens at an address.
pub(crate) fn guard(egress: &EgressPolicy, listen: SocketAddr) -> anyhow::Result<EgressGuard> {
    let resolver = CachingResolver::new(Arc::new(SystemResolver));
    EgressGuard::start(egress.asking(Arc::new(resolver)), listen)
        .with_context(|| format!("the egress guard can't listen at {listen}"))
}

fn by(client: WebDriverClient) -> Client {
    match client {
        WebDriverClient::Thirtyfour => Client::Thirtyfour,
        #[cfg(feature = "fantoccini")]
        WebDriverClient::Fantoccini => Client::Fantoccini,
    }
}

fn pooling(warmth: Warmth) -> Pooling {
    let usual = Pooling::default();
    let isolation = if warmth.process_per_run { Isolation::Process } else { Isolation::Context };
    Pooling {
        isolation,
        recycle_after_runs: warmth
            .recycle_after_runs
            .map_or(usual.recycle_after_runs, NonZeroU32::get),
        recycle_after: warmth.recycle_after.unwrap_or(usual.recycle_after),
        ..usual
    }
}

/// A folder of this user's own with a short path: the addresses of sockets are made of it.
fn browser_folder() -> anyhow::Result<PathBuf> {
    let user = std::fs::metadata("/proc/self").context("/proc can't be read")?.uid();
    Ok(std::env::temp_dir().join(format!("synmon-{user}")))
}
