//! All engines that there are, for flows that must come out the same in each.

use std::sync::Arc;

use synmon_core::{browser::Browser, flow::BrowserKind};
use synmon_drivers::LocalChromium;
use synmon_testkit::{Share, Shared, flows::Candidate};
use tempfile::TempDir;

use crate::{fixture::guarded, machine::assert_clean};

/// The engines, with a folder for all of their browsers.
struct Engines {
    engines: Vec<(&'static str, Arc<dyn Browser>)>,
    folder: TempDir,
}

impl Engines {
    pub(crate) fn browsers(&self) -> Vec<Candidate> {
        let chrome = |(name, browser): &(&'static str, Arc<dyn Browser>)| Candidate {
            name,
            browser: Arc::clone(browser),
            kind: BrowserKind::Chrome,
        };
        self.engines.iter().map(chrome).collect()
    }

    /// Ends all of them, and waits until no process is left, and no file.
    pub(crate) async fn assert_clean(&self) {
        for (_, engine) in &self.engines {
            engine.shut_down().await;
        }
        assert_clean(self.folder.path()).await;
    }
}

/// A share in the engines that serve all flows.
pub(crate) struct SharedEngines(Share<Engines>);

impl SharedEngines {
    pub(crate) fn browsers(&self) -> Vec<Candidate> {
        self.0.browsers()
    }

    /// The last one looks at what all have left.
    pub(crate) async fn assert_clean(self) {
        if let Some(last) = self.0.give_back() {
            last.assert_clean().await;
        }
    }
}

/// The same engines as everybody's; `None`, loudly, where there is no Chromium.
pub(crate) fn shared_engines() -> Option<SharedEngines> {
    static SHARED: Shared<Engines> = Shared::new();
    SHARED.get(engines).map(SharedEngines)
}

/// Every engine that this build has; `None`, loudly, where there is no Chromium.
fn engines() -> Option<Engines> {
    let folder = tempfile::tempdir().unwrap();
    let config = || LocalChromium::new(folder.path().to_owned());
    if let Err(missing) = config().discover() {
        #[expect(clippy::disallowed_methods, reason = "a test asks where it runs")]
        let in_ci = std::env::var_os("CI").is_some();
        assert!(!in_ci, "{missing}");
        eprintln!("SKIPPED: {missing}");
        return None;
    }
    let engines: Vec<(&'static str, Arc<dyn Browser>)> = vec![
        #[cfg(feature = "cdp")]
        (
            "Chromium by DevTools",
            Arc::new(guarded(config(), |config| {
                let pooling = synmon_drivers::Pooling::default();
                Arc::new(synmon_drivers::CdpBrowser::local(config, pooling))
            })),
        ),
        #[cfg(feature = "webdriver")]
        ("Chromium by WebDriver", webdriver(config(), synmon_drivers::Client::Thirtyfour)),
        #[cfg(feature = "fantoccini")]
        ("Chromium by fantoccini", webdriver(config(), synmon_drivers::Client::Fantoccini)),
    ];
    Some(Engines { engines, folder })
}

#[cfg(feature = "webdriver")]
fn webdriver(config: LocalChromium, client: synmon_drivers::Client) -> Arc<dyn Browser> {
    Arc::new(synmon_drivers::WebDriverBrowser::local(config, client))
}
