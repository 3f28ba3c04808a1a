//! Browsers on this machine, and their drivers: started, watched, ended, and nothing left.

pub(crate) mod arguments;
#[cfg(feature = "cdp")]
mod browser;
mod chromium;
#[cfg(feature = "webdriver")]
mod driver;
mod folder;
mod guard;
mod memory;
mod process;
mod scan;
mod user;

#[cfg(feature = "cdp")]
pub(crate) use browser::{Form, LocalBrowser, program};
pub use chromium::{LocalChromium, Missing};
#[cfg(feature = "webdriver")]
pub(crate) use driver::LocalDriver;
pub(crate) use folder::{check_length, sweep};
pub use user::{BrowserUser, Unconfined};
