//! What can go wrong, sorted by what comes next.

use std::{io, time::Duration};

use synmon_core::notice::DeliveryError;

use crate::event::PublicUrlError;

/// The sender can't be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PluginSetupError {
    /// Links can't be made from the public url.
    #[error(transparent)]
    PublicUrl(#[from] PublicUrlError),
    /// The folder has no absolute path.
    #[error("the folder of plug-ins can't be found: {0}")]
    Folder(#[source] io::Error),
}

/// A plug-in did not deliver.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// Later it may work.
    #[error("{0}")]
    Retry(#[source] PluginFailure),
    /// It will never work.
    #[error("{0}")]
    GiveUp(#[source] PluginFailure),
}

/// How a plug-in failed. `said` is the last that it said, in one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PluginFailure {
    /// It is not there, or is not to be executed, or the machine can't do it now.
    #[error("the plug-in could not be started: {0}")]
    Start(#[source] io::Error),
    /// It had no folder to work in.
    #[error("no folder for the plug-in could be made: {0}")]
    Folder(#[source] io::Error),
    /// What became of it is not known.
    #[error("the plug-in could not be waited for: {0}")]
    Wait(#[source] io::Error),
    /// It took too long.
    #[error("the plug-in was not done within {} s{}", limit.as_secs_f32(), after_colon(said))]
    TimedOut {
        /// How long it had.
        limit: Duration,
        /// The last that it said.
        said: String,
    },
    /// It ended with a status other than 0.
    #[error("the plug-in ended with status {code}{}", after_colon(said))]
    Status {
        /// The status.
        code: i32,
        /// The last that it said.
        said: String,
    },
    /// It was killed.
    #[error("the plug-in was ended by signal {signal}{}", after_colon(said))]
    Signal {
        /// The signal.
        signal: i32,
        /// The last that it said.
        said: String,
    },
}

impl From<PluginError> for DeliveryError {
    fn from(error: PluginError) -> Self {
        match error {
            PluginError::Retry(failure) => Self::retry(failure),
            PluginError::GiveUp(failure) => Self::give_up(failure),
        }
    }
}

fn after_colon(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}
