//! The vocabulary of steps.

use std::{fmt, str::FromStr};

use url::Url;

use super::Selector;

/// What a step does. A closed set: a step is data, never code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Acts on an element as a person would, once it is ready for that.
    Act {
        /// The element.
        selector: Selector,
        /// What is done to it.
        gesture: Gesture,
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
    /// Loads the page again.
    Reload,
    /// Waits until the element can be seen.
    WaitVisible {
        /// The element.
        selector: Selector,
    },
    /// Waits until the element is gone or can't be seen.
    WaitHidden {
        /// The element.
        selector: Selector,
    },
    /// Proves that the element can be seen.
    AssertVisible {
        /// The element.
        selector: Selector,
    },
    /// Proves that the element is gone or can't be seen.
    AssertHidden {
        /// The element.
        selector: Selector,
    },
    /// Proves what the element's visible text says.
    AssertText {
        /// The element.
        selector: Selector,
        /// What is expected.
        expected: Expected,
    },
    /// Proves what a form field holds.
    AssertValue {
        /// The field.
        selector: Selector,
        /// What is expected.
        expected: Expected,
    },
    /// Proves which address the tab shows.
    AssertUrl {
        /// What is expected.
        expected: Expected,
    },
    /// Proves what the tab's title says.
    AssertTitle {
        /// What is expected.
        expected: Expected,
    },
}

/// What is done to an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// One click of the main button on the element's middle.
    Click,
    /// Two clicks that the page sees as a double click.
    DoubleClick,
    /// Moves the pointer over the element.
    Hover,
    /// Types text into the element with real key events, after what it holds already.
    Type(String),
    /// Empties a field.
    Clear,
    /// Chooses the option of a native `<select>` that has this label or this value.
    Select(String),
}

/// What a page is expected to say, and how exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The text.
    pub text: String,
    /// How it is compared.
    pub how: Match,
}

/// How a text is compared. White space is folded first, as a browser does when it renders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The whole text.
    Equals,
    /// Some part of it.
    Contains,
}

impl Expected {
    /// Whether `found` is what was expected.
    #[must_use]
    pub fn holds(&self, found: &str) -> bool {
        let (wanted, found) = (folded(&self.text), folded(found));
        match self.how {
            Match::Equals => found == wanted,
            Match::Contains => found.contains(&wanted),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.how {
            Match::Equals => write!(f, "exactly “{}”", self.text),
            Match::Contains => write!(f, "“{}” in it", self.text),
        }
    }
}

impl Match {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::Contains => "contains",
        }
    }
}

impl FromStr for Match {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Equals, Self::Contains].into_iter().find(|how| how.as_str() == text).ok_or(())
    }
}

/// The names of actions on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is documented at the action of the same name")]
pub enum ActionName {
    Click,
    DoubleClick,
    Hover,
    Tapping,
    Clear,
    Press,
    Select,
    Navigate,
    Back,
    Reload,
    WaitVisible,
    WaitHidden,
    AssertVisible,
    AssertHidden,
    AssertText,
    AssertValue,
    AssertUrl,
    AssertTitle,
}

impl ActionName {
    /// Every name, in the order in which they are documented.
    pub const ALL: [Self; 18] = [
        Self::Click,
        Self::DoubleClick,
        Self::Hover,
        Self::Tapping,
        Self::Clear,
        Self::Press,
        Self::Select,
        Self::Navigate,
        Self::Back,
        Self::Reload,
        Self::WaitVisible,
        Self::WaitHidden,
        Self::AssertVisible,
        Self::AssertHidden,
        Self::AssertText,
        Self::AssertValue,
        Self::AssertUrl,
        Self::AssertTitle,
    ];

    /// The name as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Click => "click",
            Self::DoubleClick => "double_click",
            Self::Hover => "hover",
            Self::Tapping => "tapping",
            Self::Clear => "clear",
            Self::Press => "press",
            Self::Select => "select",
            Self::Navigate => "navigate",
            Self::Back => "back",
            Self::Reload => "reload",
            Self::WaitVisible => "wait_visible",
            Self::WaitHidden => "wait_hidden",
            Self::AssertVisible => "assert_visible",
            Self::AssertHidden => "assert_hidden",
            Self::AssertText => "assert_text",
            Self::AssertValue => "assert_value",
            Self::AssertUrl => "assert_url",
            Self::AssertTitle => "assert_title",
        }
    }
}

impl ActionName {
    /// How its text is compared where a step does not say; none if it compares nothing.
    #[must_use]
    pub fn default_match(self) -> Option<Match> {
        match self {
            Self::AssertValue => Some(Match::Equals),
            Self::AssertText | Self::AssertUrl | Self::AssertTitle => Some(Match::Contains),
            _ => None,
        }
    }
}

impl FromStr for ActionName {
    type Err = ();

    /// `type` is accepted as another name for `tapping`.
    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "type" {
            return Ok(Self::Tapping);
        }
        Self::ALL.into_iter().find(|name| name.as_str() == text).ok_or(())
    }
}

impl Action {
    /// Its name on the wire.
    #[must_use]
    pub fn name(&self) -> ActionName {
        match self {
            Self::Act { gesture: Gesture::Click, .. } => ActionName::Click,
            Self::Act { gesture: Gesture::DoubleClick, .. } => ActionName::DoubleClick,
            Self::Act { gesture: Gesture::Hover, .. } => ActionName::Hover,
            Self::Act { gesture: Gesture::Type(_), .. } => ActionName::Tapping,
            Self::Act { gesture: Gesture::Clear, .. } => ActionName::Clear,
            Self::Act { gesture: Gesture::Select(_), .. } => ActionName::Select,
            Self::Press { .. } => ActionName::Press,
            Self::Navigate { .. } => ActionName::Navigate,
            Self::Back => ActionName::Back,
            Self::Reload => ActionName::Reload,
            Self::WaitVisible { .. } => ActionName::WaitVisible,
            Self::WaitHidden { .. } => ActionName::WaitHidden,
            Self::AssertVisible { .. } => ActionName::AssertVisible,
            Self::AssertHidden { .. } => ActionName::AssertHidden,
            Self::AssertText { .. } => ActionName::AssertText,
            Self::AssertValue { .. } => ActionName::AssertValue,
            Self::AssertUrl { .. } => ActionName::AssertUrl,
            Self::AssertTitle { .. } => ActionName::AssertTitle,
        }
    }

    /// The element that it is about.
    #[must_use]
    pub fn selector(&self) -> Option<&Selector> {
        match self {
            Self::Act { selector, .. }
            | Self::WaitVisible { selector }
            | Self::WaitHidden { selector }
            | Self::AssertVisible { selector }
            | Self::AssertHidden { selector }
            | Self::AssertText { selector, .. }
            | Self::AssertValue { selector, .. } => Some(selector),
            Self::Press { selector, .. } => selector.as_ref(),
            Self::Navigate { .. }
            | Self::Back
            | Self::Reload
            | Self::AssertUrl { .. }
            | Self::AssertTitle { .. } => None,
        }
    }

    /// The text that goes with it: what is typed, pressed, chosen, opened or expected.
    #[must_use]
    pub fn content(&self) -> Option<&str> {
        match self {
            Self::Act { gesture: Gesture::Type(text) | Gesture::Select(text), .. } => Some(text),
            Self::Press { keys, .. } => Some(keys),
            Self::Navigate { url } => Some(url.as_str()),
            Self::AssertText { expected, .. }
            | Self::AssertValue { expected, .. }
            | Self::AssertUrl { expected }
            | Self::AssertTitle { expected } => Some(&expected.text),
            _ => None,
        }
    }

    /// How its text is compared, where it compares one.
    #[must_use]
    pub fn how(&self) -> Option<Match> {
        match self {
            Self::AssertText { expected, .. }
            | Self::AssertValue { expected, .. }
            | Self::AssertUrl { expected }
            | Self::AssertTitle { expected } => Some(expected.how),
            _ => None,
        }
    }
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
