//! The closed set of reasons for which a run does not pass.

use std::{fmt, str::FromStr};

use super::RunStatus;

/// Whose doing a failure is. The two are never mixed up: only the site's tell its owner that the
/// site is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The site did not work.
    Site,
    /// We could not find out.
    Ours,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal => $status:ident;)+) => {
        /// Why a run did not pass, or a step did not.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $variant),+
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name on the wire and in stores.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii()),+
                }
            }

            /// The status of a run that ended for this reason.
            #[must_use]
            pub fn status(self) -> RunStatus {
                match self {
                    $(Self::$variant => RunStatus::$status),+
                }
            }
        }
    };
}

codes! {
    /// No element matched the selector in time.
    ElementNotFound = "element_not_found" => Failed;
    /// The element was there but could not be used in time: hidden, covered, disabled, moving.
    ElementNotInteractable = "element_not_interactable" => Failed;
    /// The selector is not an XPath that finds elements.
    SelectorInvalid = "selector_invalid" => Failed;
    /// The page did not say what was expected.
    AssertionFailed = "assertion_failed" => Failed;
    /// The page could not be loaded.
    NavigationFailed = "navigation_failed" => Failed;
    /// The server answered with an HTTP status of 400 or above.
    HttpError = "http_error" => Failed;
    /// The host name does not resolve.
    Dns = "dns" => Failed;
    /// The site's certificate or TLS set-up is not accepted.
    Tls = "tls" => Failed;
    /// The step, or the run, took longer than it may.
    Timeout = "timeout" => Failed;
    /// The page opened a dialog that the flow does not put up with.
    ScriptDialog = "script_dialog" => Failed;
    /// The page's process crashed in the browser.
    PageCrashed = "page_crashed" => Failed;
    /// The flow led to an address that it must not reach.
    BlockedAddress = "blocked_address" => Failed;
    /// No browser could be started.
    BrowserUnavailable = "browser_unavailable" => Errored;
    /// The browser ended in the middle of the run.
    BrowserCrashed = "browser_crashed" => Errored;
    /// The connection to the browser was lost.
    SessionLost = "session_lost" => Errored;
    /// The worker that had the run died too often.
    WorkerLost = "worker_lost" => Errored;
    /// The server was shut down.
    Shutdown = "shutdown" => Errored;
    /// The browser can't do what the step asks for.
    Unsupported = "unsupported" => Errored;
    /// The flow can't be carried out as it is written: a flow that it uses is gone, say.
    FlowInvalid = "flow_invalid" => Errored;
    /// Something in synmon went wrong.
    Internal = "internal" => Errored;
    /// The owner stopped the run.
    Cancelled = "cancelled" => Cancelled;
    /// The flow's run before this one was still going on.
    Overlap = "overlap" => Skipped;
    /// The slot passed while no scheduler was running.
    Missed = "missed" => Skipped;
    /// The slot lay in a maintenance window.
    Maintenance = "maintenance" => Skipped;
    /// The owner's quota of runs was used up.
    Quota = "quota" => Skipped;
}

impl ErrorCode {
    /// Whose doing it is.
    #[must_use]
    pub fn fault(self) -> Fault {
        if self.status() == RunStatus::Failed { Fault::Site } else { Fault::Ours }
    }
}

impl FromStr for ErrorCode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| format!("there is no error code {text}"))
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
