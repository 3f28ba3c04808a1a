//! A mail server that keeps what it is given, and fails on demand.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use synmon_testkit::Letter;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::take_one;

/// The server.
pub(crate) struct MailServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    down: AtomicBool,
    /// How many letters it takes and then hangs up without an answer.
    to_drop: AtomicU64,
    letters: Mutex<Vec<Letter>>,
}

impl MailServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let state = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                tokio::spawn(async move { serve(client, &state).await });
            }
        });
        Self { address, shared, task }
    }

    /// Its url, with a password that must not be told.
    pub(crate) fn url(&self, password: &str) -> String {
        format!("smtp://synmon:{password}@{}", self.address)
    }

    pub(crate) fn set_down(&self, down: bool) {
        self.shared.down.store(down, Ordering::Relaxed);
    }

    pub(crate) fn drop_letters(&self, count: u64) {
        self.shared.to_drop.store(count, Ordering::Relaxed);
    }

    /// All letters so far, repeats included.
    pub(crate) fn letters(&self) -> Vec<Letter> {
        self.shared.letters.lock().unwrap().clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One connection (RFC 5321), until either side has enough of it.
async fn serve(client: TcpStream, shared: &Shared) -> Option<()> {
    let mut client = BufReader::new(client);
    let mut greeting = Some("220 sink");
    loop {
        if shared.down.load(Ordering::Relaxed) {
            return None;
        }
        if let Some(greeting) = greeting.take() {
            say(&mut client, greeting).await?;
        }
        let line = line(&mut client).await?;
        let word = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" | "HELO" => "250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
            "AUTH" => "235 welcome",
            "QUIT" => {
                say(&mut client, "221 bye").await?;
                return None;
            }
            "DATA" => {
                say(&mut client, "354 go on").await?;
                let letter = letter(&mut client).await?;
                shared.letters.lock().unwrap().push(letter);
                if take_one(&shared.to_drop) {
                    return None;
                }
                "250 kept"
            }
            _ => "250 fine",
        };
        say(&mut client, answer).await?;
    }
}

async fn letter(client: &mut BufReader<TcpStream>) -> Option<Letter> {
    let mut text = String::new();
    loop {
        let line = line(client).await?;
        if line == "." {
            return Some(Letter::read(&text));
        }
        text += line.strip_prefix('.').unwrap_or(&line);
        text += "\r\n";
    }
}

async fn line(client: &mut BufReader<TcpStream>) -> Option<String> {
    let mut bytes = Vec::new();
    client.read_until(b'\n', &mut bytes).await.ok().filter(|read| *read > 0)?;
    Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned())
}

async fn say(client: &mut BufReader<TcpStream>, words: &str) -> Option<()> {
    client.write_all(format!("{words}\r\n").as_bytes()).await.ok()
}
