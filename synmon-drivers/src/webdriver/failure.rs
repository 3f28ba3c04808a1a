//! What a driver's errors mean, by their W3C codes.

use std::time::Duration;

use serde_json::Value;
use synmon_core::browser::BrowserError;

use crate::actor;

/// The longest text of an error that is passed on, in characters.
const MAX_TEXT: usize = 300;
/// The longest text of a dialog that is passed on, in characters.
const MAX_DIALOG: usize = 1_000;
/// How a Selenium Grid begins to say that a node, or a node's driver, is out of reach.
const OUT_OF_REACH: [&str; 3] = [
    "Unable to execute request for an existing session",
    "Connection error (",
    "Failed to execute request (",
];

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

/// What a driver answers if it does not do what it is told.
#[derive(Debug)]
pub(super) struct Refusal {
    /// W3C's word for it, or one of the driver's own.
    pub(super) code: String,
    pub(super) message: String,
    pub(super) data: Option<Value>,
}

impl Failure {
    /// The driver is out of reach, or speaks of something else.
    pub(super) fn lost(why: &str) -> Self {
        Self::Browser(BrowserError::SessionLost(Self::short(why)))
    }

    /// As much of a text as an error passes on.
    pub(super) fn short(text: &str) -> String {
        cut(text, MAX_TEXT)
    }

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
            Failure::Left => actor::keeps_leaving(),
            Failure::Slow => Self::Timeout("the page does not answer".to_owned()),
            Failure::Script(why) => actor::broken(why),
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

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let info = &refusal;
        let browser = Self::Browser;
        match info.code.as_str() {
            "unexpected alert open" => Self::Dialog(dialog(info)),
            "no such alert" => Self::NoDialog,
            // Chromedriver's word for the same.
            "invalid argument" if info.message.contains("No dialog is showing") => Self::NoDialog,
            "stale element reference" | "no such element" => Self::Stale,
            "javascript error" if info.message.contains("document unloaded") => Self::Left,
            "javascript error" => Self::Script(text(info)),
            "unknown command" | "unknown method" | "unsupported operation" => Self::Unknown,
            "script timeout" => Self::Slow,
            "timeout" => browser(BrowserError::Timeout(text(info))),
            "invalid session id" => browser(BrowserError::SessionLost(text(info))),
            "no such window" | "no such frame" => Self::NoWindow,
            "invalid selector" => browser(BrowserError::SelectorInvalid(text(info))),
            "session not created" => browser(BrowserError::Unavailable(text(info))),
            "insecure certificate" => {
                browser(BrowserError::Navigation(net_code(info).unwrap_or_else(|| text(info))))
            }
            "unknown error" => browser(unknown(info)),
            // The rest are codes that chromedriver has of its own.
            "aborted by navigation" | "no such execution context" => Self::Left,
            "tab crashed" => browser(BrowserError::PageCrashed(text(info))),
            "disconnected" | "chrome not reachable" => browser(BrowserError::Crashed(text(info))),
            _ => browser(BrowserError::Unexpected(text(info))),
        }
    }
}

/// The first `limit` characters, on one line.
pub(super) fn cut(text: &str, limit: usize) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(limit).collect()
}

/// The code that W3C leaves for everything else: only its text tells what happened.
fn unknown(info: &Refusal) -> BrowserError {
    if OUT_OF_REACH.iter().any(|words| info.message.starts_with(words)) {
        return BrowserError::SessionLost(text(info));
    }
    match net_code(info) {
        Some(code) => BrowserError::Navigation(code),
        None => BrowserError::Unexpected(text(info)),
    }
}

/// The reason that a browser gives for a page that did not load.
fn net_code(info: &Refusal) -> Option<String> {
    let message = &info.message;
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

fn text(info: &Refusal) -> String {
    // The first line says what happened, the others are about versions and the driver's stack.
    cut(info.message.lines().next().unwrap_or_default(), MAX_TEXT)
}

fn dialog(info: &Refusal) -> String {
    let told = info.data.as_ref().and_then(|data| data["text"].as_str());
    let told = told.or_else(|| {
        let (_, rest) = info.message.split_once("{Alert text : ")?;
        Some(rest.rsplit_once('}').map_or(rest, |(text, _)| text))
    });
    told.unwrap_or_default().trim().chars().take(MAX_DIALOG).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &str) -> BrowserError {
        let code = "unknown error".to_owned();
        Failure::from(Refusal { code, message: message.to_owned(), data: None }).into()
    }

    #[test]
    fn a_node_that_is_out_of_reach_is_a_session_that_is_lost() {
        for message in [
            "Unable to execute request for an existing session: Connection error (GET http://x/)",
            "Connection error (GET http://localhost:26912/session/1/title)",
            "Failed to execute request (POST http://localhost:26912/session/1/execute/sync)",
        ] {
            assert!(matches!(said(message), BrowserError::SessionLost(_)), "{message}");
        }
    }

    #[test]
    fn what_a_page_says_is_no_word_of_the_grid() {
        let quoted = "unknown error: Connection error (GET http://x/)";
        assert!(matches!(said(quoted), BrowserError::Unexpected(_)));
        let failed = "unknown error: net::ERR_CONNECTION_REFUSED\n  (Session info: chrome=156)";
        let code = "net::ERR_CONNECTION_REFUSED".to_owned();
        assert_eq!(said(failed), BrowserError::Navigation(code));
    }
}
