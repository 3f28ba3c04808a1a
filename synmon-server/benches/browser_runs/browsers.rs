//! What runs can happen in.

use std::{net::Ipv4Addr, sync::Arc};

use synmon_core::{browser::Browser, egress::EgressPolicy};
use synmon_drivers::{
    CdpBrowser, Client, EgressGuard, GuardedBrowser, Isolation, LocalChromium, Pooling,
    WebDriverBrowser,
};

use crate::Place;

/// The engines that can be measured.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Engine {
    /// A warm Chromium over the `DevTools` protocol, a context for each run.
    Cdp,
    /// The same without the egress guard, to see what that costs.
    CdpUnguarded,
    /// A Chromium for each run.
    CdpCold,
    /// A chromedriver and a Chromium for each run.
    Webdriver,
}

/// The browser of a place, as the server puts it together.
pub(crate) fn browser(place: &Place, policy: EgressPolicy) -> Arc<dyn Browser> {
    let chromium = LocalChromium::new(place.browsers.clone());
    let pooled = |chromium, isolation| {
        let pooling =
            Pooling { isolation, ahead: place.at_a_time.get().max(2), ..Pooling::default() };
        CdpBrowser::local(chromium, pooling)
    };
    if let Engine::CdpUnguarded = place.engine {
        return Arc::new(pooled(chromium, Isolation::Context));
    }
    let guard = EgressGuard::start(policy, (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let chromium = chromium.behind(&guard);
    let browser: Arc<dyn Browser> = match place.engine {
        Engine::Cdp | Engine::CdpUnguarded => Arc::new(pooled(chromium, Isolation::Context)),
        Engine::CdpCold => Arc::new(pooled(chromium, Isolation::Process)),
        Engine::Webdriver => Arc::new(WebDriverBrowser::local(chromium, Client::default())),
    };
    Arc::new(GuardedBrowser::new(browser, Arc::new(guard)))
}
