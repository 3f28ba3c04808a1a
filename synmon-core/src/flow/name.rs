//! Names of flows.

use std::fmt;

use crate::invalid::{Invalid, check_text};

/// The longest name that is accepted, in characters.
pub const MAX_FLOW_NAME_CHARS: usize = 200;

/// A flow's name: not empty, one line, no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowName(String);

/// Why a name is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowNameError {
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

impl FlowName {
    /// Checks a name and takes off the white space around it.
    pub fn parse(text: &str) -> Result<Self, FlowNameError> {
        let name = text.trim();
        if name.is_empty() {
            return Err(FlowNameError::Empty);
        }
        if name.contains('\n') {
            return Err(FlowNameError::SeveralLines);
        }
        check_text("name", name, MAX_FLOW_NAME_CHARS).map_err(|invalid| {
            FlowNameError::Text(invalid.errors().iter().map(|e| e.message.clone()).collect())
        })?;
        Ok(Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<FlowNameError> for Invalid {
    fn from(error: FlowNameError) -> Self {
        Self::field("name", error)
    }
}

impl fmt::Display for FlowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
