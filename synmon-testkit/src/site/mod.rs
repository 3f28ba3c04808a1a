//! A web site on loopback, for one test.

mod http;
mod own;
mod tls;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use url::Url;

pub use http::{Answer, Request};

/// Pages by path.
pub type Pages = &'static [(&'static str, &'static str)];

type Answering = dyn Fn(&Request) -> Option<Answer> + Send + Sync;

/// A site that serves pages, keeps what it was asked for, and has some paths of its own:
///
/// | path | answer |
/// | --- | --- |
/// | `/status/NNN` | this status and a body |
/// | `/empty/NNN` | this status and no body |
/// | `/hang` | none, ever |
/// | `/gate/…` | a page, after [`Site::open_gates`] |
/// | `/slow/MS/PATH` | that of `/PATH`, so much later |
/// | `/to/PATH` | a redirect to `/PATH` |
/// | `/loop` | a redirect to itself |
/// | `/download` | a file |
/// | `/cookie` | sets one and says which ones it got |
/// | `/echo` | says which headers it got |
/// | `/private` | a page, to `ada` with the password `lovelace` |
/// | `/pixel` | a picture |
/// | `/favicon.ico` | nothing |
pub struct Site {
    address: SocketAddr,
    scheme: &'static str,
    state: Arc<State>,
    server: JoinHandle<()>,
}

struct State {
    answering: Box<Answering>,
    asked: Mutex<Vec<Request>>,
    gates: watch::Sender<bool>,
}

impl Site {
    /// A site with these pages.
    pub async fn with(pages: Pages) -> Self {
        Self::answering(move |request| {
            let page = pages.iter().find(|(path, _)| *path == request.path());
            page.map(|(_, page)| Answer::html(*page))
        })
        .await
    }

    /// A site that answers so, or as every site does where this has no answer.
    pub async fn answering(
        answering: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        Self::answering_at((Ipv4Addr::LOCALHOST, 0).into(), answering).await
    }

    /// As [`Site::answering`], at an address that the test has given this machine.
    pub async fn answering_at(
        address: SocketAddr,
        answering: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        Self::start("http", address, answering).await
    }

    /// A site with these pages whose certificate nobody has signed.
    pub async fn with_a_bad_certificate(pages: Pages) -> Self {
        Self::start("https", (Ipv4Addr::LOCALHOST, 0).into(), move |request| {
            let page = pages.iter().find(|(path, _)| *path == request.path());
            page.map(|(_, page)| Answer::html(*page))
        })
        .await
    }

    async fn start(
        scheme: &'static str,
        address: SocketAddr,
        answering: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            answering: Box::new(answering),
            asked: Mutex::default(),
            gates: watch::Sender::new(false),
        });
        let acceptor = (scheme == "https").then(tls::acceptor);
        let shared = Arc::clone(&state);
        let server = tokio::spawn(async move {
            // They end with the site.
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let (state, acceptor) = (Arc::clone(&shared), acceptor.clone());
                connections.spawn(async move {
                    match acceptor {
                        None => serve(socket, &state).await,
                        Some(acceptor) => {
                            if let Ok(socket) = acceptor.accept(socket).await {
                                serve(socket, &state).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, scheme, state, server }
    }

    /// The address of a page.
    pub fn url(&self, path: &str) -> Url {
        self.url_at("127.0.0.1", path)
    }

    /// The address of a page by another name of this machine, such as `localhost`: for a browser
    /// it is another site.
    pub fn url_at(&self, host: &str, path: &str) -> Url {
        Url::parse(&format!("{}://{host}:{}{path}", self.scheme, self.address.port())).unwrap()
    }

    /// What it was asked for, oldest first.
    pub fn asked(&self) -> Vec<Request> {
        self.state.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it was asked for this path.
    pub fn was_asked_for(&self, path: &str) -> bool {
        self.asked().iter().any(|request| request.path() == path)
    }

    /// Lets the answers of `/gate/…` go.
    pub fn open_gates(&self) {
        self.state.gates.send_replace(true);
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(socket: impl AsyncRead + AsyncWrite + Unpin, state: &State) {
    let mut socket = BufReader::new(socket);
    while let Some(request) = http::read(&mut socket).await {
        state.asked.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        let path = request.path();
        if path.starts_with("/hang") {
            // Until the browser gives up.
            let _ = socket.read_to_end(&mut Vec::new()).await;
            return;
        }
        if path.starts_with("/gate") {
            // An error means that the site has ended: the answer goes nowhere then.
            let _ = state.gates.subscribe().wait_for(|open| *open).await;
        }
        let (wait, request) = own::delay(request);
        // No test waits for a moment to pass: a page that is slow does.
        let _ = timeout(wait, std::future::pending::<()>()).await;
        let answer = (state.answering)(&request).unwrap_or_else(|| own::answer(&request));
        let bytes = answer.bytes(request.method == "HEAD");
        if socket.write_all(&bytes).await.is_err() || socket.flush().await.is_err() {
            return;
        }
    }
}
