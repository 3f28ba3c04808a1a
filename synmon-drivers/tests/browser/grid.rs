//! A Grid's answers without a browser behind them: what becomes of a session whose node is silent.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use synmon_core::browser::Health;
use synmon_drivers::{Client, Remote, WebDriverBrowser};
use synmon_testkit::conformance::browser::{HANGS, Tab};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use url::Url;

use crate::fixture::{CLIENTS, open_tab};

/// What of the Grid answers no more.
#[derive(Default)]
struct Silence {
    driver: AtomicBool,
    node: AtomicBool,
}

struct Grid {
    url: Url,
    silence: Arc<Silence>,
    server: JoinHandle<()>,
}

impl Grid {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let silence = Arc::new(Silence::default());
        let shared = Arc::clone(&silence);
        let server = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&shared)));
            }
        });
        Self { url, silence, server }
    }

    async fn tab(&self, client: Client) -> Tab {
        open_tab(&WebDriverBrowser::remote(Remote::new(self.url.clone()), client)).await
    }
}

impl Drop for Grid {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(socket: TcpStream, silence: Arc<Silence>) {
    let mut socket = BufReader::new(socket);
    while let Some(path) = request(&mut socket).await {
        let (status, body) = match &*path {
            "/status" => (200, r#"{"value": {"ready": true, "message": ""}}"#),
            "/session" => (
                200,
                r#"{"value": {"sessionId": "one", "capabilities": {"browserName": "firefox"}}}"#,
            ),
            // The hub answers all of the above by itself, the node this, its driver the rest.
            _ if silence.node.load(Ordering::SeqCst) => return wait_for_the_end(socket).await,
            "/session/one/se/files" => {
                (500, r#"{"value": {"error": "unknown error", "message": "no downloads"}}"#)
            }
            _ if silence.driver.load(Ordering::SeqCst) => return wait_for_the_end(socket).await,
            "/session/one/execute/sync" => (200, r#"{"value": [1280, 720, 1280, 720]}"#),
            _ => (200, r#"{"value": null}"#),
        };
        let head = format!(
            "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if socket.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn wait_for_the_end(mut socket: BufReader<TcpStream>) {
    // Whoever asked gives up.
    let _ = socket.read_to_end(&mut Vec::new()).await;
}

/// The path of the next request, whose body is read and forgotten.
async fn request(socket: &mut BufReader<TcpStream>) -> Option<String> {
    let (mut path, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        socket.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            socket.read_exact(&mut vec![0; length]).await.ok()?;
            return path;
        }
        if path.is_none() {
            path = Some(line.split(' ').nth(1)?.to_owned());
        } else if let Some(("content-length", value)) = line.split_once(": ") {
            length = value.parse().ok()?;
        }
    }
}

#[tokio::test]
async fn a_node_that_is_gone_is_no_fault_of_the_page() {
    for client in CLIENTS {
        let grid = Grid::start().await;
        let mut tab = grid.tab(*client).await;
        assert_eq!(tab.0.probe().await, Health::Alive, "{client:?}");
        grid.silence.node.store(true, Ordering::SeqCst);
        let health = timeout(HANGS, tab.0.probe()).await.unwrap();
        assert!(matches!(health, Health::Lost { .. }), "{client:?}: {health:?}");
    }
}

#[tokio::test]
async fn a_driver_that_a_page_holds_up_is_still_there() {
    for client in CLIENTS {
        let grid = Grid::start().await;
        let mut tab = grid.tab(*client).await;
        grid.silence.driver.store(true, Ordering::SeqCst);
        let health = timeout(HANGS, tab.0.probe()).await.unwrap();
        assert_eq!(health, Health::Alive, "{client:?}");
    }
}
