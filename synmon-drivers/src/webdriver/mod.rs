//! Browsers over W3C `WebDriver`, which a library of one's choice speaks.

mod capabilities;
mod client;
mod config;
mod driver;
mod failure;
mod forgotten;
mod proof;
mod session;
mod start;
mod wire;

pub use client::Client;
pub use config::Remote;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use synmon_core::{
    browser::{Browser, BrowserError, Capability, Session, SessionRequest},
    flow::BrowserKind,
};
use tokio::task::spawn_blocking;

use crate::local::{self, LocalChromium};
use proof::Trust;
use wire::Wire;

/// How long an endpoint may take to say that it is ready.
const READY_LIMIT: Duration = Duration::from_secs(2);

/// Starts browsers: local ones, each with a driver of its own, or those of a `WebDriver` endpoint.
#[derive(Debug)]
pub struct WebDriverBrowser {
    place: Place,
    client: Client,
    wire: Wire,
}

#[derive(Debug)]
enum Place {
    Local(LocalChromium),
    Remote(Remote, Trust),
}

impl WebDriverBrowser {
    /// Browsers on this machine. What former processes left behind under the same folder, because
    /// they were killed, is removed first.
    #[must_use]
    pub fn local(config: LocalChromium, client: Client) -> Self {
        let swept = local::sweep(&config.temp_root);
        if swept > 0 {
            tracing::info!(folders = swept, "removed what former browsers left behind");
        }
        Self { place: Place::Local(config), client, wire: Wire::new() }
    }

    /// Browsers of a Selenium Grid or of any other `WebDriver` endpoint.
    #[must_use]
    pub fn remote(config: Remote, client: Client) -> Self {
        Self { place: Place::Remote(config, Trust::default()), client, wire: Wire::new() }
    }
}

#[async_trait]
impl Browser for WebDriverBrowser {
    fn kinds(&self) -> &[BrowserKind] {
        match self.place {
            Place::Local(_) => &[BrowserKind::Chrome],
            Place::Remote(..) => &[BrowserKind::Chrome, BrowserKind::Firefox],
        }
    }

    fn lacks(&self, kind: BrowserKind) -> &[Capability] {
        match kind {
            // Not every endpoint passes on Chrome's own protocol.
            BrowserKind::Chrome if self.is_shared() => &[
                Capability::Network,
                Capability::Console,
                Capability::Headers,
                Capability::Blocking,
                Capability::OwnWorld,
                Capability::PointerCapture,
            ],
            // What chromedriver is told of headers and hosts does not hold for the pages after it.
            BrowserKind::Chrome => &[
                Capability::Headers,
                Capability::Blocking,
                Capability::OwnWorld,
                Capability::PointerCapture,
            ],
            BrowserKind::Firefox => &[
                Capability::Network,
                Capability::Console,
                Capability::Headers,
                Capability::Emulation,
                Capability::Blocking,
                Capability::OwnWorld,
                Capability::PointerCapture,
            ],
        }
    }

    async fn ready(&self) -> Result<(), String> {
        match &self.place {
            Place::Local(config) => {
                local::check_length(&config.temp_root)?;
                let config = config.clone();
                let found = spawn_blocking(move || config.find());
                match found.await {
                    Ok(found) => found.map(drop).map_err(|missing| missing.to_string()),
                    Err(error) => Err(error.to_string()),
                }
            }
            Place::Remote(config, trust) => {
                if let Some(why) = trust.refused() {
                    return Err(why);
                }
                let status = self.wire.get(&config.address("status"), READY_LIMIT).await?;
                if is_ready(&status) {
                    return Ok(());
                }
                let why = status.pointer("/value/message").and_then(Value::as_str);
                Err(format!("the WebDriver endpoint is not ready: {}", why.unwrap_or("?")))
            }
        }
    }

    fn is_shared(&self) -> bool {
        matches!(self.place, Place::Remote(..))
    }

    async fn end_forgotten(&self, tag: &str, id: Option<&str>) -> Result<(), BrowserError> {
        let Place::Remote(config, _) = &self.place else { return Ok(()) };
        forgotten::end(config, &self.wire, tag, id).await.map_err(BrowserError::SessionLost)
    }

    async fn start(&self, request: &SessionRequest) -> Result<Box<dyn Session>, BrowserError> {
        if !self.kinds().contains(&request.browser) {
            return Err(BrowserError::Unavailable(format!("there is no {} here", request.browser)));
        }
        let through = (self.client, &self.wire);
        let session = match &self.place {
            Place::Local(config) => start::local(config, request, through).await?,
            Place::Remote(config, trust) => start::remote(config, request, through, trust).await?,
        };
        Ok(Box::new(session))
    }
}

/// Whether an endpoint can start browsers, now or once others have ended. A Selenium Grid says that
/// it is not ready while all its places are taken, though it only makes runs wait then.
fn is_ready(status: &Value) -> bool {
    let nodes = status.pointer("/value/nodes").and_then(Value::as_array);
    status.pointer("/value/ready") == Some(&Value::Bool(true))
        || nodes.into_iter().flatten().any(|node| node["availability"] == "UP")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_grid_is_ready_while_it_has_a_node_even_if_all_places_are_taken() {
        let grid = |ready: bool, availability: &[&str]| {
            let nodes: Vec<_> =
                availability.iter().map(|one| json!({ "availability": one })).collect();
            json!({ "value": { "ready": ready, "message": "…", "nodes": nodes } })
        };
        assert!(is_ready(&grid(true, &["UP"])));
        assert!(is_ready(&grid(false, &["DOWN", "UP"])));
        assert!(!is_ready(&grid(false, &["DOWN", "DRAINING"])));
        assert!(!is_ready(&grid(false, &[])));
    }

    #[test]
    fn a_single_driver_says_itself_whether_it_is_ready() {
        assert!(is_ready(&json!({ "value": { "ready": true, "message": "" } })));
        assert!(!is_ready(&json!({ "value": { "ready": false, "message": "" } })));
        assert!(!is_ready(&json!({ "value": null })));
    }
}
