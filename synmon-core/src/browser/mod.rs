//! What the engine asks of a browser.
//!
//! A [`Session`] makes single attempts and reports what it sees; it never waits for a page to
//! become ready by itself. The engine repeats attempts until a step's time is up: so there is one
//! wait model for all drivers, and every wait shows in the log.

mod activity;
mod error;
mod look;
mod picture;

pub use activity::{Activity, ConsoleError, Exchange, NavigationTiming, Phases, WebVitals};
pub use error::{BrowserError, Health};
pub use look::{Attempt, CandidateMatches, Deed, Explanation, NotReady, Observation, PageState};
pub use picture::{Area, MediaType, Picture, Shot};

use async_trait::async_trait;
use url::Url;

use crate::{
    RunId,
    flow::{BrowserKind, BrowserSettings, choice},
    keys::Key,
    step::{Cookie, Distance, FrameTarget, Gesture, Header, Selector, TabTarget, Viewport},
};

/// Starts sessions. One session serves one run, in a profile that nothing else has seen.
#[async_trait]
pub trait Browser: Send + Sync {
    /// The browsers that it can run.
    fn kinds(&self) -> &[BrowserKind];

    /// What its sessions of this kind can't do. A flow that asks for it is refused when it is
    /// saved.
    fn lacks(&self, _kind: BrowserKind) -> &[Capability] {
        &[]
    }

    /// Whether sessions can be started now; if not, why, in words for the operator.
    async fn ready(&self) -> Result<(), String>;

    /// Starts a browser. Whatever goes wrong here is ours, never the site's.
    async fn start(&self, request: &SessionRequest) -> Result<Box<dyn Session>, BrowserError>;

    /// Whether its sessions outlive this process, on a machine that others use, too. Then each is
    /// entered in the store's ledger before it is asked for, and ended by whoever finds it
    /// forgotten.
    fn is_shared(&self) -> bool {
        false
    }

    /// Ends a session that a process before, or another one, has left on a shared machine, by the
    /// tag of its [`SessionRequest`] and, if it is known, its id there. One that is gone is fine.
    async fn end_forgotten(&self, _tag: &str, _id: Option<&str>) -> Result<(), BrowserError> {
        Ok(())
    }

    /// Lets go of what it keeps for later sessions. None can be started afterwards.
    async fn shut_down(&self) {}
}

choice! {
    /// Something that not every browser can do.
    Capability {
        /// Telling which requests the page makes: `assert_request_made`, `assert_response_status`
        /// of parts of a page, HAR.
        Network = "network",
        /// Telling what the page logs: `assert_no_console_errors`.
        Console = "console",
        /// Sending headers of the flow's own: `set_header`, `headers`, `basic_auth`.
        Headers = "headers",
        /// Pretending to be elsewhere, or another device: `locale`, `browser_timezone`,
        /// `user_agent`, and devices that are touched.
        Emulation = "emulation",
        /// Keeping the page from some hosts: `block_hosts`.
        Blocking = "blocking",
        /// Looking at pages from a world of its own, which a page that has spoilt its built-in
        /// objects can't disturb.
        OwnWorld = "own_world",
        /// Dragging what captures the pointer.
        PointerCapture = "pointer_capture",
        /// Pictures of a whole page.
        FullPage = "full_page",
    }
}

/// What a session is for.
#[derive(Clone, Debug)]
pub struct SessionRequest {
    /// The run that gets the session.
    pub run: RunId,
    /// What the session is known by on a machine that others use, too.
    pub tag: String,
    /// The browser to start.
    pub browser: BrowserKind,
    /// How dialogs are answered until a step says otherwise.
    pub dialogs: DialogAnswer,
    /// What the flow wants of its browser.
    pub settings: BrowserSettings,
    /// Whether a step pastes by keys. A browser has one clipboard, whatever else its sessions have
    /// apart: this one must share it with no other.
    pub pastes: bool,
}

/// How the page's dialogs are answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DialogAnswer {
    /// As by the Cancel button.
    #[default]
    Dismiss,
    /// As by the OK button, with this text where one is asked for.
    Accept(Option<String>),
}

/// A way through what the tab has loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Travel {
    /// Back in the tab's history.
    Back,
    /// Forward in the tab's history.
    Forward,
    /// The same page again.
    Reload,
}

/// Something about a session that a step changes, for what comes after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adjustment {
    /// Sets a cookie.
    Cookie(Cookie),
    /// Sends a header with each request from now on; an empty value sends it no more.
    Header(Header),
    /// Changes the size of the viewport.
    Viewport(Viewport),
    /// Answers dialogs so from now on.
    Dialogs(DialogAnswer),
}

/// A browser with a tab, for one run. It may open more of them; one of them, and one frame in it,
/// is where steps act.
///
/// Every method may hang if the browser does: the engine puts a limit on each call and drops the
/// future when it is over. The session must stay usable for [`Session::interrupt`],
/// [`Session::probe`], [`Session::screenshot`] and [`Session::close`] after that.
#[async_trait]
pub trait Session: Send {
    /// Which browser this is, with its version.
    fn version(&self) -> &str;

    /// The session's id on a shared machine.
    fn id(&self) -> Option<&str> {
        None
    }

    /// Opens an address in the tab and returns when the page's `load` event has fired. Steps act
    /// in its outermost frame from then on.
    async fn open(&mut self, url: &Url) -> Result<(), BrowserError>;

    /// Goes through the tab's history, or loads again, and waits for the page to load. Steps act
    /// in its outermost frame from then on.
    async fn travel(&mut self, travel: Travel) -> Result<(), BrowserError>;

    /// Looks at what a selector finds in the present frame, by the first of its candidates that
    /// finds anything: the first match that can be seen, or else the first. Its `attribute` is
    /// told, too, if one is asked for.
    async fn observe(
        &mut self,
        selector: &Selector,
        attribute: Option<&str>,
    ) -> Result<Option<Observation>, BrowserError>;

    /// Tries once to act on the element that [`Session::observe`] would look at. It acts only
    /// if the element is attached, visible, not moving, enabled and would itself receive the
    /// event; otherwise it says what is missing and has changed nothing but the scroll position.
    async fn act(
        &mut self,
        selector: &Selector,
        gesture: &Gesture,
    ) -> Result<Attempt, BrowserError>;

    /// Turns the mouse's wheel over the middle of the page.
    async fn scroll(&mut self, distance: Distance) -> Result<Attempt, BrowserError>;

    /// Presses keys together, in the element that has the focus or in the one given.
    async fn press(
        &mut self,
        selector: Option<&Selector>,
        keys: &[Key],
    ) -> Result<Attempt, BrowserError>;

    /// Lets the following steps act in another frame of the tab.
    async fn switch_frame(&mut self, to: &FrameTarget) -> Result<Attempt, BrowserError>;

    /// Lets the following steps act in another tab, which comes to the front; in its outermost
    /// frame.
    async fn switch_tab(&mut self, to: &TabTarget) -> Result<Attempt, BrowserError>;

    /// Closes the tab and goes on in the one that was opened before it. The only one is not
    /// closed.
    async fn close_tab(&mut self) -> Result<Attempt, BrowserError>;

    /// Changes something for what comes.
    async fn adjust(&mut self, adjustment: &Adjustment) -> Result<(), BrowserError>;

    /// What the tab shows.
    async fn page(&mut self) -> Result<PageState, BrowserError>;

    /// A picture of the tab.
    async fn screenshot(&mut self, shot: Shot<'_>) -> Result<Picture, BrowserError>;

    /// Whether its pictures hide the texts that a [`Shot`] is to conceal. One whose scripts the page
    /// could listen to is not told of them.
    fn conceals(&self) -> bool {
        false
    }

    /// What each candidate of a selector finds, and the html around it.
    async fn explain(&mut self, selector: &Selector) -> Result<Explanation, BrowserError>;

    /// What the page has logged and asked for since this was last asked; nothing where the browser
    /// can't tell ([`Capability`]).
    fn take_activity(&mut self) -> Activity;

    /// The texts of the dialogs that were closed since this was last asked.
    fn take_dialogs(&mut self) -> Vec<String>;

    /// Stops what the page is busy with, a script that does not end or a load that does not
    /// finish, as far as the browser lets us.
    async fn interrupt(&mut self);

    /// Whether the browser itself is still there, asked past the page. The engine asks after each
    /// failure: the answer decides between the site's fault and ours.
    async fn probe(&mut self) -> Health;

    /// Ends the session and removes what it left behind.
    async fn close(self: Box<Self>) -> Result<(), BrowserError>;
}
