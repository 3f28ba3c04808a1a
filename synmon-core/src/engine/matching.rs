//! Comparing what a page says with a regular expression. A flow chooses the one and a page the other,
//! and both together may make it slow: others have their turn meanwhile.

use tokio::{
    sync::Semaphore,
    task::{spawn_blocking, yield_now},
};

use super::observed::Observed;
use crate::{
    browser::Exchange,
    step::{Expected, Match, Pattern},
};

/// Shorter texts are compared sooner than handed over, in bytes.
const SHORT: usize = 2_048;
/// How much of a text is compared, in bytes. Steps wait for a slow comparison only so long as they
/// may take, but nothing ends it sooner: it takes seconds for that much, not minutes.
pub(super) const MAX_COMPARED: usize = 65_536;
/// How many comparisons there are at a time, those among them that nobody waits for any more.
static ROOM: Semaphore = Semaphore::const_new(2);

/// Whether a text is what was expected.
pub(super) async fn holds(expected: &Expected, found: &str) -> bool {
    if expected.how != Match::Matches || found.len() <= SHORT {
        return expected.holds(found);
    }
    let (expected, found) = (expected.clone(), compared(found).to_owned());
    aside(&ROOM, move || expected.holds(&found)).await.unwrap_or(false)
}

/// The part of a text that a pattern picks.
pub(super) async fn part(pattern: &Pattern, text: &str) -> Option<String> {
    if text.len() <= SHORT {
        return pattern.find(text).map(str::to_owned);
    }
    let (pattern, text) = (pattern.clone(), compared(text).to_owned());
    aside(&ROOM, move || pattern.find(&text).map(str::to_owned)).await.flatten()
}

/// As much of a text as is compared with a regular expression.
fn compared(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_COMPARED)]
}

/// Does some work where it holds nobody up, once there is room for it. Whoever does not wait for it
/// any more leaves the room taken until it is done: nothing stops it but the end of the program.
async fn aside<T: Send + 'static>(
    room: &'static Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let place = room.acquire().await.ok()?;
    let work = move || {
        let result = work();
        drop(place);
        result
    };
    // It does not panic.
    spawn_blocking(work).await.ok()
}

/// The newest answer from such an address.
pub(super) async fn newest_answer<'a>(
    observed: &'a Observed,
    url: &Expected,
) -> Option<&'a Exchange> {
    newest(observed, url, |one| one.status.is_some()).await
}

/// Whether such a request was made.
pub(super) async fn was_requested(
    observed: &Observed,
    url: &Expected,
    method: Option<&str>,
) -> bool {
    let is_so = |one: &Exchange| method.is_none_or(|method| one.method == method);
    newest(observed, url, is_so).await.is_some()
}

async fn newest<'a>(
    observed: &'a Observed,
    url: &Expected,
    is_so: impl Fn(&Exchange) -> bool,
) -> Option<&'a Exchange> {
    for exchange in observed.newest_exchanges().filter(|one| is_so(one)) {
        if url.holds(&exchange.url) {
            return Some(exchange);
        }
        if url.how == Match::Matches {
            yield_now().await;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn work_that_nobody_waits_for_any_more_still_takes_its_room() {
        static ROOM: Semaphore = Semaphore::const_new(1);
        let (begins, mut begun) = tokio::sync::mpsc::unbounded_channel();
        let (ends, ended) = channel::<()>();
        let slow = aside(&ROOM, move || {
            begins.send(()).unwrap();
            ended.recv().unwrap();
        });
        tokio::select! {
            _ = slow => panic!("it has ended"),
            _ = begun.recv() => {}
        }
        let next = tokio::spawn(aside(&ROOM, || 42));
        assert_eq!(ROOM.available_permits(), 0);
        ends.send(()).unwrap();
        assert_eq!(next.await.unwrap(), Some(42));
    }

    #[tokio::test]
    async fn the_beginning_of_a_long_text_is_compared() {
        let expected = Expected::new("needle[0-9]", Match::Matches).unwrap();
        for (before, is_found) in [(MAX_COMPARED - 7, true), (MAX_COMPARED, false)] {
            let text = format!("{}needle1", "x".repeat(before));
            assert_eq!(holds(&expected, &text).await, is_found);
            let pattern = Pattern::new("needle([0-9])").unwrap();
            assert_eq!(part(&pattern, &text).await.is_some(), is_found);
        }
        let plain = Expected::new("needle1", Match::Contains).unwrap();
        assert!(holds(&plain, &format!("{}needle1", "x".repeat(MAX_COMPARED))).await);
    }
}
