//! A socket that lets nothing but whole, unambiguous heads through, and their bodies.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, BytesMut};
use synmon_core::Clock;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::TcpStream,
};

use super::{
    connections::Seat,
    head::{self, Framing, Refusal},
    reader::Reader,
};

/// How long a head may take, from its first byte on.
const HEAD_LIMIT: Duration = Duration::from_secs(10);
/// What is let through in place of what is refused: the answer is made like any other.
const REFUSED: &[u8] = b"GET /refused HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n";
/// How much is heard of what nobody reads.
const MAX_LINGER_BYTES: usize = 4 * 1024 * 1024;

pub(super) type Timer = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A client's socket.
pub(super) struct Gate {
    socket: TcpStream,
    clock: Arc<dyn Clock>,
    /// What was read and is not passed on yet.
    raw: BytesMut,
    /// How much of it may be passed on.
    passed: usize,
    /// How much of a head was looked at.
    seen: usize,
    stage: Stage,
    verdict: Arc<Verdict>,
    head_timer: Option<Timer>,
    reader: Reader,
}

/// What comes next.
#[derive(Clone, Copy)]
enum Stage {
    Head,
    /// So many bytes of a body.
    Body(u64),
    /// A body in chunks. Where it ends is hyper's to find out; the connection ends with it.
    Chunks,
    /// Nothing more is read.
    Refused,
}

/// What is to be known of a request besides what it says.
#[derive(Default)]
pub(super) struct Verdict {
    refusal: OnceLock<Refusal>,
    last: AtomicBool,
}

impl Verdict {
    /// Why it is refused, if it is.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.refusal.get().copied()
    }

    /// Whether the connection ends with it.
    pub(super) fn is_last(&self) -> bool {
        self.last.load(Ordering::Relaxed)
    }
}

impl Stage {
    fn after(framing: Framing) -> Self {
        match framing {
            Framing::Length(0) => Self::Head,
            Framing::Length(length) => Self::Body(length),
            Framing::Chunked => Self::Chunks,
        }
    }
}

impl Gate {
    pub(super) fn new(socket: TcpStream, clock: Arc<dyn Clock>, seat: Arc<Seat>) -> Self {
        Self {
            reader: Reader::new(Arc::clone(&clock), seat),
            socket,
            clock,
            raw: BytesMut::new(),
            passed: 0,
            seen: 0,
            stage: Stage::Head,
            verdict: Arc::default(),
            head_timer: None,
        }
    }

    /// What is found out about requests.
    pub(super) fn verdict(&self) -> Arc<Verdict> {
        Arc::clone(&self.verdict)
    }

    /// Whether nothing of a request was read that is not passed on.
    pub(super) fn is_between_requests(&self) -> bool {
        matches!(self.stage, Stage::Head) && self.raw.is_empty()
    }

    /// Says that there is no more, and hears the client out.
    pub(super) async fn linger(mut self) {
        if self.socket.shutdown().await.is_err() {
            return;
        }
        let (mut heard, mut piece) = (0, vec![0; 16 * 1024]);
        while let Ok(count @ 1..) = self.socket.read(&mut piece).await {
            heard += count;
            if heard > MAX_LINGER_BYTES {
                break;
            }
        }
    }

    /// Decides on what was read so far; `false` if more must be read first.
    fn decide(&mut self) -> bool {
        match self.stage {
            Stage::Head => {
                // An empty line or two before a request are to be ignored (RFC 9112, section 2.2).
                while self.raw.starts_with(b"\r\n") {
                    self.raw.advance(2);
                    self.seen = 0;
                }
                self.decide_head()
            }
            Stage::Body(left) if !self.raw.is_empty() => {
                let here = self.raw.len();
                let take = usize::try_from(left).map_or(here, |left| left.min(here));
                self.passed = take;
                self.stage = Stage::after(Framing::Length(left - take as u64));
                true
            }
            Stage::Chunks if !self.raw.is_empty() => {
                self.passed = self.raw.len();
                true
            }
            _ => false,
        }
    }

    fn decide_head(&mut self) -> bool {
        let found = head::end(&self.raw, self.seen).and_then(|end| match end {
            Some(end) => head::check(&self.raw[..end]).map(|framing| Some((end, framing))),
            None => Ok(None),
        });
        match found {
            Ok(None) => {
                self.seen = self.raw.len();
                return false;
            }
            Ok(Some((end, framing))) => {
                self.passed = end;
                self.stage = Stage::after(framing);
                self.verdict.last.store(framing == Framing::Chunked, Ordering::Relaxed);
            }
            Err(refusal) => self.refuse(refusal),
        }
        self.seen = 0;
        self.head_timer = None;
        true
    }

    fn refuse(&mut self, refusal: Refusal) {
        // The first is the last: nothing is read after it.
        let _ = self.verdict.refusal.set(refusal);
        self.raw.clear();
        self.raw.extend_from_slice(REFUSED);
        self.passed = self.raw.len();
        self.stage = Stage::Refused;
    }

    /// Whether a head has begun and takes too long.
    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        if !matches!(self.stage, Stage::Head) || self.raw.is_empty() {
            return false;
        }
        let Self { clock, head_timer, .. } = self;
        head_timer.get_or_insert_with(|| timer(clock, HEAD_LIMIT)).as_mut().poll(cx).is_ready()
    }

    /// Reads more; how much it was.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut piece = [0; 8 * 1024];
        let mut read = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut read))?;
        self.raw.extend_from_slice(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    }
}

pub(super) fn timer(clock: &Arc<dyn Clock>, limit: Duration) -> Timer {
    let clock = Arc::clone(clock);
    Box::pin(async move { clock.sleep(limit).await })
}

impl AsyncRead for Gate {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.passed > 0 {
                let count = this.passed.min(into.remaining());
                into.put_slice(&this.raw[..count]);
                this.raw.advance(count);
                this.passed -= count;
                return Poll::Ready(Ok(()));
            }
            if matches!(this.stage, Stage::Refused) {
                return Poll::Pending;
            }
            if this.decide() {
                continue;
            }
            match this.poll_more(cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending if this.is_late(cx) => this.refuse(Refusal::TooSlow),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl AsyncWrite for Gate {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write(cx, bytes);
        this.reader.took(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write_vectored(cx, pieces);
        this.reader.took(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}
