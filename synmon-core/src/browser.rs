//! What the engine asks of a browser.
//!
//! A [`Session`] makes single attempts and reports what it sees; it never waits for a page to
//! become ready by itself. The engine repeats attempts until a step's time is up: so there is one
//! wait model for all drivers, and every wait shows in the log.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use url::Url;

use crate::{
    RunId,
    flow::BrowserKind,
    keys::Key,
    step::{Gesture, Selector},
};

/// Starts sessions. One session serves one run, in a profile that nothing else has seen.
#[async_trait]
pub trait Browser: Send + Sync {
    /// The browsers that it can run.
    fn kinds(&self) -> &[BrowserKind];

    /// Whether sessions can be started now; if not, why, in words for the operator.
    async fn ready(&self) -> Result<(), String>;

    /// Starts a browser. Whatever goes wrong here is ours, never the site's.
    async fn start(&self, request: &SessionRequest) -> Result<Box<dyn Session>, BrowserError>;
}

/// What a session is for.
#[derive(Clone, Debug)]
pub struct SessionRequest {
    /// The run that gets the session.
    pub run: RunId,
    /// The browser to start.
    pub browser: BrowserKind,
    /// Whether the page's dialogs are closed by OK rather than by Cancel.
    pub accept_dialogs: bool,
}

/// A browser with one tab, for one run.
///
/// Every method may hang if the browser does: the engine puts a limit on each call and drops the
/// future when it is over. The session must stay usable for [`Session::interrupt`],
/// [`Session::probe`], [`Session::screenshot`] and [`Session::close`] after that.
#[async_trait]
pub trait Session: Send {
    /// Which browser this is, with its version.
    fn version(&self) -> &str;

    /// Opens an address and returns when the page's `load` event has fired.
    async fn open(&mut self, url: &Url) -> Result<(), BrowserError>;

    /// Goes back in the tab's history and waits for the page to load.
    async fn back(&mut self) -> Result<(), BrowserError>;

    /// Loads the page again and waits for that.
    async fn reload(&mut self) -> Result<(), BrowserError>;

    /// Looks at what a selector finds: the first match that can be seen, or else the first.
    async fn observe(&mut self, selector: &Selector) -> Result<Option<Observation>, BrowserError>;

    /// Tries once to act on the element that [`Session::observe`] would look at. It acts only
    /// if the element is attached, visible, not moving, enabled and would itself receive the
    /// event; otherwise it says what is missing and has changed nothing but the scroll position.
    async fn act(
        &mut self,
        selector: &Selector,
        gesture: &Gesture,
    ) -> Result<Attempt, BrowserError>;

    /// Presses keys together, in the element that has the focus or in the one given.
    async fn press(
        &mut self,
        selector: Option<&Selector>,
        keys: &[Key],
    ) -> Result<Attempt, BrowserError>;

    /// What the tab shows.
    async fn page(&mut self) -> Result<PageState, BrowserError>;

    /// The visible part of the page.
    async fn screenshot(&mut self) -> Result<Picture, BrowserError>;

    /// The texts of the dialogs that were closed since this was last asked.
    fn take_dialogs(&mut self) -> Vec<String>;

    /// Stops what the page is busy with, a script that does not end or a load that does not
    /// finish, as far as the browser lets us.
    async fn interrupt(&mut self);

    /// Whether the browser itself is still there, asked past the page. The engine asks after each
    /// failure: the answer decides between the site's fault and ours.
    async fn probe(&mut self) -> Health;

    /// Ends the browser and removes what it left behind.
    async fn close(self: Box<Self>) -> Result<(), BrowserError>;
}

/// What a selector found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// How many elements match.
    pub matches: usize,
    /// Whether the element can be seen: it has an area and is not hidden by style.
    pub visible: bool,
    /// Its text as it is rendered.
    pub text: String,
    /// What it holds, if it is a form field.
    pub value: Option<String>,
}

/// What came of one attempt to act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was done.
    Done,
    /// It was not done yet; trying again may help.
    NotReady(NotReady),
    /// It will never be done, in words.
    Refused(String),
}

/// What an element lacks to be acted upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// The selector finds nothing.
    Missing,
    /// It can't be seen.
    Hidden,
    /// It moves.
    Moving,
    /// It is disabled.
    Disabled,
    /// It can't be written into.
    ReadOnly,
    /// Another element would get the event.
    Covered {
        /// The other element, such as `div.cookie-banner`.
        by: String,
    },
    /// It can't be scrolled into view.
    OutOfView,
    /// A `<select>` has no such option (yet).
    NoSuchOption,
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no element matches"),
            Self::Hidden => f.write_str("the element is not visible"),
            Self::Moving => f.write_str("the element is still moving"),
            Self::Disabled => f.write_str("the element is disabled"),
            Self::ReadOnly => f.write_str("the element is read-only"),
            Self::Covered { by } => write!(f, "the element is covered by {by}"),
            Self::OutOfView => f.write_str("the element can't be scrolled into view"),
            Self::NoSuchOption => f.write_str("the element has no such option"),
        }
    }
}

/// What a tab shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageState {
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Whether it is the site's page or one of the browser's own about an error.
    pub error_page: bool,
    /// The HTTP status of the main document, where the browser tells.
    pub http_status: Option<u16>,
    /// A token that differs for each document: a new one means that the tab has navigated.
    pub document: String,
}

/// A picture of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The file.
    pub bytes: Bytes,
    /// What it is.
    pub media_type: MediaType,
}

/// The kinds of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// `image/png`
    Png,
    /// `image/jpeg`
    Jpeg,
    /// `image/webp`
    Webp,
}

impl MediaType {
    /// The media type (RFC 6838).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// The usual ending of a file's name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }

    /// The type of a file with this name.
    #[must_use]
    pub fn of_file(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        [Self::Png, Self::Jpeg, Self::Webp].into_iter().find(|kind| kind.extension() == extension)
    }
}

/// Whether a session's browser is still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It answers.
    Alive,
    /// The browser runs, but the tab's page process is gone.
    PageCrashed,
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
    /// The page opens dialogs without end.
    #[error("the page keeps opening dialogs, the last one says “{0}”")]
    Dialogs(String),
    /// The page did not answer in the time that the driver allows.
    #[error("the page did not answer in time: {0}")]
    Timeout(String),
    /// Something that nobody foresaw.
    #[error("the browser answered unexpectedly: {0}")]
    Unexpected(String),
}
