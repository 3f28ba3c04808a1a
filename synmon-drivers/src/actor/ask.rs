//! Scripts that may be cut short.

use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::Value;
use synmon_core::browser::BrowserError;

use super::{Failure, Tab, tab::is_too_deep};
use crate::page::{Changed, Script};

/// How often a script is tried again that the page cut short.
const MAX_CUTS: usize = 10;
/// For how long a page that keeps leaving is asked again in any case: it may come to rest.
const LEAVING_LIMIT: Duration = Duration::from_secs(5);
/// How long a busy page is asked again: a step may take a minute, so the engine cuts first.
const BUSY_LIMIT: Duration = Duration::from_secs(70);

/// Where a script runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    /// In the frame where steps act.
    Here,
    /// In the tab's outermost frame.
    Outermost,
}

/// Runs a script that does not change the page: it is run again if a dialog or a navigation cuts it
/// short, or if the page is too busy to answer.
pub(crate) async fn ask<A: DeserializeOwned>(
    tab: &mut impl Tab,
    place: Where,
    script: &Script,
    args: Value,
) -> Result<A, Failure> {
    let mut cuts = 0;
    let begun = Instant::now();
    loop {
        let answer = match place {
            Where::Here => tab.run(script, args.clone()).await,
            Where::Outermost => tab.run_outermost(script, args.clone()).await,
        };
        match answer {
            Err(Failure::Slow) if begun.elapsed() < BUSY_LIMIT => {}
            Err(Failure::Left) if begun.elapsed() < LEAVING_LIMIT => cuts += 1,
            Err(Failure::Script(why)) if is_too_deep(&why) => return Err(Failure::Script(why)),
            Err(Failure::Left | Failure::Script(_)) if cuts < MAX_CUTS => cuts += 1,
            Ok(value) => {
                return serde_json::from_value(value).map_err(|_| {
                    let text = "the page changed what a script answers".to_owned();
                    Failure::Browser(BrowserError::Unexpected(text))
                });
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// Runs a script that changes the field that is ready, once, and returns what it holds then; `None`
/// if its answer was cut off, which the page did because of the change: by a dialog, by leaving, or
/// by being busy.
pub(super) async fn change<A: DeserializeOwned>(
    tab: &mut impl Tab,
    script: &Script,
    args: Value,
) -> Result<Option<A>, Failure> {
    let answer = match tab.run(script, args).await {
        Err(Failure::Left | Failure::Slow) => return Ok(None),
        answer => answer?,
    };
    match serde_json::from_value(answer) {
        Ok(Changed::Held(held)) => Ok(Some(held)),
        Ok(Changed::Gone(())) => Err(Failure::Stale),
        Err(_) => Ok(None),
    }
}
