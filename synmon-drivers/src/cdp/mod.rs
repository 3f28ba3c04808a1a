//! Chrome's `DevTools` protocol: an engine of its own, and a second line for the `WebDriver` one.

#[cfg(feature = "cdp")]
mod browser;
mod connection;
mod dialogs;
pub(crate) mod emulation;
#[cfg(feature = "cdp")]
mod flood;
mod frame;
#[cfg(feature = "cdp")]
mod pool;
#[cfg(feature = "cdp")]
mod session;
#[cfg(feature = "webdriver")]
mod side;

#[cfg(feature = "cdp")]
pub use browser::CdpBrowser;
#[cfg(feature = "cdp")]
pub use pool::{Isolation, Pooling};
#[cfg(feature = "webdriver")]
pub(crate) use side::Cdp;

/// How many tabs a session may have; later ones are closed at once.
const MAX_TABS: usize = 8;
