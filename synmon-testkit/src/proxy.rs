//! A network that fails: a TCP proxy which swallows bytes without a word, or cuts connections.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
};

/// What a [`Proxy`] does with what comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// It passes on.
    Whole,
    /// It swallows all bytes and ends no connection, as a firewall does that drops packets.
    BlackHole,
    /// It closes every connection.
    Cut,
}

/// A proxy on a loopback address; it ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    network: Arc<watch::Sender<(Network, Network)>>,
    accepted: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// A proxy before the server of a `postgres://` url, say.
    pub async fn before(url: &str) -> Self {
        let server = server_of(url);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let network = Arc::new(watch::Sender::new((Network::Whole, Network::Whole)));
        let mut tasks = JoinSet::new();
        let accepted = Arc::<AtomicUsize>::default();
        let (changes, count) = (Arc::clone(&network), Arc::clone(&accepted));
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::Relaxed);
                // What has happened to the connections before it is not this one's.
                let changes = changes.subscribe();
                if changes.borrow().1 != Network::Cut {
                    connections.spawn(pass(client, server, changes));
                }
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, network, accepted, _tasks: tasks }
    }

    /// The same url, through the proxy.
    pub fn through(&self, url: &str) -> String {
        url.replace(&server_of(url).to_string(), &self.address.to_string())
    }

    /// How many connections have been opened so far, in vain or not.
    pub fn connections(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// From now on the network is like this, for connections old and new.
    pub fn becomes(&self, network: Network) {
        self.network.send_replace((network, network));
    }

    /// From now on the connections that there are meet this, and new ones a whole network.
    pub fn becomes_for_present_connections(&self, network: Network) {
        self.network.send_replace((network, Network::Whole));
    }
}

fn server_of(url: &str) -> SocketAddr {
    let (_, rest) = url.split_once('@').unwrap();
    rest.split('/').next().unwrap().parse().unwrap()
}

async fn pass(
    client: TcpStream,
    server: SocketAddr,
    mut changes: watch::Receiver<(Network, Network)>,
) {
    let mut now = changes.borrow_and_update().1;
    let Ok(server) = TcpStream::connect(server).await else { return };
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    let (network, _) = watch::channel(now);
    let there = copy(from_client, to_server, network.subscribe());
    let back = copy(from_server, to_client, network.subscribe());
    let (mut there, mut back) = (Box::pin(there), Box::pin(back));
    let (mut there_ended, mut back_ended) = (false, false);
    while now != Network::Cut && !(there_ended && back_ended) {
        tokio::select! {
            told = changes.changed() => {
                if told.is_err() {
                    return;
                }
                now = changes.borrow_and_update().0;
                network.send_replace(now);
            }
            () = &mut there, if !there_ended => there_ended = true,
            () = &mut back, if !back_ended => back_ended = true,
        }
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, network: watch::Receiver<Network>) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await.unwrap_or(0);
        if *network.borrow() == Network::BlackHole {
            if read == 0 {
                // Not even the end of a connection comes through.
                return std::future::pending().await;
            }
            continue;
        }
        if read == 0 || to.write_all(&buffer[..read]).await.is_err() {
            // Dropping the half that writes tells the other side.
            return;
        }
    }
}
