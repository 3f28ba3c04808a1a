//! Whether the server lives, and whether it can do its work.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use metrics::gauge;
use poem::{
    Response, handler,
    http::{StatusCode, header},
    web::Data,
};
use synmon_core::{
    Clock, Timestamp,
    browser::Browser,
    engine::Signals,
    store::{Store, StoreError},
    within,
};

use crate::{api::ApiError, telemetry};

const PATIENCE: Duration = Duration::from_secs(3);

/// What is asked of a database besides what the engine and the accounts ask.
#[async_trait]
pub(crate) trait Database: Send + Sync {
    /// Whether it answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Passes on the wake-ups of other processes, until the connection breaks.
    async fn forward_wakeups(&self, signals: &Signals) -> Result<(), StoreError>;

    /// The time by its own clock, if it has one that several processes share.
    async fn now(&self) -> Result<Option<Timestamp>, StoreError>;
}

/// What the server needs to do its work.
pub(crate) struct Readiness {
    /// The database.
    pub(crate) database: Arc<dyn Database>,
    /// The queue.
    pub(crate) store: Arc<dyn Store>,
    /// The browsers.
    pub(crate) browser: Arc<dyn Browser>,
    /// Time.
    pub(crate) clock: Arc<dyn Clock>,
}

impl Readiness {
    /// What is out of reach, in words for the operator; nothing if all is well.
    pub(crate) async fn reasons(&self) -> Vec<String> {
        let clock = &*self.clock;
        let slow = |what: &str| format!("{what} did not answer within {PATIENCE:?}");
        let database = match within(clock, PATIENCE, self.database.ping()).await {
            Some(Ok(())) => None,
            // Its own words may hold addresses; they are in the log.
            Some(Err(_)) => Some("the database is out of reach".to_owned()),
            None => Some(slow("the database")),
        };
        let browser = match within(clock, PATIENCE, self.browser.ready()).await {
            Some(Ok(())) => None,
            Some(Err(why)) => Some(why),
            None => Some(slow("the browsers")),
        };
        database.into_iter().chain(browser).collect()
    }
}

#[handler]
pub(super) fn alive() -> Response {
    status("alive")
}

#[handler]
pub(super) async fn ready(readiness: Data<&Arc<Readiness>>) -> poem::Result<Response> {
    let reasons = readiness.reasons().await;
    if reasons.is_empty() {
        Ok(status("ready"))
    } else {
        Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, reasons.join("; ")).into())
    }
}

#[handler]
pub(super) async fn scrape(readiness: Data<&Arc<Readiness>>) -> Response {
    // A database that is out of reach must not take the other metrics along.
    if let Some(Ok(depth)) =
        within(&*readiness.clock, PATIENCE, readiness.store.queue_depth()).await
    {
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        gauge!("synmon_queue_depth").set(depth as f64);
    }
    Response::builder()
        .header(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")
        .body(telemetry::metrics().render())
}

fn status(word: &str) -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(format!("{{\"status\":\"{word}\"}}"))
}
