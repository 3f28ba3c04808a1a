//! Pages that say more than anybody can listen to.

use std::time::Duration;

use tokio::time::Instant;

/// How often a page may say something within a second, before that second counts.
const MUCH: u32 = 5_000;
/// The same for the size of all that is told of it, in bytes: reading so much takes a tenth of a
/// processor.
const LARGE: usize = 32 << 20;
const SECOND: Duration = Duration::from_secs(1);
/// How many such seconds in a row are a flood: a page that says a lot once comes to an end. One that
/// does not stops the browser for all that share it, and the one process that listens to it.
const SECONDS: u32 = 6;

/// Counts what a page says.
#[derive(Debug, Default)]
pub(super) struct Flood {
    /// When the present second began.
    since: Option<Instant>,
    count: u32,
    bytes: usize,
    /// How many seconds in a row have counted.
    loud: u32,
    over: bool,
    heard: Heard,
}

/// How much a page has told since its beginning.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heard {
    events: u64,
    bytes: u64,
}

impl Heard {
    /// Whether so much came since `before`, while the browser should have answered, that its answer
    /// waits behind what the page says.
    pub(super) fn drowns_answers(self, before: Self) -> bool {
        self.events - before.events > 1_000 || self.bytes - before.bytes > 4 << 20
    }
}

impl Flood {
    /// Takes note of an event that came in so many bytes; whether it is the one too many.
    pub(super) fn rises(&mut self, method: &str, size: usize, now: Instant) -> bool {
        self.heard.events += 1;
        self.heard.bytes += size as u64;
        // Pictures are what we have asked for.
        if self.over || method == "Page.screencastFrame" {
            return false;
        }
        let since = *self.since.get_or_insert(now);
        if now - since > SECOND {
            let much = self.count > MUCH || self.bytes > LARGE;
            let goes_on = much && now - since < 2 * SECOND;
            self.loud = if goes_on { self.loud + 1 } else { 0 };
            (self.since, self.count, self.bytes) = (Some(now), 0, 0);
        }
        self.count += u32::from(is_said(method));
        self.bytes = self.bytes.saturating_add(size);
        self.over = self.loud >= SECONDS;
        self.over
    }

    /// How much there was so far.
    pub(super) fn heard(&self) -> Heard {
        self.heard
    }

    /// What it has come to, if it was too much.
    pub(super) fn told(&self) -> Option<String> {
        self.over.then(|| {
            format!(
                "for {SECONDS} seconds it logged, or changed its address, more than {MUCH} times a \
                 second, or logged and loaded more than {} MiB a second",
                LARGE >> 20
            )
        })
    }
}

/// What a page can have told as often as it likes.
fn is_said(method: &str) -> bool {
    matches!(
        method,
        "Runtime.consoleAPICalled"
            | "Runtime.exceptionThrown"
            | "Log.entryAdded"
            | "Page.navigatedWithinDocument"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says so much in each second; whether that was too much at any time.
    fn says(flood: &mut Flood, much: u32, seconds: u32, from: Instant) -> bool {
        tells(flood, ("Runtime.consoleAPICalled", 100), much, seconds, from)
    }

    fn tells(
        flood: &mut Flood,
        (method, size): (&str, usize),
        much: u32,
        seconds: u32,
        from: Instant,
    ) -> bool {
        (0..seconds).any(|second| {
            let now = from + (SECOND + SECOND / 10) * second;
            (0..much).any(|_| flood.rises(method, size, now))
        })
    }

    #[test]
    fn few_large_words_are_a_flood_too() {
        let from = Instant::now();
        for (method, size, seconds, is_flood) in [
            ("Network.webSocketFrameReceived", LARGE / 2, 100, false),
            ("Network.webSocketFrameReceived", LARGE, SECONDS, false),
            ("Network.webSocketFrameReceived", LARGE, 10, true),
            ("Runtime.consoleAPICalled", LARGE, 10, true),
            ("Page.screencastFrame", LARGE, 100, false),
        ] {
            let mut flood = Flood::default();
            let told = tells(&mut flood, (method, size), 2, seconds, from);
            assert_eq!(told, is_flood, "{method} {size} {seconds}");
        }
    }

    #[test]
    fn what_goes_on_is_a_flood() {
        let from = Instant::now();
        for (much, seconds, is_flood) in [
            (1_000_000, 1, false),
            (MUCH, 100, false),
            (MUCH + 1, SECONDS, false),
            (MUCH + 1, 10, true),
        ] {
            let mut flood = Flood::default();
            assert_eq!(says(&mut flood, much, seconds, from), is_flood, "{much} {seconds}");
            assert_eq!(flood.told().is_some(), is_flood);
            assert!(!flood.rises("Log.entryAdded", 100, from + SECOND * 200), "it is told once");
        }
        let mut flood = Flood::default();
        for times in 0..5 {
            assert!(!says(&mut flood, MUCH + 1, SECONDS, from + SECOND * 60 * times));
        }
    }
}
