//! The browser that a case is about.

use synmon_core::{
    Clock as _, RunId, SystemClock,
    browser::{Browser, Capability, DialogAnswer, SessionRequest},
    flow::{BrowserKind, BrowserSettings, RawSettings},
};

use super::Tab;

/// The browser that a case is about.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    browser: &'a dyn Browser,
    kind: BrowserKind,
}

impl<'a> Subject<'a> {
    /// A browser, of the kinds that it can run this one.
    pub fn new(browser: &'a dyn Browser, kind: BrowserKind) -> Self {
        Self { browser, kind }
    }

    /// The browser.
    pub fn browser(self) -> &'a dyn Browser {
        self.browser
    }

    /// Which browser it is.
    pub fn kind(self) -> BrowserKind {
        self.kind
    }

    /// Whether it has all of these, as far as it says; if not, it says so aloud.
    pub fn has(self, case: &str, needed: &[Capability]) -> bool {
        let lacks = self.browser.lacks(self.kind);
        let missing: Vec<_> = needed.iter().filter(|one| lacks.contains(one)).collect();
        if !missing.is_empty() {
            eprintln!("SKIPPED: {case}: the browser declares that it lacks {missing:?}");
        }
        missing.is_empty()
    }

    /// A request for a session that dismisses dialogs.
    pub fn request(self) -> SessionRequest {
        let run = RunId::new(SystemClock::default().now());
        SessionRequest {
            run,
            tag: run.to_string(),
            browser: self.kind,
            dialogs: DialogAnswer::Dismiss,
            settings: BrowserSettings::default(),
            pastes: false,
        }
    }

    /// Starts such a session.
    pub async fn start(self, request: &SessionRequest) -> Tab {
        Tab(self.browser.start(request).await.unwrap())
    }

    /// Starts a session that dismisses dialogs.
    pub async fn tab(self) -> Tab {
        self.start(&self.request()).await
    }

    /// Starts a session that answers dialogs so.
    pub async fn tab_that_answers(self, dialogs: DialogAnswer) -> Tab {
        self.start(&SessionRequest { dialogs, ..self.request() }).await
    }

    /// Starts a session that has the clipboard for itself.
    pub async fn tab_that_pastes(self) -> Tab {
        self.start(&SessionRequest { pastes: true, ..self.request() }).await
    }

    /// Starts a session with these settings.
    pub async fn tab_with(self, settings: RawSettings) -> Tab {
        let settings = settings.parse().unwrap().browser;
        self.start(&SessionRequest { settings, ..self.request() }).await
    }
}
