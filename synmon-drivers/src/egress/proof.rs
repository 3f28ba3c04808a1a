//! The proof that a browser can't get past the guard: it is sent to a place on loopback that no
//! page may reach. If anything arrives there, it has.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use synmon_core::{
    browser::{Browser, BrowserError, SessionRequest},
    flow::BrowserSettings,
};
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use url::Url;

use super::{EgressGuard, limits::PROOF, memory::Trouble};
use crate::ClosedPort;

/// What a trial has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// The browser came to the guard, and no further.
    Held,
    /// It went around the guard.
    Bypassed(String),
}

/// Has a browser open the canary. That no browser can be had proves nothing, and is told as what it
/// is.
pub(super) async fn ask_for(
    browser: &dyn Browser,
    guard: &EgressGuard,
    request: &SessionRequest,
) -> Result<Proof, BrowserError> {
    let canary = Canary::set_out(guard).await.map_err(|error| {
        BrowserError::Unavailable(format!("the egress guard can't be tried out: {error}"))
    })?;
    let plain = BrowserSettings { variant: request.settings.variant, ..BrowserSettings::default() };
    let mut session = browser.start(&SessionRequest { settings: plain, ..request.clone() }).await?;
    let begun = Instant::now();
    let opened = timeout(PROOF, session.open(&canary.url)).await;
    if let Err(error) = session.close().await {
        tracing::debug!(%error, "the browser that proved the guard did not end in order");
    }
    if canary.was_hit() {
        let why = "the browser goes around the egress guard: a page could reach addresses that \
                   are not public";
        return Ok(Proof::Bypassed(why.to_owned()));
    }
    match guard.memory().trouble(&canary.url, begun) {
        Some(Trouble::Blocked(_)) => Ok(Proof::Held),
        _ => Err(BrowserError::Unavailable(format!(
            "the browser did not come to the egress guard: {opened:?}"
        ))),
    }
}

/// A place on loopback where nothing may arrive, whatever the operator allows.
struct Canary {
    url: Url,
    hit: Arc<AtomicBool>,
    listening: JoinHandle<()>,
    _closed: ClosedPort,
}

impl Canary {
    async fn set_out(guard: &EgressGuard) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let closed = guard.closed_ports().close(address.port());
        let url = Url::parse(&format!("http://{address}/")).map_err(std::io::Error::other)?;
        let hit = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&hit);
        let listening = tokio::spawn(async move {
            // Whoever comes is hung up on, and waits for nothing.
            while listener.accept().await.is_ok() {
                seen.store(true, Ordering::SeqCst);
            }
        });
        Ok(Self { url, hit, listening, _closed: closed })
    }

    fn was_hit(&self) -> bool {
        self.hit.load(Ordering::SeqCst)
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.listening.abort();
    }
}
