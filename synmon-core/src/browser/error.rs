//! What goes wrong in browsers.

/// Whether a session's browser is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It answers.
    Alive,
    /// The browser runs, but the tab's page process is gone.
    PageCrashed {
        /// What is known of it.
        why: String,
    },
    /// The browser process has ended.
    BrowserCrashed {
        /// What is known of it.
        why: String,
    },
    /// The browser, or what drives it, can't be reached.
    Lost {
        /// What is known of it.
        why: String,
    },
}

/// Why a browser could not do what it was asked, sorted by whose fault it may be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrowserError {
    /// No browser could be started.
    #[error("no browser could be started: {0}")]
    Unavailable(String),
    /// The browser process has ended.
    #[error("the browser crashed: {0}")]
    Crashed(String),
    /// The session is gone, or what drives the browser does not answer.
    #[error("the browser session was lost: {0}")]
    SessionLost(String),
    /// The tab's page process has ended.
    #[error("the page crashed: {0}")]
    PageCrashed(String),
    /// The selector is none, or finds something other than elements.
    #[error("the selector is not valid: {0}")]
    SelectorInvalid(String),
    /// The page could not be loaded; the browser's own reason, such as `net::ERR_NAME_NOT_RESOLVED`.
    #[error("the page could not be loaded: {0}")]
    Navigation(String),
    /// The address is not one that a flow may reach, and why.
    #[error("{0}")]
    Blocked(String),
    /// The page opens dialogs without end.
    #[error("the page keeps opening dialogs, the last one says “{0}”")]
    Dialogs(String),
    /// The page did not answer in the time that the driver allows.
    #[error("the page did not answer in time: {0}")]
    Timeout(String),
    /// This browser can't do it at all.
    #[error("this browser can't do it: {0}")]
    Unsupported(String),
    /// Something that nobody foresaw.
    #[error("the browser answered unexpectedly: {0}")]
    Unexpected(String),
}
