//! Notices for executables that the operator has installed.

mod errors;
mod name;
mod process;
mod sender;
mod tail;

pub use errors::{PluginError, PluginFailure, PluginSetupError};
pub use name::{PluginName, PluginNameError};
pub use sender::{PluginSender, PluginSettings};
