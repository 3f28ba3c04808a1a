//! A WebDriver endpoint that is as fast as the tests need it, and misbehaves on demand. It speaks as
//! much of W3C WebDriver as the product's remote driver asks for, keeps a record of every session,
//! and, as a Selenium Grid does, ends sessions that nobody uses for long.
//!
//! Each life of a replica has an address of its own (`/r1-0`), which is how it is known whose a
//! session is.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use poem::{
    Endpoint, Request, Response,
    http::{Method, StatusCode},
};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinHandle};
use uuid::Uuid;

use super::{pause, site::serve, tab::Tab, take_one};

const IDLE_PERIOD: Duration = Duration::from_millis(500);
/// How long a command takes.
const WORK: Duration = Duration::from_millis(10);

/// The endpoint.
pub(crate) struct Grid {
    address: SocketAddr,
    shared: Arc<Shared>,
    tasks: [JoinHandle<()>; 2],
}

/// How the endpoint behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Works,
    /// New sessions are refused.
    Refuses,
    /// Nothing is answered.
    Hangs,
    /// New sessions come late.
    Dawdles(Duration),
}

struct Shared {
    mood: watch::Sender<Mood>,
    /// How many requests to end a session are still to be lost.
    to_lose: AtomicU64,
    sessions: Mutex<BTreeMap<Uuid, Session>>,
    web: reqwest::Client,
}

/// A session, on record for good.
#[derive(Clone)]
pub(crate) struct Session {
    /// Which life of which replica asked for it.
    pub(crate) replica: String,
    /// What it says that it is for.
    pub(crate) name: String,
    pub(crate) ended: Option<Ended>,
    /// Whether its replica has asked for its end, heard or not, or was told that it has ended.
    pub(crate) given_back: bool,
    used: Instant,
    tab: Arc<tokio::sync::Mutex<Tab>>,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Its replica ended it.
    Deleted,
    /// Nobody used it.
    Idle,
    /// The test ended it.
    Killed,
}

impl Grid {
    /// After `idle` without a command a session is ended; a Grid's `--session-timeout`.
    pub(crate) async fn start(idle: Duration) -> Self {
        let shared = Arc::new(Shared {
            mood: watch::Sender::new(Mood::Works),
            to_lose: AtomicU64::new(0),
            sessions: Mutex::default(),
            web: reqwest::Client::builder().no_proxy().build().unwrap(),
        });
        let (address, server) = serve(Answers(Arc::clone(&shared))).await;
        let state = Arc::clone(&shared);
        let reaper = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(IDLE_PERIOD);
            loop {
                ticks.tick().await;
                state.end_where(Ended::Idle, |session| session.used.elapsed() > idle, usize::MAX);
            }
        });
        Self { address, shared, tasks: [server, reaper] }
    }

    /// The address for a life of a replica, with a password that must not be told.
    pub(crate) fn url(&self, replica: &str, password: &str) -> String {
        format!("http://synmon:{password}@{}/{replica}", self.address)
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.shared.mood.send_replace(mood);
    }

    pub(crate) fn lose_deletes(&self, count: u64) {
        self.shared.to_lose.store(count, Ordering::Relaxed);
    }

    /// Ends some sessions that are open, and says how many.
    pub(crate) fn kill_sessions(&self, count: usize) -> usize {
        self.shared.end_where(Ended::Killed, |_| true, count)
    }

    pub(crate) fn sessions(&self) -> Vec<Session> {
        self.shared.sessions.lock().unwrap().values().cloned().collect()
    }

    pub(crate) fn open_sessions(&self) -> usize {
        self.sessions().iter().filter(|session| session.ended.is_none()).count()
    }
}

impl Drop for Grid {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Shared {
    fn end_where(&self, how: Ended, which: impl Fn(&Session) -> bool, most: usize) -> usize {
        let mut sessions = self.sessions.lock().unwrap();
        let open = sessions.values_mut().filter(|session| session.ended.is_none());
        let chosen = open.filter(|session| which(session)).take(most);
        chosen.map(|session| session.ended = Some(how)).count()
    }

    async fn new_session(&self, replica: &str, body: &Value) -> Result<Value, WireError> {
        let mood = *self.mood.borrow();
        match mood {
            Mood::Refuses => return Err(WireError::new(500, "session not created")),
            Mood::Dawdles(time) => pause(time).await,
            Mood::Works | Mood::Hangs => {}
        }
        let id = Uuid::now_v7();
        let asked = &body["capabilities"];
        let name = asked
            .pointer("/alwaysMatch/se:name")
            .or_else(|| asked.pointer("/firstMatch/0/se:name"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        let session = Session {
            replica: replica.to_owned(),
            name: name.to_owned(),
            ended: None,
            given_back: false,
            used: Instant::now(),
            tab: Arc::new(tokio::sync::Mutex::new(Tab::new(self.web.clone()))),
        };
        self.sessions.lock().unwrap().insert(id, session);
        let capabilities = json!({"browserName": "chrome", "browserVersion": "0 (fake)"});
        Ok(json!({"sessionId": id.to_string(), "capabilities": capabilities}))
    }

    /// Ends a session, unless that request is to be lost.
    fn delete(&self, id: Uuid) -> Result<Value, WireError> {
        let mut sessions = self.sessions.lock().unwrap();
        let session = sessions.get_mut(&id).ok_or(WireError::NO_SESSION)?;
        session.given_back = true;
        if session.ended.is_some() {
            return Err(WireError::NO_SESSION);
        }
        if !take_one(&self.to_lose) {
            session.ended = Some(Ended::Deleted);
        }
        Ok(Value::Null)
    }

    async fn command(
        &self,
        id: Uuid,
        ask: (&Method, &str),
        body: &Value,
    ) -> Result<Value, WireError> {
        let tab = {
            let mut sessions = self.sessions.lock().unwrap();
            let session = sessions.get_mut(&id).ok_or(WireError::NO_SESSION)?;
            if session.ended.is_some() {
                // It knows by this that there is nothing to give back any more.
                session.given_back = true;
                return Err(WireError::NO_SESSION);
            }
            session.used = Instant::now();
            Arc::clone(&session.tab)
        };
        pause(WORK).await;
        let answer = tab.lock().await.command(ask, body).await;
        if let Some(session) = self.sessions.lock().unwrap().get_mut(&id) {
            session.used = Instant::now();
        }
        answer
    }
}

/// An error as W3C WebDriver has it.
#[derive(Debug)]
pub(crate) struct WireError {
    status: u16,
    error: &'static str,
    message: String,
}

impl WireError {
    const NO_SESSION: Self =
        Self { status: 404, error: "invalid session id", message: String::new() };

    pub(crate) fn new(status: u16, error: &'static str) -> Self {
        Self { status, error, message: error.to_owned() }
    }

    pub(crate) fn unknown(message: String) -> Self {
        Self { status: 500, error: "unknown error", message }
    }
}

struct Answers(Arc<Shared>);

impl Endpoint for Answers {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let method = request.method().clone();
        let path = request.uri().path().trim_matches('/').to_owned();
        let body = request.take_body().into_vec().await.unwrap_or_default();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let parts: Vec<&str> = path.split('/').collect();
        let id = parts.get(2).and_then(|id| id.parse::<Uuid>().ok());
        if let (&Method::DELETE, Some(id), 3) = (&method, id, parts.len())
            && let Some(session) = self.0.sessions.lock().unwrap().get_mut(&id)
        {
            // Before it may hang: the one who asks may not wait for the answer.
            session.given_back = true;
        }
        let mut moods = self.0.mood.subscribe();
        let _ = moods.wait_for(|mood| *mood != Mood::Hangs).await;
        let answer = match (&method, &parts[..], id) {
            (&Method::GET, [_, "status"], _) => Ok(json!({"ready": true, "message": "ready"})),
            (&Method::POST, [replica, "session"], _) => self.0.new_session(replica, &body).await,
            (&Method::DELETE, [_, "session", _], Some(id)) => self.0.delete(id),
            (_, [_, "session", _, rest @ ..], Some(id)) => {
                self.0.command(id, (&method, &rest.join("/")), &body).await
            }
            _ => Err(WireError::new(404, "unknown command")),
        };
        let (status, value) = match answer {
            Ok(value) => (200, value),
            Err(WireError { status, error, message }) => {
                (status, json!({"error": error, "message": message, "stacktrace": ""}))
            }
        };
        Ok(Response::builder()
            .status(StatusCode::from_u16(status).unwrap())
            .content_type("application/json; charset=utf-8")
            .body(json!({ "value": value }).to_string()))
    }
}
