//! The proof that a browser of an endpoint goes through the egress guard: it is sent to an address on
//! loopback where only the guard has a page. Each browser gives it, for a Grid has many machines.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;
use synmon_core::browser::BrowserError;

use super::{
    driver::{Command, Driver, limits},
    failure::Failure,
};
use crate::guard_page;

/// What the last browser that has tried has shown.
#[derive(Debug, Default)]
pub(super) struct Trust(Mutex<Option<String>>);

impl Trust {
    /// Why no browsers are used, if the last one has shown that they go where they like.
    pub(super) fn refused(&self) -> Option<String> {
        self.last().clone()
    }

    /// Has a browser show that it comes to the guard: in a tab of its own, so that the run's has no
    /// past.
    pub(super) async fn earned_by(&self, driver: &Driver) -> Result<(), Failure> {
        let word = guard_page::word().map_err(unavailable)?;
        let shown = in_a_tab(driver, async || {
            let body = json!({ "url": guard_page::address(&word) });
            driver.call(Command::post("url", body), limits::PROOF).await?;
            driver.call(Command::get("title"), limits::COMMAND).await
        });
        let why = match shown.await {
            Ok(title) => {
                let title = title.as_str().unwrap_or_default();
                match guard_page::up(title, &word) {
                    Some(_) => None,
                    None => Some(guard_page::not_seen(&Failure::short(title))),
                }
            }
            Err(Failure::Browser(BrowserError::Navigation(reason))) => {
                if guard_page::is_out_of_reach(&reason) {
                    return Err(unavailable(guard_page::NO_ANSWER));
                }
                Some(guard_page::not_seen(&reason))
            }
            Err(failure) => return Err(failure),
        };
        self.last().clone_from(&why);
        why.map_or(Ok(()), |why| {
            tracing::error!(why, "a browser is not used");
            Err(unavailable(why))
        })
    }

    fn last(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does something in a further tab, which is closed when it has worked: a browser that has failed is
/// ended anyhow.
async fn in_a_tab<T>(
    driver: &Driver,
    work: impl AsyncFnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let first = driver.call(Command::get("window"), limits::COMMAND).await?;
    let other = driver.call(Command::post("window/new", json!({ "type": "tab" })), limits::COMMAND);
    let other = other.await?["handle"].take();
    driver.call(Command::post("window", json!({ "handle": other })), limits::COMMAND).await?;
    let done = work().await?;
    driver.call(Command::delete("window"), limits::COMMAND).await?;
    driver.call(Command::post("window", json!({ "handle": first })), limits::COMMAND).await?;
    Ok(done)
}

fn unavailable(why: impl Into<String>) -> Failure {
    Failure::Browser(BrowserError::Unavailable(why.into()))
}
