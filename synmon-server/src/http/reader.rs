//! How slowly a client may read its answers.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use synmon_core::Clock;

use super::{
    connections::{Seat, Wait},
    gate::{Timer, timer},
};

/// How long a client may be waited for, beyond the time that the least rate allows it.
const PATIENCE: Duration = Duration::from_secs(30);
/// The least rate, in bytes a second.
const LEAST_RATE: u64 = 16 * 1024;

/// A client that reads answers. Reading a little now and then does not let it hold them for ever:
/// what it was waited for adds up, and only what it reads is set off against that.
pub(super) struct Reader {
    clock: Arc<dyn Clock>,
    seat: Arc<Seat>,
    owed: Duration,
    blocked: Option<Blocked>,
}

/// There is no room for more of the answer.
struct Blocked {
    since: Duration,
    timer: Timer,
    _wait: Wait,
}

impl Reader {
    pub(super) fn new(clock: Arc<dyn Clock>, seat: Arc<Seat>) -> Self {
        Self { clock, seat, owed: Duration::ZERO, blocked: None }
    }

    /// What came of writing, unless the client is too slow.
    pub(super) fn took(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(count)) => {
                if let Some(blocked) = self.blocked.take() {
                    self.owed += self.clock.monotonic().saturating_sub(blocked.since);
                }
                self.owed = self.owed.saturating_sub(due_for(count));
                written
            }
            Poll::Ready(Err(_)) => written,
            Poll::Pending if self.is_out_of_patience(cx) => {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_out_of_patience(&mut self, cx: &mut Context<'_>) -> bool {
        let Self { clock, seat, owed, blocked } = self;
        let blocked = blocked.get_or_insert_with(|| Blocked {
            since: clock.monotonic(),
            timer: timer(clock, PATIENCE.saturating_sub(*owed)),
            _wait: seat.wait(),
        });
        blocked.timer.as_mut().poll(cx).is_ready()
    }
}

/// How long a client may take for so many bytes.
fn due_for(count: usize) -> Duration {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    Duration::from_micros(count.saturating_mul(1_000_000) / LEAST_RATE)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use poem::{Body, EndpointExt as _, Response, endpoint::make_sync};
    use synmon_testkit::ManualClock;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::http::{Bound, connections::Connections};

    /// Whether a client is let go that reads so many bytes every 20 s.
    async fn is_let_go(bytes: usize) -> bool {
        let clock = ManualClock::at_rfc3339("2026-01-01T00:00:00Z");
        let seat = Connections::new(1, Arc::<ManualClock>::clone(&clock)).seat().await;
        let mut reader = Reader::new(Arc::<ManualClock>::clone(&clock), seat);
        let mut cx = Context::from_waker(std::task::Waker::noop());
        for _ in 0..1_000 {
            if reader.took(&mut cx, Poll::Pending).is_ready() {
                return true;
            }
            clock.advance(Duration::from_secs(20)).await;
            if reader.took(&mut cx, Poll::Pending).is_ready() {
                return true;
            }
            assert!(matches!(reader.took(&mut cx, Poll::Ready(Ok(bytes))), Poll::Ready(Ok(_))));
        }
        false
    }

    #[tokio::test]
    async fn a_client_that_reads_at_the_least_rate_is_waited_for_and_a_slower_one_is_not() {
        assert!(!is_let_go(20 * 16 * 1024).await);
        assert!(is_let_go(19 * 16 * 1024).await);
        assert!(is_let_go(1).await);
    }

    #[tokio::test]
    async fn reading_a_little_now_and_then_holds_no_answer_for_ever() {
        let clock = ManualClock::at_rfc3339("2026-01-01T00:00:00Z");
        let bound = Bound::to(([127, 0, 0, 1], 0).into()).unwrap();
        let mut socket = TcpStream::connect(bound.address()).await.unwrap();
        let app = make_sync(|_| {
            let endless = stream::repeat_with(|| Ok::<_, io::Error>(vec![0; 16 * 1024]));
            Response::builder().body(Body::from_bytes_stream(endless))
        });
        let (all, stop) = (Arc::<ManualClock>::clone(&clock), CancellationToken::new());
        let server = tokio::spawn(async move { bound.serve(app.boxed(), 9, all, &stop).await });
        socket.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut little = vec![0; 200 * 1024];
        for _ in 0..20 {
            if socket.read_exact(&mut little).await.is_err() {
                server.abort();
                return;
            }
            clock.advance(Duration::from_secs(25)).await;
        }
        panic!("it was waited for all the time");
    }
}
