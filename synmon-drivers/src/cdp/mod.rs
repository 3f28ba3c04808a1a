//! A second line to a browser, past the driver: Chrome's `DevTools` protocol.
//!
//! The driver does one thing after the other, so it can't help when the page hangs it. This line is
//! opened before that, and serves only to stop a script, to take a picture and to see whether the
//! browser lives.

mod line;

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_tungstenite::{connect_async_with_config, tungstenite::protocol::WebSocketConfig};

use line::{Answer, Line, Order, Request, Seen};

/// The largest message that is read: a picture in base64.
const MAX_MESSAGE: usize = 32 << 20;
/// How long connecting may take, and each of the commands that follow.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// A line to one tab.
#[derive(Debug)]
pub(crate) struct Cdp {
    orders: mpsc::Sender<Order>,
    session: String,
    seen: Arc<Seen>,
}

impl Cdp {
    /// Connects to the browser behind `url` (`ws://…`) and to the one tab that it has.
    pub(crate) async fn connect(url: &str) -> Result<Self, String> {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let connecting = connect_async_with_config(url, Some(config), true);
        let (socket, _) = timeout(CONNECT_LIMIT, connecting)
            .await
            .map_err(|_| "no answer".to_owned())?
            .map_err(|error| error.to_string())?;
        let (orders, inbox) = mpsc::channel(16);
        let seen = Arc::new(Seen::default());
        tokio::spawn(Line::new(socket, inbox, Arc::clone(&seen)).serve());
        let mut this = Self { orders, session: String::new(), seen };
        this.attach().await?;
        Ok(this)
    }

    /// Whether the tab's page process has ended.
    pub(crate) fn page_crashed(&self) -> bool {
        self.seen.crashed.load(Ordering::Relaxed)
    }

    /// The texts of the dialogs that have opened since this was last asked.
    pub(crate) fn take_dialogs(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.dialogs.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns when all is known that the browser has told so far: it tells things in order.
    pub(crate) async fn catch_up(&self, limit: Duration) {
        // Without an answer nothing more is known, which is no worse than before.
        let _ = self.browser("Browser.getVersion", json!({}), limit).await;
    }

    /// Whether the line is cut: the browser has ended.
    pub(crate) fn closed(&self) -> bool {
        self.orders.is_closed()
    }

    /// Asks the tab.
    pub(crate) async fn tab(&self, method: &'static str, params: Value, limit: Duration) -> Answer {
        self.ask(method, params, Some(self.session.clone()), limit).await
    }

    /// Asks the browser.
    pub(crate) async fn browser(
        &self,
        method: &'static str,
        params: Value,
        limit: Duration,
    ) -> Answer {
        self.ask(method, params, None, limit).await
    }

    /// The tab as it was last drawn, in base64. It is to be had even when the page hangs or a
    /// dialog is open, because the browser's own process has it.
    pub(crate) async fn last_frame(&self, limit: Duration) -> Option<String> {
        let (sender, frame) = oneshot::channel();
        self.orders.send(Order::NextFrame(sender)).await.ok()?;
        let params = json!({ "format": "png", "everyNthFrame": 1 });
        let shown = async {
            self.tab("Page.startScreencast", params, limit).await.ok()?;
            frame.await.ok()
        };
        let frame = timeout(limit, shown).await.ok().flatten();
        // It would send on until it is told to stop; a browser that is gone needs no telling.
        let _ = self.tab("Page.stopScreencast", json!({}), limit).await;
        frame
    }

    async fn attach(&mut self) -> Result<(), String> {
        let targets = self.browser("Target.getTargets", json!({}), CONNECT_LIMIT).await?;
        let tab = targets["targetInfos"]
            .as_array()
            .and_then(|all| all.iter().find(|target| target["type"] == "page"))
            .and_then(|target| target["targetId"].as_str())
            .ok_or("the browser has no tab")?;
        let params = json!({ "targetId": tab, "flatten": true });
        let attached = self.browser("Target.attachToTarget", params, CONNECT_LIMIT).await?;
        attached["sessionId"]
            .as_str()
            .ok_or("the tab can't be attached")?
            .clone_into(&mut self.session);
        // From now on it tells of dialogs.
        self.tab("Page.enable", json!({}), CONNECT_LIMIT).await?;
        let discover = json!({ "discover": true });
        self.browser("Target.setDiscoverTargets", discover, CONNECT_LIMIT).await?;
        Ok(())
    }

    async fn ask(
        &self,
        method: &'static str,
        params: Value,
        session: Option<String>,
        limit: Duration,
    ) -> Answer {
        let (answer, waiting) = oneshot::channel();
        let asked = async {
            let gone = || "the browser has closed the connection".to_owned();
            let request = Request { method, params, session, answer };
            self.orders.send(Order::Ask(request)).await.map_err(|_| gone())?;
            waiting.await.map_err(|_| gone())?
        };
        timeout(limit, asked).await.unwrap_or_else(|_| Err(format!("{method}: no answer")))
    }
}
