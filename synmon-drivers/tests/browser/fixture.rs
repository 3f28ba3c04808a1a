//! The Chromium that the tests run in.

use synmon_core::{
    browser::{Browser, SessionRequest},
    flow::BrowserKind,
};
use synmon_drivers::{Client, LocalChromium, WebDriverBrowser};
use synmon_testkit::conformance::browser::{Subject, Tab};
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

/// The same, spoken to by this client.
pub(crate) fn chromium_by(client: Client) -> Option<Chromium> {
    let (config, folder) = installed()?;
    let browser = WebDriverBrowser::local(config, client);
    assert!(!browser.kinds().is_empty());
    Some(Chromium { browser, folder })
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
