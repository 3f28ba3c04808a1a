#![doc = include_str!("../README.md")]

mod resolver;
#[cfg(feature = "webdriver")]
mod webdriver;

#[cfg(feature = "webdriver")]
mod cdp;
#[cfg(feature = "webdriver")]
mod local;

pub use resolver::SystemResolver;
#[cfg(feature = "webdriver")]
pub use webdriver::{LocalChromium, Missing, Remote, WebDriverBrowser};
