//! Names of flows and channels.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

use crate::invalid::{Invalid, check_text};

/// The longest name that is accepted, in characters.
pub const MAX_NAME_CHARS: usize = 200;

/// A name: not empty, one line, no control characters. It is kept in Unicode's composed form (NFC),
/// so that names that look alike are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// Why a name is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is nothing in it.
    #[error("must not be empty")]
    Empty,
    /// It spans several lines: it goes into the subject of mails.
    #[error("must be one line")]
    SeveralLines,
    /// It is too long or holds a control character.
    #[error("{0}")]
    Text(String),
}

impl Name {
    /// Checks a name and takes off the white space around it.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        // More is never composed to a name that is short enough: three characters make one at most.
        let most = MAX_NAME_CHARS * 4;
        if text.trim().chars().nth(most).is_some() {
            let count = text.trim().chars().count();
            let why = format!("is {count} characters long; at most {MAX_NAME_CHARS} are allowed");
            return Err(NameError::Text(why));
        }
        let name = composed(text.trim());
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.contains('\n') {
            return Err(NameError::SeveralLines);
        }
        check_text("name", &name, MAX_NAME_CHARS).map_err(|invalid| {
            NameError::Text(invalid.errors().iter().map(|e| e.message.clone()).collect())
        })?;
        Ok(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text in Unicode's composed form (NFC), for what is compared with names.
#[must_use]
pub fn composed(text: &str) -> String {
    text.nfc().collect()
}

impl From<NameError> for Invalid {
    fn from(error: NameError) -> Self {
        Self::field("name", error)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
