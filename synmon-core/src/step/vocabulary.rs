//! The names of actions, and which fields each of them takes.

use std::str::FromStr;

use super::Match;

/// Whether an action takes a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must be there.
    Needed,
    /// It may be there.
    Optional,
    /// It must not be there.
    None,
}

/// What an action takes.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// What the action does, in a sentence.
    pub about: &'static str,
    /// The element: `selector_xpath`, `selectors` or both.
    pub selector: Need,
    /// `content`, and what it means here.
    pub content: (Need, &'static str),
    /// How texts are compared where `match` does not say; none if nothing is compared.
    pub compares: Option<Match>,
    /// Its further fields.
    pub fields: &'static [&'static str],
}

/// The names of all fields that belong to some actions only.
pub const PARTICULAR_FIELDS: [&str; 13] = [
    "button",
    "count",
    "position",
    "target",
    "mode",
    "distance",
    "attribute",
    "variable",
    "pattern",
    "text",
    "url",
    "method",
    "full_page",
];

macro_rules! vocabulary {
    ($($variant:ident = $name:literal, $selector:ident, $content:ident $meaning:literal,
       $compares:expr, [$($field:literal),*], $about:literal;)+) => {
        /// The names of actions on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ActionName {
            $(#[doc = $about] $variant),+
        }

        impl ActionName {
            /// Every name, in the order in which they are documented.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name as it is written.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// What it takes.
            #[must_use]
            pub fn spec(self) -> Spec {
                match self {
                    $(Self::$variant => Spec {
                        about: $about,
                        selector: Need::$selector,
                        content: (Need::$content, $meaning),
                        compares: $compares,
                        fields: &[$($field),*],
                    }),+
                }
            }
        }
    };
}

const CONTAINS: Option<Match> = Some(Match::Contains);
const EQUALS: Option<Match> = Some(Match::Equals);

vocabulary! {
    Click = "click", Needed, None "", None, ["button", "count", "position"],
        "Clicks the element.";
    DoubleClick = "double_click", Needed, None "", None, ["button", "position"],
        "Clicks the element twice, which the page sees as a double click.";
    Hover = "hover", Needed, None "", None, ["position"],
        "Moves the pointer over the element.";
    Drag = "drag", Needed, None "", None, ["target"],
        "Drags the element onto the one that `target` finds, and drops it there.";
    Tapping = "tapping", Needed, Needed "the text", None, ["mode"],
        "Types text with real key events; `type` is another name for it.";
    Clear = "clear", Needed, None "", None, [],
        "Empties a field.";
    Press = "press", Optional, Needed "a key or a chord: `Enter`, `Control+A`", None, [],
        "Presses keys, in the element or where the focus is.";
    Select = "select", Needed, Needed "the option's label or value", None, [],
        "Chooses an option of a native `<select>`.";
    Check = "check", Needed, None "", None, [],
        "Ticks a box or chooses a radio button, unless it is so already.";
    Uncheck = "uncheck", Needed, None "", None, [],
        "Unticks a box, unless it is so already.";
    Scroll = "scroll", Optional, None "", None, ["distance"],
        "Brings the element into view, and turns the wheel over it; without an element, over the page.";
    Navigate = "navigate", None, Needed "the address", None, [],
        "Opens another address in the same tab.";
    Back = "back", None, None "", None, [],
        "Goes back in the tab's history.";
    Forward = "forward", None, None "", None, [],
        "Goes forward in the tab's history.";
    Reload = "reload", None, None "", None, [],
        "Loads the page again.";
    WaitVisible = "wait_visible", Needed, None "", None, [],
        "Waits until the element can be seen.";
    WaitHidden = "wait_hidden", Needed, None "", None, [],
        "Waits until the element is gone or can't be seen.";
    WaitText = "wait_text", Optional, Needed "the text", CONTAINS, [],
        "Waits until the element, or the page, says this.";
    WaitUrl = "wait_url", None, Needed "the address, or a part of it", CONTAINS, [],
        "Waits until the tab shows this address.";
    WaitTime = "wait_time", None, Needed "milliseconds, at most 30000", None, [],
        "Lets time go by. A last resort: wait for what you are waiting for instead.";
    AssertVisible = "assert_visible", Needed, None "", None, [],
        "Proves that the element can be seen.";
    AssertHidden = "assert_hidden", Needed, None "", None, [],
        "Proves that the element is gone or can't be seen.";
    AssertText = "assert_text", Optional, Needed "the text", CONTAINS, [],
        "Proves what the element's visible text says, or the page's.";
    AssertValue = "assert_value", Needed, Needed "the value", EQUALS, [],
        "Proves what a form field holds.";
    AssertAttribute = "assert_attribute", Needed, Needed "the attribute's value", EQUALS, ["attribute"],
        "Proves what an attribute of the element says.";
    AssertCount = "assert_count", Needed, Needed "`3`, `>=3`, `<=3`, `>3` or `<3`", None, [],
        "Proves how many elements match.";
    AssertUrl = "assert_url", None, Needed "the address, or a part of it", CONTAINS, [],
        "Proves which address the tab shows.";
    AssertTitle = "assert_title", None, Needed "the title, or a part of it", CONTAINS, [],
        "Proves what the tab's title says.";
    AssertNoConsoleErrors = "assert_no_console_errors", None, None "", None, [],
        "Proves that no error was logged on the console since the run began.";
    AssertResponseStatus = "assert_response_status", None, Needed "`200`, or a class such as `2xx`", CONTAINS, ["url"],
        "Proves with which HTTP status the tab's document came, or the newest answer from `url`.";
    AssertRequestMade = "assert_request_made", None, Needed "the address, or a part of it", CONTAINS, ["method"],
        "Proves that the page made a request since the run began.";
    SwitchFrame = "switch_frame", Optional, Optional "`main` (the default) or `parent`", None, [],
        "Goes on in the frame that the element shows; without an element, back out of it.";
    SwitchTab = "switch_tab", None, Needed "`new`, a number from 1 on, or a part of a tab's title or address", None, [],
        "Goes on in another tab.";
    CloseTab = "close_tab", None, None "", None, [],
        "Closes the tab and goes on in the one before it.";
    Dialog = "dialog", None, Needed "`accept` or `dismiss`", None, ["text"],
        "Says how dialogs are answered from now on; `text` is what a prompt is given.";
    SetCookie = "set_cookie", None, Needed "`name=value; Path=/; Secure`", None, [],
        "Sets a cookie.";
    SetHeader = "set_header", None, Needed "`Name: value`", None, [],
        "Sends a header with each request from now on; an empty value sends it no more.";
    SetViewport = "set_viewport", None, Needed "`1280x720`", None, [],
        "Changes the size of the viewport.";
    Extract = "extract", Optional, Optional "`text` (the default), `value`, `url` or `title`", None,
        ["attribute", "variable", "pattern"],
        "Keeps something of the page, which later steps write as `{{ var.NAME }}`.";
    Screenshot = "screenshot", Optional, None "", None, ["full_page"],
        "Takes its picture of one element, or of all of the page.";
    UseFlow = "use_flow", None, Needed "the id of a flow of yours", None, [],
        "Carries out another flow's steps in its place.";
}

impl ActionName {
    /// Another name for [`ActionName::Tapping`].
    pub const TAPPING_ALIAS: &'static str = "type";

    /// Whether it can't do without this one of its further fields.
    #[must_use]
    pub fn needs(self, field: &str) -> bool {
        matches!(
            (self, field),
            (Self::Drag, "target")
                | (Self::AssertAttribute, "attribute")
                | (Self::Extract, "variable")
        )
    }
}

impl FromStr for ActionName {
    type Err = ();

    /// The alias is accepted, too.
    fn from_str(text: &str) -> Result<Self, ()> {
        if text == Self::TAPPING_ALIAS {
            return Ok(Self::Tapping);
        }
        Self::ALL.iter().copied().find(|name| name.as_str() == text).ok_or(())
    }
}
