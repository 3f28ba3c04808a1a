//! HTTP/1.1 as it arrives from anybody: what is let in, for how long, and how many at a time.
//!
//! The protocol is hyper's. In front of it stands a [`gate`](gate::Gate) that lets nothing but whole
//! and unambiguous heads through, so that whatever is wrong with a request is answered like any
//! other problem, by the same middleware.

mod connections;
mod gate;
mod head;
mod heard;
mod reader;

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use poem::{
    Endpoint as _, Response,
    endpoint::BoxEndpoint,
    http::{HeaderValue, header, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use synmon_core::{Clock, within};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, warn};

pub(crate) use connections::limit;
pub(crate) use head::Refusal;

use connections::{Busy, Connections, Seat};
use gate::Gate;
use heard::Heard;

/// How long answers that are under way may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// How long a connection may be without a request.
const IDLE_LIMIT: Duration = Duration::from_secs(75);
/// How often connections that are idle are looked for.
const SWEEP: Duration = Duration::from_secs(5);
/// How long nothing is accepted when the process has no file descriptor left.
const BACKOFF: Duration = Duration::from_millis(200);
/// How long a client is heard out that was answered while it still sent.
const LINGER: Duration = Duration::from_secs(2);
/// How much of an answer waits in the kernel for its client: what is counted as read is not far from
/// what is.
const SEND_BUFFER_BYTES: u32 = 256 * 1024;
/// How many connections wait to be taken.
const BACKLOG: u32 = 1024;
/// More than a head can have: hyper never has reason to refuse one that was let through.
const BUFFER_BYTES: usize = 192 * 1024;

/// A socket that listens, but answers nothing yet.
pub(crate) struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// Takes the address, within a runtime.
    pub(crate) fn to(address: SocketAddr) -> anyhow::Result<Self> {
        let listener = listen(address)
            .with_context(|| format!("can't listen at {address}: is another server there?"))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where that is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `app` to as many connections at a time as there may be, until `stop` is cancelled.
    /// Then what is under way is ended.
    pub(crate) async fn serve(
        self,
        app: BoxEndpoint<'static, Response>,
        limit: usize,
        clock: Arc<dyn Clock>,
        stop: &CancellationToken,
    ) {
        let door = Door {
            app: Arc::new(app),
            connections: Connections::new(limit, Arc::clone(&clock)),
            clock,
            local: self.address,
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = door.accept(&self.listener) => {}
            () = door.sweep() => {}
        }
        drop(self.listener);
        door.closing.cancel();
        door.tasks.close();
        if within(&*door.clock, GRACE, door.tasks.wait()).await.is_none() {
            debug!("Some answers were not ended in time");
            door.connections.evict_all();
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    // Those that are taken have the same.
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What all connections of one listener have in common.
struct Door {
    app: Arc<BoxEndpoint<'static, Response>>,
    connections: Arc<Connections>,
    clock: Arc<dyn Clock>,
    local: SocketAddr,
    /// Cancelled when no further requests are taken.
    closing: CancellationToken,
    tasks: TaskTracker,
}

impl Door {
    async fn accept(&self, listener: &TcpListener) {
        let mut short = false;
        loop {
            match listener.accept().await {
                Ok((socket, remote)) => {
                    short = false;
                    let seat = self.connections.seat().await;
                    self.tasks.spawn(self.connection(socket, remote, seat));
                }
                Err(error) if concerns_one(&error) => {}
                Err(error) => {
                    if !short {
                        warn!("No connection can be taken for a while: {error}");
                    }
                    short = true;
                    // Whoever waits for nothing has to go first.
                    self.connections.evict_oldest();
                    self.clock.sleep(BACKOFF).await;
                }
            }
        }
    }

    async fn sweep(&self) {
        loop {
            self.clock.sleep(SWEEP).await;
            self.connections.evict_idle(IDLE_LIMIT);
        }
    }

    fn connection(
        &self,
        socket: TcpStream,
        remote: SocketAddr,
        seat: Arc<Seat>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (app, local, closing) = (Arc::clone(&self.app), self.local, self.closing.clone());
        let clock = Arc::clone(&self.clock);
        async move {
            // Answers are whole when they are written.
            let _ = socket.set_nodelay(true);
            let gate = Gate::new(socket, Arc::clone(&clock), Arc::clone(&seat));
            let verdict = gate.verdict();
            let addresses = (LocalAddr(local.into()), RemoteAddr(remote.into()));
            let visitor = Arc::clone(&seat);
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                let busy = visitor.busy();
                // Until all of it is there, its client is waited for.
                let rest = (!request.body().is_end_stream()).then(|| visitor.wait());
                let app = Arc::clone(&app);
                let (local, remote) = addresses.clone();
                // Asked now: the next head may be read before this request is dealt with.
                let (last, refusal) = (verdict.is_last(), verdict.refusal());
                Box::pin(async move {
                    let mut request = poem::Request::from((request, local, remote, Scheme::HTTP));
                    if let Some(rest) = rest {
                        let body = BoxBody::from(request.take_body());
                        request.set_body(BoxBody::new(Heard::new(body, rest)));
                    }
                    if let Some(refusal) = refusal {
                        request.extensions_mut().insert(refusal);
                    }
                    let mut response = app.get_response(request).await;
                    if last {
                        let close = HeaderValue::from_static("close");
                        response.headers_mut().insert(header::CONNECTION, close);
                    }
                    Ok::<_, Infallible>(answered(response, busy))
                })
            });
            let mut connection = http1::Builder::new()
                .header_read_timeout(None)
                .max_buf_size(BUFFER_BYTES)
                .serve_connection(TokioIo::new(gate), service);
            let stop = closing.clone();
            let mut closing = Box::pin(closing.cancelled_owned());
            let mut told = false;
            let served = std::future::poll_fn(|cx| {
                if !told && closing.as_mut().poll(cx).is_ready() {
                    told = true;
                    Pin::new(&mut connection).graceful_shutdown();
                }
                connection.poll_without_shutdown(cx)
            });
            tokio::select! {
                () = seat.evicted() => return,
                served = served => if served.is_err() { return },
            }
            let gate = connection.into_parts().io.into_inner();
            // At the end nobody waits for a client who has nothing to say, and keeps the connection.
            if stop.is_cancelled() && gate.is_between_requests() {
                return;
            }
            // A socket that is closed while something is still unread takes the answer back.
            tokio::select! {
                () = seat.evicted() => {}
                _ = within(&*clock, LINGER, gate.linger()) => {}
            }
        }
    }
}

/// Whether a failure to accept is that of one client, who has gone meanwhile.
fn concerns_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

fn answered(response: Response, busy: Busy) -> hyper::Response<Answer> {
    let response: hyper::Response<BoxBody<Bytes, io::Error>> = response.into();
    response.map(|body| Answer { body, _busy: busy })
}

/// A body. Until it is sent or given up, its connection is not idle.
struct Answer {
    body: BoxBody<Bytes, io::Error>,
    _busy: Busy,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
