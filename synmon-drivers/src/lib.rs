#![doc = include_str!("../README.md")]

#[cfg(feature = "cdp")]
mod activity;
#[cfg(any(feature = "cdp", feature = "webdriver"))]
mod actor;
#[cfg(any(feature = "cdp", feature = "webdriver"))]
mod cdp;
#[cfg(any(feature = "cdp", feature = "webdriver"))]
mod local;
#[cfg(any(feature = "cdp", feature = "webdriver"))]
mod page;
mod resolver;
#[cfg(feature = "webdriver")]
mod webdriver;

#[cfg(feature = "cdp")]
pub use cdp::{CdpBrowser, Isolation, Pooling};
#[cfg(any(feature = "cdp", feature = "webdriver"))]
pub use local::{LocalChromium, Missing};
pub use resolver::SystemResolver;
#[cfg(feature = "webdriver")]
pub use webdriver::{Client, Remote, WebDriverBrowser};
