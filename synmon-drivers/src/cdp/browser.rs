//! The engine that speaks the `DevTools` protocol.

use std::sync::Arc;

use async_trait::async_trait;
use synmon_core::{
    browser::{Browser, BrowserError, Session, SessionRequest},
    flow::{BrowserKind, BrowserVariant},
};
use tokio::task::spawn_blocking;
use url::Url;

use super::{
    pool::{Pool, Pooling},
    session::CdpSession,
};
use crate::local::{self, LocalChromium};

/// Chromium over its `DevTools` protocol: warm ones on this machine, with a fresh context for each
/// run.
#[derive(Debug)]
pub struct CdpBrowser {
    pool: Arc<Pool>,
}

impl CdpBrowser {
    /// Browsers on this machine. What former processes left behind under the same folder, because
    /// they were killed, is removed first.
    #[must_use]
    pub fn local(config: LocalChromium, pooling: Pooling) -> Self {
        let swept = local::sweep(&config.temp_root);
        if swept > 0 {
            tracing::info!(folders = swept, "removed what former browsers left behind");
        }
        Self { pool: Pool::local_browsers(config, pooling) }
    }

    /// A browser elsewhere, by the address of its `DevTools` (`ws://…` or `wss://…`), whose traffic
    /// goes through this proxy, if one is given.
    #[must_use]
    pub fn remote(url: Url, proxy: Option<String>, pooling: Pooling) -> Self {
        Self { pool: Pool::remote(url, proxy, pooling) }
    }
}

#[async_trait]
impl Browser for CdpBrowser {
    fn kinds(&self) -> &[BrowserKind] {
        &[BrowserKind::Chrome]
    }

    async fn ready(&self) -> Result<(), String> {
        let Some(config) = self.pool.local().cloned() else {
            return self.pool.reachable().await;
        };
        local::check_length(&config.temp_root)?;
        let found = spawn_blocking(move || local::program(&config, false).map(drop));
        found.await.map_err(|error| error.to_string())?.map_err(|missing| missing.to_string())
    }

    async fn start(&self, request: &SessionRequest) -> Result<Box<dyn Session>, BrowserError> {
        if !self.kinds().contains(&request.browser) {
            return Err(BrowserError::Unavailable(format!("there is no {} here", request.browser)));
        }
        let full = request.settings.variant == BrowserVariant::Full;
        let context =
            self.pool.context(full, request.pastes).await.map_err(BrowserError::Unavailable)?;
        let session =
            CdpSession::begin_run(context, request).await.map_err(|error| match error {
                BrowserError::Unavailable(why) | BrowserError::Crashed(why) => {
                    BrowserError::Unavailable(why)
                }
                other => BrowserError::Unavailable(other.to_string()),
            })?;
        Ok(Box::new(session))
    }

    async fn shut_down(&self) {
        self.pool.shut_down().await;
    }
}
