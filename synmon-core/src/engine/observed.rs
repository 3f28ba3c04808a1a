//! What a run's pages have logged and asked for, the newest of it.

use std::collections::{VecDeque, vec_deque};

use crate::{
    browser::{Activity, ConsoleError, Exchange, Phases, Session},
    run::Evidence,
};

/// How much is kept of a whole run.
const MAX_REQUESTS: usize = 10_000;
const MAX_CONSOLE_ERRORS: usize = 200;
/// How much is kept with one step.
const MAX_STEP_REQUESTS: usize = 20;
const MAX_STEP_CONSOLE_ERRORS: usize = 20;
/// A request that takes longer is worth a look.
const SLOW_MS: f64 = 1_000.0;
const MAX_URL_CHARS: usize = 2_000;
const MAX_TEXT_CHARS: usize = 1_000;
/// The longest method, media type and the like.
const MAX_WORD_CHARS: usize = 200;

/// What a run's pages have logged and asked for.
#[derive(Debug, Default)]
pub(super) struct Observed {
    console_errors: Newest<ConsoleError>,
    exchanges: Newest<Exchange>,
    dropped: u32,
    /// How much of it was there when the present step began.
    step: Mark,
}

/// The newest of a list: what a page does first must not hide what it does then.
#[derive(Debug)]
struct Newest<T> {
    entries: VecDeque<T>,
    /// How many there were before these.
    gone: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    console_errors: usize,
    exchanges: usize,
    dropped: u32,
}

impl Observed {
    /// Takes in what has happened since this was last called.
    pub(super) fn catch_up(&mut self, session: &mut dyn Session) {
        self.take_in(session.take_activity());
    }

    fn take_in(&mut self, activity: Activity) {
        self.dropped = self.dropped.saturating_add(activity.dropped);
        for mut error in activity.console_errors {
            cut(&mut error.text, MAX_TEXT_CHARS);
            error.source.iter_mut().for_each(|source| cut(source, MAX_URL_CHARS));
            let dropped = self.console_errors.push(error, MAX_CONSOLE_ERRORS);
            self.dropped = self.dropped.saturating_add(dropped);
        }
        for mut exchange in activity.requests {
            bound(&mut exchange);
            let dropped = self.exchanges.push(exchange, MAX_REQUESTS);
            self.dropped = self.dropped.saturating_add(dropped);
        }
    }

    /// From here on all belongs to the next step.
    pub(super) fn begin_step(&mut self) {
        self.step = Mark {
            console_errors: self.console_errors.end(),
            exchanges: self.exchanges.end(),
            dropped: self.dropped,
        };
    }

    /// Notes with a step what has happened during it.
    pub(super) fn note(&self, evidence: &mut Evidence) {
        let errors = self.console_errors.since(self.step.console_errors);
        let exchanges = self.exchanges.since(self.step.exchanges);
        let remarkable = exchanges.clone().filter(|one| one.failed() || one.duration_ms >= SLOW_MS);
        let over = errors.len().saturating_sub(MAX_STEP_CONSOLE_ERRORS)
            + remarkable.clone().count().saturating_sub(MAX_STEP_REQUESTS);
        evidence.console_errors = errors.take(MAX_STEP_CONSOLE_ERRORS).cloned().collect();
        evidence.requests = count(exchanges.len());
        evidence.remarkable_requests = remarkable.take(MAX_STEP_REQUESTS).cloned().collect();
        evidence.dropped = (self.dropped - self.step.dropped).saturating_add(count(over));
    }

    /// The first error on the console.
    pub(super) fn console_error(&self) -> Option<&ConsoleError> {
        self.console_errors.entries.front()
    }

    /// The requests so far, the newest first.
    pub(super) fn newest_exchanges(&self) -> impl Iterator<Item = &Exchange> {
        self.exchanges.entries.iter().rev()
    }

    /// The requests of the run, in order.
    pub(super) fn into_exchanges(self) -> Vec<Exchange> {
        self.exchanges.entries.into()
    }
}

impl<T> Newest<T> {
    /// Takes in a new one, and says how many went for it.
    fn push(&mut self, entry: T, most: usize) -> u32 {
        let is_full = self.entries.len() >= most;
        if is_full {
            self.entries.pop_front();
            self.gone += 1;
        }
        self.entries.push_back(entry);
        is_full.into()
    }

    /// How many there have been.
    fn end(&self) -> usize {
        self.gone + self.entries.len()
    }

    /// Those that came after there had been so many.
    fn since(&self, end: usize) -> vec_deque::Iter<'_, T> {
        self.entries.range(end.saturating_sub(self.gone)..)
    }
}

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self { entries: VecDeque::new(), gone: 0 }
    }
}

/// Pages choose methods, and servers media types.
fn bound(exchange: &mut Exchange) {
    cut(&mut exchange.url, MAX_URL_CHARS);
    cut(&mut exchange.method, MAX_WORD_CHARS);
    cut(&mut exchange.kind, MAX_WORD_CHARS);
    let Exchange { media_type, failure, remote_address, protocol, .. } = exchange;
    for text in [media_type, failure, remote_address, protocol].into_iter().flatten() {
        cut(text, MAX_WORD_CHARS);
    }
    // No JSON can hold another, and a log that can't be read again is no evidence.
    for time in [&mut exchange.started_ms, &mut exchange.duration_ms] {
        if !time.is_finite() {
            *time = 0.0;
        }
    }
    exchange.phases = exchange.phases.filter(|phases| {
        let Phases { dns, connect, ssl, send, wait } = *phases;
        [dns, connect, ssl, send, wait].into_iter().all(f64::is_finite)
    });
}

/// What a page says is hostile data: it is cut to size, and no store can hold NUL.
pub(super) fn cut(text: &mut String, most: usize) {
    if text.contains('\0') || text.chars().count() > most {
        *text = text.chars().filter(|c| *c != '\0').take(most).collect();
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{super::matching::newest_answer, *};
    use crate::step::{Expected, Match};

    fn answered(url: &str, status: u16) -> Exchange {
        Exchange {
            url: url.to_owned(),
            method: "GET".to_owned(),
            kind: "Fetch".to_owned(),
            main_document: false,
            started_ms: 0.0,
            duration_ms: 0.0,
            status: Some(status),
            media_type: None,
            bytes: None,
            failure: None,
            remote_address: None,
            protocol: None,
            phases: None,
        }
    }

    /// Whatever a page has asked for before: an answer of then proves nothing of now.
    #[tokio::test]
    async fn the_newest_answer_is_known_and_noted_however_many_there_were() {
        let mut observed = Observed::default();
        let take_in = |observed: &mut Observed, requests: Vec<Exchange>| {
            observed.take_in(Activity { requests, ..Activity::default() });
        };
        let other = answered("http://x.test/other", 200);
        take_in(&mut observed, vec![answered("http://x.test/checkout", 200)]);
        take_in(&mut observed, vec![other.clone(); MAX_REQUESTS]);
        observed.begin_step();
        take_in(&mut observed, vec![answered("http://x.test/checkout", 500), other]);
        let checkout = Expected::new("/checkout", Match::Contains).unwrap();
        let newest = newest_answer(&observed, &checkout).await.unwrap();
        assert_eq!(newest.status, Some(500));
        let mut evidence = Evidence::default();
        observed.note(&mut evidence);
        assert_eq!((evidence.requests, evidence.dropped), (2, 2));
        assert_eq!(evidence.remarkable_requests[0].status, Some(500));
        let kept = observed.into_exchanges();
        assert_eq!((kept.len(), kept[MAX_REQUESTS - 2].status), (MAX_REQUESTS, Some(500)));
    }
}
