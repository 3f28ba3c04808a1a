//! Pages that say more than anybody can listen to.

use std::time::Duration;

use tokio::time::Instant;

/// How much a page may say within a second. One that says more stops the browser for all that share
/// it, and the one process that listens to it.
const MOST: u32 = 5_000;
const SPAN: Duration = Duration::from_secs(1);

/// Counts what a page says.
#[derive(Debug, Default)]
pub(super) struct Flood {
    since: Option<Instant>,
    count: u32,
    over: bool,
}

impl Flood {
    /// Takes note of an event; whether it is the one too many.
    pub(super) fn rises(&mut self, method: &str, now: Instant) -> bool {
        if !is_said(method) || self.over {
            return false;
        }
        if self.since.is_none_or(|since| now - since > SPAN) {
            (self.since, self.count) = (Some(now), 0);
        }
        self.count += 1;
        self.over = self.count > MOST;
        self.over
    }

    /// What it has come to, if it was too much.
    pub(super) fn told(&self) -> Option<String> {
        self.over.then(|| {
            format!("it logged, or changed its address, more than {MOST} times within a second")
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

    #[test]
    fn much_is_too_much_only_within_a_second() {
        let mut flood = Flood::default();
        let mut now = Instant::now();
        for _ in 0..3 {
            assert!((0..MOST).all(|_| !flood.rises("Runtime.consoleAPICalled", now)));
            assert!(!flood.rises("Network.dataReceived", now), "that is the network's doing");
            now += SPAN * 2;
        }
        assert_eq!(flood.told(), None);
        assert!((0..MOST).all(|_| !flood.rises("Page.navigatedWithinDocument", now)));
        assert!(flood.rises("Log.entryAdded", now));
        assert!(!flood.rises("Log.entryAdded", now), "it is told once");
        assert!(flood.told().is_some());
    }
}
