//! The Chromium that the tests run in.

use std::sync::Arc;

use synmon_core::{
    browser::{Browser, SessionRequest},
    egress::EgressPolicy,
    flow::BrowserKind,
};
use synmon_drivers::{Client, EgressGuard, GuardedBrowser, LocalChromium, WebDriverBrowser};
use synmon_testkit::{
    StaticResolver,
    conformance::browser::{Subject, Tab},
};
use tempfile::TempDir;

use crate::machine::assert_clean;

/// The clients that this build has.
pub(crate) const CLIENTS: &[Client] = &[
    Client::Thirtyfour,
    #[cfg(feature = "fantoccini")]
    Client::Fantoccini,
];

/// A browser with a folder of its own.
pub(crate) struct Chromium {
    pub(crate) browser: WebDriverBrowser,
    pub(crate) folder: TempDir,
}

impl Chromium {
    pub(crate) fn subject(&self) -> Subject<'_> {
        subject(&self.browser)
    }

    /// Waits until no process is left, and no file.
    pub(crate) async fn assert_clean(&self) {
        assert_clean(self.folder.path()).await;
    }
}

/// A browser that is asked for Chrome.
pub(crate) fn subject(browser: &dyn Browser) -> Subject<'_> {
    Subject::new(browser, BrowserKind::Chrome)
}

/// Starts a session that dismisses dialogs.
pub(crate) async fn open_tab(browser: &dyn Browser) -> Tab {
    subject(browser).tab().await
}

/// What [`open_tab`] asks for.
pub(crate) fn request(browser: &dyn Browser) -> SessionRequest {
    subject(browser).request()
}

/// A Chromium; `None`, loudly, where there is none.
pub(crate) fn chromium() -> Option<Chromium> {
    chromium_by(Client::default())
}

/// The same, spoken to by this client. It is behind no guard: each of them would start one more
/// browser to prove it, which takes seconds over `WebDriver`. Those that are driven by the `DevTools`
/// protocol are behind one, and what is true of guards alone has tests of its own.
pub(crate) fn chromium_by(client: Client) -> Option<Chromium> {
    let (config, folder) = installed()?;
    let browser = WebDriverBrowser::local(config, client);
    assert!(!browser.kinds().is_empty());
    Some(Chromium { browser, folder })
}

/// What a browser may reach in tests: loopback, and no name but those that are loopback's.
pub(crate) fn loopback() -> EgressPolicy {
    StaticResolver::new().policy_allowing("127.0.0.0/8, ::1")
}

/// Browsers behind a guard that leads to loopback, as a server starts them.
pub(crate) fn guarded(
    config: LocalChromium,
    make: impl FnOnce(LocalChromium) -> Arc<dyn Browser>,
) -> GuardedBrowser {
    guarded_by(loopback(), config, make)
}

/// The same with another policy.
pub(crate) fn guarded_by(
    policy: EgressPolicy,
    config: LocalChromium,
    make: impl FnOnce(LocalChromium) -> Arc<dyn Browser>,
) -> GuardedBrowser {
    let guard = EgressGuard::start(policy, "127.0.0.1:0".parse().unwrap()).unwrap();
    GuardedBrowser::new(make(config.behind(&guard)), Arc::new(guard))
}

/// The Chromium of this machine, for browsers below a folder of their own; `None`, loudly, where
/// there is none.
pub(crate) fn installed() -> Option<(LocalChromium, TempDir)> {
    let folder = tempfile::tempdir().unwrap();
    let config = LocalChromium::new(folder.path().to_owned());
    if let Err(missing) = config.discover() {
        #[expect(clippy::disallowed_methods, reason = "a test asks where it runs")]
        let in_ci = std::env::var_os("CI").is_some();
        assert!(!in_ci, "{missing}");
        eprintln!("SKIPPED: {missing}");
        return None;
    }
    Some((config, folder))
}
