//! Starting sessions.

use std::{path::Path, sync::Arc};

use serde_json::{Map, Value};
use synmon_core::browser::{BrowserError, SessionRequest};
use tokio::{sync::oneshot, task::spawn_blocking};
use url::Url;

use crate::{
    ClosedPort,
    cdp::Cdp,
    local::{LocalChromium, LocalDriver},
};

use super::{
    capabilities::{Local, PAGE_LOAD_MS, SCRIPT_MS, capabilities},
    client::Client,
    config::Remote,
    driver::{Driver, limits},
    failure::Failure,
    proof::Trust,
    session::{Parts, WebDriverSession},
    wire::Wire,
};

/// Starts a browser on this machine.
pub(super) async fn local(
    config: &LocalChromium,
    request: &SessionRequest,
    (client, wire): (Client, &Wire),
) -> Result<WebDriverSession, BrowserError> {
    let places = config.clone();
    let found = spawn_blocking(move || {
        // The full browser: the error pages of the one without windows do not say why they came.
        places.find().map(|programs| (programs.chromedriver, programs.chromium))
    });
    let (chromedriver, chromium) = found
        .await
        .map_err(|error| BrowserError::Unavailable(error.to_string()))?
        .map_err(|missing| BrowserError::Unavailable(missing.to_string()))?;
    let process =
        LocalDriver::start(&chromedriver, config).await.map_err(BrowserError::Unavailable)?;
    match local_session(config, request, (client, wire), &chromium, &process).await {
        Ok((driver, side)) => {
            let parts = Parts {
                driver,
                cdp: side.cdp.map(Arc::new),
                debugger: side.debugger,
                _debugger_port: side.port,
                process: Some(process),
                kind: request.browser,
                wire: wire.clone(),
                status: None,
            };
            let mut session = WebDriverSession::new(parts, request);
            session.prepare().await.map_err(unavailable)?;
            Ok(session)
        }
        Err(failure) => {
            if let Err(why) = process.end().await {
                tracing::warn!(why, "a browser that did not start has left something behind");
            }
            Err(unavailable(failure))
        }
    }
}

/// Starts a browser of an endpoint. The endpoint may answer after we have given up: a task of its
/// own waits for that, so that the session is ended and not lost.
pub(super) async fn remote(
    config: &Remote,
    request: &SessionRequest,
    (client, wire): (Client, &Wire),
    trust: &Trust,
) -> Result<WebDriverSession, BrowserError> {
    let asked = capabilities(request, config.proxy.as_deref(), &config.extra_args, None);
    let (sender, receiver) = oneshot::channel();
    tokio::spawn(deliver((client, wire.clone()), config.base(), asked, sender));
    let driver = receiver.await.unwrap_or_else(|_| Err(Failure::Unknown)).map_err(unavailable)?;
    let parts = Parts {
        driver,
        cdp: None,
        debugger: None,
        _debugger_port: None,
        process: None,
        kind: request.browser,
        wire: wire.clone(),
        status: Some(config.address("status")),
    };
    // From here on the session ends with its owner, whatever goes wrong.
    let mut session = WebDriverSession::new(parts, request);
    if config.proxy.is_some() {
        // Before anything watches its tabs: one more is opened for this, and closed.
        trust.earned_by(session.driver()).await.map_err(unavailable)?;
    }
    let address = grid_cdp(&config.base(), session.driver());
    session.set_cdp(connect(address).await);
    session.driver().set_timeouts(PAGE_LOAD_MS, SCRIPT_MS).await.map_err(unavailable)?;
    session.prepare().await.map_err(unavailable)?;
    Ok(session)
}

struct Side {
    cdp: Option<Cdp>,
    debugger: Option<String>,
    port: Option<ClosedPort>,
}

async fn local_session(
    config: &LocalChromium,
    request: &SessionRequest,
    (client, wire): (Client, &Wire),
    chromium: &Path,
    process: &LocalDriver,
) -> Result<(Driver, Side), Failure> {
    let local = process.folder().map(|folder| {
        let (user, headless) = (config.user, config.headless);
        Local { chromium, folder, user, headless }
    });
    let asked = capabilities(request, config.proxy.as_deref(), &config.extra_args, local.as_ref());
    let driver = Driver::connect(client, &process.url(), asked, wire).await?;
    let address = driver
        .capability("goog:chromeOptions")
        .and_then(|options| options["debuggerAddress"].as_str());
    let port = address.and_then(|address| address.rsplit_once(':')?.1.parse().ok());
    let port = port.map(|port| config.closed_ports.close(port));
    let debugger = address.map(|address| format!("http://{address}/json/version"));
    let setting = driver.set_timeouts(PAGE_LOAD_MS, SCRIPT_MS);
    let (timed, cdp) = tokio::join!(setting, connect_local(debugger.as_deref(), wire));
    timed?;
    if cdp.is_none() {
        // Without it nobody would know what the page logs, and steps would pass that should not.
        let why = "the browser gives no DevTools connection".to_owned();
        return Err(Failure::Browser(BrowserError::Unavailable(why)));
    }
    Ok((driver, Side { cdp, debugger, port }))
}

async fn deliver(
    (client, wire): (Client, Wire),
    url: Url,
    asked: Map<String, Value>,
    sender: oneshot::Sender<Result<Driver, Failure>>,
) {
    let created = Driver::connect(client, url.as_str(), asked, &wire).await;
    if let Err(Ok(unwanted)) = sender.send(created)
        && let Err(error) = unwanted.delete().await
    {
        tracing::warn!(?error, "a session that nobody waits for any more could not be ended");
    }
}

async fn connect_local(debugger: Option<&str>, wire: &Wire) -> Option<Cdp> {
    let version = wire.get(debugger?, limits::PROBE).await.ok()?;
    connect(version["webSocketDebuggerUrl"].as_str().map(str::to_owned)).await
}

/// A Grid passes the `DevTools` protocol on, under its own address.
fn grid_cdp(base: &Url, driver: &Driver) -> Option<String> {
    let told = Url::parse(driver.capability("se:cdp")?.as_str()?).ok()?;
    let mut url = base.clone();
    url.set_scheme("ws").ok()?;
    url.set_path(told.path());
    Some(url.into())
}

/// Without this line all works but the rescue from a page that hangs.
async fn connect(url: Option<String>) -> Option<Cdp> {
    match Cdp::connect(&url?).await {
        Ok(cdp) => Some(cdp),
        Err(why) => {
            tracing::warn!(why, "no DevTools connection: a page that hangs can't be interrupted");
            None
        }
    }
}

/// Whatever goes wrong here is ours, never the site's.
fn unavailable(failure: Failure) -> BrowserError {
    match BrowserError::from(failure) {
        BrowserError::Unavailable(why) => BrowserError::Unavailable(why),
        other => BrowserError::Unavailable(other.to_string()),
    }
}
