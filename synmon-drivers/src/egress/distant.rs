//! A guard that runs beside browsers elsewhere, and is asked over the network.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use synmon_core::browser::Exchange;
use tokio::{net::TcpStream, time::timeout};
use url::Url;

use super::{
    limits::{ANSWER, ASK, GREET},
    memory::Trouble,
    told::PROXY_STATUS,
    witness::Witness,
};
use crate::guard_page;

/// What the guard's page is asked to say; nobody takes it for anything else.
const WORD: &str = "greeting";

/// A `synmon egress-proxy`. Its browsers prove that they come to it, each for itself. Whether it is
/// there, and why it has not led somewhere, it is asked as any client of it might.
#[derive(Debug)]
pub struct DistantGuard {
    /// Host and port.
    place: String,
    /// Whether it was ever reached from here: it may be in a network of the browsers' own.
    met: AtomicBool,
    /// Whether it was said that it never was.
    warned: AtomicBool,
}

/// What it has answered.
struct Answer {
    trouble: Option<Trouble>,
    body: String,
}

impl DistantGuard {
    /// The guard at `http://host:port`.
    #[must_use]
    pub fn new(url: &str) -> Self {
        let place = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self { place, met: AtomicBool::new(false), warned: AtomicBool::new(false) }
    }

    /// Whether it is there, as far as that can be told from here.
    pub(super) async fn ready(&self) -> Result<(), String> {
        match self.greet().await {
            Ok(_) => Ok(()),
            Err(why) if self.met.load(Ordering::Relaxed) => {
                Err(format!("{}: {why}", guard_page::NO_ANSWER))
            }
            Err(why) => {
                if !self.warned.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        why,
                        "the egress guard can't be reached from here: whether a page failed \
                         because of it, and why it led nowhere, can't be told"
                    );
                }
                Ok(())
            }
        }
    }

    /// For how long it has been there.
    async fn greet(&self) -> Result<Duration, String> {
        let address = guard_page::address(WORD);
        let uri = address.parse::<Uri>().map_err(|error| error.to_string())?;
        let answer = self.ask(Method::GET, uri, GREET).await?;
        let up = guard_page::up(&answer.body, WORD).ok_or("what answers is no egress guard")?;
        self.met.store(true, Ordering::Relaxed);
        Ok(up)
    }

    async fn ask(&self, method: Method, uri: Uri, limit: Duration) -> Result<Answer, String> {
        let silent = || format!("no answer within {} s", limit.as_secs());
        timeout(limit, self.exchange(method, uri)).await.map_err(|_| silent())?
    }

    async fn exchange(&self, method: Method, uri: Uri) -> Result<Answer, String> {
        let stream = TcpStream::connect(&self.place).await.map_err(|why| why.to_string())?;
        let words = |error: hyper::Error| error.to_string();
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(words)?;
        // It ends with the sender, and has nothing to say that the sender does not.
        let connection = tokio::spawn(connection);
        let host = uri.authority().map(ToString::to_string).unwrap_or_default();
        let request = Request::builder().method(method).uri(uri).header(header::HOST, host);
        let request = request.body(Empty::<Bytes>::new()).map_err(|error| error.to_string())?;
        let answer = sender.send_request(request).await.map_err(words)?;
        let told = answer.headers().get(PROXY_STATUS).cloned();
        let body = Limited::new(answer.into_body(), ANSWER).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        let body = String::from_utf8_lossy(&body).trim().to_owned();
        connection.abort();
        let trouble = told.and_then(|told| Trouble::heard(&told, body.clone()));
        Ok(Answer { trouble, body })
    }
}

#[async_trait]
impl Witness for DistantGuard {
    fn may_know(&self, _: Instant) -> bool {
        true
    }

    /// Asks for a tunnel there, as the browser has. What can be reached by now is in no trouble.
    async fn trouble(&self, url: &Url, _: Instant) -> Option<Trouble> {
        let place = format!("{}:{}", url.host_str()?, url.port_or_known_default()?);
        let uri = Uri::builder().authority(place).build().ok()?;
        match self.ask(Method::CONNECT, uri, ASK).await {
            Ok(answer) => answer.trouble,
            Err(why) => {
                tracing::debug!(why, "the egress guard does not say why it led nowhere");
                None
            }
        }
    }

    /// The address is the guard's: where it has led to, only it knows.
    fn unveil(&self, exchange: &mut Exchange, _: Instant) {
        exchange.remote_address = None;
    }

    /// That it is gone, or was gone for a while, unless it never could be reached from here.
    async fn lost(&self, since: Instant) -> Option<String> {
        match self.greet().await {
            Ok(up) => (up < since.elapsed())
                .then(|| "the egress guard was started anew during the run".to_owned()),
            Err(why) => self
                .met
                .load(Ordering::Relaxed)
                .then(|| format!("{}: {why}", guard_page::NO_ANSWER)),
        }
    }
}
