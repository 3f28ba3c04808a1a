//! How an element is found.

use std::fmt;

/// The longest selector that is accepted, in characters.
pub const MAX_SELECTOR_CHARS: usize = 2_000;
/// How many candidates a selector may have.
pub const MAX_CANDIDATES: usize = 10;
/// How deep brackets may nest: a browser evaluates each level by recursion.
const MAX_DEPTH: usize = 64;

/// How an element is found: candidates, tried in order. The first that finds anything counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(Vec<Candidate>);

/// One way to find an element, which has passed the checks a browser is not needed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// In which terms.
    pub strategy: Strategy,
    /// The expression, the text or the name.
    pub text: String,
}

crate::flow::choice! {
    /// The terms in which an element is found. All but XPath look into open shadow roots.
    Strategy {
        /// An XPath 1.0 expression.
        Xpath = "xpath",
        /// A CSS selector.
        Css = "css",
        /// The smallest element whose visible text contains this, whatever its case; the whole
        /// text and its case count if it is quoted.
        Text = "text",
        /// An ARIA role, and the accessible name if one is given: `button[name="Log in"]`.
        Role = "role",
        /// The form field whose label, `aria-label` or `placeholder` says this.
        Label = "label",
        /// The element whose attribute `data-testid` (or `data-test-id`, `data-test`) is this.
        Testid = "testid",
    }
}

/// Why a selector can't be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// There is nothing in it.
    #[error("is empty: write an XPath, such as //button[@id='send']")]
    Empty,
    /// It is longer than any selector need be.
    #[error("is {0} characters long; at most {MAX_SELECTOR_CHARS} are allowed")]
    TooLong(usize),
    /// It holds a character that no selector can hold.
    #[error("holds the control character U+{0:04X}")]
    ControlCharacter(u32),
    /// A quote has no partner.
    #[error("a {0} is not closed")]
    OpenQuote(char),
    /// A bracket has no partner.
    #[error("the brackets do not match at “{0}”")]
    Brackets(char),
    /// Brackets nest too deep.
    #[error("nests brackets more than {MAX_DEPTH} deep")]
    TooDeep,
    /// It does not say in which terms it is written.
    #[error("begins with none of xpath=, css=, text=, role=, label=, testid=")]
    NoStrategy,
    /// It has more candidates than any step needs.
    #[error("are {0} of them; at most {MAX_CANDIDATES} are allowed")]
    TooMany(usize),
}

impl Selector {
    /// A selector with one candidate: an XPath expression, checked as far as that goes without a
    /// page (length, quotes, brackets). What passes here may still be refused by the browser
    /// (`selector_invalid`).
    ///
    /// # Errors
    /// Why it can't be right.
    pub fn xpath(text: &str) -> Result<Self, SelectorError> {
        Candidate::new(Strategy::Xpath, text).map(|candidate| Self(vec![candidate]))
    }

    /// A selector of these candidates.
    ///
    /// # Errors
    /// There are none, or too many of them.
    pub fn of(candidates: Vec<Candidate>) -> Result<Self, SelectorError> {
        match candidates.len() {
            0 => Err(SelectorError::Empty),
            count if count > MAX_CANDIDATES => Err(SelectorError::TooMany(count)),
            _ => Ok(Self(candidates)),
        }
    }

    /// What is tried, in this order; never empty.
    #[must_use]
    pub fn candidates(&self) -> &[Candidate] {
        &self.0
    }

    /// The same with its first candidate alone.
    #[must_use]
    pub fn primary(&self) -> Self {
        Self(self.0.iter().take(1).cloned().collect())
    }

    /// Whether there is more than one way to find the element.
    #[must_use]
    pub fn has_alternatives(&self) -> bool {
        self.0.len() > 1
    }
}

impl Candidate {
    /// Reads `css=…`, `xpath=…` and so on. What begins with `/` or `(` is an XPath without saying.
    ///
    /// # Errors
    /// Why it can't be right.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SelectorError::Empty);
        }
        if text.starts_with(['/', '(']) {
            return Self::new(Strategy::Xpath, text);
        }
        let (name, rest) = text.split_once('=').ok_or(SelectorError::NoStrategy)?;
        let strategy: Strategy = name.trim().parse().map_err(|_| SelectorError::NoStrategy)?;
        Self::new(strategy, rest)
    }

    fn new(strategy: Strategy, text: &str) -> Result<Self, SelectorError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SelectorError::Empty);
        }
        let length = text.chars().count();
        if length > MAX_SELECTOR_CHARS {
            return Err(SelectorError::TooLong(length));
        }
        if let Some(c) = text.chars().find(|c| c.is_control() && !c.is_whitespace()) {
            return Err(SelectorError::ControlCharacter(u32::from(c)));
        }
        match strategy {
            Strategy::Xpath => check_pairs(text, None)?,
            Strategy::Css => check_pairs(text, Some('\\'))?,
            Strategy::Text | Strategy::Role | Strategy::Label | Strategy::Testid => {}
        }
        Ok(Self { strategy, text: text.to_owned() })
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.strategy {
            Strategy::Xpath => f.write_str(&self.text),
            strategy => write!(f, "{strategy}={}", self.text),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, candidate) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", or " };
            write!(f, "{separator}{candidate}")?;
        }
        Ok(())
    }
}

/// Quotes and brackets come in pairs. XPath 1.0 has no escapes; CSS has.
fn check_pairs(text: &str, escape: Option<char>) -> Result<(), SelectorError> {
    let mut open = Vec::new();
    let mut quote = None;
    let mut escaped = false;
    for c in text.chars() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match (quote, c) {
            _ if Some(c) == escape => escaped = true,
            (Some(mark), _) if c == mark => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => open.push(')'),
            (None, '[') => open.push(']'),
            (None, ')' | ']') if open.pop() != Some(c) => return Err(SelectorError::Brackets(c)),
            _ => {}
        }
        if open.len() > MAX_DEPTH {
            return Err(SelectorError::TooDeep);
        }
    }
    match (quote, open.last()) {
        (Some(mark), _) => Err(SelectorError::OpenQuote(mark)),
        (None, Some(&missing)) => Err(SelectorError::Brackets(missing)),
        (None, None) => Ok(()),
    }
}
