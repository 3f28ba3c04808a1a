//! Commands and scripts, with the dialogs that come between.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use synmon_core::browser::BrowserError;

use super::{
    super::{
        driver::{Command, limits},
        failure::Failure,
    },
    WebDriverSession,
    script::Script,
};

/// How many dialogs are closed within one call.
const MAX_DIALOGS: usize = 8;
/// How often a script is tried again that the page cut short.
const MAX_CUTS: usize = 10;

impl WebDriverSession {
    /// Sends a command. A dialog that is in its way is closed by the driver, and it is sent again.
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
                    self.dialogs.push(text.clone());
                    if closed > MAX_DIALOGS {
                        self.end_dialogs().await;
                        return Err(Failure::Browser(BrowserError::Dialogs(text)));
                    }
                }
                Err(Failure::Browser(error)) => return Err(Failure::Browser(self.judged(error))),
                answer => return answer,
            }
        }
    }

    /// Runs a script that does not change the page: it is run again if a dialog or a navigation
    /// cuts it short.
    pub(super) async fn ask<T: DeserializeOwned>(
        &mut self,
        script: &Script,
        args: Value,
    ) -> Result<T, Failure> {
        let mut cuts = 0;
        loop {
            let answer = self.run(script, args.clone()).await;
            match answer {
                // Our scripts never answer null: a dialog came between.
                Ok(Value::Null) | Err(Failure::Script(_)) if cuts < MAX_CUTS => cuts += 1,
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

    /// Runs a script once. The answer is null if a dialog cut it short.
    pub(super) async fn run(&mut self, script: &Script, args: Value) -> Result<Value, Failure> {
        let body = json!({ "script": &*script.source, "args": args });
        self.send(Command::post(script.path, body), limits::COMMAND).await
    }

    /// What an error of the driver's means in view of what else is known.
    fn judged(&mut self, error: BrowserError) -> BrowserError {
        match error {
            BrowserError::PageCrashed(_) => self.page_crashed = true,
            BrowserError::SessionLost(why)
                if self.parts.cdp.as_ref().is_some_and(|c| c.closed()) =>
            {
                return BrowserError::Crashed(why);
            }
            _ => {}
        }
        error
    }

    /// A page that opens dialogs in a loop is stopped, so that there is a picture of it at last.
    async fn end_dialogs(&mut self) {
        self.stop_page().await;
        for _ in 0..MAX_DIALOGS {
            let command = Command::get("title");
            match self.parts.driver.call(command, limits::PROBE).await {
                Err(Failure::Dialog(_)) => {}
                _ => break,
            }
        }
    }
}
