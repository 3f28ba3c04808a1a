//! Commands, with the dialogs that come between.

use std::time::Duration;

use serde_json::{Value, json};
use synmon_core::browser::{BrowserError, DialogAnswer};

use super::{
    super::{
        driver::{Command, limits},
        failure::Failure,
    },
    WebDriverSession,
};

/// How many dialogs are closed within one call.
const MAX_DIALOGS: usize = 8;
/// What is said of a line past the driver that is cut while the driver is there.
pub(super) const CUT: &str = "the browser's DevTools connection is cut";

impl WebDriverSession {
    /// Sends a command. A dialog that is in its way is answered, and it is sent again.
    pub(super) async fn send(
        &mut self,
        command: Command,
        limit: Duration,
    ) -> Result<Value, Failure> {
        let mut closed = 0;
        loop {
            match self.parts.driver.call(command.clone(), limit).await {
                Err(Failure::Dialog(text)) => {
                    closed += 1;
                    self.dialog_closed = true;
                    self.answer_dialog().await?;
                    match self.parts.cdp.clone() {
                        // The driver sometimes tells of a dialog twice; the browser does not.
                        Some(cdp) => cdp.catch_up(limits::PROBE).await,
                        None => self.dialogs.push(text.clone()),
                    }
                    if closed > MAX_DIALOGS {
                        return Err(Failure::Browser(BrowserError::Dialogs(text)));
                    }
                }
                // The dialog was closed before the driver could close it.
                Err(Failure::NoDialog) if closed <= MAX_DIALOGS => closed += 1,
                Err(Failure::Browser(error)) => return Err(Failure::Browser(self.judged(error))),
                answer => return answer,
            }
        }
    }

    /// Answers the dialog that is open, as was last said. One that is gone by now is answered.
    async fn answer_dialog(&mut self) -> Result<(), Failure> {
        let path = match self.answer.clone() {
            DialogAnswer::Dismiss => "alert/dismiss",
            DialogAnswer::Accept(text) => {
                if let Some(text) = text {
                    // Dialogs other than prompts take no text.
                    let body = json!({ "text": text });
                    let _ = self.dialog_command("alert/text", body).await;
                }
                "alert/accept"
            }
        };
        match self.dialog_command(path, json!({})).await {
            Err(Failure::Browser(error)) => Err(Failure::Browser(self.judged(error))),
            _ => Ok(()),
        }
    }

    async fn dialog_command(&self, path: &'static str, body: Value) -> Result<Value, Failure> {
        self.parts.driver.call(Command::post(path, body), limits::PROBE).await
    }

    /// What the page is, unless the line past the driver has been cut: then nobody knows what it has
    /// logged or asked for, and what asks about that would pass.
    pub(super) async fn heard<T>(&self, page: Result<T, BrowserError>) -> Result<T, BrowserError> {
        let Some(cdp) = &self.parts.cdp else { return page };
        cdp.catch_up(limits::PROBE).await;
        match (cdp.too_much(), page) {
            (Some(why), _) => Err(BrowserError::PageCrashed(why)),
            (None, Ok(_)) if cdp.closed() => Err(BrowserError::SessionLost(CUT.to_owned())),
            (None, page) => page,
        }
    }

    /// What an error of the driver's means in view of what else is known.
    fn judged(&mut self, error: BrowserError) -> BrowserError {
        match error {
            BrowserError::PageCrashed(_) => self.page_crashed = true,
            BrowserError::SessionLost(why)
                if self
                    .parts
                    .cdp
                    .as_ref()
                    .is_some_and(|c| c.closed() && c.too_much().is_none()) =>
            {
                return BrowserError::Crashed(why);
            }
            _ => {}
        }
        error
    }
}
