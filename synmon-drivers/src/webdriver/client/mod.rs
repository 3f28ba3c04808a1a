//! The libraries that speak `WebDriver`: which one a session goes through, and what they must do.

#[cfg(feature = "fantoccini")]
mod fantoccini;
mod thirtyfour;

use serde_json::{Map, Value};

use super::{driver::Command, failure::Failure, wire::Wire};

/// The library that speaks `WebDriver`. Flows come out the same with each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Client {
    /// `thirtyfour`.
    #[default]
    Thirtyfour,
    /// `fantoccini`, which speaks to endpoints over plain http alone.
    #[cfg(feature = "fantoccini")]
    Fantoccini,
}

/// A session that a driver has just created.
pub(super) struct Created {
    pub(super) line: Line,
    pub(super) id: String,
    pub(super) capabilities: Map<String, Value>,
}

/// What a session's commands go through.
#[derive(Clone, Debug)]
pub(super) enum Line {
    Thirtyfour(thirtyfour::Line),
    #[cfg(feature = "fantoccini")]
    Fantoccini(fantoccini::Line),
}

impl Client {
    /// Creates a session. Nothing ends it by itself.
    pub(super) async fn create(
        self,
        url: &str,
        capabilities: Map<String, Value>,
        wire: &Wire,
    ) -> Result<Created, Failure> {
        match self {
            Self::Thirtyfour => thirtyfour::create(url, capabilities, wire).await,
            #[cfg(feature = "fantoccini")]
            Self::Fantoccini => fantoccini::create(url, &capabilities).await,
        }
    }
}

impl Line {
    /// Sends a command and returns the answer's value.
    pub(super) async fn call(&self, command: Command) -> Result<Value, Failure> {
        match self {
            Self::Thirtyfour(line) => line.call(command).await,
            #[cfg(feature = "fantoccini")]
            Self::Fantoccini(line) => line.call(command).await,
        }
    }
}
