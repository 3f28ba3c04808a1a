//! Connections to sites, for requests that are not in a tunnel.

use std::net::SocketAddr;

use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};
use url::Url;

use super::{
    dial::Shared,
    limits::{MAX_HEAD, MAX_HEADERS, REUSE},
};

/// A connection to a site. Each connection of a browser has one of its own: none carries the
/// requests of two runs.
pub(super) struct Upstream {
    sender: SendRequest<Incoming>,
    /// The scheme is always `http`.
    host: String,
    address: SocketAddr,
}

impl Upstream {
    /// Speaks HTTP over a connection. What sites send is passed on as it is, as far as that can be:
    /// browsers forgive much.
    pub(super) async fn open(url: &Url, stream: TcpStream, shared: &Shared) -> hyper::Result<Self> {
        let address = stream.peer_addr().unwrap_or(shared.own);
        let (sender, connection) = http1::Builder::new()
            .preserve_header_case(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_HEAD)
            .handshake(TokioIo::new(stream))
            .await?;
        let mut alive = shared.alive.clone();
        tokio::spawn(async move {
            tokio::select! {
                // Whoever uses the connection is told how it ends.
                _ = connection.with_upgrades() => {}
                _ = alive.changed() => {}
            }
        });
        Ok(Self { sender, host: host(url), address })
    }

    /// Whether it leads to the place of this address, at one of those that have just been judged,
    /// and can be used.
    pub(super) async fn serves(&mut self, url: &Url, judged: &[SocketAddr]) -> bool {
        self.host == host(url)
            && judged.contains(&self.address)
            && matches!(timeout(REUSE, self.sender.ready()).await, Ok(Ok(())))
    }

    /// Where it leads to.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a request. `Err` has it again if nothing of it was sent.
    pub(super) async fn send(
        &mut self,
        request: Request<Incoming>,
    ) -> Result<Response<Incoming>, (Option<Request<Incoming>>, hyper::Error)> {
        self.sender.try_send_request(request).await.map_err(|mut refused| {
            let request = refused.take_message();
            (request, refused.into_error())
        })
    }
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}
