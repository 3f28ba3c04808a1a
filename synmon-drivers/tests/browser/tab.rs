//! A session as the cases use it: short names, and waiting with a limit as the engine does.

use std::time::Duration;

use synmon_core::{
    Clock as _, RunId, SystemClock,
    browser::{Attempt, Browser, Observation, Session, SessionRequest},
    flow::BrowserKind,
    keys,
    step::{Gesture, Selector},
};
use tokio::time::{interval, timeout};

/// No test waits longer than this: something hangs then.
pub(crate) const HANGS: Duration = Duration::from_secs(30);

pub(crate) struct Tab(pub(crate) Box<dyn Session>);

/// Starts a session that dismisses dialogs.
pub(crate) async fn open_tab(browser: &dyn Browser) -> Tab {
    Tab(browser.start(&request(false)).await.unwrap())
}

pub(crate) fn request(accept_dialogs: bool) -> SessionRequest {
    SessionRequest {
        run: RunId::new(SystemClock::default().now()),
        browser: BrowserKind::Chrome,
        accept_dialogs,
    }
}

pub(crate) fn selector(xpath: &str) -> Selector {
    Selector::xpath(xpath).unwrap()
}

/// Calls until it says something, no longer than [`HANGS`].
pub(crate) async fn until<T, F>(what: &str, mut look: F) -> T
where
    F: AsyncFnMut() -> Option<T>,
{
    let looks = async {
        let mut ticks = interval(Duration::from_millis(20));
        loop {
            ticks.tick().await;
            if let Some(found) = look().await {
                break found;
            }
        }
    };
    timeout(HANGS, looks).await.unwrap_or_else(|_| panic!("{what}: it never came"))
}

impl Tab {
    pub(crate) async fn open(&mut self, url: &url::Url) {
        timeout(HANGS, self.0.open(url)).await.unwrap().unwrap();
    }

    /// One attempt.
    pub(crate) async fn try_once(&mut self, xpath: &str, gesture: Gesture) -> Attempt {
        timeout(HANGS, self.0.act(&selector(xpath), &gesture)).await.unwrap().unwrap()
    }

    /// Attempts until it is done.
    pub(crate) async fn act(&mut self, xpath: &str, gesture: Gesture) {
        let selector = selector(xpath);
        until(xpath, async || match self.0.act(&selector, &gesture).await.unwrap() {
            Attempt::Done => Some(()),
            Attempt::NotReady(_) => None,
            Attempt::Refused(why) => panic!("{xpath}: {why}"),
        })
        .await;
    }

    pub(crate) async fn click(&mut self, xpath: &str) {
        self.act(xpath, Gesture::Click).await;
    }

    pub(crate) async fn type_text(&mut self, xpath: &str, text: &str) {
        self.act(xpath, Gesture::Type(text.to_owned())).await;
    }

    pub(crate) async fn press(&mut self, xpath: Option<&str>, chord: &str) -> Attempt {
        let selector = xpath.map(selector);
        let keys = keys::parse(chord).unwrap();
        timeout(HANGS, self.0.press(selector.as_ref(), &keys)).await.unwrap().unwrap()
    }

    pub(crate) async fn see(&mut self, xpath: &str) -> Option<Observation> {
        timeout(HANGS, self.0.observe(&selector(xpath))).await.unwrap().unwrap()
    }

    pub(crate) async fn text(&mut self, xpath: &str) -> String {
        self.see(xpath).await.unwrap_or_else(|| panic!("{xpath} finds nothing")).text
    }

    pub(crate) async fn value(&mut self, xpath: &str) -> String {
        self.see(xpath).await.unwrap().value.unwrap_or_else(|| panic!("{xpath} has no value"))
    }

    pub(crate) async fn title(&mut self) -> String {
        timeout(HANGS, self.0.page()).await.unwrap().unwrap().title
    }

    /// Proves that there is a picture of the tab, and that it has the size that it should have.
    pub(crate) async fn assert_picture(&mut self) {
        let picture = timeout(HANGS, self.0.screenshot()).await.unwrap().unwrap();
        // The header of a PNG: eight bytes of signature, eight of the first chunk, then the size.
        let number = |at: usize| u32::from_be_bytes(picture.bytes[at..at + 4].try_into().unwrap());
        assert_eq!((number(16), number(20)), (1280, 720));
    }

    pub(crate) async fn close(self) {
        timeout(HANGS, self.0.close()).await.unwrap().unwrap();
    }
}
