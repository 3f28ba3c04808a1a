//! What a protocol must be able to do.

use serde_json::Value;
use synmon_core::{
    browser::{BrowserError, NotReady},
    step::{Button, Distance},
};

use crate::page::Script;

/// The tab, and the frame in it, where steps act. Dialogs that get in the way of anything here are
/// closed and noted by the engine; they are no failures.
pub(crate) trait Tab: Send {
    /// Runs a script once, in the frame where steps act, with `args` (a list) as its parameter: in
    /// a world apart from the page's where the protocol has one. All scripts of a document run in
    /// the same world.
    fn run(
        &mut self,
        script: &Script,
        args: Value,
    ) -> impl Future<Output = Result<Value, Failure>> + Send;

    /// Runs a script once, in the tab's outermost frame.
    fn run_outermost(
        &mut self,
        script: &Script,
        args: Value,
    ) -> impl Future<Output = Result<Value, Failure>> + Send;

    /// Whether steps act in the tab's outermost frame.
    fn is_outermost(&self) -> bool;

    /// Gives input. That the page has left meanwhile is no failure: the input has been given.
    fn input(&mut self, input: Input) -> impl Future<Output = Result<(), Failure>> + Send;

    /// The page's handlers have run after an input: waits until a navigation that they began has
    /// led to a loaded page, and no key stays down that a dialog has swallowed.
    fn settled(&mut self) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Brings the tab to the front: one behind another gets neither input nor frames. Where that
    /// fails, the input says so.
    fn bring_to_front(&mut self) -> impl Future<Output = ()> + Send;

    /// The address that the tab was sent to, asked past the page: an error page does not know it.
    fn address(&mut self) -> impl Future<Output = Option<String>> + Send;
}

/// Why a tab did not do what it should.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The page left, or a dialog came, while a script ran. It may or may not have been carried
    /// out.
    Left,
    /// A script got no answer from the page in its time. It may or may not have been carried out.
    Slow,
    /// The element is no longer there.
    Stale,
    /// A script of ours failed.
    Script(String),
    /// The frame where steps act is no longer there.
    NoFrame,
    /// Input can't be given yet.
    NotYet(NotReady),
    /// The rest.
    Browser(BrowserError),
}

/// What a person does with mouse and keyboard. Points are CSS pixels of the viewport of the frame
/// where steps act.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Input {
    /// The mouse, one event after the other.
    Pointer(Vec<PointerEvent>),
    /// The keyboard, one event after the other.
    Keys(Vec<KeyEvent>),
    /// Text at once, as from a clipboard, where the focus is.
    Text(String),
    /// The wheel is turned with the pointer at a point.
    Wheel { x: i64, y: i64, distance: Distance },
}

/// One event of the mouse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PointerEvent {
    /// It moves to a point.
    Move { x: i64, y: i64 },
    /// A button goes down, for the first, second or third time of a multiple click.
    Down { button: Button, count: u8 },
    /// A button comes up again.
    Up { button: Button, count: u8 },
}

/// One event of the keyboard. A key is a character, or one of the private-use code points that
/// stand for keys in W3C `WebDriver` (17.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyEvent {
    /// The key goes down.
    Down(char),
    /// The key comes up.
    Up(char),
}

impl From<BrowserError> for Failure {
    fn from(error: BrowserError) -> Self {
        Self::Browser(error)
    }
}

impl From<Failure> for BrowserError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Browser(error) => error,
            Failure::Stale => Self::Unexpected("the element is gone".to_owned()),
            Failure::Left => keeps_leaving(),
            Failure::Slow => Self::Timeout("the page does not answer".to_owned()),
            Failure::NoFrame => Self::Unexpected("the frame is gone".to_owned()),
            Failure::Script(why) => broken(why),
            Failure::NotYet(lacking) => Self::Unexpected(lacking.to_string()),
        }
    }
}

/// What browsers say of a script that runs out of stack.
const TOO_DEEP: [&str; 2] = ["Maximum call stack size exceeded", "too much recursion"];

/// What is said of a page that leaves before anything can be found out, time and again.
pub(crate) fn keeps_leaving() -> BrowserError {
    BrowserError::Timeout("it keeps leaving for another".to_owned())
}

/// What the failure of a script of ours means: a page can be nested deeper than any can follow.
pub(crate) fn broken(why: String) -> BrowserError {
    if is_too_deep(&why) {
        BrowserError::PageCrashed(format!("it is nested too deep to be read: {why}"))
    } else {
        BrowserError::Unexpected(why)
    }
}

/// Whether a script has failed for want of stack, as it would again.
pub(super) fn is_too_deep(why: &str) -> bool {
    TOO_DEEP.iter().any(|words| why.contains(words))
}
