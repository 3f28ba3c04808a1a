#![doc = include_str!("../README.md")]

#[cfg(feature = "cdp")]
mod activity;
#[cfg(any(feature = "cdp", feature = "webdriver"))]
mod actor;
#[cfg(any(feature = "cdp", feature = "webdriver"))]
mod cdp;
mod closed_ports;
#[cfg(feature = "egress")]
mod egress;
#[cfg(any(feature = "cdp", feature = "webdriver"))]
mod local;
#[cfg(any(feature = "cdp", feature = "webdriver"))]
mod page;
mod resolver;
#[cfg(feature = "webdriver")]
mod webdriver;

#[cfg(feature = "cdp")]
pub use cdp::{CdpBrowser, Isolation, Pooling};
pub use closed_ports::{ClosedPort, ClosedPorts};
#[cfg(feature = "egress")]
pub use egress::{EgressGuard, GuardedBrowser};
#[cfg(any(feature = "cdp", feature = "webdriver"))]
pub use local::{BrowserUser, LocalChromium, Missing, Unconfined};
pub use resolver::{CachingResolver, SystemResolver};
#[cfg(feature = "webdriver")]
pub use webdriver::{Client, Remote, WebDriverBrowser};
