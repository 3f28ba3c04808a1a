//! Whether the server lives, and whether it can do its work.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use metrics::gauge;
use poem::{
    Request, Response, handler,
    http::{StatusCode, header},
    web::Data,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
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
    /// What keeps nothing from working, and is less safe than it could be.
    pub(crate) warnings: Vec<String>,
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
    json(&json!({ "status": "alive" }))
}

#[handler]
pub(super) async fn ready(readiness: Data<&Arc<Readiness>>) -> poem::Result<Response> {
    let reasons = readiness.reasons().await;
    if reasons.is_empty() {
        Ok(json(&json!({ "status": "ready", "warnings": readiness.warnings })))
    } else {
        Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, reasons.join("; ")).into())
    }
}

/// What has to be known to read the metrics; none is nothing.
#[derive(Clone)]
pub(super) struct MetricsKey(pub(super) Option<SecretString>);

impl MetricsKey {
    /// How long the comparison takes tells nothing: what is compared are hashes.
    fn opens_to(&self, request: &Request) -> bool {
        let Some(key) = &self.0 else { return true };
        let sent =
            request.header(header::AUTHORIZATION).and_then(|text| text.strip_prefix("Bearer "));
        sent.is_some_and(|sent| Sha256::digest(sent) == Sha256::digest(key.expose_secret()))
    }
}

#[handler]
pub(super) async fn scrape(
    request: &Request,
    readiness: Data<&Arc<Readiness>>,
    key: Data<&MetricsKey>,
) -> poem::Result<Response> {
    if !key.opens_to(request) {
        let detail = "send the token of the metrics: Authorization: Bearer …";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, detail).into());
    }
    // A database that is out of reach must not take the other metrics along.
    if let Some(Ok(depth)) =
        within(&*readiness.clock, PATIENCE, readiness.store.queue_depth()).await
    {
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        gauge!("synmon_queue_depth").set(depth as f64);
    }
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")
        .body(telemetry::metrics().render()))
}

fn json(body: &Value) -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(body.to_string())
}
