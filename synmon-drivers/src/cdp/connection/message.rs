//! What goes over the wire.

use std::{fmt, sync::Arc, time::Duration};

use serde::Deserialize;
use serde_json::{Value, json};

/// A session of the protocol: a tab, or a frame of it that has a process of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(from = "String")]
pub(crate) struct SessionId(Arc<str>);

/// Something that the browser tells.
#[derive(Debug)]
pub(crate) struct Event {
    /// What it is, such as `Page.loadEventFired`.
    pub(crate) method: String,
    /// Where it happened; nowhere if it is about the browser.
    pub(crate) session: Option<SessionId>,
    /// The rest.
    pub(crate) params: Value,
}

/// Why a command has no result.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The connection is cut.
    #[error("{0}")]
    Closed(String),
    /// The page's process has ended.
    #[error("the page's process has ended")]
    Crashed,
    /// The tab or the frame is gone.
    #[error("the tab is gone")]
    Gone,
    /// The browser's own words.
    #[error("{0}")]
    Refused(String),
    /// It took too long.
    #[error("{method}: no answer within {} s", limit.as_secs())]
    NoAnswer { method: &'static str, limit: Duration },
}

impl CallError {
    pub(super) fn closed() -> Self {
        Self::Closed("the browser has closed the connection".to_owned())
    }
}

/// What comes in. Fields that are not known are skipped: browsers say more with each version.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Incoming {
    pub(super) id: Option<u64>,
    pub(super) method: Option<String>,
    pub(super) session_id: Option<SessionId>,
    #[serde(default)]
    pub(super) params: Value,
    #[serde(default)]
    pub(super) result: Value,
    pub(super) error: Option<Refusal>,
}

#[derive(Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

/// The code of an answer to what was asked of a session that there is not.
const NO_SUCH_SESSION: i64 = -32001;

impl From<Refusal> for CallError {
    fn from(refusal: Refusal) -> Self {
        if refusal.code == NO_SUCH_SESSION { Self::Gone } else { Self::Refused(refusal.message) }
    }
}

/// A command as it is sent.
pub(super) fn command(id: u64, session: Option<&SessionId>, method: &str, params: Value) -> String {
    let mut command = json!({ "id": id, "method": method });
    command["params"] = params;
    if let Some(session) = session {
        command["sessionId"] = (*session.0).into();
    }
    command.to_string()
}

/// Reads what comes in. Pages may say halves of characters (surrogates), which the browser writes as
/// they are and which are no text: then they are replaced.
pub(super) fn read(text: &str) -> Option<Incoming> {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&whole(text))).ok()
}

/// The text with the replacement character in the place of each half of a character.
fn whole(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                out.push('\u{FFFD}');
                rest = &rest[6..];
                continue;
            }
            (Some(_), _) => 6,
            // A character of two bytes at least: the one after the backslash may have more.
            (None, _) => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

/// The code unit that an escape stands for.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

impl Event {
    /// A text among what it tells; empty if there is none.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.params.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }
}

impl From<String> for SessionId {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for SessionId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_characters_are_replaced() {
        for (told, read_as) in [
            (r"lone \ud83d here", "lone \u{FFFD} here"),
            (r"\uDC00\uD83D\uDE00", "\u{FFFD}\u{1F600}"),
            (r"\\ud83d \n\uD800", "\\ud83d \n\u{FFFD}"),
        ] {
            let text = format!(r#"{{"id":7,"result":{{"value":"{told}"}},"unknown":[]}}"#);
            let incoming = read(&text).unwrap();
            assert_eq!((incoming.id, incoming.result["value"].as_str()), (Some(7), Some(read_as)));
        }
    }

    #[test]
    fn what_is_no_message_is_skipped() {
        assert!(read("{").is_none());
        assert!(read(r#"{"id":"x"}"#).is_none());
    }
}
