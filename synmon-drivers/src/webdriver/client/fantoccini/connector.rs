//! Connections that end when they are told to, and never bring more than a bounded answer: fantoccini
//! itself waits for ever, and reads whatever comes.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{FutureExt as _, future::Shared};
use http::Uri;
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::{
    client::legacy::connect::{Connected, Connection, HttpConnector},
    rt::TokioIo,
};
use tokio::{net::TcpStream, sync::oneshot};
use tower_service::Service;

use crate::webdriver::wire::{CONNECT_LIMIT, MAX_ANSWER};

/// Is ready when the connections are to end.
pub(super) type Cut = Shared<oneshot::Receiver<()>>;

/// Connects to drivers, straight.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    tcp: HttpConnector,
    cut: Cut,
}

/// A connection to a driver.
pub(super) struct Stream {
    tcp: TokioIo<TcpStream>,
    cut: Cut,
    /// How much has come since something was last sent.
    read: usize,
}

impl Connector {
    pub(super) fn new(cut: Cut) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(CONNECT_LIMIT));
        tcp.set_nodelay(true);
        Self { tcp, cut }
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = <HttpConnector as Service<Uri>>::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.tcp.poll_ready(cx)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connecting = self.tcp.call(to);
        let cut = self.cut.clone();
        Box::pin(async move { Ok(Stream { tcp: connecting.await?, cut, read: 0 }) })
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.tcp.connected()
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.cut.poll_unpin(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let mut space = [0; 16 << 10];
        let room = into.remaining().min(space.len());
        let mut part = ReadBuf::new(&mut space[..room]);
        std::task::ready!(Pin::new(&mut self.tcp).poll_read(cx, part.unfilled()))?;
        let filled = part.filled();
        self.read += filled.len();
        if self.read > MAX_ANSWER {
            let why = format!("the answer is larger than {} MiB", MAX_ANSWER >> 20);
            return Poll::Ready(Err(io::Error::other(why)));
        }
        into.put_slice(filled);
        Poll::Ready(Ok(()))
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.read = 0;
        Pin::new(&mut self.tcp).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
