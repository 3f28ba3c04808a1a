//! What steps do.

use std::time::Duration;

use url::Url;

use super::{
    Cookie, Count, Distance, Expected, FrameTarget, Header, Pattern, Point, Selector, StatusTest,
    TabTarget, Viewport,
};
use crate::{FlowId, browser::DialogAnswer};

/// What a step does. A closed set: a step is data, never code.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Acts on an element as a person would, once it is ready for that.
    Act {
        /// The element.
        selector: Selector,
        /// What is done to it.
        gesture: Gesture,
    },
    /// Turns the mouse's wheel over the page.
    Scroll {
        /// How far.
        distance: Distance,
    },
    /// Presses a key or a chord such as `Control+A`, in the element or where the focus is.
    Press {
        /// The element that gets the focus first.
        selector: Option<Selector>,
        /// Keys as WebDriver names them, joined by `+`.
        keys: String,
    },
    /// Opens another address in the same tab.
    Navigate {
        /// The address.
        url: Url,
    },
    /// Goes back in the tab's history.
    Back,
    /// Goes forward in the tab's history.
    Forward,
    /// Loads the page again.
    Reload,
    /// Waits until something holds.
    Wait(Condition),
    /// Lets time go by: a last resort, which the lint warns of.
    WaitTime(Duration),
    /// Proves that something holds, within the step's time.
    Assert(Condition),
    /// Goes on in another frame.
    SwitchFrame(FrameTarget),
    /// Goes on in another tab.
    SwitchTab(TabTarget),
    /// Closes the tab.
    CloseTab,
    /// Says how dialogs are answered from now on.
    Dialog(DialogAnswer),
    /// Sets a cookie.
    SetCookie(Cookie),
    /// Sends a header from now on.
    SetHeader(Header),
    /// Changes the size of the viewport.
    SetViewport(Viewport),
    /// Keeps something of the page for later steps, which write it as `{{ var.NAME }}`.
    Extract {
        /// What is kept.
        source: Source,
        /// Under which name.
        variable: String,
        /// Which part of it: the first group, or else the whole match.
        pattern: Option<Pattern>,
    },
    /// Takes a picture of more or less than the viewport.
    Screenshot {
        /// An element; without one, the page.
        selector: Option<Selector>,
        /// All of the page, rather than what the viewport shows.
        full_page: bool,
    },
    /// Carries out another flow's steps. They take this step's place when a run begins.
    UseFlow(FlowId),
}

/// Something that holds of a page, or not.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The element can be seen.
    Visible(Selector),
    /// The element is gone or can't be seen.
    Hidden(Selector),
    /// What the element's visible text says; without an element, the page's.
    Text(Option<Selector>, Expected),
    /// What a form field holds.
    Value(Selector, Expected),
    /// What an attribute of the element says.
    Attribute(Selector, String, Expected),
    /// How many elements match.
    Count(Selector, Count),
    /// Which address the tab shows.
    Url(Expected),
    /// What the tab's title says.
    Title(Expected),
    /// Nothing on the console is an error, since the run began.
    NoConsoleErrors,
    /// With which HTTP status the newest answer came: that of the tab's document, or of the
    /// address that is expected.
    ResponseStatus(StatusTest, Option<Expected>),
    /// A request to this address was made since the run began, by this method if one is named.
    RequestMade(Expected, Option<String>),
}

/// What is done to an element.
#[derive(Clone, Debug, PartialEq)]
pub enum Gesture {
    /// Presses and lets go of a mouse button on the element.
    Click(Click),
    /// Moves the pointer over the element.
    Hover(Option<Point>),
    /// Drags the element onto another one and drops it there.
    Drag {
        /// Where it is dropped.
        onto: Selector,
    },
    /// Types text into the element with real key events.
    Type {
        /// The text.
        text: String,
        /// Whether it takes the place of what the element holds, rather than following it.
        replace: bool,
    },
    /// Empties a field.
    Clear,
    /// Chooses the option of a native `<select>` that has this label or this value.
    Select(String),
    /// Ticks a box or chooses a radio button (`true`), or unticks the box, unless it is so
    /// already.
    Check(bool),
    /// Brings the element into view, and turns the mouse's wheel over it if a distance is given.
    Scroll(Option<Distance>),
}

/// How an element is clicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Click {
    /// With which button.
    pub button: Button,
    /// How often, as a double click is twice: 1 to 3.
    pub count: u8,
    /// Where, from the element's upper left corner; by default on its middle.
    pub position: Option<Point>,
}

crate::flow::choice! {
    /// A button of the mouse.
    Button {
        /// The main one.
        Left = "left",
        /// The wheel.
        Middle = "middle",
        /// The one that opens menus.
        Right = "right",
    }
}

crate::flow::choice! {
    /// What becomes of what an element holds when something is typed into it.
    TypingMode {
        /// It stays, and what is typed follows it.
        Append = "append",
        /// What is typed takes its place.
        Replace = "replace",
    }
}

impl Click {
    /// One click of the main button on the element's middle.
    pub const PLAIN: Self = Self { button: Button::Left, count: 1, position: None };
}

/// What `extract` keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An element's visible text.
    Text(Selector),
    /// What a form field holds.
    Value(Selector),
    /// An attribute of an element.
    Attribute(Selector, String),
    /// The tab's address.
    Url,
    /// The tab's title.
    Title,
}

impl Action {
    /// The element that it is about.
    #[must_use]
    pub fn selector(&self) -> Option<&Selector> {
        match self {
            Self::Act { selector, .. } | Self::SwitchFrame(FrameTarget::Element(selector)) => {
                Some(selector)
            }
            Self::Press { selector, .. } | Self::Screenshot { selector, .. } => selector.as_ref(),
            Self::Wait(condition) | Self::Assert(condition) => condition.selector(),
            Self::Extract { source, .. } => source.selector(),
            _ => None,
        }
    }
}

impl Condition {
    fn selector(&self) -> Option<&Selector> {
        match self {
            Self::Visible(selector)
            | Self::Hidden(selector)
            | Self::Value(selector, _)
            | Self::Attribute(selector, ..)
            | Self::Count(selector, _) => Some(selector),
            Self::Text(selector, _) => selector.as_ref(),
            Self::Url(_)
            | Self::Title(_)
            | Self::NoConsoleErrors
            | Self::ResponseStatus(..)
            | Self::RequestMade(..) => None,
        }
    }
}

impl Source {
    fn selector(&self) -> Option<&Selector> {
        match self {
            Self::Text(selector) | Self::Value(selector) | Self::Attribute(selector, _) => {
                Some(selector)
            }
            Self::Url | Self::Title => None,
        }
    }
}
