//! Comparing what a page says with a regular expression. A flow chooses the one and a page the other,
//! and both together may make it slow: others have their turn meanwhile.

use tokio::task::{spawn_blocking, yield_now};

use super::observed::Observed;
use crate::{
    browser::Exchange,
    step::{Expected, Match, Pattern},
};

/// Shorter texts are compared sooner than handed over, in bytes.
const SHORT: usize = 2_048;

/// Whether a text is what was expected.
pub(super) async fn holds(expected: &Expected, found: &str) -> bool {
    if expected.how != Match::Matches || found.len() <= SHORT {
        return expected.holds(found);
    }
    let (expected, found) = (expected.clone(), found.to_owned());
    // It does not panic, and nothing stops it but the end of the program.
    spawn_blocking(move || expected.holds(&found)).await.unwrap_or(false)
}

/// The part of a text that a pattern picks.
pub(super) async fn part(pattern: &Pattern, text: &str) -> Option<String> {
    if text.len() <= SHORT {
        return pattern.find(text).map(str::to_owned);
    }
    let (pattern, text) = (pattern.clone(), text.to_owned());
    spawn_blocking(move || pattern.find(&text).map(str::to_owned)).await.ok().flatten()
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
    for exchange in observed.exchanges().iter().rev().filter(|one| is_so(one)) {
        if url.holds(&exchange.url) {
            return Some(exchange);
        }
        if url.how == Match::Matches {
            yield_now().await;
        }
    }
    None
}
