//! HTTP to a driver: without proxies, and never more than a bounded answer.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use serde_json::Value;
use thirtyfour::{
    error::{WebDriverError, WebDriverResult},
    session::http::{Body, HttpClient},
};

/// The largest answer that is read: a picture in base64.
pub(super) const MAX_ANSWER: usize = 32 << 20;
pub(super) const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// A client for drivers.
#[derive(Clone, Debug)]
pub(crate) struct Wire(reqwest::Client);

impl Wire {
    /// A client that goes straight to the driver, whatever the environment says of proxies.
    pub(crate) fn new() -> Self {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_LIMIT)
            .tcp_nodelay(true)
            .build();
        // It fails only where a TLS provider can't be had; the default client then says so.
        Self(client.unwrap_or_default())
    }

    /// The JSON at an address.
    pub(crate) async fn get(&self, url: &str, limit: Duration) -> Result<Value, String> {
        let asked = async {
            let answer = self.0.get(url).send().await.map_err(words)?;
            let body = bounded(answer).await?;
            serde_json::from_slice(&body).map_err(|_| "the answer is not JSON".to_owned())
        };
        tokio::time::timeout(limit, asked)
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} s", limit.as_secs())))
    }

    /// Has something removed; that it is not there is as good.
    pub(crate) async fn delete(&self, url: &str, limit: Duration) -> Result<(), String> {
        let answer = tokio::time::timeout(limit, self.0.delete(url).send())
            .await
            .map_err(|_| format!("no answer within {} s", limit.as_secs()))?;
        let status = answer.map_err(words)?.status();
        if status.is_success() || status == http::StatusCode::NOT_FOUND {
            return Ok(());
        }
        Err(format!("the endpoint answers with status {status}"))
    }
}

#[async_trait]
impl HttpClient for Wire {
    async fn send(&self, request: Request<Body<'_>>) -> WebDriverResult<Response<Bytes>> {
        let (parts, body) = request.into_parts();
        let mut request =
            self.0.request(parts.method, parts.uri.to_string()).headers(parts.headers);
        if let Body::Json(json) = body {
            request = request.body(json.to_string());
        }
        let answer =
            request.send().await.map_err(|error| WebDriverError::HttpError(words(error)))?;
        let status = answer.status();
        let mut body = bounded(answer).await.map_err(WebDriverError::HttpError)?;
        if !status.is_success() {
            body = plain_error(body);
        }
        Response::builder()
            .status(status)
            .body(body)
            .map_err(|error| WebDriverError::HttpError(error.to_string()))
    }

    async fn new(&self) -> Arc<dyn HttpClient> {
        Arc::new(self.clone())
    }
}

async fn bounded(mut answer: reqwest::Response) -> Result<Bytes, String> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(words)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(format!("the answer is larger than {} MiB", MAX_ANSWER >> 20));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// A Selenium Grid's own errors carry their stack as a list, where W3C has a text. thirtyfour takes
/// such an answer for none, and what happened would be lost with it: the stack goes.
fn plain_error(body: Bytes) -> Bytes {
    let Ok(mut answer) = serde_json::from_slice::<Value>(&body) else { return body };
    let Some(value) = answer.get_mut("value").and_then(Value::as_object_mut) else { return body };
    if value.get("stacktrace").is_none_or(Value::is_string) {
        return body;
    }
    value.remove("stacktrace");
    answer.to_string().into()
}

/// An error's text with its causes, without the address: that may hold a password.
fn words(error: reqwest::Error) -> String {
    chain(&error.without_url())
}

/// An error's text with its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use thirtyfour::error::WebDriverErrorInner;

    use super::*;

    fn read(value: &Value) -> WebDriverErrorInner {
        let body = plain_error(json!({ "value": value }).to_string().into());
        let body = String::from_utf8(body.to_vec()).unwrap();
        WebDriverError::parse(500, body).into_inner()
    }

    #[test]
    fn a_grids_own_error_says_what_happened() {
        let error = read(&json!({
            "error": "session not created",
            "message": "Could not start a new session.",
            "stacktrace": [{ "fileName": "LocalNode.java", "lineNumber": 228 }],
        }));
        let WebDriverErrorInner::SessionNotCreated(info) = error else { panic!("{error:?}") };
        assert_eq!(info.value.message, "Could not start a new session.");
    }

    #[test]
    fn a_drivers_error_stays_as_it_is() {
        let error =
            read(&json!({ "error": "timeout", "message": "late", "stacktrace": "#0 0x5a" }));
        let WebDriverErrorInner::WebDriverTimeout(info) = error else { panic!("{error:?}") };
        assert_eq!(info.value.stacktrace.as_deref(), Some("#0 0x5a"));
        assert_eq!(plain_error(Bytes::from("<html>")), "<html>");
    }
}
