//! A connection to a browser by Chrome's `DevTools` protocol.
//!
//! Commands go out and wait for their answers, each with a limit; events go to a [`Listener`], in
//! the order in which they come, and before any answer that comes after them. So whoever has an
//! answer knows all that the browser had told before it.

mod message;
mod socket;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_tungstenite::tungstenite::Utf8Bytes;

pub(crate) use message::{CallError, Event, SessionId};

/// How long connecting may take.
pub(crate) const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// From how many unanswered commands on those are looked for that nobody waits for any more.
const CROWDED: usize = 32;

/// Hears what a browser tells without being asked. It must not wait for anything.
pub(crate) trait Listener: Send + 'static {
    /// The browser tells something.
    fn event(&mut self, event: &Event, line: &Line);

    /// The browser will tell nothing more.
    fn closed(&mut self) {}
}

/// A connection. It closes when this is dropped.
#[derive(Debug)]
pub(crate) struct Connection {
    line: Line,
    /// Closes the connection when it is dropped.
    _open: oneshot::Sender<()>,
}

/// What commands go through. It does not keep the connection open.
#[derive(Clone, Debug)]
pub(crate) struct Line(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    outbox: mpsc::UnboundedSender<Utf8Bytes>,
    calls: Mutex<Calls>,
}

/// The commands that wait for an answer.
#[derive(Debug, Default)]
struct Calls {
    last_id: u64,
    waiting: HashMap<u64, Waiting>,
    /// The sessions whose page process has ended: what is asked there is never answered.
    crashed: HashSet<SessionId>,
    /// Why the connection is cut, if it is.
    closed: Option<CallError>,
}

#[derive(Debug)]
struct Waiting {
    session: Option<SessionId>,
    answer: oneshot::Sender<Result<Value, CallError>>,
}

/// A command that was sent.
#[must_use = "a command may fail"]
#[derive(Debug)]
pub(crate) struct Sent {
    method: &'static str,
    answer: oneshot::Receiver<Result<Value, CallError>>,
}

impl Connection {
    /// Connects to a browser (`ws://…`).
    pub(crate) async fn open(url: &str, listener: impl Listener) -> Result<Self, CallError> {
        let socket = timeout(CONNECT_LIMIT, socket::connect(url))
            .await
            .map_err(|_| CallError::Closed("no answer".to_owned()))?
            .map_err(CallError::Closed)?;
        let (outbox, orders) = mpsc::unbounded_channel();
        let line = Line(Arc::new(Shared { outbox, calls: Mutex::default() }));
        let (open, dropped) = oneshot::channel();
        tokio::spawn(socket::serve(socket, orders, line.clone(), listener, dropped));
        Ok(Self { line, _open: open })
    }

    /// What commands go through.
    pub(crate) fn line(&self) -> &Line {
        &self.line
    }
}

impl Line {
    /// Sends a command and waits for its answer.
    pub(crate) async fn call(
        &self,
        session: Option<&SessionId>,
        method: &'static str,
        params: Value,
        limit: Duration,
    ) -> Result<Value, CallError> {
        self.send(session, method, params).answer(limit).await
    }

    /// Sends a command, whose answer may be waited for.
    pub(crate) fn send(
        &self,
        session: Option<&SessionId>,
        method: &'static str,
        params: Value,
    ) -> Sent {
        let (sender, answer) = oneshot::channel();
        let mut calls = self.calls();
        let crashed = session.is_some_and(|session| calls.crashed.contains(session));
        if let Some(why) = calls.closed.clone().or(crashed.then_some(CallError::Crashed)) {
            // The receiver is in our hands.
            let _ = sender.send(Err(why));
            return Sent { method, answer };
        }
        calls.last_id += 1;
        let id = calls.last_id;
        if calls.waiting.len() >= CROWDED {
            calls.waiting.retain(|_, waiting| !waiting.answer.is_closed());
        }
        calls.waiting.insert(id, Waiting { session: session.cloned(), answer: sender });
        // Sent under the lock, so that ids go out in their order. If the line is cut, whoever
        // cuts it answers all that wait.
        let _ = self.0.outbox.send(message::command(id, session, method, params));
        Sent { method, answer }
    }

    /// Sends a command whose answer does not matter.
    pub(crate) fn tell(&self, session: Option<&SessionId>, method: &'static str, params: Value) {
        drop(self.send(session, method, params));
    }

    /// Whether the connection is cut.
    pub(crate) fn is_closed(&self) -> bool {
        self.calls().closed.is_some()
    }

    /// Why the connection is cut, if it is.
    pub(crate) fn end(&self) -> Option<CallError> {
        self.calls().closed.clone()
    }

    /// Whether a session's page process has ended.
    pub(crate) fn has_crashed(&self, session: &SessionId) -> bool {
        self.calls().crashed.contains(session)
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer has come.
    fn answered(&self, id: u64, answer: Result<Value, CallError>) {
        let waiting = self.calls().waiting.remove(&id);
        if let Some(waiting) = waiting {
            // Who asked may have given up since.
            let _ = waiting.answer.send(answer);
        }
    }

    /// Nothing that was asked of a session will be answered.
    fn fail_session(&self, session: &SessionId, why: &CallError) {
        let mut calls = self.calls();
        if matches!(why, CallError::Crashed) {
            calls.crashed.insert(session.clone());
        }
        let lost = calls.waiting.extract_if(|_, waiting| waiting.session.as_ref() == Some(session));
        for (_, waiting) in lost {
            let _ = waiting.answer.send(Err(why.clone()));
        }
    }

    /// Nothing will be answered any more.
    fn close(&self, why: &CallError) {
        let mut calls = self.calls();
        calls.closed = Some(why.clone());
        for (_, waiting) in calls.waiting.drain() {
            let _ = waiting.answer.send(Err(why.clone()));
        }
    }
}

impl Sent {
    /// Waits for the answer.
    pub(crate) async fn answer(self, limit: Duration) -> Result<Value, CallError> {
        match timeout(limit, self.answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(CallError::closed()),
            Err(_) => Err(CallError::NoAnswer { method: self.method, limit }),
        }
    }
}
