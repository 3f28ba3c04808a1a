//! Whether a verdict is told, and as what: one pure function, and the settings that it goes by.

mod decision;
mod maintenance;
mod settings;

pub use decision::{AlertDecision, AlertRule, AlertState, decide};
pub use maintenance::{MAX_REPEATING, MAX_WINDOWS, MaintenanceWindow, RawWindow, parse_windows};
pub use settings::{
    AlertChange, AlertPolicy, AlertSettings, MAX_ALERT_AFTER, MAX_CONFIRM_RETRIES, MAX_REMIND,
};

use serde::{Deserialize, Serialize};

use crate::flow::choice;

choice! {
    /// What the last verdict on a flow's site was.
    SiteHealth {
        /// There was none yet.
        Unknown = "unknown",
        /// The last run that found out has passed.
        Passing = "passing",
        /// The last run that found out has failed.
        Failing = "failing",
    }
}

/// What a verdict is told as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alert {
    /// The site does not work.
    Failure,
    /// The site still does not work, some time after that was told.
    Reminder,
    /// The site works again.
    Recovery,
}

impl Alert {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Failure, Self::Reminder, Self::Recovery];

    /// Its name on the wire and in stores.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Reminder => "reminder",
            Self::Recovery => "recovery",
        }
    }
}
