//! The line between a replica and the database, which fails on demand.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

use super::{pause, take_one};

/// What the driver of the product sends to commit.
const COMMIT: &[u8] = b"COMMIT\0";
/// How long the database may take to commit before the line is cut all the same.
const COMMIT_LIMIT: Duration = Duration::from_secs(2);

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// They arrive.
    Passes,
    /// They are lost without a word, and so is the connection: when the line is back, it is reset.
    Swallows,
    /// They are late.
    Delays(Duration),
}

/// The line of one replica.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    line: watch::Sender<Line>,
    /// Counts how often all connections were reset.
    resets: watch::Sender<u64>,
    /// How many commits are still to be cut off from their answers.
    to_cut: AtomicU64,
    cut: AtomicU64,
}

impl Proxy {
    /// To the database at a port of 127.0.0.1.
    pub(crate) async fn start(database: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            line: watch::Sender::new(Line::Passes),
            resets: watch::Sender::new(0),
            to_cut: AtomicU64::new(0),
            cut: AtomicU64::new(0),
        });
        let state = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, database, Arc::clone(&state)));
            }
        });
        Self { address, shared, task }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn set(&self, line: Line) {
        self.shared.line.send_replace(line);
    }

    /// Resets all connections that there are.
    pub(crate) fn reset(&self) {
        self.shared.resets.send_modify(|count| *count += 1);
    }

    /// Cuts off the next commits from their answers.
    pub(crate) fn cut_commits(&self, count: u64) {
        self.shared.to_cut.store(count, Ordering::Relaxed);
    }

    /// How many commits were cut off from their answers.
    pub(crate) fn commits_cut(&self) -> u64 {
        self.shared.cut.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(client: TcpStream, database: u16, shared: Arc<Shared>) {
    // Torn, unless all goes well to the end.
    let _ = client.set_zero_linger();
    let _ = client.set_nodelay(true);
    let Ok(server) = TcpStream::connect(("127.0.0.1", database)).await else {
        return;
    };
    let _ = server.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut resets = shared.resets.subscribe();
    let cut = AtomicBool::new(false);
    tokio::select! {
        _ = resets.changed() => {}
        () = upwards(from_client, to_server, &shared, &cut) => {}
        () = downwards(from_server, to_client, &shared, &cut) => {}
    }
}

async fn upwards(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: &Shared,
    cut: &AtomicBool,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else { return };
        let bytes = &buffer[..read];
        if !admitted(shared).await {
            return;
        }
        let is_commit = bytes.windows(COMMIT.len()).any(|part| part == COMMIT);
        let last = is_commit && take_one(&shared.to_cut);
        if last {
            shared.cut.fetch_add(1, Ordering::Relaxed);
            cut.store(true, Ordering::Release);
        }
        if to.write_all(bytes).await.is_err() {
            return;
        }
        if last {
            // The other direction ends the connection when the answer comes: then it is committed.
            pause(COMMIT_LIMIT).await;
            return;
        }
    }
}

async fn downwards(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: &Shared,
    cut: &AtomicBool,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else { return };
        if cut.load(Ordering::Acquire) || !admitted(shared).await {
            return;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

/// Waits as the line has it; `false` if the bytes are lost, and the connection with them.
async fn admitted(shared: &Shared) -> bool {
    let line = *shared.line.borrow();
    match line {
        Line::Passes => true,
        Line::Delays(time) => {
            pause(time).await;
            true
        }
        Line::Swallows => {
            let mut lines = shared.line.subscribe();
            // It fails only when there is no line any more.
            let _ = lines.wait_for(|line| *line != Line::Swallows).await;
            false
        }
    }
}
