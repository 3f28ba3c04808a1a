//! Receivers of webhooks, some of them ill-behaved.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinHandle,
    time::interval,
};

/// How a receiver answers.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// With this status and these headers, and no body.
    Head(String),
    /// Never.
    Silence,
    /// By hanging up.
    HangUp,
    /// With 200 and a body of a gigabyte.
    Gigabyte,
    /// With 200 and a body that never ends, some bytes a second.
    Trickle,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// A receiver on 127.0.0.1, until it is dropped.
pub(crate) struct Endpoint {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Received>>>,
    arrivals: UnboundedReceiver<()>,
    /// How many bytes of a large body were taken off.
    taken: UnboundedReceiver<usize>,
    server: JoinHandle<()>,
}

/// A listener that nobody may connect to.
pub(crate) struct Trap(std::net::TcpListener);

const GIGABYTE: usize = 1_000_000_000;

impl Endpoint {
    pub(crate) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (arrived, arrivals) = unbounded_channel();
        let (took, taken) = unbounded_channel();
        let kept = Arc::clone(&requests);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, arrived) = (Arc::clone(&kept), arrived.clone());
                let (took, answer) = (took.clone(), answer.clone());
                tokio::spawn(async move { serve(stream, &kept, &arrived, &took, answer).await });
            }
        });
        Self { address, requests, arrivals, taken, server }
    }

    /// Answers with a status, and headers if there are any.
    pub(crate) async fn answering(head: &str) -> Self {
        Self::start(Answer::Head(head.to_owned())).await
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook?a=b", self.address)
    }

    /// Waits for a request.
    pub(crate) async fn arrival(&mut self) {
        self.arrivals.recv().await.expect("a request");
    }

    /// Waits for the end of a large body, and says how much of it went off.
    pub(crate) async fn taken(&mut self) -> usize {
        self.taken.recv().await.expect("an answer")
    }

    pub(crate) fn requests(&self) -> Vec<Received> {
        self.requests.lock().expect("the requests").clone()
    }

    /// The only request that came.
    pub(crate) fn request(&self) -> Received {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Trap {
    /// On 127.0.0.2; port 0 is any port.
    pub(crate) fn set(port: u16) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.2", port)).expect("the port");
        listener.set_nonblocking(true).expect("a socket");
        Self(listener)
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().expect("an address").port()
    }

    /// Nobody has connected. Who has is in the queue of the socket already.
    pub(crate) fn assert_untouched(&self) {
        let error = self.0.accept().expect_err("nobody may come here");
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}

async fn serve(
    mut stream: TcpStream,
    requests: &Mutex<Vec<Received>>,
    arrived: &UnboundedSender<()>,
    took: &UnboundedSender<usize>,
    answer: Answer,
) {
    let request = receive(&mut stream).await.expect("a request");
    requests.lock().expect("the requests").push(request);
    // The test may be over.
    let _ = arrived.send(());
    let ok = b"HTTP/1.1 200 OK\r\n";
    match answer {
        Answer::Head(head) => {
            let text = format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n");
            let _ = stream.write_all(text.as_bytes()).await;
        }
        Answer::Silence => std::future::pending().await,
        Answer::HangUp => {}
        Answer::Gigabyte => {
            let length = format!("Content-Length: {GIGABYTE}\r\n\r\n");
            let _ = stream.write_all(&[ok, length.as_bytes()].concat()).await;
            let _ = took.send(pour(&mut stream).await);
        }
        Answer::Trickle => {
            let _ = stream.write_all(&[ok.as_slice(), b"\r\n"].concat()).await;
            let mut pace = interval(Duration::from_millis(20));
            while stream.write_all(b"x").await.is_ok() {
                pace.tick().await;
            }
            let _ = took.send(0);
        }
    }
}

async fn pour(stream: &mut TcpStream) -> usize {
    let chunk = vec![b'x'; 65_536];
    let mut poured = 0;
    while poured < GIGABYTE
        && let Ok(written) = stream.write(&chunk).await
    {
        poured += written;
    }
    poured
}

async fn receive(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        read_some(stream, &mut bytes).await?;
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let line = lines.next()?.to_owned();
    let mut headers = HeaderMap::new();
    for header in lines {
        let (name, value) = header.split_once(": ")?;
        let name: HeaderName = name.parse().ok()?;
        headers.append(name, HeaderValue::from_str(value).ok()?);
    }
    let length: usize = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
    while bytes.len() < end + 4 + length {
        read_some(stream, &mut bytes).await?;
    }
    let body = String::from_utf8(bytes[end + 4..].to_vec()).ok()?;
    Some(Received { line, headers, body })
}

async fn read_some(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(bytes).await.ok()?;
    (read > 0).then_some(())
}
