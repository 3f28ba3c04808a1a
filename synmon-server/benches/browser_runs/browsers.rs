//! What runs can happen in.

use std::sync::Arc;

use synmon_core::browser::Browser;
use synmon_drivers::{CdpBrowser, Client, Isolation, LocalChromium, Pooling, WebDriverBrowser};

use crate::Place;

/// The engines that can be measured.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Engine {
    /// A warm Chromium over the `DevTools` protocol, a context for each run.
    Cdp,
    /// The same, with a Chromium for each run.
    CdpCold,
    /// A chromedriver and a Chromium for each run.
    Webdriver,
}

/// The browser of a place, as the server puts it together.
pub(crate) fn browser(place: &Place) -> Arc<dyn Browser> {
    let chromium = LocalChromium::new(place.browsers.clone());
    let pooled = |isolation| {
        let pooling =
            Pooling { isolation, ahead: place.at_a_time.get().max(2), ..Pooling::default() };
        CdpBrowser::local(chromium.clone(), pooling)
    };
    match place.engine {
        Engine::Cdp => Arc::new(pooled(Isolation::Context)),
        Engine::CdpCold => Arc::new(pooled(Isolation::Process)),
        Engine::Webdriver => Arc::new(WebDriverBrowser::local(chromium, Client::default())),
    }
}
