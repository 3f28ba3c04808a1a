//! The Chromium that the tests run in.

use synmon_core::browser::Browser as _;
use synmon_drivers::{LocalChromium, WebDriverBrowser};
use tempfile::TempDir;

/// A browser with a folder of its own.
pub(crate) struct Chromium {
    pub(crate) browser: WebDriverBrowser,
    pub(crate) folder: TempDir,
}

/// A Chromium; `None`, loudly, where there is none.
pub(crate) fn chromium() -> Option<Chromium> {
    let folder = tempfile::tempdir().unwrap();
    let config = LocalChromium::new(folder.path().to_owned());
    if let Err(missing) = config.discover() {
        #[expect(clippy::disallowed_methods, reason = "a test asks where it runs")]
        let in_ci = std::env::var_os("CI").is_some();
        assert!(!in_ci, "{missing}");
        eprintln!("SKIPPED: {missing}");
        return None;
    }
    let browser = WebDriverBrowser::local(config);
    assert!(!browser.kinds().is_empty());
    Some(Chromium { browser, folder })
}
