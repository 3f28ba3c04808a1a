//! How an element is found.

use std::fmt;

/// The longest selector that is accepted, in characters.
pub const MAX_SELECTOR_CHARS: usize = 2_000;

/// How deep brackets may nest: a browser evaluates each level by recursion.
const MAX_DEPTH: usize = 64;

/// An XPath 1.0 expression that has passed the checks a browser is not needed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(String);

/// Why a selector can't be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// There is nothing in it.
    #[error("is empty: write an XPath, such as //button[@id='send']")]
    Empty,
    /// It is longer than any selector need be.
    #[error("is {0} characters long; at most {MAX_SELECTOR_CHARS} are allowed")]
    TooLong(usize),
    /// It holds a character that no XPath can hold.
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
}

impl Selector {
    /// Checks an XPath expression as far as that goes without a page: length, quotes, brackets.
    /// What passes here may still be refused by the browser (`selector_invalid`).
    pub fn xpath(text: &str) -> Result<Self, SelectorError> {
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
        check_pairs(text)?;
        Ok(Self(text.to_owned()))
    }

    /// The expression.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Quotes and brackets come in pairs; XPath 1.0 has no escapes inside of quotes.
fn check_pairs(text: &str) -> Result<(), SelectorError> {
    let mut open = Vec::new();
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
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
