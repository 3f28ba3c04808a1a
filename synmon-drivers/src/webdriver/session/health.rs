//! Whether the browser is there, asked past the page.

use serde_json::{Value, json};
use synmon_core::browser::{BrowserError, Health};

use super::{
    super::{
        driver::{Command, limits},
        failure::Failure,
    },
    WebDriverSession,
    send::CUT,
};
use crate::page::ENDED;

impl WebDriverSession {
    /// The driver first, then the browser, then the tab: the first that is gone is what is wrong.
    pub(super) async fn health(&mut self) -> Health {
        let Some(process) = &mut self.parts.process else {
            return self.remote_health().await;
        };
        if !process.runs() {
            return Health::Lost { why: "the driver's process has ended".to_owned() };
        }
        let status = process.url() + "status";
        if let Err(why) = self.parts.wire.get(&status, limits::PROBE).await {
            return Health::Lost { why: format!("the driver does not answer: {why}") };
        }
        if let Some(debugger) = &self.parts.debugger
            && let Err(why) = self.parts.wire.get(debugger, limits::PROBE).await
        {
            return Health::BrowserCrashed { why: format!("the browser does not answer: {why}") };
        }
        match self.tab_health() {
            Health::Alive if self.parts.cdp.as_ref().is_some_and(|cdp| cdp.closed()) => {
                Health::Lost { why: CUT.to_owned() }
            }
            health => health,
        }
    }

    async fn remote_health(&mut self) -> Health {
        let Some(status) = self.parts.status.clone() else {
            return self.tab_health();
        };
        match self.parts.wire.get(&status, limits::PROBE).await {
            Ok(_) => {}
            Err(why) => {
                return Health::Lost { why: format!("the endpoint does not answer: {why}") };
            }
        }
        if let Some(cdp) = &self.parts.cdp
            && cdp.too_much().is_none()
            && let Err(why) = cdp.browser("Browser.getVersion", json!({}), limits::PROBE).await
        {
            return self.end_of_browser(why).await;
        }
        // An endpoint answers even when it has lost the session: ask for something of the session
        // that needs no page.
        let (session, node) = tokio::join!(
            self.parts.driver.call(Command::get("timeouts"), limits::PROBE),
            self.node_answers(),
        );
        match (session, node) {
            (Err(Failure::Browser(error @ BrowserError::SessionLost(_))), _) => {
                Health::Lost { why: error.to_string() }
            }
            (_, false) => {
                Health::Lost { why: "the machine of the browser does not answer".to_owned() }
            }
            (_, true) => self.tab_health(),
        }
    }

    /// Whose end it is that a browser is gone: its own, if the session and whoever has it are there.
    async fn end_of_browser(&self, why: String) -> Health {
        match self.ask_node().await {
            Err(Failure::Browser(
                error @ (BrowserError::SessionLost(_) | BrowserError::Timeout(_)),
            )) => Health::Lost { why: error.to_string() },
            _ => Health::BrowserCrashed { why },
        }
    }

    /// Whether whoever has the browser is there, where no `DevTools` line tells: a driver does one
    /// thing at a time, so its silence may just as well be the page's doing. A Grid's node answers
    /// this without its driver, and a driver alone says at once that it does not know it.
    async fn node_answers(&self) -> bool {
        if self.parts.cdp.is_some() {
            return true;
        }
        !matches!(self.ask_node().await, Err(Failure::Browser(BrowserError::Timeout(_))))
    }

    /// Asks for something of the session that a Grid's node knows by itself.
    async fn ask_node(&self) -> Result<Value, Failure> {
        self.parts.driver.call(Command::get("se/files"), limits::PROBE).await
    }

    fn tab_health(&self) -> Health {
        if let Some(why) = self.parts.cdp.as_ref().and_then(|cdp| cdp.too_much()) {
            Health::PageCrashed { why }
        } else if self.page_crashed || self.parts.cdp.as_ref().is_some_and(|cdp| cdp.page_crashed())
        {
            Health::PageCrashed { why: ENDED.to_owned() }
        } else {
            Health::Alive
        }
    }

    /// Stops what the page does, which frees the driver.
    pub(super) async fn stop_page(&mut self) {
        if let Some(cdp) = &self.parts.cdp {
            cdp.stop(limits::INTERRUPT).await;
        }
    }
}
