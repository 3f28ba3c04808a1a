//! What pages log and what they ask the network for, recorded from Chrome's `DevTools` events.

mod exchange;

use std::collections::HashMap;

use serde_json::Value;
use synmon_core::browser::{Activity, ConsoleError, Exchange};

use exchange::Open;

/// How many errors are kept until somebody asks, and how much of the text of each.
const MAX_ERRORS: usize = 500;
const MAX_TEXT: usize = 1_000;
/// How many requests are kept until somebody asks, and how many may be under way.
const MAX_REQUESTS: usize = 2_000;
const MAX_OPEN: usize = 2_000;
/// How much memory all of it may take, in bytes, about: pages choose how long addresses are.
const MAX_BYTES: usize = 16 << 20;

/// Records what happens until somebody asks.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    told: Activity,
    /// The requests that are under way, by the session that tells of them and their id.
    open: HashMap<(String, String), Open>,
    /// How much memory what is kept takes, and what is under way.
    told_bytes: usize,
    open_bytes: usize,
    /// What time it was when the browser's own clock began, in seconds. A WebSocket that does not get
    /// as far as to ask for its connection tells by that clock alone when it was.
    epoch: f64,
}

impl Recorder {
    /// What has happened since this was last asked.
    pub(crate) fn take(&mut self) -> Activity {
        self.told_bytes = 0;
        std::mem::take(&mut self.told)
    }

    /// Takes note of an event; `is_tab` says whether a frame is the outermost one of a tab.
    pub(crate) fn event(
        &mut self,
        session: &str,
        method: &str,
        params: &Value,
        is_tab: impl Fn(&str) -> bool,
    ) {
        match method {
            "Runtime.consoleAPICalled" => self.called(params),
            "Runtime.exceptionThrown" => self.thrown(&params["exceptionDetails"]),
            "Log.entryAdded" => self.logged(&params["entry"]),
            "Network.requestWillBeSent" => self.asked(session, params, is_tab),
            "Network.responseReceived" => self.answered(session, params, is_tab),
            "Network.loadingFinished" => {
                self.ended(session, params, |open| open.finished(params));
            }
            "Network.loadingFailed" => self.ended(session, params, |open| open.failed(params)),
            "Network.webSocketCreated" => {
                self.begin(key(session, params), Open::socket(params));
            }
            "Network.webSocketWillSendHandshakeRequest" => self.shakes(session, params),
            // What is said from then on is the page's own matter.
            "Network.webSocketHandshakeResponseReceived" => {
                self.ended(session, params, |mut open| {
                    open.answered(&params["response"]);
                    open.finished(params)
                });
            }
            "Network.webSocketFrameError" | "Network.webSocketClosed" => {
                let epoch = self.epoch;
                self.ended(session, params, |mut open| {
                    open.begin_if_not_begun(params, epoch);
                    open.failed(params)
                });
            }
            _ => {}
        }
    }

    fn called(&mut self, params: &Value) {
        if !matches!(params["type"].as_str(), Some("error" | "assert")) {
            return;
        }
        let said = params["args"].as_array().into_iter().flatten().map(shown);
        let text = said.collect::<Vec<_>>().join(" ");
        self.error(&text, params.pointer("/stackTrace/callFrames/0/url"));
    }

    fn thrown(&mut self, details: &Value) {
        let text = details.pointer("/exception/description").and_then(Value::as_str);
        let text = text.map_or_else(
            || {
                let value = details.get("exception").map(shown).unwrap_or_default();
                format!("{} {value}", details["text"].as_str().unwrap_or_default())
            },
            str::to_owned,
        );
        self.error(&text, details.get("url"));
    }

    fn logged(&mut self, entry: &Value) {
        let url = entry["url"].as_str().unwrap_or_default();
        // Nobody misses the icon of a page that has none.
        if entry["level"] == "error" && !url.ends_with("/favicon.ico") {
            self.error(entry["text"].as_str().unwrap_or_default(), entry.get("url"));
        }
    }

    fn error(&mut self, text: &str, source: Option<&Value>) {
        if self.told.console_errors.len() >= MAX_ERRORS {
            self.drop_some(1);
            return;
        }
        let source = source.and_then(Value::as_str).filter(|source| !source.is_empty());
        let text: String = text.trim().chars().take(MAX_TEXT).collect();
        let source = source.map(exchange::address);
        let size = text.len() + source.as_ref().map_or(0, String::len);
        // However much a page asks for, its first errors are told.
        self.told_bytes += size;
        self.told.console_errors.push(ConsoleError { text, source });
    }

    fn asked(&mut self, session: &str, params: &Value, is_tab: impl Fn(&str) -> bool) {
        let key = key(session, params);
        if let (Some(wall), Some(own)) = (params["wallTime"].as_f64(), params["timestamp"].as_f64())
        {
            self.epoch = wall - own;
        }
        if let Some(redirect) = params.get("redirectResponse")
            && let Some(mut open) = self.close(&key)
        {
            open.answered(redirect);
            self.push(open.finished(params));
        }
        if params.pointer("/request/url").and_then(Value::as_str).is_none_or(is_inline) {
            return;
        }
        self.begin(key, Open::new(params, is_main(params, is_tab)));
    }

    fn answered(&mut self, session: &str, params: &Value, is_tab: impl Fn(&str) -> bool) {
        let key = key(session, params);
        let response = &params["response"];
        // The page of a new tab may have asked before its process knew that somebody listens.
        if !self.open.contains_key(&key)
            && response["url"].as_str().is_some_and(|url| !is_inline(url))
        {
            self.begin(key.clone(), Open::unheard(params, is_main(params, is_tab)));
        }
        if let Some(open) = self.open.get_mut(&key) {
            open.answered(response);
        }
    }

    /// A WebSocket asks for its connection.
    fn shakes(&mut self, session: &str, params: &Value) {
        if let Some(open) = self.open.get_mut(&key(session, params)) {
            open.begin(params);
        }
    }

    fn begin(&mut self, key: (String, String), open: Open) {
        if self.open.len() >= MAX_OPEN
            && let Some(oldest) = self.oldest()
        {
            self.close(&oldest);
            self.drop_some(1);
        }
        let size = open.size();
        while !self.has_room(size) && self.drop_oldest() {}
        self.open_bytes += size;
        if let Some(before) = self.open.insert(key, open) {
            self.open_bytes -= before.size();
        }
    }

    fn oldest(&self) -> Option<(String, String)> {
        let oldest = self.open.iter().min_by(|a, b| a.1.sent().total_cmp(&b.1.sent()));
        oldest.map(|(key, _)| key.clone())
    }

    /// Takes a request out of those that are under way.
    fn close(&mut self, key: &(String, String)) -> Option<Open> {
        let open = self.open.remove(key)?;
        self.open_bytes -= open.size();
        Some(open)
    }

    fn has_room(&self, size: usize) -> bool {
        self.told_bytes + self.open_bytes + size <= MAX_BYTES
    }

    /// What a page asks for first must not hide what it asks for then: some of what was told first
    /// goes, or what is under way for longest. Whether there was anything.
    fn drop_oldest(&mut self) -> bool {
        let gone = self.told.requests.len().div_ceil(10);
        if gone > 0 {
            let gone = self.told.requests.drain(..gone).map(|one| exchange::size(&one));
            let sizes: Vec<usize> = gone.collect();
            self.told_bytes -= sizes.iter().sum::<usize>();
            self.drop_some(sizes.len());
            return true;
        }
        let oldest = self.oldest().and_then(|oldest| self.close(&oldest));
        self.drop_some(usize::from(oldest.is_some()));
        oldest.is_some()
    }

    fn drop_some(&mut self, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.told.dropped = self.told.dropped.saturating_add(count);
    }

    fn ended(&mut self, session: &str, params: &Value, end: impl FnOnce(Open) -> Exchange) {
        if let Some(open) = self.close(&key(session, params)) {
            self.push(end(open));
        }
    }

    fn push(&mut self, exchange: Exchange) {
        let size = exchange::size(&exchange);
        while self.told.requests.len() >= MAX_REQUESTS || !self.has_room(size) {
            if !self.drop_oldest() {
                break;
            }
        }
        self.told_bytes += size;
        self.told.requests.push(exchange);
    }
}

fn is_main(params: &Value, is_tab: impl Fn(&str) -> bool) -> bool {
    params["type"] == "Document" && params["frameId"].as_str().is_some_and(is_tab)
}

fn key(session: &str, params: &Value) -> (String, String) {
    (session.to_owned(), params["requestId"].as_str().unwrap_or_default().to_owned())
}

/// Whether nothing leaves the browser for an address: it holds what it stands for, or is the
/// browser's own.
fn is_inline(url: &str) -> bool {
    ["data:", "blob:", "chrome:", "chrome-untrusted:"].iter().any(|own| url.starts_with(own))
}

/// A value as a console shows it.
fn shown(value: &Value) -> String {
    match &value["value"] {
        Value::String(text) => text.clone(),
        Value::Null => ["unserializableValue", "description", "subtype", "type"]
            .iter()
            .find_map(|name| value[*name].as_str())
            .unwrap_or_default()
            .to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn recorded(events: &[(&str, Value)]) -> Activity {
        let mut recorder = Recorder::default();
        for (method, params) in events {
            recorder.event("s", method, params, |frame| frame == "tab");
        }
        recorder.take()
    }

    fn sent(id: &str, url: &str, frame: &str) -> Value {
        json!({
            "requestId": id, "type": "Document", "frameId": frame, "timestamp": 10.0,
            "wallTime": 1_700_000_000.5, "request": { "url": url, "method": "GET" },
        })
    }

    #[test]
    fn a_redirect_is_an_exchange_of_its_own() {
        let mut second = sent("1", "http://x.test/b", "tab");
        second["redirectResponse"] = json!({ "status": 302 });
        second["timestamp"] = json!(10.25);
        let told = recorded(&[
            ("Network.requestWillBeSent", sent("1", "http://ada:secret@x.test/a", "tab")),
            ("Network.requestWillBeSent", second),
            (
                "Network.responseReceived",
                json!({ "requestId": "1", "response": { "status": 200 } }),
            ),
            ("Network.loadingFinished", json!({ "requestId": "1", "timestamp": 10.5 })),
        ]);
        let [first, second] = &told.requests[..] else { panic!("{told:?}") };
        assert_eq!((first.status, first.url.as_str()), (Some(302), "http://x.test/a"));
        assert!((first.duration_ms - 250.0).abs() < 1e-6, "{first:?}");
        assert_eq!((second.status, second.main_document), (Some(200), true));
        assert!((first.started_ms - 1_700_000_000_500.0).abs() < 1.0);
    }

    #[test]
    fn an_answer_to_what_was_not_heard_is_told_too() {
        let response = json!({ "url": "http://x.test/a", "status": 404 });
        let told = recorded(&[
            (
                "Network.responseReceived",
                json!({ "requestId": "1", "type": "Fetch", "timestamp": 10.0, "response": response }),
            ),
            ("Network.loadingFinished", json!({ "requestId": "1", "timestamp": 10.5 })),
        ]);
        let [exchange] = &told.requests[..] else { panic!("{told:?}") };
        assert_eq!((exchange.status, exchange.url.as_str()), (Some(404), "http://x.test/a"));
    }

    #[test]
    fn what_fails_says_why_and_what_is_inline_is_no_request() {
        let told = recorded(&[
            ("Network.requestWillBeSent", sent("1", "http://x.test/a", "inner")),
            ("Network.requestWillBeSent", sent("2", "data:text/html,x", "inner")),
            (
                "Network.loadingFailed",
                json!({ "requestId": "1", "timestamp": 11.0, "errorText": "net::ERR_FAILED" }),
            ),
        ]);
        assert_eq!(told.requests.len(), 1);
        assert_eq!(told.requests[0].failure.as_deref(), Some("net::ERR_FAILED"));
        assert!(!told.requests[0].main_document);
    }

    #[test]
    fn a_socket_is_told_once_it_is_open_or_has_failed() {
        let socket =
            |id: &str, path: &str| json!({ "requestId": id, "url": format!("ws://x.test/{path}") });
        let told = recorded(&[
            ("Network.requestWillBeSent", sent("1", "http://x.test/", "tab")),
            ("Network.webSocketCreated", socket("2", "good")),
            ("Network.webSocketCreated", socket("3", "bad")),
            (
                "Network.webSocketWillSendHandshakeRequest",
                json!({ "requestId": "2", "timestamp": 11.0, "wallTime": 1_700_000_001.5 }),
            ),
            (
                "Network.webSocketHandshakeResponseReceived",
                json!({ "requestId": "2", "timestamp": 11.25, "response": { "status": 101 } }),
            ),
            (
                "Network.webSocketFrameError",
                json!({ "requestId": "2", "timestamp": 12.0, "errorMessage": "cut off" }),
            ),
            (
                "Network.webSocketFrameError",
                json!({ "requestId": "3", "timestamp": 12.0, "errorMessage": "net::ERR_FAILED" }),
            ),
            ("Network.webSocketClosed", json!({ "requestId": "3", "timestamp": 12.5 })),
        ]);
        let [good, bad] = &told.requests[..] else { panic!("{told:?}") };
        assert_eq!((good.status, &*good.kind, &good.failure), (Some(101), "WebSocket", &None));
        assert!((good.duration_ms - 250.0).abs() < 1e-6, "{good:?}");
        assert_eq!((bad.url.as_str(), bad.status), ("ws://x.test/bad", None));
        assert_eq!(bad.failure.as_deref(), Some("net::ERR_FAILED"));
        assert!((bad.started_ms - 1_700_000_002_500.0).abs() < 1.0, "{bad:?}");
    }

    #[test]
    fn what_is_asked_for_last_is_told_whatever_came_before() {
        let mut recorder = Recorder::default();
        let mut event = |name: &str, params: Value| recorder.event("s", name, &params, |_| false);
        let asked = |number: usize| {
            let mut asked = sent(&number.to_string(), &format!("http://x.test/{number}"), "tab");
            asked["timestamp"] = json!(10 + number);
            asked
        };
        for number in 0..=MAX_REQUESTS {
            event("Network.requestWillBeSent", asked(number));
            event(
                "Network.loadingFinished",
                json!({ "requestId": number.to_string(), "timestamp": 5e4 }),
            );
        }
        // These get no answer.
        for number in 0..MAX_OPEN {
            event("Network.requestWillBeSent", asked(10_000 + number));
        }
        event("Network.requestWillBeSent", asked(20_000));
        event(
            "Network.responseReceived",
            json!({ "requestId": "20000", "response": { "status": 500 } }),
        );
        event("Network.loadingFinished", json!({ "requestId": "20000", "timestamp": 5e4 }));
        let told = recorder.take();
        let last = told.requests.last().unwrap();
        assert_eq!((last.url.as_str(), last.status), ("http://x.test/20000", Some(500)));
        assert_eq!(told.requests.len() + told.dropped as usize, MAX_REQUESTS + 3);
    }

    #[test]
    fn what_pages_choose_takes_no_more_memory_than_there_is_for_it() {
        let mut recorder = Recorder::default();
        let long = |letter: &str, id: usize| format!("{}{id}", letter.repeat(2_000));
        let mut kept = 0;
        for id in 0..2_000 {
            let mut asked = sent(&id.to_string(), "", "tab");
            let url = format!("http://x.test/{}", "\u{10FFFF}".repeat(5_000));
            asked["request"] = json!({ "url": url, "method": long("A", id) });
            asked["type"] = json!(long("B", id));
            recorder.event("s", "Network.requestWillBeSent", &asked, |_| true);
            let response = json!({
                "status": 200, "mimeType": long("c", id), "protocol": long("d", id),
                "remoteIPAddress": long("e", id),
            });
            let answered = json!({ "requestId": id.to_string(), "response": response });
            recorder.event("s", "Network.responseReceived", &answered, |_| true);
            // Half of them never end.
            if id % 2 == 0 {
                let why = json!({ "requestId": id.to_string(), "errorText": long("f", id) });
                recorder.event("s", "Network.loadingFailed", &why, |_| true);
            }
            kept = kept.max(recorder.told_bytes + recorder.open_bytes);
        }
        assert!(kept <= MAX_BYTES, "{kept}");
        let told = recorder.take();
        let longest = |one: &Exchange| {
            let Exchange { method, kind, media_type, protocol, failure, remote_address, .. } = one;
            [media_type, protocol, failure, remote_address]
                .into_iter()
                .flatten()
                .chain([method, kind])
                .map(String::len)
                .max()
        };
        assert_eq!(told.requests.iter().filter_map(longest).max(), Some(200));
        assert!(told.requests.len() < 1_000, "{}", told.requests.len());
        assert_eq!(told.requests[0].status, Some(200));
        assert!(told.dropped > 0);
        // What has been told, and is over, takes nothing any more.
        for id in 0..2_000 {
            let over = json!({ "requestId": id.to_string() });
            recorder.event("s", "Network.loadingFinished", &over, |_| true);
        }
        recorder.take();
        assert_eq!((recorder.told_bytes, recorder.open_bytes), (0, 0));
    }

    #[test]
    fn errors_are_counted_when_there_are_too_many() {
        let mut recorder = Recorder::default();
        let error = json!({ "type": "error", "args": [{ "value": "x" }, { "value": 42 }] });
        for _ in 0..=MAX_ERRORS {
            recorder.event("s", "Runtime.consoleAPICalled", &error, |_| false);
        }
        let told = recorder.take();
        assert_eq!((told.console_errors.len(), told.dropped), (MAX_ERRORS, 1));
        assert_eq!(told.console_errors[0].text, "x 42");
        assert_eq!(recorder.take(), Activity::default());
    }
}
