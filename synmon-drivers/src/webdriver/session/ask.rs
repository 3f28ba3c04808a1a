//! Commands and scripts, with the dialogs that come between.

use std::time::{Duration, Instant};

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
                    self.dialogs_closed += 1;
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

    /// Runs a script that does not change the page: it is run again if a dialog or a navigation
    /// cuts it short, or if the page is too busy to answer.
    pub(super) async fn ask<T: DeserializeOwned>(
        &mut self,
        script: &Script,
        args: Value,
    ) -> Result<T, Failure> {
        let mut cuts = 0;
        let until = Instant::now() + limits::COMMAND;
        loop {
            match self.run(script, args.clone()).await {
                Err(Failure::Slow) if Instant::now() < until => {}
                // Our scripts never answer null: a dialog came between.
                Ok(Value::Null) | Err(Failure::Left | Failure::Script(_)) if cuts < MAX_CUTS => {
                    cuts += 1;
                }
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
}
