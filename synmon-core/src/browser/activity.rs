//! What a page does besides being looked at: what it logs, and what it asks the network for.

use serde::{Deserialize, Serialize};

/// What has happened in a session's tabs since this was last asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activity {
    /// Errors on the console, uncaught exceptions among them, oldest first.
    pub console_errors: Vec<ConsoleError>,
    /// Requests that have ended, oldest first.
    pub requests: Vec<Exchange>,
    /// How many entries of either kind were dropped because there were too many.
    pub dropped: u32,
}

/// An error that the page has logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleError {
    /// What it says.
    pub text: String,
    /// The script or the resource that it is about, if it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A request and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Its address, without user and password.
    pub url: String,
    /// Its method.
    pub method: String,
    /// What it was for, as Chrome's `DevTools` call it: `Document`, `XHR`, `Fetch`, `Image`, …
    pub kind: String,
    /// Whether it was for the tab's own document rather than for a part of it.
    pub main_document: bool,
    /// When it was sent, in milliseconds since 1970.
    pub started_ms: f64,
    /// How long it took in milliseconds, to the last byte.
    pub duration_ms: f64,
    /// The HTTP status, if there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The answer's media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// How many bytes came over the wire, head included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Why it failed: the browser's own words, such as `net::ERR_CONNECTION_REFUSED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The address that was connected to, where the browser tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_address: Option<String>,
    /// The protocol, such as `h2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// The phases of the exchange, where the browser tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phases: Option<Phases>,
}

/// Where the time of a request went, in milliseconds (HAR 1.2, "timings").
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    /// Looking up the name.
    pub dns: f64,
    /// Connecting, TLS included.
    pub connect: f64,
    /// TLS alone.
    pub ssl: f64,
    /// Sending the request.
    pub send: f64,
    /// Until the first byte of the answer.
    pub wait: f64,
}

impl Exchange {
    /// Whether it did not work: no answer, or one with a status of 400 or above.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.failure.is_some() || self.status.is_some_and(|status| status >= 400)
    }
}

/// How a document was loaded, in milliseconds since its navigation began (W3C Navigation Timing).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NavigationTiming {
    /// When the first byte came (TTFB).
    pub ttfb_ms: f64,
    /// When the document could be used (`DOMContentLoaded` had been handled).
    pub dom_content_loaded_ms: f64,
    /// When all was loaded (`load` had been handled).
    pub load_ms: f64,
}

/// What a person notices of a page's loading (W3C Paint Timing, Largest Contentful Paint, Layout
/// Instability). A browser tells what it has seen so far; none where it has seen nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WebVitals {
    /// First contentful paint, in milliseconds since the navigation began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fcp_ms: Option<f64>,
    /// Largest contentful paint, in milliseconds since the navigation began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lcp_ms: Option<f64>,
    /// Cumulative layout shift, a score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cls: Option<f64>,
}
