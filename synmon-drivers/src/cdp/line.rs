//! The one task that reads and writes the socket.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

/// How many tabs may be open; later ones are closed at once.
const MAX_TABS: usize = 8;
/// How many dialogs are remembered until somebody asks, and how much of the text of each.
const MAX_DIALOGS: usize = 50;
const MAX_DIALOG_CHARS: usize = 1_000;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
/// What a command brings.
pub(super) type Answer = Result<Value, String>;

/// What the tab has told without being asked.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) crashed: AtomicBool,
    /// The texts of dialogs, as they opened.
    pub(super) dialogs: Mutex<Vec<String>>,
}

/// What the task that serves the line is asked to do.
#[derive(Debug)]
pub(super) enum Order {
    /// To ask the browser something.
    Ask(Request),
    /// To pass on the next frame of a screencast.
    NextFrame(oneshot::Sender<String>),
}

/// A command and where its answer goes.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) params: Value,
    pub(super) session: Option<String>,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// It ends with the browser or with the [`Cdp`](super::Cdp), and whoever still waits then learns
/// of it by the closed channel.
pub(super) struct Line {
    socket: Socket,
    inbox: mpsc::Receiver<Order>,
    /// Who waits for a frame.
    frame: Option<oneshot::Sender<String>>,
    seen: Arc<Seen>,
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
    tabs: HashSet<String>,
    /// The tab that we are attached to.
    watched: Option<String>,
    last_id: u64,
}

impl Line {
    pub(super) fn new(socket: Socket, inbox: mpsc::Receiver<Order>, seen: Arc<Seen>) -> Self {
        Self {
            socket,
            inbox,
            frame: None,
            seen,
            waiting: HashMap::new(),
            tabs: HashSet::new(),
            watched: None,
            last_id: 0,
        }
    }

    pub(super) async fn serve(mut self) {
        loop {
            tokio::select! {
                order = self.inbox.recv() => match order {
                    Some(Order::Ask(request)) => {
                        if !self.send(request).await {
                            break;
                        }
                    }
                    Some(Order::NextFrame(waiting)) => self.frame = Some(waiting),
                    None => break,
                },
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
            Some("Inspector.targetCrashed") => self.seen.crashed.store(true, Ordering::Relaxed),
            Some("Target.targetCrashed")
                if params["targetId"].as_str() == self.watched.as_deref() =>
            {
                self.seen.crashed.store(true, Ordering::Relaxed);
            }
            Some("Page.javascriptDialogOpening") => {
                let text = params["message"].as_str().unwrap_or_default().trim();
                let mut dialogs = self.seen.dialogs.lock().unwrap_or_else(PoisonError::into_inner);
                if dialogs.len() < MAX_DIALOGS {
                    dialogs.push(text.chars().take(MAX_DIALOG_CHARS).collect());
                }
            }
            Some("Page.screencastFrame") => {
                if let (Some(waiting), Some(data)) = (self.frame.take(), params["data"].as_str()) {
                    // Who asked may have given up since.
                    let _ = waiting.send(data.to_owned());
                }
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
