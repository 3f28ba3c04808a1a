//! Whether the browser is there, asked past the page.

use serde_json::json;
use synmon_core::browser::{BrowserError, Health};

use super::{CdpSession, limits};
use crate::{actor::Failure, cdp::connection::CallError, page::ENDED};

/// Why a browser that has no time to answer is none that is lost.
const DROWNED: &str = "it says so much that nothing else is heard of its browser";

impl CdpSession {
    pub(super) async fn health(&self) -> Health {
        let before = self.shared().state().flood.heard();
        let asked = self.line().call(None, "Browser.getVersion", json!({}), limits::PROBE).await;
        match asked {
            Ok(_) => {}
            Err(error @ CallError::TooMuch) => {
                return Health::PageCrashed { why: error.to_string() };
            }
            Err(CallError::NoAnswer { .. })
                if self.shared().state().flood.heard().drowns_answers(before) =>
            {
                return Health::PageCrashed { why: DROWNED.to_owned() };
            }
            Err(CallError::Closed(why)) if self.context.is_local() => {
                return Health::BrowserCrashed { why };
            }
            Err(error) => return Health::Lost { why: error.to_string() },
        }
        match self.tab_session() {
            Ok(session) if !self.line().has_crashed(&session) => Health::Alive,
            Err(Failure::Browser(BrowserError::PageCrashed(why))) => Health::PageCrashed { why },
            _ => Health::PageCrashed { why: self.why_it_crashed() },
        }
    }

    /// What is known of the end of a page's process.
    fn why_it_crashed(&self) -> String {
        let limit = self.context.memory_limit_met();
        let limit = limit.map(|limit| format!("it took more than {} MiB of memory", limit >> 20));
        self.shared().state().flood.told().or(limit).unwrap_or_else(|| ENDED.to_owned())
    }

    /// Stops what the page does: its script, and whatever it still loads.
    pub(super) async fn stop_page(&self) {
        let Ok(tab) = self.tab_session() else { return };
        let frame = self.shared().state().frames.get(self.here.frame()).map(|f| f.session.clone());
        let ask =
            |session, method| self.line().call(Some(session), method, json!({}), limits::INTERRUPT);
        // That it can't be stopped shows by what is asked next.
        let _ = tokio::join!(
            ask(&tab, "Runtime.terminateExecution"),
            ask(&tab, "Page.stopLoading"),
            async {
                match frame.as_ref().filter(|frame| **frame != tab) {
                    Some(frame) => ask(frame, "Runtime.terminateExecution").await.ok(),
                    None => None,
                }
            },
        );
    }
}
