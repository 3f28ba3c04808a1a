//! A receiver of webhooks that keeps what it is given, and fails on demand.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use poem::{Endpoint, Request, Response, http::StatusCode};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::task::JoinHandle;

use super::site::serve;

/// The receiver.
pub(crate) struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    down: AtomicBool,
    /// By path.
    secrets: Mutex<BTreeMap<String, String>>,
    calls: Mutex<Vec<Call>>,
}

/// What came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Its `webhook-id`.
    pub(crate) id: String,
    /// Whether its signature is good, by the verifier of Standard Webhooks.
    pub(crate) genuine: bool,
    pub(crate) body: Value,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let (address, task) = serve(Answers(Arc::clone(&shared))).await;
        Self { address, shared, task }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Tells what calls to a path are signed with.
    pub(crate) fn trust(&self, path: &str, secret: &str) {
        self.shared.secrets.lock().unwrap().insert(path.to_owned(), secret.to_owned());
    }

    pub(crate) fn set_down(&self, down: bool) {
        self.shared.down.store(down, Ordering::Relaxed);
    }

    /// All calls so far, repeats included.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Answers(Arc<Shared>);

impl Endpoint for Answers {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        if self.0.down.load(Ordering::Relaxed) {
            return Ok(StatusCode::SERVICE_UNAVAILABLE.into());
        }
        let body = request.take_body().into_vec().await?;
        let secret = self.0.secrets.lock().unwrap().get(request.uri().path()).cloned();
        let genuine = secret.is_some_and(|secret| {
            Webhook::new(&secret)
                .is_ok_and(|webhook| webhook.verify(&body, request.headers()).is_ok())
        });
        let id = request.header("webhook-id").unwrap_or_default().to_owned();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        self.0.calls.lock().unwrap().push(Call { id, genuine, body });
        Ok(StatusCode::NO_CONTENT.into())
    }
}
