//! The requests of a run as an HTTP Archive (HAR 1.2).

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use crate::browser::Exchange;

/// An HTTP Archive of these requests. Heads and bodies are not recorded: they hold what logs in
/// as the owner.
pub(super) fn archive(exchanges: &[Exchange], browser: &str) -> Bytes {
    let entries: Vec<Value> = exchanges.iter().map(entry).collect();
    let har = json!({ "log": {
        "version": "1.2",
        "creator": { "name": "synmon", "version": env!("CARGO_PKG_VERSION") },
        "browser": { "name": browser, "version": "" },
        "entries": entries,
    } });
    Bytes::from(har.to_string())
}

fn entry(exchange: &Exchange) -> Value {
    let phases = exchange.phases.unwrap_or_default();
    let known = exchange.phases.is_some();
    let before_body = phases.dns + phases.connect + phases.send + phases.wait;
    let or_unknown = |ms: f64| if known { ms } else { -1.0 };
    json!({
        "startedDateTime": instant(exchange.started_ms),
        "time": exchange.duration_ms,
        "request": {
            "method": exchange.method,
            "url": exchange.url,
            "httpVersion": exchange.protocol.as_deref().unwrap_or(""),
            "cookies": [], "headers": [], "queryString": [], "headersSize": -1, "bodySize": -1,
        },
        "response": {
            "status": exchange.status.unwrap_or(0),
            "statusText": "",
            "httpVersion": exchange.protocol.as_deref().unwrap_or(""),
            "cookies": [], "headers": [], "redirectURL": "", "headersSize": -1, "bodySize": -1,
            "content": {
                "size": exchange.bytes.unwrap_or(0),
                "mimeType": exchange.media_type.as_deref().unwrap_or(""),
            },
            "_error": exchange.failure,
        },
        "cache": {},
        "timings": {
            "blocked": -1,
            "dns": or_unknown(phases.dns),
            "connect": or_unknown(phases.connect),
            "ssl": or_unknown(phases.ssl),
            "send": phases.send,
            "wait": if known { phases.wait } else { exchange.duration_ms },
            "receive": if known { (exchange.duration_ms - before_body).max(0.0) } else { 0.0 },
        },
        "serverIPAddress": exchange.remote_address.as_deref().unwrap_or(""),
        "_resourceType": exchange.kind,
    })
}

fn instant(millis: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a time, in milliseconds")]
    let whole = millis as i64;
    DateTime::from_timestamp_millis(whole)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser::Phases;

    #[test]
    fn an_archive_has_what_har_asks_for() {
        let exchange = Exchange {
            url: "https://site.example/a?b=c".to_owned(),
            method: "GET".to_owned(),
            kind: "Document".to_owned(),
            main_document: true,
            started_ms: 1_700_000_000_123.4,
            duration_ms: 50.0,
            status: Some(200),
            media_type: Some("text/html".to_owned()),
            bytes: Some(900),
            failure: None,
            remote_address: None,
            protocol: Some("h2".to_owned()),
            phases: Some(Phases { dns: 1.0, connect: 2.0, ssl: 1.0, send: 1.0, wait: 6.0 }),
        };
        let har: Value = serde_json::from_slice(&archive(&[exchange], "Chromium 1")).unwrap();
        let entry = &har["log"]["entries"][0];
        assert_eq!(har["log"]["version"], "1.2");
        assert_eq!(entry["startedDateTime"], "2023-11-14T22:13:20.123Z");
        assert_eq!(entry["response"]["status"], 200);
        assert_eq!(entry["timings"]["receive"], 40.0);
    }
}
