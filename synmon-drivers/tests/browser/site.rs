//! A web site on loopback, for one test.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use url::Url;

/// Pages by path.
pub(crate) type Pages = &'static [(&'static str, &'static str)];

/// A site that serves pages, and some paths of its own: `/status/NNN` answers with that status and
/// a body, `/empty/NNN` without one, `/hang` never, `/download` as a file, `/to/PATH` redirects,
/// `/cookie` sets one and says which ones it got.
pub(crate) struct Site {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Site {
    pub(crate) async fn with(pages: Pages) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, pages));
            }
        });
        Self { address, server }
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(socket: TcpStream, pages: Pages) {
    let mut socket = BufReader::new(socket);
    while let Some((path, cookies)) = request(&mut socket).await {
        if path.starts_with("/hang") {
            // Until the browser gives up.
            let _ = socket.read_to_end(&mut Vec::new()).await;
            return;
        }
        let answer = answer(&path, &cookies, pages);
        if socket.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn request(socket: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let (mut path, mut cookies) = (None, String::new());
    loop {
        let mut line = String::new();
        socket.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let line = line.trim_end();
        if line.is_empty() {
            return path.map(|path| (path, cookies));
        }
        if path.is_none() {
            path = Some(line.split(' ').nth(1)?.to_owned());
        } else if let Some(("cookie", value)) = line.to_ascii_lowercase().split_once(": ") {
            value.clone_into(&mut cookies);
        }
    }
}

fn answer(target: &str, cookies: &str, pages: Pages) -> String {
    let path = target.split('?').next().unwrap_or_default();
    let page = pages.iter().find(|(known, _)| *known == path).map(|(_, page)| *page);
    if let Some(page) = page {
        return reply(200, "text/html; charset=utf-8", "", page);
    }
    match path.trim_start_matches('/').split_once('/') {
        Some(("status", code)) => {
            reply(code.parse().unwrap(), "text/html", "", "<title>status</title><h1>A page</h1>")
        }
        Some(("empty", code)) => reply(code.parse().unwrap(), "text/html", "", ""),
        Some(("to", place)) => reply(302, "text/html", &format!("location: /{place}\r\n"), ""),
        _ if path == "/download" => {
            let header = "content-disposition: attachment; filename=\"file.bin\"\r\n";
            reply(200, "application/octet-stream", header, "data")
        }
        _ if path == "/cookie" => {
            let page = format!("<output id=got>{cookies}</output>");
            reply(200, "text/html", "set-cookie: seen=yes\r\n", &page)
        }
        _ => reply(404, "text/html", "", "<title>no page</title><h1>Not found</h1>"),
    }
}

fn reply(status: u16, media_type: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}
