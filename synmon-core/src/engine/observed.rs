//! What a run's pages have logged and asked for, from its beginning.

use crate::{
    browser::{ConsoleError, Exchange, Phases, Session},
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
    console_errors: Vec<ConsoleError>,
    exchanges: Vec<Exchange>,
    dropped: u32,
    /// How much of it was there when the present step began.
    step: Mark,
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
        let activity = session.take_activity();
        self.dropped = self.dropped.saturating_add(activity.dropped);
        for mut error in activity.console_errors {
            cut(&mut error.text, MAX_TEXT_CHARS);
            error.source.iter_mut().for_each(|source| cut(source, MAX_URL_CHARS));
            self.keep(error, |this| &mut this.console_errors, MAX_CONSOLE_ERRORS);
        }
        for mut exchange in activity.requests {
            bound(&mut exchange);
            self.keep(exchange, |this| &mut this.exchanges, MAX_REQUESTS);
        }
    }

    fn keep<T>(&mut self, entry: T, list: impl Fn(&mut Self) -> &mut Vec<T>, most: usize) {
        if list(self).len() < most {
            list(self).push(entry);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// From here on all belongs to the next step.
    pub(super) fn begin_step(&mut self) {
        self.step = Mark {
            console_errors: self.console_errors.len(),
            exchanges: self.exchanges.len(),
            dropped: self.dropped,
        };
    }

    /// Notes with a step what has happened during it.
    pub(super) fn note(&self, evidence: &mut Evidence) {
        let errors = &self.console_errors[self.step.console_errors..];
        let exchanges = &self.exchanges[self.step.exchanges..];
        let remarkable = exchanges.iter().filter(|one| one.failed() || one.duration_ms >= SLOW_MS);
        let over = errors.len().saturating_sub(MAX_STEP_CONSOLE_ERRORS)
            + remarkable.clone().count().saturating_sub(MAX_STEP_REQUESTS);
        evidence.console_errors = errors.iter().take(MAX_STEP_CONSOLE_ERRORS).cloned().collect();
        evidence.requests = count(exchanges.len());
        evidence.remarkable_requests = remarkable.take(MAX_STEP_REQUESTS).cloned().collect();
        evidence.dropped = (self.dropped - self.step.dropped).saturating_add(count(over));
    }

    /// The first error on the console.
    pub(super) fn console_error(&self) -> Option<&ConsoleError> {
        self.console_errors.first()
    }

    /// All requests so far.
    pub(super) fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// All requests of the run.
    pub(super) fn into_exchanges(self) -> Vec<Exchange> {
        self.exchanges
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
