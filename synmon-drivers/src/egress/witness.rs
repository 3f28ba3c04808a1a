//! Who knows what a guard has done, for those who drive the browsers behind it.

use std::time::Instant;

use async_trait::async_trait;
use http::StatusCode;
use synmon_core::browser::Exchange;
use url::Url;

use super::{EgressGuard, memory::Trouble};

/// A guard that can be asked.
#[async_trait]
pub(super) trait Witness: Send + Sync {
    /// Whether there may have been any trouble since then: if not, nobody needs to ask.
    fn may_know(&self, since: Instant) -> bool;

    /// Why nothing comes from the place of this address, if that was found out since then.
    async fn trouble(&self, url: &Url, since: Instant) -> Option<Trouble>;

    /// Makes a request's record what it would be without the proxy in between.
    fn unveil(&self, exchange: &mut Exchange, since: Instant);

    /// Why what has failed since then may be the guard's own doing, if so.
    async fn lost(&self, since: Instant) -> Option<String>;
}

/// The one in this process: it remembers, and lives as long as we do.
#[async_trait]
impl Witness for EgressGuard {
    fn may_know(&self, since: Instant) -> bool {
        self.memory().any_since(since)
    }

    async fn trouble(&self, url: &Url, since: Instant) -> Option<Trouble> {
        self.memory().trouble(url, since)
    }

    fn unveil(&self, exchange: &mut Exchange, since: Instant) {
        let Ok(url) = Url::parse(&exchange.url) else { return };
        let own = self.address().to_string();
        if exchange.remote_address.as_ref() == Some(&own) {
            exchange.remote_address =
                self.memory().address(&url).map(|address| address.to_string());
        }
        let is_ours =
            exchange.failure.is_some() || (url.scheme() == "http" && refused(exchange.status));
        if !is_ours {
            return;
        }
        match self.memory().trouble(&url, since) {
            Some(Trouble::Blocked(why)) => {
                exchange.failure = Some(format!("blocked: {why}"));
                exchange.status = None;
                exchange.remote_address = None;
            }
            Some(Trouble::Failed { code, .. }) if exchange.failure.is_some() => {
                exchange.failure = Some(code.to_owned());
            }
            _ => {}
        }
    }

    async fn lost(&self, _: Instant) -> Option<String> {
        None
    }
}

/// Whether this is the status of a guard's own page.
pub(super) fn refused(status: Option<u16>) -> bool {
    status == Some(StatusCode::FORBIDDEN.as_u16())
}
