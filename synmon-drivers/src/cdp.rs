//! A second line to a browser, past the driver: Chrome's `DevTools` protocol.
//!
//! The driver does one thing after the other, so it can't help when the page hangs it. This line is
//! opened before that, and serves only to stop a script, to take a picture and to see whether the
//! browser lives.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

/// The largest message that is read: a picture in base64.
const MAX_MESSAGE: usize = 32 << 20;
/// How long connecting may take, and each of the commands that follow.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How many tabs may be open; later ones are closed at once.
const MAX_TABS: usize = 8;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Answer = Result<Value, String>;

/// A line to one tab.
#[derive(Debug)]
pub(crate) struct Cdp {
    requests: mpsc::Sender<Request>,
    session: String,
    crashed: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Request {
    method: &'static str,
    params: Value,
    session: Option<String>,
    answer: oneshot::Sender<Answer>,
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
        let (requests, inbox) = mpsc::channel(16);
        let crashed = Arc::new(AtomicBool::new(false));
        let line = Line {
            socket,
            inbox,
            crashed: Arc::clone(&crashed),
            waiting: HashMap::new(),
            tabs: HashSet::new(),
            watched: None,
            last_id: 0,
        };
        tokio::spawn(line.serve());
        let mut this = Self { requests, session: String::new(), crashed };
        this.attach().await?;
        Ok(this)
    }

    /// Whether the tab's page process has ended.
    pub(crate) fn page_crashed(&self) -> bool {
        self.crashed.load(Ordering::Relaxed)
    }

    /// Whether the line is cut: the browser has ended.
    pub(crate) fn closed(&self) -> bool {
        self.requests.is_closed()
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
            self.requests.send(request).await.map_err(|_| gone())?;
            waiting.await.map_err(|_| gone())?
        };
        timeout(limit, asked).await.unwrap_or_else(|_| Err(format!("{method}: no answer")))
    }
}

/// The one task that reads and writes the socket. It ends with the browser or with the [`Cdp`],
/// and whoever still waits then learns of it by the closed channel.
struct Line {
    socket: Socket,
    inbox: mpsc::Receiver<Request>,
    crashed: Arc<AtomicBool>,
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
    tabs: HashSet<String>,
    /// The tab that we are attached to.
    watched: Option<String>,
    last_id: u64,
}

impl Line {
    async fn serve(mut self) {
        loop {
            tokio::select! {
                request = self.inbox.recv() => {
                    let Some(request) = request else { break };
                    if !self.send(request).await { break }
                }
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.read(text.as_str()).await,
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => break,
                },
            }
        }
    }

    async fn send(&mut self, request: Request) -> bool {
        if request.method == "Target.attachToTarget" {
            self.watched = request.params["targetId"].as_str().map(str::to_owned);
        }
        // Who gave up waiting is forgotten.
        self.waiting.retain(|_, answer| !answer.is_closed());
        let id = self.write(request.method, request.params, request.session).await;
        id.is_some_and(|id| self.waiting.insert(id, request.answer).is_none())
    }

    async fn write(&mut self, method: &str, params: Value, session: Option<String>) -> Option<u64> {
        self.last_id += 1;
        let mut message = json!({ "id": self.last_id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.socket.send(Message::text(message.to_string())).await.ok()?;
        Some(self.last_id)
    }

    async fn read(&mut self, text: &str) {
        // What can't be read is skipped: browsers say more with each version.
        let Ok(mut message) = serde_json::from_str::<Value>(text) else {
            return;
        };
        if let Some(answer) = message["id"].as_u64().and_then(|id| self.waiting.remove(&id)) {
            let result = match message["error"]["message"].as_str() {
                Some(error) => Err(error.to_owned()),
                None => Ok(message["result"].take()),
            };
            // Who asked may have given up since.
            let _ = answer.send(result);
            return;
        }
        self.notice(&message).await;
    }

    async fn notice(&mut self, event: &Value) {
        let params = &event["params"];
        match event["method"].as_str() {
            Some("Inspector.targetCrashed") => self.crashed.store(true, Ordering::Relaxed),
            Some("Target.targetCrashed")
                if params["targetId"].as_str() == self.watched.as_deref() =>
            {
                self.crashed.store(true, Ordering::Relaxed);
            }
            Some("Target.targetDestroyed") => {
                self.tabs.remove(params["targetId"].as_str().unwrap_or_default());
            }
            Some("Target.targetCreated") if params["targetInfo"]["type"] == "page" => {
                let id = params["targetInfo"]["targetId"].as_str().unwrap_or_default().to_owned();
                if self.tabs.len() < MAX_TABS {
                    self.tabs.insert(id);
                } else {
                    // Should it fail, the tab is closed with the browser.
                    let _ = self.write("Target.closeTarget", json!({ "targetId": id }), None).await;
                }
            }
            _ => {}
        }
    }
}
