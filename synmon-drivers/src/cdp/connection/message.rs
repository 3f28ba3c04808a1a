//! What goes over the wire.

use std::{fmt, io, sync::Arc, time::Duration};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use zeroize::{Zeroize as _, Zeroizing};

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
    /// How many bytes it came in.
    pub(crate) size: usize,
    /// The rest.
    pub(crate) params: Value,
}

/// Why a command has no result.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The connection is cut.
    #[error("{0}")]
    Closed(String),
    /// The connection is cut because of what a page made the browser tell: that is no fault of the
    /// browser's.
    #[error("it logged, loaded or was sent more than {} MiB at once", MAX_MESSAGE >> 20)]
    TooMuch,
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

/// The largest message that is read: a picture in base64. What pages log may be larger, and so may the
/// addresses and the frames of `WebSocket`s that they use.
pub(super) const MAX_MESSAGE: usize = 32 << 20;

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
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Command<'a> {
    id: u64,
    method: &'a str,
    params: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'a str>,
}

/// A command as it is sent. It may hold what is typed, secrets too: its text is wiped once it is sent,
/// what it was made of at once, and nothing of it is left where it has grown out of its memory.
///
/// # Panics
/// Never: a JSON value can always be written to memory.
pub(super) fn command(
    id: u64,
    session: Option<&SessionId>,
    method: &str,
    mut params: Value,
) -> Utf8Bytes {
    let session_id = session.map(|session| &*session.0);
    let command = Command { id, method, params: &params, session_id };
    let mut length = Length(0);
    let measured = serde_json::to_writer(&mut length, &command);
    let mut text = Zeroizing::new(Vec::with_capacity(length.0));
    let written = serde_json::to_writer(&mut *text, &command);
    wipe(&mut params);
    let text = measured.and(written).map(|()| Utf8Bytes::try_from(Bytes::from_owner(text)));
    #[expect(clippy::expect_used, reason = "JSON can be written to memory, and is UTF-8")]
    text.expect("a command can be written").expect("JSON is UTF-8")
}

/// How long something is that is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Wipes the texts of a value.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
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
    use serde_json::json;

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
    fn a_command_is_written_whole() {
        let params = || json!({"text": "a “secret”\n", "keys": ["x", {"deep": "y"}], "n": 1});
        let session = SessionId::from("S");
        let text = command(7, Some(&session), "Input.insertText", params());
        let expected =
            json!({"id": 7, "method": "Input.insertText", "params": params(), "sessionId": "S"});
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
        let text = command(8, None, "Browser.close", Value::Null);
        let expected = json!({"id": 8, "method": "Browser.close", "params": null});
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    }

    #[test]
    fn the_texts_of_a_value_are_wiped_at_any_depth() {
        let mut value = json!({"text": "secret", "keys": ["secret", {"deep": "secret"}], "n": 1});
        wipe(&mut value);
        assert_eq!(value, json!({"text": "", "keys": ["", {"deep": ""}], "n": 1}));
    }

    #[test]
    fn what_is_no_message_is_skipped() {
        assert!(read("{").is_none());
        assert!(read(r#"{"id":"x"}"#).is_none());
    }
}
