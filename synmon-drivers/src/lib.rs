#![doc = include_str!("../README.md")]
#![cfg_attr(
    any(
        all(feature = "cdp", not(feature = "webdriver")),
        all(feature = "webdriver", not(feature = "cdp"))
    ),
    expect(dead_code, unused_imports, reason = "one engine needs not all that both share")
)]

#[cfg(any(feature = "cdp", feature = "webdriver"))]
mod activity;
#[cfg(any(feature = "cdp", feature = "webdriver"))]
mod actor;
#[cfg(any(feature = "cdp", feature = "webdriver"))]
mod cdp;
#[cfg(any(feature = "cdp", feature = "webdriver"))]
mod cut;
#[cfg(feature = "egress")]
mod egress;
#[cfg(any(feature = "cdp", feature = "webdriver", feature = "egress"))]
mod guard_page;
#[cfg(any(feature = "cdp", feature = "webdriver"))]
mod local;
#[cfg(any(feature = "cdp", feature = "webdriver"))]
mod page;
mod resolver;
#[cfg(feature = "webdriver")]
mod webdriver;

#[cfg(feature = "cdp")]
pub use cdp::{CdpBrowser, Isolation, Pooling};
#[cfg(feature = "egress")]
pub use egress::{DistantGuard, EgressGuard, GuardedBrowser};
#[cfg(any(feature = "cdp", feature = "webdriver"))]
pub use local::{BrowserUser, LocalChromium, Missing, Unconfined};
pub use resolver::{CachingResolver, SystemResolver};
pub use synmon_core::egress::{ClosedPort, ClosedPorts};
#[cfg(feature = "webdriver")]
pub use webdriver::{Client, Remote, WebDriverBrowser};
