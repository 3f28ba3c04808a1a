//! `WebDriver` by `thirtyfour`.

use std::sync::Arc;

use serde_json::{Map, Value};
use synmon_core::browser::BrowserError;
use thirtyfour::{
    Capabilities, RequestData, SessionId, WebDriver,
    common::command::FormatRequestData,
    error::{WebDriverError, WebDriverErrorInfo, WebDriverErrorInner},
    session::handle::SessionHandle,
};

use super::{
    super::{
        driver::Command,
        failure::{Failure, Refusal},
        wire::Wire,
    },
    Created,
};

/// thirtyfour's own way to end a session when it is dropped blocks the thread, so that is switched
/// off.
#[derive(Clone, Debug)]
pub(in crate::webdriver) struct Line(Arc<SessionHandle>);

pub(super) async fn create(
    url: &str,
    capabilities: Map<String, Value>,
    wire: &Wire,
) -> Result<Created, Failure> {
    let creating = WebDriver::builder(url, Capabilities::from(capabilities)).client(wire.clone());
    let driver = creating.connect().await?;
    let handle = Arc::clone(driver.handle());
    // It has not quit yet, so this can't fail.
    let _ = driver.leak();
    let said = handle.capabilities().iter();
    Ok(Created {
        id: handle.session_id().to_string(),
        capabilities: said.map(|(name, value)| (name.clone(), value.clone())).collect(),
        line: super::Line::Thirtyfour(Line(handle)),
    })
}

impl Line {
    pub(super) async fn call(&self, command: Command) -> Result<Value, Failure> {
        Ok(self.0.cmd(command).await?.value_json()?)
    }
}

impl FormatRequestData for Command {
    fn format_request(&self, session: &SessionId) -> RequestData {
        let request = RequestData::new(self.method.clone(), self.place(session));
        match &self.body {
            Some(body) => request.add_body(body.clone()),
            None => request,
        }
    }
}

impl From<WebDriverError> for Failure {
    fn from(error: WebDriverError) -> Self {
        use WebDriverErrorInner as E;
        match error.into_inner() {
            E::HttpError(why) | E::RequestFailed(why) => Self::lost(&why),
            E::UnknownResponse(status, _) => {
                Self::lost(&format!("the answer, with status {status}, is not WebDriver"))
            }
            E::NotInSpec(info)
            | E::ElementClickIntercepted(info)
            | E::ElementNotInteractable(info)
            | E::InsecureCertificate(info)
            | E::InvalidArgument(info)
            | E::InvalidCookieDomain(info)
            | E::InvalidElementState(info)
            | E::InvalidSelector(info)
            | E::InvalidSessionId(info)
            | E::JavascriptError(info)
            | E::MoveTargetOutOfBounds(info)
            | E::NoSuchAlert(info)
            | E::NoSuchCookie(info)
            | E::NoSuchElement(info)
            | E::NoSuchFrame(info)
            | E::NoSuchWindow(info)
            | E::ScriptTimeout(info)
            | E::SessionNotCreated(info)
            | E::StaleElementReference(info)
            | E::WebDriverTimeout(info)
            | E::UnableToSetCookie(info)
            | E::UnableToCaptureScreen(info)
            | E::UnexpectedAlertOpen(info)
            | E::UnknownCommand(info)
            | E::UnknownError(info)
            | E::UnknownMethod(info)
            | E::UnsupportedOperation(info) => Refusal::from(info).into(),
            other => Self::Browser(BrowserError::Unexpected(Self::short(&other.to_string()))),
        }
    }
}

impl From<WebDriverErrorInfo> for Refusal {
    fn from(info: WebDriverErrorInfo) -> Self {
        // Drivers from before W3C tell the code in another place.
        let code = if info.error.is_empty() { info.value.error } else { Some(info.error) };
        Self { code: code.unwrap_or_default(), message: info.value.message, data: info.value.data }
    }
}
