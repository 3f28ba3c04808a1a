//! Pages that say more than anybody can listen to.

use std::time::Duration;

use tokio::time::Instant;

/// How much a page may say within a second, before that second counts.
const MUCH: u32 = 5_000;
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
    /// How many seconds in a row have counted.
    loud: u32,
    over: bool,
}

impl Flood {
    /// Takes note of an event; whether it is the one too many.
    pub(super) fn rises(&mut self, method: &str, now: Instant) -> bool {
        if !is_said(method) || self.over {
            return false;
        }
        let since = *self.since.get_or_insert(now);
        if now - since > SECOND {
            let goes_on = self.count > MUCH && now - since < 2 * SECOND;
            self.loud = if goes_on { self.loud + 1 } else { 0 };
            (self.since, self.count) = (Some(now), 0);
        }
        self.count += 1;
        self.over = self.loud >= SECONDS;
        self.over
    }

    /// What it has come to, if it was too much.
    pub(super) fn told(&self) -> Option<String> {
        self.over.then(|| {
            format!(
                "for {SECONDS} seconds it logged, or changed its address, more than {MUCH} times a \
                 second"
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
        (0..seconds).any(|second| {
            let now = from + (SECOND + SECOND / 10) * second;
            (0..much).any(|_| flood.rises("Runtime.consoleAPICalled", now))
        })
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
            assert!(!flood.rises("Log.entryAdded", from + SECOND * 200), "it is told once");
        }
        let mut flood = Flood::default();
        for times in 0..5 {
            assert!(!says(&mut flood, MUCH + 1, SECONDS, from + SECOND * 60 * times));
        }
    }
}
