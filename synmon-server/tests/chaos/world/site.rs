//! The sites that flows watch: one that always works, and one that is down at times.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};
use poem::{
    Endpoint, Request, Response,
    http::StatusCode,
    listener::{Acceptor as _, Listener as _, TcpListener},
};
use tokio::task::JoinHandle;

use super::pause;
use crate::history::now;

const PAGE: &str = "<!doctype html><title>A page</title><h1 id=head>A page</h1>";

/// `/well` always works, `/slow/MILLIS` too, but takes so long; `/shaky` is down at times.
pub(crate) struct Sites {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    /// When the shaky site went down, and came back.
    outages: Mutex<Vec<Outage>>,
}

/// A time in which a site is down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage {
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: Option<DateTime<Utc>>,
}

impl Outage {
    /// Whether it covers any of a time.
    pub(crate) fn touches(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        self.from <= to && self.to.is_none_or(|end| end >= from)
    }

    /// Whether it covers all of a time.
    pub(crate) fn covers(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        self.from <= from && self.to.is_none_or(|end| end >= to)
    }
}

impl Sites {
    pub(crate) async fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let (address, task) = serve(Answers(Arc::clone(&shared))).await;
        Self { address, shared, task }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Takes the shaky site down for a while.
    pub(crate) async fn down_for(&self, time: Duration) {
        self.shared.outages.lock().unwrap().push(Outage { from: now(), to: None });
        pause(time).await;
        for outage in self.shared.outages.lock().unwrap().iter_mut() {
            outage.to.get_or_insert_with(now);
        }
    }

    pub(crate) fn outages(&self) -> Vec<Outage> {
        self.shared.outages.lock().unwrap().clone()
    }
}

impl Drop for Sites {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves HTTP at a free port of loopback.
pub(crate) async fn serve(app: impl Endpoint + 'static) -> (SocketAddr, JoinHandle<()>) {
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
    let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
    let task = tokio::spawn(async move {
        poem::Server::new_with_acceptor(acceptor).run(app).await.unwrap();
    });
    (address, task)
}

struct Answers(Arc<Shared>);

impl Endpoint for Answers {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path().to_owned();
        if let Some(millis) = path.strip_prefix("/slow/") {
            pause(Duration::from_millis(millis.parse().unwrap())).await;
        }
        let down = path == "/shaky"
            && self.0.outages.lock().unwrap().iter().any(|outage| outage.to.is_none());
        let status = if down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        Ok(Response::builder().status(status).content_type("text/html").body(PAGE))
    }
}
