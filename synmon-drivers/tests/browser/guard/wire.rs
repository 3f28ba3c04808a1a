//! A client that asks the guard as a browser does, byte by byte.

use std::net::SocketAddr;

use synmon_core::egress::EgressPolicy;
use synmon_drivers::EgressGuard;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

/// A guard with a policy.
pub(super) fn guard(policy: EgressPolicy) -> EgressGuard {
    EgressGuard::start(policy, "127.0.0.1:0".parse().unwrap()).unwrap()
}

/// A connection to the guard.
pub(super) struct Wire(BufReader<TcpStream>);

/// What has come back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// In lower case.
    pub(super) head: String,
    pub(super) body: String,
}

impl Wire {
    pub(super) async fn to(guard: &EgressGuard) -> Self {
        Self::at(guard.address()).await
    }

    pub(super) async fn at(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }

    /// Asks for an address, and for the next one over the same connection.
    pub(super) async fn get(&mut self, url: &str) -> Option<Reply> {
        self.ask(&format!("GET {url} HTTP/1.1\r\nHost: whatever\r\n\r\n")).await
    }

    /// Asks for a tunnel.
    pub(super) async fn connect(&mut self, place: &str) -> Option<Reply> {
        self.ask(&format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n")).await
    }

    /// Sends this, and reads an answer; `None` if the connection closes without one.
    pub(super) async fn ask(&mut self, bytes: &str) -> Option<Reply> {
        // A guard that has read enough may have hung up.
        let _ = self.0.write_all(bytes.as_bytes()).await;
        let head = self.head().await?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
        self.0.read_exact(&mut body).await.unwrap();
        Some(Reply { status, head, body: String::from_utf8(body).unwrap() })
    }

    /// Says something through a tunnel, and hears as much.
    pub(super) async fn echo(&mut self, text: &str) -> String {
        self.0.write_all(text.as_bytes()).await.unwrap();
        let mut heard = vec![0; text.len()];
        self.0.read_exact(&mut heard).await.unwrap();
        String::from_utf8(heard).unwrap()
    }

    async fn head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.ok()?);
        }
        Some(String::from_utf8(head).unwrap().to_ascii_lowercase())
    }
}
