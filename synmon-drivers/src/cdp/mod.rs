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

use serde_json::{Value, json};

#[cfg(feature = "cdp")]
pub use browser::CdpBrowser;
#[cfg(feature = "cdp")]
pub use pool::{Isolation, Pooling};
#[cfg(feature = "webdriver")]
pub(crate) use side::Cdp;

/// What a domain is given with its `enable`. Requests are told without what pages send with them: an
/// upload would come twice, and may be larger than any message that is read.
fn given(enable: &str) -> Value {
    match enable {
        // No number at all, and zero, stand for as much as there is.
        "Network.enable" => json!({ "maxPostDataSize": 1 }),
        _ => json!({}),
    }
}

/// How many tabs a session may have; later ones are closed at once.
const MAX_TABS: usize = 8;
