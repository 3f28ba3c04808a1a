//! What a driver's errors mean, by their W3C codes.

use std::time::Duration;

use synmon_core::browser::BrowserError;
use thirtyfour::error::{WebDriverError, WebDriverErrorInfo, WebDriverErrorInner};

use crate::actor;

/// The longest text of an error that is passed on, in characters.
const MAX_TEXT: usize = 300;
/// The longest text of a dialog that is passed on, in characters.
const MAX_DIALOG: usize = 1_000;

/// Why a command did not do what it should.
#[derive(Debug)]
pub(super) enum Failure {
    /// A dialog with this text was open; it is closed now, and the command was not carried out.
    Dialog(String),
    /// A dialog was to be closed that is no longer there; the command was not carried out.
    NoDialog,
    /// The element is no longer there.
    Stale,
    /// A script of ours failed.
    Script(String),
    /// The frame or the tab that is driven is no longer there.
    NoWindow,
    /// The page left while the command was carried out.
    Left,
    /// A script of ours got no answer from the page in its time.
    Slow,
    /// The driver does not know this command.
    Unknown,
    /// The rest.
    Browser(BrowserError),
}

impl Failure {
    /// No answer within our own limit.
    pub(super) fn no_answer(limit: Duration) -> Self {
        let text = format!("the driver gave no answer within {} s", limit.as_secs());
        Self::Browser(BrowserError::Timeout(text))
    }
}

impl From<Failure> for BrowserError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Browser(error) => error,
            Failure::Dialog(text) => Self::Dialogs(text),
            Failure::NoDialog => Self::Unexpected("a dialog comes and goes".to_owned()),
            Failure::NoWindow => Self::PageCrashed("the tab was closed".to_owned()),
            Failure::Stale => Self::Unexpected("the element is gone".to_owned()),
            Failure::Left => Self::Unexpected("the page keeps leaving".to_owned()),
            Failure::Slow => Self::Timeout("the page does not answer".to_owned()),
            Failure::Script(why) => Self::Unexpected(why),
            Failure::Unknown => Self::Unexpected("the driver does not know a command".to_owned()),
        }
    }
}

/// What is left of it for whoever does not know of drivers.
impl From<Failure> for actor::Failure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Stale => Self::Stale,
            Failure::Script(why) => Self::Script(why),
            Failure::Left => Self::Left,
            Failure::Slow => Self::Slow,
            other => Self::Browser(other.into()),
        }
    }
}

impl From<WebDriverError> for Failure {
    fn from(error: WebDriverError) -> Self {
        use WebDriverErrorInner as E;
        let browser = Self::Browser;
        match error.into_inner() {
            E::UnexpectedAlertOpen(info) => Self::Dialog(dialog(&info)),
            E::NoSuchAlert(_) => Self::NoDialog,
            // Chromedriver's word for the same.
            E::InvalidArgument(info) if info.value.message.contains("No dialog is showing") => {
                Self::NoDialog
            }
            E::StaleElementReference(_) | E::NoSuchElement(_) => Self::Stale,
            E::JavascriptError(info) if info.value.message.contains("document unloaded") => {
                Self::Left
            }
            E::JavascriptError(info) => Self::Script(text(&info)),
            E::UnknownCommand(_) | E::UnknownMethod(_) | E::UnsupportedOperation(_) => {
                Self::Unknown
            }
            E::ScriptTimeout(_) => Self::Slow,
            E::WebDriverTimeout(info) => browser(BrowserError::Timeout(text(&info))),
            E::InvalidSessionId(info) => browser(BrowserError::SessionLost(text(&info))),
            E::NoSuchWindow(_) | E::NoSuchFrame(_) => Self::NoWindow,
            E::InvalidSelector(info) => browser(BrowserError::SelectorInvalid(text(&info))),
            E::SessionNotCreated(info) => browser(BrowserError::Unavailable(text(&info))),
            E::InsecureCertificate(info) => {
                browser(BrowserError::Navigation(net_code(&info).unwrap_or_else(|| text(&info))))
            }
            E::UnknownError(info) => browser(unknown(&info)),
            E::NotInSpec(info) => own_code(&info),
            E::HttpError(why) | E::RequestFailed(why) => {
                browser(BrowserError::SessionLost(cut(&why, MAX_TEXT)))
            }
            E::UnknownResponse(status, _) => browser(BrowserError::SessionLost(format!(
                "the answer, with status {status}, is not WebDriver"
            ))),
            other => browser(BrowserError::Unexpected(cut(&other.to_string(), MAX_TEXT))),
        }
    }
}

/// The first `limit` characters, on one line.
pub(super) fn cut(text: &str, limit: usize) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(limit).collect()
}

/// The code that W3C leaves for everything else: only its text tells what happened.
fn unknown(info: &WebDriverErrorInfo) -> BrowserError {
    match net_code(info) {
        Some(code) => BrowserError::Navigation(code),
        None => BrowserError::Unexpected(text(info)),
    }
}

/// Codes that chromedriver has of its own.
fn own_code(info: &WebDriverErrorInfo) -> Failure {
    match info.value.error.as_deref() {
        Some("aborted by navigation" | "no such execution context") => Failure::Left,
        Some("tab crashed") => Failure::Browser(BrowserError::PageCrashed(text(info))),
        Some("disconnected" | "chrome not reachable") => {
            Failure::Browser(BrowserError::Crashed(text(info)))
        }
        _ => Failure::Browser(BrowserError::Unexpected(text(info))),
    }
}

/// The reason that a browser gives for a page that did not load.
fn net_code(info: &WebDriverErrorInfo) -> Option<String> {
    let message = &info.value.message;
    for (start, rest) in [("net::ERR_", ""), ("about:neterror?e=", "about:neterror ")] {
        if let Some(at) = message.find(start) {
            let tail = &message[at + start.len()..];
            let end = tail.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
            let code = &tail[..end.unwrap_or(tail.len())];
            let start = if rest.is_empty() { start } else { rest };
            return Some(cut(&format!("{start}{code}"), MAX_TEXT));
        }
    }
    None
}

fn text(info: &WebDriverErrorInfo) -> String {
    // The first line says what happened, the others are about versions and the driver's stack.
    cut(info.value.message.lines().next().unwrap_or_default(), MAX_TEXT)
}

fn dialog(info: &WebDriverErrorInfo) -> String {
    let told = info.value.data.as_ref().and_then(|data| data["text"].as_str());
    let told = told.or_else(|| {
        let (_, rest) = info.value.message.split_once("{Alert text : ")?;
        Some(rest.rsplit_once('}').map_or(rest, |(text, _)| text))
    });
    told.unwrap_or_default().trim().chars().take(MAX_DIALOG).collect()
}
