//! What actions work with: expectations, points, cookies and the like, and how they are written.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Selector;

/// The largest viewport, in pixels a side and in all: a picture of more costs seconds.
const MAX_SIDE: u32 = 4_096;
const MIN_SIDE: u32 = 50;
const MAX_PIXELS: u32 = 16_000_000;

/// What a page is expected to say, and how exactly.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// The text, or the regular expression.
    pub text: String,
    /// How it is compared.
    pub how: Match,
    /// The regular expression, for [`Match::Matches`].
    pattern: Option<Pattern>,
}

/// A regular expression (the syntax of the crate `regex`: linear time, no look-around).
#[derive(Clone, Debug)]
pub struct Pattern(regex::Regex);

/// How a text is compared. White space is folded first, as a browser does when it renders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The whole text.
    Equals,
    /// Some part of it.
    Contains,
    /// A regular expression finds something in it.
    Matches,
}

impl Expected {
    /// An expectation.
    ///
    /// # Errors
    /// A regular expression that can't be read, in words.
    pub fn new(text: impl Into<String>, how: Match) -> Result<Self, String> {
        let text = text.into();
        let pattern = (how == Match::Matches).then(|| Pattern::new(&text)).transpose()?;
        Ok(Self { text, how, pattern })
    }

    /// Whether `found` is what was expected.
    #[must_use]
    pub fn holds(&self, found: &str) -> bool {
        if let Some(pattern) = &self.pattern {
            return pattern.0.is_match(&folded(found));
        }
        let (wanted, found) = (folded(&self.text), folded(found));
        if self.how == Match::Equals { found == wanted } else { found.contains(&wanted) }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.how {
            Match::Equals => write!(f, "exactly “{}”", self.text),
            Match::Contains => write!(f, "“{}” in it", self.text),
            Match::Matches => write!(f, "something that matches /{}/", self.text),
        }
    }
}

impl Pattern {
    /// Reads a regular expression.
    ///
    /// # Errors
    /// Why it can't be read.
    pub fn new(text: &str) -> Result<Self, String> {
        regex::RegexBuilder::new(text)
            .size_limit(1 << 18)
            .build()
            .map(Self)
            .map_err(|error| format!("is no regular expression: {error}"))
    }

    /// The first group of the first match, or the whole match if it has no groups.
    #[must_use]
    pub fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        let found = self.0.captures(text)?;
        found.get(1).or_else(|| found.get(0)).map(|part| part.as_str())
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Match {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Equals, Self::Contains, Self::Matches];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::Contains => "contains",
            Self::Matches => "matches",
        }
    }
}

impl FromStr for Match {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|how| how.as_str() == text)
            .ok_or_else(|| "must be equals, contains or matches".to_owned())
    }
}

/// How many elements are expected: `3`, `>=3`, `<=3`, `>3` or `<3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    order: Order,
    number: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Equal,
    AtLeast,
    AtMost,
    More,
    Fewer,
}

impl Count {
    /// Whether `found` is as many as were expected.
    #[must_use]
    pub fn holds(self, found: usize) -> bool {
        match self.order {
            Order::Equal => found == self.number,
            Order::AtLeast => found >= self.number,
            Order::AtMost => found <= self.number,
            Order::More => found > self.number,
            Order::Fewer => found < self.number,
        }
    }
}

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let signs = [
            (">=", Order::AtLeast),
            ("<=", Order::AtMost),
            (">", Order::More),
            ("<", Order::Fewer),
            ("=", Order::Equal),
            ("", Order::Equal),
        ];
        signs
            .into_iter()
            .find_map(|(sign, order)| text.strip_prefix(sign).map(|rest| (order, rest)))
            .and_then(|(order, rest)| Some(Self { order, number: rest.trim().parse().ok()? }))
            .ok_or_else(|| "must be a number, such as 3, >=3 or <3".to_owned())
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match self.order {
            Order::Equal => "exactly",
            Order::AtLeast => "at least",
            Order::AtMost => "at most",
            Order::More => "more than",
            Order::Fewer => "fewer than",
        };
        write!(f, "{order} {}", self.number)
    }
}

/// Which HTTP statuses are expected: one, such as `200`, or a class, such as `2xx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusTest {
    /// One status.
    Exactly(u16),
    /// All with this first digit.
    Class(u16),
}

impl StatusTest {
    /// Whether `status` is one of them.
    #[must_use]
    pub fn holds(self, status: u16) -> bool {
        match self {
            Self::Exactly(wanted) => status == wanted,
            Self::Class(digit) => status / 100 == digit,
        }
    }
}

impl FromStr for StatusTest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let class = text.strip_suffix("xx").and_then(|digit| digit.parse().ok());
        let parsed = match class {
            Some(digit) => Some(Self::Class(digit)).filter(|_| (1..=5).contains(&digit)),
            None => text.parse().ok().filter(|code| (100..=599).contains(code)).map(Self::Exactly),
        };
        parsed
            .ok_or_else(|| "must be an HTTP status such as 200, or a class such as 2xx".to_owned())
    }
}

impl fmt::Display for StatusTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(status) => write!(f, "{status}"),
            Self::Class(digit) => write!(f, "{digit}xx"),
        }
    }
}

/// A place in an element, in CSS pixels from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// To the right.
    pub x: i64,
    /// Downwards.
    pub y: i64,
}

/// How far the wheel is turned, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distance {
    /// To the right.
    #[serde(default)]
    pub x: i64,
    /// Downwards.
    #[serde(default)]
    pub y: i64,
}

/// The size of a viewport in CSS pixels: `1280x720`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewport {
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
}

impl Default for Viewport {
    fn default() -> Self {
        Self { width: 1280, height: 720 }
    }
}

impl FromStr for Viewport {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (width, height) = text
            .split_once(['x', '×'])
            .and_then(|(width, height)| {
                Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
            })
            .ok_or_else(|| "must be a width and a height, such as 1280x720".to_owned())?;
        let sides = MIN_SIDE..=MAX_SIDE;
        if !sides.contains(&width) || !sides.contains(&height) || width * height > MAX_PIXELS {
            return Err(format!(
                "must be from {MIN_SIDE} to {MAX_SIDE} pixels a side, and {MAX_PIXELS} in all"
            ));
        }
        Ok(Self { width, height })
    }
}

impl fmt::Display for Viewport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// A frame of the tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameTarget {
    /// The outermost one.
    Main,
    /// The one that the present one is in.
    Parent,
    /// The one that an `<iframe>` of the present one shows.
    Element(Selector),
}

/// A tab of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TabTarget {
    /// By the order in which they were opened, from 1 on.
    Number(usize),
    /// The one that was opened last; if it is the present one, there is no such tab (yet).
    Newest,
    /// The first whose title or address contains this.
    Showing(String),
}

impl FromStr for TabTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "" => {
                Err("must be a tab's number, `new`, or a part of its title or address".to_owned())
            }
            "new" => Ok(Self::Newest),
            text => match text.parse() {
                Ok(0) => Err("the first tab has the number 1".to_owned()),
                Ok(number) => Ok(Self::Number(number)),
                Err(_) => Ok(Self::Showing(text.to_owned())),
            },
        }
    }
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
