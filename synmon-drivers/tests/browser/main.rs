//! A real Chromium against sites on loopback: nothing here leaves this machine.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test ends it")]

#[cfg(feature = "cdp")]
mod cdp;
#[cfg(all(feature = "cdp", feature = "webdriver", feature = "egress"))]
mod confined;
mod engines;
#[cfg(feature = "webdriver")]
mod fixture;
#[cfg(feature = "webdriver")]
mod grid;
#[cfg(all(feature = "cdp", feature = "webdriver", feature = "egress"))]
mod guard;
#[cfg(feature = "webdriver")]
mod local;
mod machine;
#[cfg(feature = "webdriver")]
mod remote;

/// The cases that every engine passes, by the engine.
mod conformance {
    #[cfg(feature = "webdriver")]
    mod chromium {
        use crate::fixture::chromium;

        synmon_testkit::browser_conformance!(async { chromium() });
    }

    #[cfg(feature = "fantoccini")]
    mod fantoccini {
        use synmon_drivers::Client;

        use crate::fixture::chromium_by;

        synmon_testkit::browser_conformance!(async { chromium_by(Client::Fantoccini) });
    }

    #[cfg(feature = "cdp")]
    mod devtools {
        use crate::cdp::shared_devtools;

        synmon_testkit::browser_conformance!(async { shared_devtools() });
    }
}

/// Whole flows: their verdicts are right, and the same in all engines.
#[cfg(feature = "webdriver")]
mod flows {
    use crate::engines::shared_engines;

    synmon_testkit::flow_conformance!(async { shared_engines() });
}
