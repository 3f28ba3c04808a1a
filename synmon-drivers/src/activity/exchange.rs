//! One request, from when it is sent to its last byte.

use serde_json::{Value, json};
use synmon_core::browser::{Exchange, Phases};
use url::Url;

/// The longest address that is kept, in characters.
const MAX_URL: usize = 2_048;
/// The longest method, media type, reason and the like: pages and servers choose those, too.
const MAX_WORD: usize = 200;
/// What a request takes of memory besides its address, at most about: what its answer adds comes later.
const REST: usize = 2_048;

/// A request that is under way.
#[derive(Debug)]
pub(super) struct Open {
    exchange: Exchange,
    /// When it was sent, by the browser's own clock, in seconds.
    sent: f64,
}

impl Open {
    /// A request that is sent.
    pub(super) fn new(params: &Value, main_document: bool) -> Self {
        let request = &params["request"];
        let exchange = Exchange {
            url: address(request["url"].as_str().unwrap_or_default()),
            method: text(&request["method"]).unwrap_or_default(),
            kind: text(&params["type"]).unwrap_or_else(|| "Other".to_owned()),
            main_document,
            started_ms: params["wallTime"].as_f64().unwrap_or_default() * 1_000.0,
            duration_ms: 0.0,
            status: None,
            media_type: None,
            bytes: None,
            failure: None,
            remote_address: None,
            protocol: None,
            phases: None,
        };
        Self { exchange, sent: params["timestamp"].as_f64().unwrap_or_default() }
    }

    /// How much memory it takes, in bytes, now and once it is over.
    pub(super) fn size(&self) -> usize {
        size(&self.exchange)
    }

    /// A request of which only the answer's head was heard. What it was asked by is not told then:
    /// scripts and pages ask by GET unless they say something else.
    pub(super) fn unheard(params: &Value, main_document: bool) -> Self {
        let response = &params["response"];
        let asked = json!({
            "request": { "url": response["url"], "method": "GET" },
            "type": params["type"],
            "wallTime": response["responseTime"].as_f64().unwrap_or_default() / 1_000.0,
            "timestamp": response.pointer("/timing/requestTime").unwrap_or(&params["timestamp"]),
        });
        Self::new(&asked, main_document)
    }

    /// A WebSocket, which has not asked for its connection yet.
    pub(super) fn socket(params: &Value) -> Self {
        let asked =
            json!({ "request": { "url": params["url"], "method": "GET" }, "type": "WebSocket" });
        Self::new(&asked, false)
    }

    /// When it was sent, by the browser's own clock; 0 if it was not.
    pub(super) fn sent(&self) -> f64 {
        self.sent
    }

    /// It is sent now.
    pub(super) fn begin(&mut self, params: &Value) {
        self.exchange.started_ms = params["wallTime"].as_f64().unwrap_or_default() * 1_000.0;
        self.sent = params["timestamp"].as_f64().unwrap_or_default();
    }

    /// If it was never sent, it began when it came to nothing. `epoch` is when the browser's own
    /// clock began, in seconds.
    pub(super) fn begin_if_not_begun(&mut self, params: &Value, epoch: f64) {
        if self.sent <= 0.0 {
            self.sent = params["timestamp"].as_f64().unwrap_or_default();
            self.exchange.started_ms = (epoch + self.sent) * 1_000.0;
        }
    }

    /// The head of the answer has come.
    pub(super) fn answered(&mut self, response: &Value) {
        let exchange = &mut self.exchange;
        exchange.status = response["status"].as_u64().and_then(|status| status.try_into().ok());
        exchange.media_type = text(&response["mimeType"]);
        exchange.protocol = text(&response["protocol"]);
        exchange.bytes = bytes(response);
        exchange.remote_address = text(&response["remoteIPAddress"]).map(|address| {
            match response["remotePort"].as_u64() {
                Some(port) => format!("{address}:{port}"),
                None => address,
            }
        });
        exchange.phases = response.get("timing").map(phases);
    }

    /// The last byte has come.
    pub(super) fn finished(mut self, params: &Value) -> Exchange {
        if let Some(all) = bytes(params) {
            self.exchange.bytes = Some(all);
        }
        self.ended(params)
    }

    /// It came to nothing.
    pub(super) fn failed(mut self, params: &Value) -> Exchange {
        let why = text(&params["blockedReason"]).map(|reason| format!("blocked: {reason}"));
        let why = why.or_else(|| text(&params["errorText"]));
        let why = why.or_else(|| text(&params["errorMessage"]));
        self.exchange.failure = Some(why.unwrap_or_else(|| "it failed".to_owned()));
        self.ended(params)
    }

    fn ended(mut self, params: &Value) -> Exchange {
        let end = params["timestamp"].as_f64().unwrap_or(self.sent);
        self.exchange.duration_ms = ((end - self.sent) * 1_000.0).max(0.0);
        self.exchange
    }
}

/// How much memory a request takes, in bytes. It does not change while the request goes on.
pub(super) fn size(exchange: &Exchange) -> usize {
    exchange.url.len() + REST
}

/// An address without user and password.
pub(super) fn address(url: &str) -> String {
    let cut = || url.chars().take(MAX_URL).collect();
    if !url.contains('@') {
        return cut();
    }
    match Url::parse(url) {
        Ok(mut parsed) if !parsed.username().is_empty() || parsed.password().is_some() => {
            // An address with a user can also do without.
            let _ = parsed.set_username("");
            let _ = parsed.set_password(None);
            parsed.as_str().chars().take(MAX_URL).collect()
        }
        _ => cut(),
    }
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| !text.is_empty())?;
    Some(text.chars().take(MAX_WORD).collect())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of bytes, which the protocol tells as a floating point number"
)]
fn bytes(told: &Value) -> Option<u64> {
    told["encodedDataLength"].as_f64().filter(|count| *count >= 0.0).map(|count| count as u64)
}

/// Where the time went. The protocol tells when each phase began and ended, and -1 for what was not
/// needed.
fn phases(timing: &Value) -> Phases {
    let at = |name: &str| timing[name].as_f64().unwrap_or(-1.0);
    let span = |from: &str, to: &str| {
        if at(from) < 0.0 { 0.0 } else { (at(to) - at(from)).max(0.0) }
    };
    Phases {
        dns: span("dnsStart", "dnsEnd"),
        connect: span("connectStart", "connectEnd"),
        ssl: span("sslStart", "sslEnd"),
        send: span("sendStart", "sendEnd"),
        wait: span("sendEnd", "receiveHeadersEnd"),
    }
}
