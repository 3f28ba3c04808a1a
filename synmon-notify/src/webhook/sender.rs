//! Delivers notices as webhooks.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::{
    Response,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use rustls::ClientConfig;
use synmon_core::{
    Clock, NoticeId,
    egress::EgressPolicy,
    notice::{Delivery, Notice},
    within,
};
use url::Url;

use super::{
    client,
    errors::{GiveUpCause, RetryCause, WebhookError, WebhookSetupError},
    retry_after,
    secret::WebhookSecret,
};
use crate::event::{self, Event, RunPages};

const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
/// The most that is read of an answer's body.
const MOST_OF_BODY: usize = 64 * 1024;

/// How webhooks are sent.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// What links begin with.
    pub public_url: Url,
    /// How long connecting may take, for all addresses of the receiver together.
    pub connect_timeout: Duration,
    /// How long everything up to the head of the answer may take.
    pub deadline: Duration,
    /// How long the body of an answer is listened to. Nothing depends on it, but some receivers
    /// stop their work when nobody listens any more.
    pub linger: Duration,
}

/// Who gets a webhook.
#[derive(Clone)]
pub struct WebhookTarget {
    /// Where it listens.
    pub url: Url,
    /// The secrets that it knows: one, or several while it changes from one to the next.
    pub secrets: Vec<WebhookSecret>,
}

/// Delivers notices as webhooks.
pub struct WebhookSender {
    settings: WebhookSettings,
    pages: RunPages,
    policy: EgressPolicy,
    clock: Arc<dyn Clock>,
    tls: ClientConfig,
}

impl WebhookSettings {
    /// Settings with the usual limits: 5 s to connect, 15 s to answer, 2 s for what follows.
    #[must_use]
    pub fn new(public_url: Url) -> Self {
        Self {
            public_url,
            connect_timeout: Duration::from_secs(5),
            deadline: Duration::from_secs(15),
            linger: Duration::from_secs(2),
        }
    }
}

impl WebhookSender {
    /// Sets the sender up. It connects only to what `policy` allows.
    pub fn new(
        settings: WebhookSettings,
        policy: EgressPolicy,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, WebhookSetupError> {
        let pages = RunPages::below(settings.public_url.clone())?;
        let tls = client::tls().map_err(WebhookSetupError::Tls)?;
        Ok(Self { settings, pages, policy, clock, tls })
    }

    /// Tries once to deliver a notice. It may be called again for the same notice, which then has
    /// the same `webhook-id`. Letters are not needed here.
    pub async fn send(
        &self,
        target: &WebhookTarget,
        notice: &Notice,
    ) -> Result<Delivery, WebhookError> {
        let Some(event) = Event::of(notice, &self.pages) else {
            return Ok(Delivery::NotNeeded);
        };
        let body = event::json(&event);
        let headers = self.headers(notice.id, &target.secrets, &body)?;
        let limit = self.settings.deadline;
        let answer = within(&*self.clock, limit, self.post(&target.url, headers, body))
            .await
            .ok_or(RetryCause::TimedOut(limit))??;
        let verdict = self.judge(&answer);
        // Only the head of an answer counts, so whether its body ever ends does not matter.
        let _ = within(&*self.clock, self.settings.linger, listen(answer)).await;
        verdict
    }

    fn headers(
        &self,
        id: NoticeId,
        secrets: &[WebhookSecret],
        body: &str,
    ) -> Result<HeaderMap, WebhookError> {
        if secrets.is_empty() {
            return Err(GiveUpCause::NoSecret.into());
        }
        let now = self.clock.now().datetime().timestamp();
        let signatures: Vec<_> = secrets.iter().map(|secret| secret.sign(id, now, body)).collect();
        Ok(HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (WEBHOOK_ID, value(&id.to_string())?),
            (WEBHOOK_TIMESTAMP, now.into()),
            (WEBHOOK_SIGNATURE, value(&signatures.join(" "))?),
        ]))
    }

    async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: String,
    ) -> Result<Response, WebhookError> {
        let addresses = self.policy.resolve_checked(url).await?;
        let client = client::pinned(addresses, self.tls.clone(), self.settings.connect_timeout)
            .map_err(client::sorted)?;
        let request = client.post(url.clone()).headers(headers).body(body);
        request.send().await.map_err(client::sorted)
    }

    /// Standard Webhooks, "Delivery": 2xx is success, 410 ends it, all else is to be tried again.
    fn judge(&self, answer: &Response) -> Result<Delivery, WebhookError> {
        let status = answer.status();
        let cause = match status.as_u16() {
            200..=299 => return Ok(Delivery::Sent),
            410 => return Err(WebhookError::Gone),
            code if status.is_redirection() => RetryCause::Redirect(code),
            code => RetryCause::Status(code),
        };
        let after = retry_after::of(answer.headers(), self.clock.now());
        Err(WebhookError::Retry { cause, after })
    }
}

/// Does not show where webhooks go: in many urls there is a secret.
impl fmt::Debug for WebhookTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookTarget")
            .field("host", &self.url.host_str())
            .field("secrets", &self.secrets.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for WebhookSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSender").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Ids and base64 always fit into a header; what would break its line is refused here.
fn value(text: &str) -> Result<HeaderValue, WebhookError> {
    HeaderValue::from_str(text).map_err(|error| GiveUpCause::Url(error.to_string()).into())
}

/// Reads some of the body, and hangs up.
async fn listen(mut answer: Response) {
    let mut heard = 0;
    while heard < MOST_OF_BODY
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        heard += chunk.len();
    }
}
