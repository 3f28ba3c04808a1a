//! The guard: it listens, and takes connections as far as there is room.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, getrlimit, setrlimit};
use synmon_core::egress::EgressPolicy;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinHandle,
    time::timeout,
};

use super::{
    dial::Shared,
    exchange::Client,
    limits::{FEW_FILES, FILES_PER_CONNECTION, IDLE, MAX_CONNECTIONS, MAX_HEAD, MAX_HEADERS},
    memory::Memory,
};
use crate::{ClosedPort, ClosedPorts};

/// How long to wait when the system has no room for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// A forward proxy that leads to where the policy lets flows go, and nowhere else. It ends, with all
/// its connections, when it is dropped.
#[derive(Debug)]
pub struct EgressGuard {
    address: SocketAddr,
    closed: ClosedPorts,
    memory: Arc<Memory>,
    server: JoinHandle<()>,
    _own: ClosedPort,
    _alive: watch::Sender<()>,
}

impl EgressGuard {
    /// Listens at an address; port 0 is one that is free. It works in the runtime that it is started
    /// in. The process may have as many files open from then on as the system lets it.
    pub fn start(policy: EgressPolicy, listen: SocketAddr) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let (alive, watched) = watch::channel(());
        let (closed, memory) = (policy.closed_ports().clone(), Arc::new(Memory::default()));
        let shared = Arc::new(Shared {
            policy,
            memory: Arc::clone(&memory),
            own: address,
            begun: Instant::now(),
            alive: watched,
        });
        let server = tokio::spawn(accept(listener, shared));
        Ok(Self {
            address,
            _own: closed.close(address.port()),
            closed,
            memory,
            server,
            _alive: alive,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as browsers on this machine are told it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The ports that it leads to in no case: those of the machinery. Its policy knows them, too.
    #[must_use]
    pub fn closed_ports(&self) -> &ClosedPorts {
        &self.closed
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }
}

impl Drop for EgressGuard {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let room = Arc::new(Semaphore::new(most_connections()));
    // It is never closed.
    while let Ok(place) = Arc::clone(&room).acquire_owned().await {
        match listener.accept().await {
            Ok((socket, _)) => {
                tokio::spawn(serve(socket, Arc::clone(&shared), place));
            }
            Err(error) => {
                tracing::warn!(%error, "the egress guard takes no connections for a moment");
                let _ = timeout(PAUSE, std::future::pending::<()>()).await;
            }
        }
    }
}

async fn serve(socket: TcpStream, shared: Arc<Shared>, place: OwnedSemaphorePermit) {
    // A connection that is gone already shows when it is read from.
    let _ = socket.set_nodelay(true);
    let mut alive = shared.alive.clone();
    let client = Arc::new(Client::new(shared, place));
    let service = service_fn(move |request| {
        let client = Arc::clone(&client);
        async move { client.answer(request).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD)
        .preserve_header_case(true)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(socket), service)
        .with_upgrades();
    tokio::select! {
        // The browser sees how it ends; what it means to a run, the memory tells.
        _ = connection => {}
        _ = alive.changed() => {}
    }
}

/// As many connections as there may be files for, so that a page that opens many of them does not
/// keep the process from its database.
fn most_connections() -> usize {
    let limits = getrlimit(Resource::Nofile);
    let wanted = MAX_CONNECTIONS as u64 * FILES_PER_CONNECTION;
    let raised = limits.maximum.map_or(wanted, |most| most.min(wanted));
    let mut files = limits.current.unwrap_or(u64::MAX);
    if files < raised {
        let more = rustix::process::Rlimit { current: Some(raised), maximum: limits.maximum };
        // Where it can't be raised, fewer connections do.
        if setrlimit(Resource::Nofile, more).is_ok() {
            files = raised;
        }
    }
    let room = usize::try_from(files / FILES_PER_CONNECTION)
        .map_or(MAX_CONNECTIONS, |room| room.clamp(1, MAX_CONNECTIONS));
    if files < FEW_FILES {
        tracing::warn!(
            "the egress guard serves {room} connections at a time, for the process may have {files} \
             files open; pages that hold many of them keep others waiting: raise the limit (`ulimit \
             -Hn`, `LimitNOFILE=`) to {wanted}"
        );
    }
    room
}
